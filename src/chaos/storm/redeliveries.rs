//! Counts redeliveries from outside: at the Postgres tap, from the coordinates that the consumers'
//! own statements carry.
//!
//! What a client fetches says nothing: librdkafka fetches thousands of records ahead, and what is
//! dropped unprocessed when a partition moves was never delivered to anybody. A *redelivery* here is
//! a record whose dedup statement the database has completed, and that comes in such a statement
//! again. The consumer's counters, and what it makes of the answer, are not looked at.

use std::collections::HashMap;

use bytes::Bytes;
use tokio_postgres::types::{FromSql, Type};

use crate::tap::postgres::{Detail, Transaction};
use crate::tap::{BoundaryEvent, Source, Stage, Tap};

/// No partition of a storm has so many records; a number beyond is no offset of one.
const MOST: i64 = 1 << 32;

/// Counts the records that were checked, and those that came again.
#[derive(Debug)]
pub struct Redeliveries {
    statement: String,
    parameters: (usize, usize),
    seen: HashMap<i32, Bits>,
    /// What was checked in transactions that are still open.
    pending: HashMap<(Source, i32), Vec<(i32, i64)>>,
    checked: u64,
    again: u64,
    unread: u64,
}

impl Redeliveries {
    /// Counts in the statements whose signature contains `statement`; their parameters with these
    /// numbers, from 1, are an int4[] of partitions and an int8[] of offsets.
    #[must_use]
    pub fn of(statement: &str, partitions: usize, offsets: usize) -> Self {
        Self {
            statement: statement.to_owned(),
            parameters: (partitions, offsets),
            seen: HashMap::new(),
            pending: HashMap::new(),
            checked: 0,
            again: 0,
            unread: 0,
        }
    }

    /// Whether the event is about a dedup statement.
    #[must_use]
    pub fn is_check(&self, event: &BoundaryEvent) -> bool {
        event.tap == Tap::Postgres && event.signature.contains(&self.statement)
    }

    /// Takes an event of the Postgres tap; returns the records whose check it completed, each with
    /// its partition and offset.
    pub fn saw(&mut self, event: &BoundaryEvent, detail: &Detail) -> Vec<(i32, i64)> {
        if event.stage != Stage::Answered || detail.sqlstate.is_some() {
            return Vec::new();
        }
        let connection = (event.source.clone(), detail.backend_pid.unwrap_or_default());
        if self.is_check(event) {
            let Some(records) = self.records(detail) else {
                self.unread += 1;
                return Vec::new();
            };
            if matches!(detail.transaction, Some(Transaction::Open)) {
                self.pending.entry(connection).or_default().extend(records);
                return Vec::new();
            }
            return self.completed(records);
        }
        if detail.transaction == Some(Transaction::Idle)
            && let Some(records) = self.pending.remove(&connection)
            && detail.tag.as_deref() == Some("COMMIT")
        {
            return self.completed(records);
        }
        Vec::new()
    }

    fn records(&self, detail: &Detail) -> Option<Vec<(i32, i64)>> {
        let parameter = |number: usize| detail.parameters.get(number - 1)?.as_ref();
        let partitions = array::<i32>(&Type::INT4_ARRAY, parameter(self.parameters.0)?)?;
        let offsets = array::<i64>(&Type::INT8_ARRAY, parameter(self.parameters.1)?)?;
        let plausible = offsets.iter().all(|offset| (0..MOST).contains(offset));
        (plausible && partitions.len() == offsets.len())
            .then(|| partitions.into_iter().zip(offsets).collect())
    }

    fn completed(&mut self, records: Vec<(i32, i64)>) -> Vec<(i32, i64)> {
        for (partition, offset) in &records {
            self.checked += 1;
            if !self.seen.entry(*partition).or_default().insert(*offset) {
                self.again += 1;
            }
        }
        records
    }

    /// How many records were checked, all deliveries.
    #[must_use]
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// How many of them had been checked before.
    #[must_use]
    pub fn again(&self) -> u64 {
        self.again
    }

    /// How many dedup statements had parameters that are no coordinates.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.unread
    }
}

