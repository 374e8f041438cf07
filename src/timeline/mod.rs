//! The timeline of a run: every boundary event and everything that was done to an instance, in the
//! one order in which the controller saw them.
//!
//! A payment's *biography* is the part of the timeline that carries its id ([`Timeline::biography`]).

mod fences;
mod happening;
mod refusals;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::tap::{BoundaryEvent, Detail, Source, Stage, kafka};

pub use happening::{Clause, DELIVERED, Happening};
pub use refusals::{Refusal, missed_topics, refusals};

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since the run began.
    pub at_ms: f64,
    /// The payment this is about, if it is about one.
    pub payment: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

impl Entry {
    /// Whether this is about the payment, alone or among others.
    #[must_use]
    pub fn concerns(&self, payment: &str) -> bool {
        self.payment.as_deref() == Some(payment)
            || matches!(&self.what, Happening::Boundary { event } if event.concerns(payment))
    }
}

/// Collects entries in memory and, line by line, in `events.jsonl`, so that a run that dies leaves
/// behind what it had seen.
pub struct Timeline {
    began: Instant,
    inner: Mutex<Inner>,
    /// Counts what changed something, so that a quiet period can be told from a busy one: a
    /// framework that polls and keeps alive is never silent.
    activity: watch::Sender<u64>,
}

struct Inner {
    entries: Vec<Arc<Entry>>,
    file: Option<BufWriter<File>>,
}

