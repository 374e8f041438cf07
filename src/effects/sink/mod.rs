mod exchange;
mod request;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use serde::{Deserialize, Serialize};

use crate::event::{Marks, Source};
use crate::tap::{Hook, Listener};
use crate::verdict::Effect;
use request::SinkRequest;

/// An HTTP API that answers any method and path with `200 {}` and counts.
///
/// Every request is an effect unless its method only reads. As with most webhooks and mail APIs, an
/// `Idempotency-Key` changes nothing, so a consumer that relies on one is seen to act twice. The
/// payments are those whose marks are in the body, else in the headers, the query, the path: a
/// batch is an effect of each payment in it, and a request that names none is still an effect,
/// nobody's.
#[derive(Debug, Default)]
pub struct Sink {
    marks: Marks,
    records: Mutex<Vec<SinkRecord>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkRecord {
    /// `post_1`, `post_2`, … in the order in which they were acted on.
    pub id: String,
    pub payments: Vec<String>,
    pub method: String,
    /// As it was sent, without the query.
    pub path: String,
    pub idempotency_key: Option<String>,
    pub source: Source,
    /// Milliseconds since the Unix epoch.
    pub wall_unix_ms: u64,
}

impl SinkRecord {
    /// `post_1`; of a batch, `post_1/1`, `post_1/2`, ….
    fn effects(&self) -> Vec<Effect> {
        let effect = |charge: String, payment: Option<&String>| Effect {
            charge,
            payment: payment.cloned(),
        };
        match self.payments.as_slice() {
            [] => vec![effect(self.id.clone(), None)],
            [only] => vec![effect(self.id.clone(), Some(only))],
            batch => (1..)
                .zip(batch)
                .map(|(number, payment)| effect(format!("{}/{number}", self.id), Some(payment)))
                .collect(),
        }
    }
}

struct SinkEndpoint {
    sink: Arc<Sink>,
    source: Source,
    hook: Arc<dyn Hook>,
}

impl Sink {
    #[must_use]
    pub fn new(marks: Marks) -> Arc<Self> {
        Arc::new(Self {
            marks,
            records: Mutex::default(),
        })
    }

    /// On a free port of 127.0.0.1, else an error; within a Tokio runtime. All listeners of a sink
    /// count into the same records.
    pub fn listen(self: &Arc<Self>, source: Source, hook: Arc<dyn Hook>) -> io::Result<Listener> {
        let endpoint = Arc::new(SinkEndpoint {
            sink: Arc::clone(self),
            source,
            hook,
        });
        Listener::start(Router::new().fallback(exchange::serve).with_state(endpoint))
    }

    #[must_use]
    pub fn records(&self) -> Vec<SinkRecord> {
        self.lock().clone()
    }

    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.records()
            .iter()
            .flat_map(SinkRecord::effects)
            .collect()
    }

    fn act(&self, request: &SinkRequest, source: &Source) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("it is later than 1970").as_millis();
        let mut records = self.lock();
        let id = format!("post_{}", records.len() + 1);
        records.push(SinkRecord {
            id: id.clone(),
            payments: request.payments.clone(),
            method: request.method.to_string(),
            path: request.path.clone(),
            idempotency_key: request.idempotency_key.clone(),
            source: source.clone(),
            wall_unix_ms: u64::try_from(now).expect("it is the age of 64 bits"),
        });
        id
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SinkRecord>> {
        self.records.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(payments: &[&str]) -> Vec<(String, Option<String>)> {
        let record = SinkRecord {
            id: "post_3".to_owned(),
            payments: payments.iter().map(|p| (*p).to_owned()).collect(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            idempotency_key: None,
            source: Source {
                instance: "a".to_owned(),
                incarnation: 1,
            },
            wall_unix_ms: 0,
        };
        let effects = record.effects().into_iter();
        effects.map(|e| (e.charge, e.payment)).collect()
    }

    #[test]
    fn a_batch_is_an_effect_of_each_of_its_payments() {
        let one = |charge: &str, payment: &str| (charge.to_owned(), Some(payment.to_owned()));
        let three = ["msg-0001", "msg-0002", "msg-0003"];
        let each = ["post_3/1", "post_3/2", "post_3/3"];
        assert_eq!(effects(&three), [0, 1, 2].map(|n| one(each[n], three[n])));
        assert_eq!(effects(&three[..1]), [one("post_3", "msg-0001")]);
        assert_eq!(effects(&[]), [("post_3".to_owned(), None)]);
    }
}
