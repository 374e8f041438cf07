//! The timeline of a run: every boundary event and everything that was done to an instance, in the
//! one order in which the controller saw them.
//!
//! A payment's *biography* is the part of the timeline that carries its id ([`Timeline::biography`]).

mod changes;
mod fences;
mod happening;
mod refusals;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::tap::{BoundaryEvent, Detail, Source, Stage, Tap, kafka};

pub use changes::changes_something;
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
    /// The boundary event, if it is one.
    #[must_use]
    pub fn boundary(&self) -> Option<&BoundaryEvent> {
        match &self.what {
            Happening::Boundary { event } => Some(event),
            _ => None,
        }
    }

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
    /// Counts what changed something or was refused, so that a quiet period can be told from a busy
    /// one: a framework that polls and keeps alive is never silent.
    activity: watch::Sender<u64>,
    /// Counts what changed something: whoever is refused again and again is busy, and gets nowhere.
    changes: AtomicU64,
    /// The signatures of what the consumer does without any payment: it changes nothing that a run
    /// waits for.
    background: Mutex<BTreeSet<String>>,
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
            changes: AtomicU64::new(0),
            background: Mutex::default(),
        }
    }

    /// Appends what happened, now.
    pub fn record(&self, payment: Option<&str>, what: Happening) {
        if matches!(what, Happening::IdleRecorded) {
            let background = background(self.lock().entries.iter().map(Arc::as_ref));
            self.ignore(&background);
        }
        let (writes, changes) = match &what {
            Happening::Boundary { event } => {
                let writes = changes_something(event) && !self.is_background(event);
                (writes, writes && !changes::is_in_vain(event))
            }
            _ => (false, false),
        };
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
        if changes {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        if writes {
            self.activity.send_modify(|count| *count += 1);
        }
    }

    /// Takes what has one of these signatures and is about no payment for background from now on.
    pub fn ignore(&self, background: &BTreeSet<String>) {
        let mut ignored = self.background.lock().expect("no holder panics");
        ignored.extend(background.iter().cloned());
    }

    fn is_background(&self, event: &BoundaryEvent) -> bool {
        let background = self.background.lock().expect("no holder panics");
        event.names_no_payment() && background.contains(&event.signature)
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

    /// How often each payment was handed to an instance.
    #[must_use]
    pub fn deliveries(&self) -> BTreeMap<String, usize> {
        let mut deliveries = BTreeMap::new();
        for entry in &self.lock().entries {
            let Happening::Boundary { event } = &entry.what else {
                continue;
            };
            if let Some(Detail::Kafka(kafka::Detail::Fetch(fetched))) = &event.detail {
                let records = fetched.iter().flat_map(|delivery| &delivery.records);
                for payment in records.filter_map(|record| record.payment.as_ref()) {
                    *deliveries.entry(payment.clone()).or_default() += 1;
                }
            }
        }
        deliveries
    }

    /// The taps at which anything was seen.
    #[must_use]
    pub fn taps(&self) -> HashSet<Tap> {
        taps(self.lock().entries.iter().map(Arc::as_ref))
    }

    /// How many boundary events there were that changed something, or were to and were refused.
    #[must_use]
    pub fn activity(&self) -> u64 {
        *self.activity.borrow()
    }

    /// How many boundary events there were that changed something.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
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

    /// Returns once nothing has been changed for `quiet`. The period is measured, not assumed: every
    /// event starts it again, a refused one too, because whoever is refused still has work in hand.
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

/// A payment's biography: what is about it, and the first commit of each process that passes one of
/// the places where it was `produced`, whoever's it was. The cause of a loss is often another
/// payment's commit.
#[must_use]
pub fn biography(entries: &[Entry], payment: &str, produced: &[(i32, i64)]) -> Vec<Entry> {
    let mut topic = "";
    let mut passed: HashSet<(&Source, Stage)> = HashSet::new();
    let mut biography = Vec::new();
    for entry in entries {
        if let Happening::RoundBegan { topic: to, .. } = &entry.what {
            topic = to;
        }
        let cause = match &entry.what {
            Happening::Boundary { event } => {
                let mut places = produced.iter();
                places.any(|(partition, offset)| event.passes(topic, *partition, *offset))
                    && passed.insert((&event.source, event.stage))
            }
            _ => false,
        };
        if cause || entry.concerns(payment) {
            biography.push(entry.clone());
        }
    }
    biography
}

/// The taps at which anything was seen.
#[must_use]
pub fn taps<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> HashSet<Tap> {
    let tap = |entry: &Entry| match &entry.what {
        Happening::Boundary { event } => Some(event.tap),
        _ => None,
    };
    entries.into_iter().filter_map(tap).collect()
}

/// The signatures of what was seen before the first payment, which no payment can have caused.
#[must_use]
pub fn background<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> BTreeSet<String> {
    idle(entries).map(|event| event.signature.clone()).collect()
}

/// Of what was seen before the first payment, what changed something or only read and locked: a
/// DELETE that found no job then and takes one later is not among it.
#[must_use]
pub fn idle_changes<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> BTreeSet<String> {
    let known = idle(entries).filter(|event| changes_something(event) || selects(event));
    known.map(|event| event.signature.clone()).collect()
}

fn idle<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
) -> impl Iterator<Item = &'a BoundaryEvent> {
    let before = |e: &&Entry| !matches!(e.what, Happening::RoundBegan { .. });
    let entries = entries.into_iter().take_while(before);
    entries.filter_map(Entry::boundary)
}

