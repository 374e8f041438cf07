//! The payments, and the one way in which they are sent and confirmed. At which pace, and what is
//! kept of what Kafka acknowledged, is for a run and for a storm to say.

use std::sync::Arc;
use std::time::Duration;

use crashwindow_contract::Payment;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::util::IntoOpaque;
use tokio::sync::Notify;

use crate::chaos::storm::RecordPlace;
use crate::event::{message_id, order_id};
use crate::stack::Kafka;

const ID_HEADER: &str = "message-id";

/// The same seed makes the same payments; `word` is the run's own and ends their ids, so that what
/// another run left behind answers for none of them.
#[must_use]
pub fn payment(seed: u64, number: u32, word: Option<&str>) -> Payment {
    let own = |id: String| match word {
        Some(word) => format!("{id}-{word}"),
        None => id,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (u64::from(number) << 32));
    Payment {
        id: own(message_id(number)),
        order_id: own(order_id(number)),
        // 5.00 to 500.00: above every currency's minimum charge, and told apart at a glance.
        amount: rng.random_range(500..50_000),
        currency: "usd".to_owned(),
    }
}

pub(crate) trait Confirm: Send + Sync + 'static {
    type Sent: IntoOpaque;

    fn confirm(&self, sent: Self::Sent, result: Result<RecordPlace, KafkaError>);
}

struct Context<C> {
    confirmed: Arc<C>,
    /// A record has left the queue.
    left: Arc<Notify>,
}

impl<C: Confirm> ClientContext for Context<C> {}

impl<C: Confirm> ProducerContext for Context<C> {
    type DeliveryOpaque = C::Sent;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: C::Sent) {
        let result = match result {
            Ok(record) => Ok((record.partition(), record.offset())),
            Err((error, _)) => Err(error.clone()),
        };
        self.confirmed.confirm(sent, result);
        self.left.notify_one();
    }
}

pub(crate) struct TopicPayments {
    pub(crate) topic: String,
    pub(crate) seed: u64,
    pub(crate) word: Option<String>,
    pub(crate) partitions: u32,
}

pub(crate) struct Producer<C: Confirm> {
    producer: ThreadedProducer<Context<C>>,
    payments: TopicPayments,
    left: Arc<Notify>,
}

impl<C: Confirm> Producer<C> {
    pub(crate) fn new(
        kafka: &Kafka,
        payments: TopicPayments,
        linger: Duration,
        confirmed: &Arc<C>,
    ) -> Result<Self, KafkaError> {
        let left = Arc::new(Notify::new());
        let context = Context {
            confirmed: Arc::clone(confirmed),
            left: Arc::clone(&left),
        };
        let producer = kafka
            .client_config()
            // A retried record must not stand in the log twice: the lab would count a redelivery of
            // its own.
            .set("enable.idempotence", "true")
            .set("linger.ms", linger.as_millis().to_string())
            .create_with_context(context)?;
        Ok(Self {
            producer,
            payments,
            left,
        })
    }

    /// Returns before it is confirmed.
    pub(crate) async fn send(&self, number: u32, sent: C::Sent) -> Result<(), KafkaError> {
        let of = &self.payments;
        let payment = payment(of.seed, number, of.word.as_deref());
        let json = serde_json::to_vec(&payment).expect("a payment is plain data");
        // Named, not hashed: every run of a schedule has the same payments on the same partition.
        let partition = i32::try_from((number - 1) % of.partitions).expect("few partitions");
        let headers = OwnedHeaders::new().insert(Header {
            key: ID_HEADER,
            value: Some(&payment.id),
        });
        let mut record = BaseRecord::with_opaque_to(&of.topic, sent)
            .key(&payment.order_id)
            .payload(&json)
            .headers(headers)
            .partition(partition);
        loop {
            record = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => back,
                Err((error, _)) => return Err(error),
            };
            // The queue was full: of what is in it something is confirmed, or given up, in time.
            self.left.notified().await;
        }
    }

    pub(crate) fn unconfirmed(&self) -> i32 {
        self.producer.in_flight_count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_payments_and_another_does_not() {
        assert_eq!(payment(7, 17, None), payment(7, 17, None));
        let amounts = |seed| {
            (1..50)
                .map(|n| payment(seed, n, None).amount)
                .collect::<Vec<_>>()
        };
        assert_ne!(amounts(7), amounts(8));
        assert!(amounts(7).iter().all(|cents| (500..50_000).contains(cents)));
    }

    #[test]
    fn an_effect_on_the_order_of_a_payment_is_that_payments() {
        for number in [1, 17, 9_999, 12_345] {
            let payment = payment(7, number, Some("k3f9"));
            let path = format!("/orders/{}", payment.order_id);
            let of_run = |word| crate::event::Marks::of_run("topic", "group", word);
            let named = |word| crate::effects::message_in(&of_run(word), [path.as_str()]);
            assert_eq!(named("k3f9"), Some(message_id(number)));
            assert_eq!(named("zzzz"), None, "it is another run's");
        }
    }
}
