//! Effects at a plain HTTP sink: an API that takes whatever it is sent.

#![allow(missing_docs, reason = "what has no comment is what its name says")]

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
/// Every request is an effect unless its method only reads (GET, HEAD, OPTIONS, TRACE). It is a
/// plain sink, like most webhooks and mail APIs: an `Idempotency-Key` is recorded and changes
/// nothing, so a consumer that relies on one is seen to act twice.
///
/// A request is an effect of every payment whose mark is in its body; where there is none, in its
/// headers, else in the query, else in the path. So a batch is an effect of each payment in it, and
/// one that names none is still an effect: nobody's.
#[derive(Debug, Default)]
pub struct Sink {
    /// How a request is seen to be about a payment.
    marks: Marks,
    records: Mutex<Vec<SinkRecord>>,
}

/// One request that the sink acted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkRecord {
    /// `post_1`, `post_2`, … in the order in which they were acted on.
    pub id: String,
    /// The payments that it is an effect of.
    pub payments: Vec<String>,
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The `Idempotency-Key` of the request, if it had one.
    pub idempotency_key: Option<String>,
    pub source: Source,
    /// When it was acted on: milliseconds since the Unix epoch.
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

/// What the requests of one listener have in common.
struct SinkEndpoint {
    sink: Arc<Sink>,
    source: Source,
    hook: Arc<dyn Hook>,
}

impl Sink {
    /// A sink that nothing was sent to.
    #[must_use]
    pub fn new(marks: Marks) -> Arc<Self> {
        Arc::new(Self {
            marks,
            records: Mutex::default(),
        })
    }

    /// Listens on a free port of 127.0.0.1 for `source`, and asks `hook` about its requests. All
    /// listeners of a sink count into the same records.
    ///
    /// # Errors
    /// The port could not be bound.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn listen(self: &Arc<Self>, source: Source, hook: Arc<dyn Hook>) -> io::Result<Listener> {
        let endpoint = Arc::new(SinkEndpoint {
            sink: Arc::clone(self),
            source,
            hook,
        });
        Listener::start(Router::new().fallback(exchange::serve).with_state(endpoint))
    }

    /// Every request that was acted on, in order.
    #[must_use]
    pub fn records(&self) -> Vec<SinkRecord> {
        self.lock().clone()
    }

    /// Every effect so far.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.records()
            .iter()
            .flat_map(SinkRecord::effects)
            .collect()
    }

    /// Acts on a request; returns the id of its record.
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
