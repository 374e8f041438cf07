//! Record batches: which records they hold, at which offsets, about which messages. Keys and values
//! are not copied: everything that an instance consumes comes through here.

use std::collections::HashSet;

use super::compression::unpack;
use super::reader::{Malformed, Reader};
use crate::event::Marks;
const ID_HEADER: &str = "message-id";
const MAGIC: i8 = 2;
const CODEC: i16 = 0x07;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
/// The length counts from behind its field.
const LENGTH_AT: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) offset: i64,
    /// The one that its header names first.
    pub(super) marks: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Aborted {
    pub(super) producer_id: i64,
    pub(super) first_offset: i64,
}

struct Batch<'a> {
    base_offset: i64,
    last_offset: i64,
    attributes: i16,
    producer_id: i64,
    count: i32,
    records: &'a [u8],
}

/// From `position` on, as a consumer hands them over: no control records, none that were aborted
/// (with `read_uncommitted` the answer names none), and no last batch that is cut off.
pub(super) fn delivered(
    batches: &[u8],
    position: i64,
    mut aborted: Vec<Aborted>,
    marks: &Marks,
) -> Result<Vec<Record>, Malformed> {
    // The next transaction to begin stands last.
    aborted.sort_by_key(|transaction| std::cmp::Reverse(transaction.first_offset));
    let mut aborting = HashSet::new();
    let mut delivered = Vec::new();
    let mut reader = Reader::new(batches);
    while let Some(batch) = next(&mut reader)? {
        while let Some(begun) = aborted.pop_if(|t| t.first_offset <= batch.last_offset) {
            aborting.insert(begun.producer_id);
        }
        if batch.attributes & CONTROL != 0 {
            if batch.is_abort_marker() {
                aborting.remove(&batch.producer_id);
            }
            continue;
        }
        let transactional = batch.attributes & TRANSACTIONAL != 0;
        if transactional && aborting.contains(&batch.producer_id) {
            continue;
        }
        batch.read(marks, |record| {
            if record.offset >= position {
                delivered.push(record);
            }
        })?;
    }
    Ok(delivered)
}

/// Their offsets begin with 0.
pub(super) fn produced(batches: &[u8], marks: &Marks) -> Result<Vec<Record>, Malformed> {
    delivered(batches, i64::MIN, Vec::new(), marks)
}

fn next<'a>(reader: &mut Reader<'a>) -> Result<Option<Batch<'a>>, Malformed> {
    if reader.remaining() < LENGTH_AT + 4 {
        return Ok(None);
    }
    let base_offset = reader.i64()?;
    let length = reader.i32()?;
    let length = usize::try_from(length).map_err(|_| Malformed::new("batch: negative length"))?;
    if length > reader.remaining() {
        return Ok(None);
    }
    let mut batch = Reader::new(reader.take(length)?);
    let _leader_epoch = batch.i32()?;
    let magic = batch.i8()?;
    if magic != MAGIC {
        return Err(Malformed::new(format!(
            "batch: format {magic}, and only {MAGIC} is read"
        )));
    }
    let _crc = batch.i32()?;
    let attributes = batch.i16()?;
    let last_offset = base_offset.wrapping_add(i64::from(batch.i32()?));
    let _timestamps = batch.take(16)?;
    let producer_id = batch.i64()?;
    let _epoch_and_sequence = batch.take(6)?;
    let count = batch.i32()?;
    let records = batch.take(batch.remaining())?;
    Ok(Some(Batch {
        base_offset,
        last_offset,
        attributes,
        producer_id,
        count,
        records,
    }))
}

impl Batch<'_> {
    fn read(&self, marks: &Marks, mut each: impl FnMut(Record)) -> Result<(), Malformed> {
        let unpacked = unpack(self.attributes & CODEC, self.records)?;
        let mut reader = Reader::new(&unpacked);
        for _ in 0..self.count {
            let size = reader.varint()?;
            let size = usize::try_from(size).map_err(|_| Malformed::new("record: its size"))?;
            let reader = Reader::new(reader.take(size)?);
            each(record(reader, self.base_offset, marks)?);
        }
        Ok(())
    }

    /// A control record's key is its version and its type: 0 ends a transaction that was aborted.
    fn is_abort_marker(&self) -> bool {
        let kind = || {
            let mut reader = Reader::new(self.records);
            reader.varint()?;
            reader.take(1)?;
            reader.skip_varlong()?;
            reader.varint()?;
            let key = reader.varint_bytes()?.unwrap_or_default();
            let mut key = Reader::new(key);
            key.i16()?;
            key.i16()
        };
        kind() == Ok::<_, Malformed>(0)
    }
}

fn record(mut reader: Reader<'_>, base_offset: i64, marks: &Marks) -> Result<Record, Malformed> {
    let _attributes = reader.i8()?;
    reader.skip_varlong()?;
    let offset = base_offset.wrapping_add(i64::from(reader.varint()?));
    let key = reader.varint_bytes()?;
    let value = reader.varint_bytes()?;
    let mut subjects: Vec<String> = Vec::new();
    let mut named = None;
    let mut add = |found: Vec<String>| {
        for message in found {
            if !subjects.contains(&message) {
                subjects.push(message);
            }
        }
    };
    for _ in 0..reader.varint()? {
        let name = reader.varint_bytes()?.unwrap_or_default();
        let content = reader.varint_bytes()?.unwrap_or_default();
        let found = marks.subjects_in(content);
        if name == ID_HEADER.as_bytes() && named.is_none() {
            // An id that is none of this run's is told as it is.
            let told = || Some(marks.stranger(std::str::from_utf8(content).ok()?));
            named = found.first().cloned().or_else(told);
        }
        add(found);
    }
    add(marks.subjects_in(key.unwrap_or_default()));
    add(marks.subjects_in(value.unwrap_or_default()));
    if let Some(named) = named {
        subjects.retain(|subject| *subject != named);
        subjects.insert(0, named);
    }
    let marks = subjects;
    Ok(Record { offset, marks })
}