impl Timeline {
    /// A timeline that is also written to `path`.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn to_file(path: &Path) -> std::io::Result<Self> {
        Ok(Self::new(Some(BufWriter::new(File::create(path)?))))
    }

    /// A timeline in memory alone.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(None)
    }

    fn new(file: Option<BufWriter<File>>) -> Self {
        Self {
            began: Instant::now(),
            inner: Mutex::new(Inner {
                entries: Vec::new(),
                file,
            }),
            activity: watch::Sender::new(0),
        }
    }

    /// Appends what happened, now.
    pub fn record(&self, payment: Option<&str>, what: Happening) {
        let writes = matches!(&what, Happening::Boundary { event } if changes_something(event));
        {
            let mut inner = self.lock();
            // Read under the lock: the order of the entries is the order of their times.
            let at_ms = self.began.elapsed().as_secs_f64() * 1e3;
            let entry = Entry {
                at_ms,
                payment: payment.map(str::to_owned),
                what,
            };
            if let Some(file) = &mut inner.file {
                // A full disk must not stop a run whose verdict is computed from memory; the final
                // report is written with its errors checked.
                let _ = serde_json::to_writer(&mut *file, &entry)
                    .map_err(std::io::Error::from)
                    .and_then(|()| file.write_all(b"\n"))
                    .and_then(|()| file.flush());
            }
            inner.entries.push(Arc::new(entry));
        }
        if writes {
            self.activity.send_modify(|count| *count += 1);
        }
    }

    /// Everything so far.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let all = self.after(0);
        all.iter().map(|entry| Entry::clone(entry)).collect()
    }

    /// What was recorded after the first `seen` entries. Whoever follows a run asks for it now and
    /// then: the taps wait only while pointers are copied, whatever is made of the entries.
    #[must_use]
    pub fn after(&self, seen: usize) -> Vec<Arc<Entry>> {
        let inner = self.lock();
        inner.entries.get(seen..).unwrap_or_default().to_vec()
    }

    /// The entries that carry this payment's id.
    #[must_use]
    pub fn biography(&self, payment: &str) -> Vec<Entry> {
        let inner = self.lock();
        inner
            .entries
            .iter()
            .filter(|e| e.payment.as_deref() == Some(payment))
            .map(|entry| Entry::clone(entry))
            .collect()
    }

    /// How many boundary events there were that changed something.
    #[must_use]
    pub fn activity(&self) -> u64 {
        *self.activity.borrow()
    }

    /// Whether, since `source` was frozen, another instance was given a record of the partition at
    /// this offset or a later one. What it was given before says nothing of how it fares now.
    #[must_use]
    pub fn given_beside(&self, source: &Source, topic: &str, partition: i32, offset: i64) -> bool {
        let frozen =
            |e: &&Arc<Entry>| matches!(&e.what, Happening::Frozen { source: s } if s == source);
        let given = |event: &BoundaryEvent| {
            let Some(Detail::Kafka(kafka::Detail::Fetch(deliveries))) = &event.detail else {
                return false;
            };
            deliveries
                .iter()
                .filter(|d| d.topic == topic && d.partition == partition)
                .any(|d| d.records.iter().any(|record| record.offset >= offset))
        };
        let inner = self.lock();
        let mut since = inner.entries.iter().rev().take_while(|e| !frozen(e));
        since.any(|e| {
            matches!(&e.what, Happening::Boundary { event }
                if event.source.instance != source.instance && given(event))
        })
    }

    /// Returns once nothing has been changed for `quiet`. The period is measured, not
    /// assumed: every event starts it again.
    pub async fn quiet_for(&self, quiet: Duration) {
        let mut activity = self.activity.subscribe();
        loop {
            activity.mark_unchanged();
            match tokio::time::timeout(quiet, activity.changed()).await {
                Err(_elapsed) => return,
                Ok(_) => continue,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .expect("no holder of the timeline's lock panics")
    }
}

/// Whether something outside the instance is different after this event. A statement that writes
/// and touches no row, as a worker's poll does, changes nothing.
fn changes_something(event: &BoundaryEvent) -> bool {
    let touched = match &event.detail {
        Some(Detail::Postgres(statement)) => statement.rows != Some(0),
        _ => true,
    };
    event.stage == Stage::Answered && event.writes && touched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::Source;

    fn started() -> Happening {
        Happening::Started {
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            pid: 7,
        }
    }

    #[test]
    fn a_biography_holds_only_what_carries_the_payment_in_order() {
        let timeline = Timeline::in_memory();
        timeline.record(Some("msg-0001"), started());
        timeline.record(Some("msg-0002"), started());
        timeline.record(None, started());
        timeline.record(Some("msg-0001"), started());
        let biography = timeline.biography("msg-0001");
        assert_eq!(biography.len(), 2);
        assert!(biography[0].at_ms <= biography[1].at_ms);
        assert_eq!(timeline.entries().len(), 4);
    }

    #[test]
    fn who_follows_is_given_every_entry_once() {
        let timeline = Timeline::in_memory();
        timeline.record(Some("msg-0001"), started());
        let first = timeline.after(0);
        timeline.record(Some("msg-0002"), started());
        timeline.record(Some("msg-0003"), started());
        let rest = timeline.after(first.len());
        let told: Vec<_> = first
            .iter()
            .chain(&rest)
            .map(|e| e.payment.clone())
            .collect();
        let all: Vec<_> = timeline.entries().into_iter().map(|e| e.payment).collect();
        assert_eq!((told.len(), told), (3, all));
        assert!(timeline.after(3).is_empty() && timeline.after(4).is_empty());
    }

    fn source(instance: &str) -> Source {
        Source {
            instance: instance.into(),
            incarnation: 1,
        }
    }

    fn fetched(instance: &str, partition: i32, offset: i64) -> Happening {
        let record = kafka::DeliveredRecord {
            offset,
            payment: None,
        };
        let delivery = kafka::Delivery {
            topic: "payments".into(),
            partition,
            records: vec![record],
        };
        let event = BoundaryEvent {
            tap: crate::tap::Tap::Kafka,
            stage: Stage::Answered,
            source: source(instance),
            signature: "Fetch".into(),
            payment: None,
            outcome: String::new(),
            writes: false,
            detail: Some(Detail::Kafka(kafka::Detail::Fetch(vec![delivery]))),
        };
        Happening::Boundary { event }
    }

    #[test]
    fn a_successor_is_given_the_payment_when_it_is_and_not_before() {
        let timeline = Timeline::in_memory();
        let given = || timeline.given_beside(&source("a"), "payments", 0, 5);
        timeline.record(None, fetched("b", 0, 5));
        timeline.record(
            None,
            Happening::Frozen {
                source: source("a"),
            },
        );
        assert!(!given(), "that was before the freeze");
        timeline.record(None, fetched("b", 1, 5));
        assert!(!given(), "another partition");
        timeline.record(None, fetched("b", 0, 4));
        assert!(!given(), "a record before it");
        timeline.record(None, fetched("a", 0, 5));
        assert!(!given(), "the zombie itself");
        timeline.record(None, fetched("b", 0, 5));
        assert!(given());
    }

    #[test]
    fn what_was_recorded_is_on_disk_before_the_run_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let timeline = Timeline::to_file(&path).unwrap();
        timeline.record(Some("msg-0001"), started());
        let line = std::fs::read_to_string(&path).unwrap();
        let entry: Entry = serde_json::from_str(line.trim()).unwrap();
        assert_eq!(entry, timeline.entries()[0]);
    }
}
