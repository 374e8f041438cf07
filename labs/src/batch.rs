//! Many records as columns, for a statement that takes them all at once.

use std::collections::{BTreeMap, HashMap};

use rdkafka::Message;
use rdkafka::error::KafkaError;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::{Payment, PaymentError};

/// In the order of their delivery; each column has a value for each payment.
#[derive(Debug, Default)]
pub struct Batch {
    pub payments: Vec<Payment>,
    pub partitions: Vec<i32>,
    pub offsets: Vec<i64>,
    ids: Vec<String>,
    amounts: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    Miss,
    /// Known from this very record: the broker delivered it again.
    Redelivery,
    /// Known from another record: somebody produced it again.
    Republish,
}

impl Batch {
    /// An error of the poll is logged: a consumer that was put out of its group is told so here,
    /// and goes on polling.
    pub fn read<M: Message>(polled: Vec<Result<M, KafkaError>>) -> Result<Self, PaymentError> {
        let mut batch = Self::default();
        for record in polled {
            match record {
                Ok(record) => {
                    let payment = Payment::from_record(&record)?;
                    batch.ids.push(payment.id.clone());
                    batch.amounts.push(payment.amount);
                    batch.payments.push(payment);
                    batch.partitions.push(record.partition());
                    batch.offsets.push(record.offset());
                }
                Err(error) => tracing::warn!("the poll returned an error: {error}"),
            }
        }
        Ok(batch)
    }

    pub fn column(&self, text: impl Fn(&Payment) -> String) -> Vec<String> {
        self.payments.iter().map(text).collect()
    }

    /// The keys, partitions, offsets, ids and amounts of the payments, each as an array, and the
    /// topic.
    #[must_use]
    pub fn columns<'a>(
        &'a self,
        keys: &'a Vec<String>,
        topic: &'a String,
    ) -> [&'a (dyn ToSql + Sync); 6] {
        [
            keys,
            &self.partitions,
            &self.offsets,
            &self.ids,
            &self.amounts,
            topic,
        ]
    }

    /// `claimed`: partition and offset of each record whose key was new; `stored`: key, partition
    /// and offset of each row that was there.
    #[must_use]
    pub fn checks(&self, keys: &[String], claimed: &[Row], stored: &[Row]) -> Vec<Check> {
        let claimed = claimed.iter().map(|row| (row.get(0), row.get(1)));
        let stored = stored
            .iter()
            .map(|row| (row.get::<_, String>(0), (row.get(1), row.get(2))));
        self.outcomes(keys, claimed.collect(), &stored.collect())
    }

    fn outcomes(
        &self,
        keys: &[String],
        claimed: std::collections::HashSet<(i32, i64)>,
        stored: &HashMap<String, (i32, i64)>,
    ) -> Vec<Check> {
        let places = self
            .partitions
            .iter()
            .copied()
            .zip(self.offsets.iter().copied());
        keys.iter()
            .zip(places)
            .map(|(key, place)| match stored.get(key) {
                _ if claimed.contains(&place) => Check::Miss,
                Some(known) if *known == place => Check::Redelivery,
                _ => Check::Republish,
            })
            .collect()
    }

    #[must_use]
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let places = self
            .partitions
            .iter()
            .copied()
            .zip(self.offsets.iter().copied());
        places.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_is_a_redelivery_only_where_the_stored_row_is_of_the_same_record() {
        let batch = Batch {
            partitions: vec![0, 0, 1],
            offsets: vec![7, 8, 7],
            ..Batch::default()
        };
        let keys = ["new", "again", "twice"].map(str::to_owned);
        let stored = [("again", (0, 8)), ("twice", (0, 3)), ("new", (0, 7))];
        let stored = stored.map(|(key, place)| (key.to_owned(), place)).into();
        assert_eq!(
            batch.outcomes(&keys, [(0, 7)].into(), &stored),
            [Check::Miss, Check::Redelivery, Check::Republish]
        );
    }

    #[test]
    fn a_batch_ends_where_its_last_record_of_each_partition_is() {
        let batch = Batch {
            partitions: vec![0, 1, 0],
            offsets: vec![7, 2, 8],
            ..Batch::default()
        };
        assert_eq!(batch.ends(), [(0, 8), (1, 2)].into());
    }
}