fn selects(event: &BoundaryEvent) -> bool {
    let Some(Detail::Postgres(statement)) = &event.detail else {
        return false;
    };
    let tag = statement.tag.as_deref();
    tag.is_some_and(|tag| tag.starts_with("SELECT"))
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
    fn a_biography_holds_what_is_about_the_payment_and_the_first_commit_past_it() {
        let commit = |offset, topic: &str, error: Option<&str>| {
            let position = kafka::Position {
                topic: topic.into(),
                partition: 0,
                offset,
                metadata: None,
                payment: Some("msg-0002".into()),
                error: error.map(Into::into),
            };
            let commit = kafka::Commit {
                group: "g".into(),
                member_id: "m".into(),
                group_instance_id: None,
                generation: 1,
                transactional_id: None,
                offsets: vec![position],
            };
            let event = BoundaryEvent {
                tap: Tap::Kafka,
                stage: Stage::Answered,
                source: source("b"),
                signature: "kafka OffsetCommit".into(),
                subjects: vec!["msg-0002".into()],
                outcome: format!("offset {offset}"),
                writes: true,
                detail: Some(Detail::Kafka(kafka::Detail::Commit(commit))),
            };
            Happening::Boundary { event }
        };
        let timeline = Timeline::in_memory();
        let topic = "payments".to_owned();
        let (first, last) = (1, 2);
        timeline.record(None, Happening::RoundBegan { topic, first, last });
        timeline.record(Some("msg-0001"), started());
        timeline.record(Some("msg-0002"), started());
        timeline.record(Some("msg-0002"), commit(7, "payments", None));
        timeline.record(Some("msg-0002"), commit(9, "another", None));
        timeline.record(
            Some("msg-0002"),
            commit(9, "payments", Some("ILLEGAL_GENERATION")),
        );
        timeline.record(Some("msg-0002"), commit(9, "payments", None));
        timeline.record(Some("msg-0002"), commit(10, "payments", None));
        let told: Vec<_> = biography(&timeline.entries(), "msg-0001", &[(0, 7)])
            .iter()
            .map(|e| match &e.what {
                Happening::Boundary { event } => event.outcome.clone(),
                _ => String::new(),
            })
            .collect();
        assert_eq!(told, ["", "offset 9"]);
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
            subjects: Vec::new(),
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
