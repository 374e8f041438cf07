//! Counts redeliveries from outside: at the Postgres tap, from the coordinates that the consumers'
//! own statements carry.
//!
//! What a client fetches says nothing: librdkafka fetches thousands of records ahead, and drops
//! them unprocessed when a partition moves. A *redelivery* is a record whose dedup statement the
//! database has completed, and that comes in such a statement again. The consumer's counters, and
//! what it makes of the answer, are not looked at.

mod account;

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use tokio_postgres::types::{FromSql, Type};

use crate::event::{Source, Stage, Tap};
use crate::tap::BoundaryEvent;
use crate::tap::postgres::{Detail, Transaction, signature_of};

use account::CheckAnswers;
pub(crate) use account::MetricReading;
pub use account::RedeliveryAccount;

/// No partition of a storm has so many records; a number beyond is no offset of one.
const MOST: i64 = 1 << 32;

/// Partition and offset.
pub type RecordPlace = (i32, i64);

type ConsumerBackend = (Source, i32);

#[derive(Debug)]
pub struct Redeliveries {
    signature: String,
    parameters: (usize, usize),
    seen: HashMap<i32, Bits>,
    /// Checked in transactions that are still open.
    pending: HashMap<ConsumerBackend, Vec<RecordPlace>>,
    /// Of checks not answered yet: the records that the database did not have before.
    under_way: HashMap<ConsumerBackend, VecDeque<Vec<RecordPlace>>>,
    answers: HashMap<Source, CheckAnswers>,
    checked: u64,
    again: u64,
    unread: u64,
}

impl Redeliveries {
    /// The numbers, from 1, of the parameters: an int4[] of partitions, an int8[] of offsets.
    #[must_use]
    pub fn of(statement: &str, partitions: usize, offsets: usize) -> Self {
        Self {
            signature: signature_of(statement),
            parameters: (partitions, offsets),
            seen: HashMap::new(),
            pending: HashMap::new(),
            under_way: HashMap::new(),
            answers: HashMap::new(),
            checked: 0,
            again: 0,
            unread: 0,
        }
    }

    #[must_use]
    pub fn is_check(&self, event: &BoundaryEvent) -> bool {
        event.tap == Tap::Postgres && event.signature == self.signature
    }

    /// What becomes of it is not known before its answer comes, and never if none does.
    pub fn went_on(&mut self, event: &BoundaryEvent, detail: &Detail) {
        let records = self.records(detail).unwrap_or_default();
        let is_new = |place: &RecordPlace| !self.seen.get(&place.0).is_some_and(|b| b.has(place.1));
        let new = records.into_iter().filter(is_new).collect();
        let connection = connection(event, detail);
        self.under_way.entry(connection).or_default().push_back(new);
    }

    pub fn saw(&mut self, event: &BoundaryEvent, detail: &Detail) -> Vec<RecordPlace> {
        if event.stage != Stage::Answered {
            return Vec::new();
        }
        let connection = connection(event, detail);
        let is_check = self.is_check(event);
        if is_check && let Some(under_way) = self.under_way.get_mut(&connection) {
            under_way.pop_front();
        }
        if detail.sqlstate.is_some() {
            return Vec::new();
        }
        if is_check {
            let Some(records) = self.records(detail) else {
                self.unread += 1;
                return Vec::new();
            };
            if matches!(detail.transaction, Some(Transaction::Open)) {
                self.pending.entry(connection).or_default().extend(records);
                return Vec::new();
            }
            return self.completed(&event.source, records);
        }
        if detail.transaction == Some(Transaction::Idle)
            && let Some(records) = self.pending.remove(&connection)
            && detail.tag.as_deref() == Some("COMMIT")
        {
            return self.completed(&event.source, records);
        }
        Vec::new()
    }

    fn records(&self, detail: &Detail) -> Option<Vec<RecordPlace>> {
        let parameter = |number: usize| detail.parameters.get(number - 1)?.as_ref();
        let partitions = array::<i32>(&Type::INT4_ARRAY, parameter(self.parameters.0)?)?;
        let offsets = array::<i64>(&Type::INT8_ARRAY, parameter(self.parameters.1)?)?;
        let plausible = offsets.iter().all(|offset| (0..MOST).contains(offset));
        (plausible && partitions.len() == offsets.len())
            .then(|| partitions.into_iter().zip(offsets).collect())
    }

    fn completed(&mut self, source: &Source, records: Vec<RecordPlace>) -> Vec<RecordPlace> {
        let answers = self.answers.entry(source.clone()).or_default();
        for (partition, offset) in &records {
            self.checked += 1;
            let is_new = self.seen.entry(*partition).or_default().insert(*offset);
            if !is_new {
                self.again += 1;
            }
            answers.record((*partition, *offset), !is_new);
        }
        answers.statement_ends();
        records
    }

    /// How many records were answered to a process.
    #[must_use]
    pub fn answered(&self, source: &Source) -> u64 {
        self.answers.get(source).map_or(0, CheckAnswers::total)
    }

    #[must_use]
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// Records that had been checked before.
    #[must_use]
    pub fn again(&self) -> u64 {
        self.again
    }

    /// Dedup statements whose parameters are no coordinates.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.unread
    }
}

fn connection(event: &BoundaryEvent, detail: &Detail) -> ConsumerBackend {
    (event.source.clone(), detail.backend_pid.unwrap_or_default())
}

/// Of offsets that begin near 0, as those of a fresh topic do: a bit for each.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn has(&self, offset: i64) -> bool {
        let (word, bit) = Self::place(offset);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn place(offset: i64) -> (usize, u64) {
        let offset = usize::try_from(offset).expect("it was checked to be one");
        (offset / 64, 1 << (offset % 64))
    }

    /// Whether the offset was not in it before.
    fn insert(&mut self, offset: i64) -> bool {
        let (word, bit) = Self::place(offset);
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
mod tests;