/// A set of offsets that begin near 0, as those of a fresh topic do: a bit for each.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    /// Whether the offset was not in it before.
    fn insert(&mut self, offset: i64) -> bool {
        let offset = usize::try_from(offset).expect("it was checked to be one");
        let (word, bit) = (offset / 64, 1 << (offset % 64));
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }
}

fn array<'a, T: FromSql<'a>>(of: &Type, value: &'a Bytes) -> Option<Vec<T>> {
    Vec::<T>::from_sql(of, value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use tokio_postgres::types::ToSql;

    fn source(instance: &str) -> Source {
        Source {
            instance: instance.to_owned(),
            incarnation: 1,
        }
    }

    fn event(instance: &str, signature: &str) -> BoundaryEvent {
        BoundaryEvent {
            tap: Tap::Postgres,
            stage: Stage::Answered,
            source: source(instance),
            signature: signature.to_owned(),
            subjects: Vec::new(),
            outcome: String::new(),
            writes: true,
            detail: None,
        }
    }

    fn bound(value: &(impl ToSql + Sync), of: &Type) -> Option<Bytes> {
        let mut bytes = BytesMut::new();
        value
            .to_sql(of, &mut bytes)
            .expect("an array can be written");
        Some(bytes.freeze())
    }

    fn check(offsets: &[i64], transaction: Transaction) -> Detail {
        let partitions = vec![3_i32; offsets.len()];
        Detail {
            transaction: Some(transaction),
            parameters: vec![
                bound(&partitions, &Type::INT4_ARRAY),
                bound(&offsets.to_vec(), &Type::INT8_ARRAY),
            ],
            ..Detail::default()
        }
    }

    fn end(tag: &str) -> Detail {
        Detail {
            tag: Some(tag.to_owned()),
            transaction: Some(Transaction::Idle),
            ..Detail::default()
        }
    }

    const CHECK: &str = "INSERT INTO processed SELECT";

    #[test]
    fn a_record_that_is_checked_again_is_a_redelivery_whoever_checks_it() {
        let mut counted = Redeliveries::of("INSERT INTO processed", 1, 2);
        counted.saw(&event("a", CHECK), &check(&[1, 2, 3], Transaction::Idle));
        counted.saw(&event("b", CHECK), &check(&[2, 3, 4], Transaction::Idle));
        counted.saw(
            &event("b", "SELECT key"),
            &check(&[2, 3, 4], Transaction::Idle),
        );
        assert_eq!(
            (counted.checked(), counted.again(), counted.unread()),
            (6, 2, 0)
        );
    }

    #[test]
    fn what_was_rolled_back_or_refused_was_not_checked() {
        let mut counted = Redeliveries::of("INSERT INTO processed", 1, 2);
        let refused = Detail {
            sqlstate: Some("40P01".to_owned()),
            ..check(&[1], Transaction::Idle)
        };
        counted.saw(&event("a", CHECK), &refused);
        counted.saw(&event("a", CHECK), &check(&[1], Transaction::Open));
        counted.saw(&event("a", "ROLLBACK"), &end("ROLLBACK"));
        assert_eq!(counted.checked(), 0);
        counted.saw(&event("a", CHECK), &check(&[1], Transaction::Open));
        counted.saw(&event("a", "COMMIT"), &end("COMMIT"));
        counted.saw(&event("b", CHECK), &check(&[1], Transaction::Idle));
        assert_eq!((counted.checked(), counted.again()), (2, 1));
    }

    #[test]
    fn what_cannot_be_an_offset_is_told_and_takes_no_memory() {
        let mut counted = Redeliveries::of("INSERT INTO processed", 1, 2);
        for offset in [-1, i64::MAX] {
            counted.saw(&event("a", CHECK), &check(&[offset], Transaction::Idle));
        }
        assert_eq!((counted.checked(), counted.unread()), (0, 2));
    }

    #[test]
    fn a_statement_without_coordinates_is_told() {
        let mut counted = Redeliveries::of("INSERT INTO processed", 2, 1);
        counted.saw(&event("a", CHECK), &check(&[1], Transaction::Idle));
        assert_eq!((counted.checked(), counted.unread()), (0, 1));
    }
}
