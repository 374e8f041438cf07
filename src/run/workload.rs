//! The workload: the payments that are produced, and the journal of what Kafka acknowledged.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::time::Duration;

use crashwindow_contract::Payment;
use futures::future::try_join_all;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;
use tokio::sync::watch;

use crate::chaos::Schedule;
use crate::event::{order_id, payment_id, payment_number};
use crate::stack::Kafka;
use crate::verdict::Produced;

/// How long Kafka may take to acknowledge a record.
const ACK_DEADLINE: Duration = Duration::from_secs(10);

/// The header that carries the payment's id beside the JSON.
pub(super) const ID_HEADER: &str = "message-id";

/// The payment with this number. The same seed makes the same payments; `word` is the run's own and
/// ends their ids, so that what another run left behind answers for none of them.
#[must_use]
pub fn payment(seed: u64, number: u32, word: Option<&str>) -> Payment {
    let own = |id: String| match word {
        Some(word) => format!("{id}-{word}"),
        None => id,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (u64::from(number) << 32));
    Payment {
        id: own(payment_id(number)),
        order_id: own(order_id(number)),
        // 5.00 to 500.00: above every currency's minimum charge, and told apart at a glance.
        amount: rng.random_range(500..50_000),
        currency: "usd".to_owned(),
    }
}

/// What the producer really sent and Kafka acknowledged.
#[derive(Debug, Default)]
pub struct Journal {
    produced: Mutex<Vec<Produced>>,
    by_payment: Mutex<HashMap<String, (i32, i64)>>,
    grown: watch::Sender<()>,
}

impl Journal {
    /// Everything acknowledged so far, in the order of the payments' numbers.
    #[must_use]
    pub fn entries(&self) -> Vec<Produced> {
        let mut entries = self.produced.lock().expect("no holder panics").clone();
        entries.sort_by(|a, b| a.payment.cmp(&b.payment));
        entries
    }

    /// The offset after the last acknowledged record of each partition.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let mut ends = BTreeMap::new();
        for Produced {
            partition, offset, ..
        } in &*self.produced.lock().expect("no holder panics")
        {
            let end = ends.entry(*partition).or_insert(0);
            *end = (*end).max(offset + 1);
        }
        ends
    }

    /// Where the payment is, if it was acknowledged already.
    #[must_use]
    pub fn place_of(&self, payment: &str) -> Option<(i32, i64)> {
        self.by_payment
            .lock()
            .expect("no holder panics")
            .get(payment)
            .copied()
    }

    /// Where the payment is. A consumer can be faster than the acknowledgement that the producer
    /// waits for, so this waits for the entry; none when it does not come.
    pub async fn locate(&self, payment: &str) -> Option<(i32, i64)> {
        let mut grown = self.grown.subscribe();
        let found = async {
            loop {
                grown.mark_unchanged();
                if let Some(place) = self.place_of(payment) {
                    return place;
                }
                if grown.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::time::timeout(ACK_DEADLINE, found).await.ok()
    }

    fn add(&self, entry: Produced) {
        let place = (entry.partition, entry.offset);
        self.by_payment
            .lock()
            .expect("no holder panics")
            .insert(entry.payment.clone(), place);
        self.produced.lock().expect("no holder panics").push(entry);
        self.grown.send_replace(());
    }
}

/// Produces a schedule's payments.
pub struct Producer {
    producer: FutureProducer,
    topic: String,
    word: String,
    seed: u64,
    partitions: u32,
}

/// Kafka did not take a payment.
#[derive(Debug, thiserror::Error)]
#[error("Kafka did not acknowledge {payment}: {source}\nnext: crashwindow status")]
pub struct ProduceError {
    payment: String,
    source: rdkafka::error::KafkaError,
}

impl Producer {
    /// A producer for a run's topic.
    ///
    /// # Errors
    /// When the client cannot be made from the settings.
    pub fn new(
        kafka: &Kafka,
        topic: &str,
        word: &str,
        schedule: &Schedule,
    ) -> Result<Self, rdkafka::error::KafkaError> {
        let producer = kafka
            .client_config()
            // A retried record must not stand in the log twice: the lab would count a redelivery
            // that it made itself.
            .set("enable.idempotence", "true")
            .set("linger.ms", "0")
            .create()?;
        let (seed, partitions) = (schedule.seed, schedule.partitions);
        Ok(Self {
            producer,
            topic: topic.to_owned(),
            word: word.to_owned(),
            seed,
            partitions,
        })
    }

    /// Produces these payments and waits until Kafka has acknowledged every one of them.
    ///
    /// # Errors
    /// When Kafka refuses one or does not answer in time.
    pub async fn produce(
        &self,
        numbers: RangeInclusive<u32>,
        journal: &Journal,
    ) -> Result<(), ProduceError> {
        try_join_all(numbers.map(|n| self.produce_one(n, journal))).await?;
        Ok(())
    }

    /// Produces a payment once more, as a producer that retries or an operator who replays does.
    ///
    /// # Errors
    /// When Kafka refuses it or does not answer in time.
    pub async fn produce_again(
        &self,
        payment: &str,
        journal: &Journal,
    ) -> Result<(i32, i64), ProduceError> {
        let number = payment_number(payment).expect("a payment of the schedule");
        self.produce_one(number, journal).await?;
        Ok(journal.place_of(payment).expect("it was acknowledged"))
    }

    async fn produce_one(&self, number: u32, journal: &Journal) -> Result<(), ProduceError> {
        let id = payment_id(number);
        let payment = payment(self.seed, number, Some(&self.word));
        let json = serde_json::to_vec(&payment).expect("a payment is plain data");
        // Named, not hashed: every run of a schedule has the same payments on the same partition.
        let partition = i32::try_from((number - 1) % self.partitions).expect("few partitions");
        let headers = OwnedHeaders::new().insert(Header {
            key: ID_HEADER,
            value: Some(&payment.id),
        });
        let record = FutureRecord::to(&self.topic)
            .key(&payment.order_id)
            .payload(&json)
            .headers(headers)
            .partition(partition);
        let sent = self
            .producer
            .send(record, Timeout::After(ACK_DEADLINE))
            .await;
        let delivery = sent.map_err(|(source, _)| ProduceError {
            payment: id.clone(),
            source,
        })?;
        journal.add(Produced {
            payment: id,
            partition: delivery.partition,
            offset: delivery.offset,
        });
        Ok(())
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
            let named = |word| crate::effects::payment_in(&of_run(word), [path.as_str()]);
            assert_eq!(named("k3f9"), Some(payment_id(number)));
            assert_eq!(named("zzzz"), None, "it is another run's");
        }
    }

    #[tokio::test]
    async fn a_payment_is_located_even_before_it_is_acknowledged() {
        let journal = Journal::default();
        let entry = Produced {
            payment: "msg-0001".into(),
            partition: 2,
            offset: 5,
        };
        let (place, ()) = tokio::join!(journal.locate("msg-0001"), async { journal.add(entry) });
        assert_eq!(place, Some((2, 5)));
        assert_eq!(journal.ends(), [(2, 6)].into());
    }
}
