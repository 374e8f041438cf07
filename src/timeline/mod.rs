//! Every boundary event and everything that was done to an instance, in the one order in which the
//! controller saw them. A payment's *biography* is the part that carries its id
//! ([`Timeline::biography`]).

mod clause;
mod event;
mod fences;
mod kind;
mod reading;
mod refusals;
mod successor;
mod survivors;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::event::Tap;
use crate::tap::{BoundaryEvent, Detail, kafka};

pub(crate) use clause::Clause;
pub use event::TimelineEvent;
pub use kind::{Kind, Mark};
pub use reading::{background, biography, taps};
pub(crate) use refusals::missed_topics;
pub use refusals::{Refusal, refusals};
pub(crate) use survivors::may_hold;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Since the run began.
    pub at_ms: f64,
    pub payment: Option<String>,
    #[serde(flatten)]
    pub what: TimelineEvent,
}

impl Entry {
    #[must_use]
    pub fn boundary(&self) -> Option<&BoundaryEvent> {
        match &self.what {
            TimelineEvent::Boundary { event } => Some(event),
            _ => None,
        }
    }

    #[must_use]
    pub fn concerns(&self, payment: &str) -> bool {
        self.payment.as_deref() == Some(payment)
            || matches!(&self.what, TimelineEvent::Boundary { event } if event.concerns(payment))
    }
}

/// Boundary events in memory: those of some 80,000 payments, a dozen each, where a lab's run has
/// 200; a kilobyte each, they are a gigabyte. Later ones are written, struck and counted as
/// activity, and not looked at: a run that has more cannot be held.
const KEPT: usize = 1_000_000;

/// Also written, line by line, to `events.jsonl`: a run that dies leaves behind what it had seen.
pub struct Timeline {
    began: Instant,
    inner: Mutex<TimelineState>,
    /// What changed something or was refused: a framework that polls and keeps alive is never
    /// silent.
    activity: watch::Sender<u64>,
    /// What changed something: whoever is refused again and again is busy, and gets nowhere.
    changes: AtomicU64,
    /// Signatures of what the consumer does without any payment: nothing that a run waits for.
    background: Mutex<BTreeSet<String>>,
}

struct TimelineState {
    entries: Vec<Arc<Entry>>,
    /// For more boundary events.
    room: usize,
    unkept: u64,
    file: Option<BufWriter<File>>,
}

impl TimelineState {
    /// What was done to an instance is always kept: it is bounded by those who do it.
    fn keep(&mut self, entry: Entry) {
        if entry.boundary().is_some() {
            let Some(room) = self.room.checked_sub(1) else {
                self.unkept += 1;
                return;
            };
            self.room = room;
        }
        self.entries.push(Arc::new(entry));
    }
}

impl Timeline {
    /// Also written to `path`.
    pub fn to_file(path: &Path) -> std::io::Result<Self> {
        Ok(Self::new(Some(BufWriter::new(File::create(path)?)), KEPT))
    }

    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(None, KEPT)
    }

    fn new(file: Option<BufWriter<File>>, room: usize) -> Self {
        Self {
            began: Instant::now(),
            inner: Mutex::new(TimelineState {
                entries: Vec::new(),
                room,
                unkept: 0,
                file,
            }),
            activity: watch::Sender::new(0),
            changes: AtomicU64::new(0),
            background: Mutex::default(),
        }
    }

    pub fn record(&self, payment: Option<&str>, what: TimelineEvent) {
        if matches!(what, TimelineEvent::IdleRecorded) {
            let background = background(self.lock().entries.iter().map(Arc::as_ref));
            self.ignore(&background);
        }
        let (writes, changes) = match &what {
            TimelineEvent::Boundary { event } => {
                let writes = event.changes_something() && !self.is_background(event);
                (writes, writes && !event.was_in_vain())
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
                // A full disk must not stop a run whose verdict is computed from memory.
                let _ = serde_json::to_writer(&mut *file, &entry)
                    .map_err(std::io::Error::from)
                    .and_then(|()| file.write_all(b"\n"))
                    .and_then(|()| file.flush());
            }
            inner.keep(entry);
        }
        if changes {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        if writes {
            self.activity.send_modify(|count| *count += 1);
        }
    }

    /// Where it is about no payment.
    pub fn ignore(&self, background: &BTreeSet<String>) {
        let mut ignored = self.background.lock().expect("no holder panics");
        ignored.extend(background.iter().cloned());
    }

    fn is_background(&self, event: &BoundaryEvent) -> bool {
        let background = self.background.lock().expect("no holder panics");
        event.names_no_message() && background.contains(&event.signature)
    }

    /// Boundary events that are in no entry: there were too many before.
    #[must_use]
    pub fn unkept(&self) -> u64 {
        self.lock().unkept
    }

    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let all = self.after(0);
        all.iter().map(|entry| Entry::clone(entry)).collect()
    }

    /// For whoever follows a run: the taps wait only while pointers are copied.
    #[must_use]
    pub fn after(&self, seen: usize) -> Vec<Arc<Entry>> {
        let inner = self.lock();
        inner.entries.get(seen..).unwrap_or_default().to_vec()
    }

    #[must_use]
    pub fn deliveries(&self) -> BTreeMap<String, usize> {
        let mut deliveries = BTreeMap::new();
        for entry in &self.lock().entries {
            let TimelineEvent::Boundary { event } = &entry.what else {
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

    #[must_use]
    pub fn taps(&self) -> HashSet<Tap> {
        taps(self.lock().entries.iter().map(Arc::as_ref))
    }

    /// Of boundary events that changed something, or were to and were refused.
    #[must_use]
    pub fn activity(&self) -> u64 {
        *self.activity.borrow()
    }

    /// Of boundary events that changed something.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// The period is measured: every event starts it again, a refused one too, because whoever is
    /// refused still has work in hand.
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

    fn lock(&self) -> std::sync::MutexGuard<'_, TimelineState> {
        self.inner
            .lock()
            .expect("no holder of the timeline's lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Source;

    fn started() -> TimelineEvent {
        TimelineEvent::Started {
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            pid: 7,
        }
    }

    fn crossed() -> TimelineEvent {
        let event = BoundaryEvent {
            tap: Tap::Postgres,
            stage: crate::event::Stage::Answered,
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            signature: "COMMIT".into(),
            subjects: Vec::new(),
            outcome: String::new(),
            writes: true,
            role: crate::event::Role::Request,
            result: None,
            detail: None,
        };
        TimelineEvent::Boundary { event }
    }

    #[test]
    fn more_events_than_can_be_kept_are_counted_and_written_and_what_is_done_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let file = BufWriter::new(File::create(&path).unwrap());
        let timeline = Timeline::new(Some(file), 2);
        for what in [crossed(), crossed(), crossed(), started(), crossed()] {
            timeline.record(None, what);
        }
        let entries = timeline.entries();
        assert_eq!((entries.len(), timeline.unkept()), (3, 2));
        assert_eq!(entries[2].what, started());
        assert_eq!(timeline.activity(), 4);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 5);
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

    #[test]
    fn what_an_earlier_version_recorded_is_read_and_told_as_it_was() {
        let read = |line: &str| serde_json::from_str::<Entry>(line).expect(line).what;
        let charged = read(
            r#"{"at_ms":1.0,"payment":"msg-0001","happening":"boundary","event":{"tap":"provider",
                "stage":"answered","source":{"instance":"a","incarnation":1},
                "signature":"POST /v1/charges","subjects":["msg-0001"],"outcome":"200 ch_1",
                "writes":true,"detail":null}}"#,
        );
        let told = charged.clause().expect("it is told");
        assert_eq!(
            (told.what.as_str(), told.kind.effect()),
            ("charged ch_1", Some("ch_1"))
        );
        let exited = read(
            r#"{"at_ms":2.0,"payment":null,"happening":"exited",
                "source":{"instance":"a","incarnation":1},"status":"signal 9 (SIGKILL)"}"#,
        );
        assert!(matches!(exited, TimelineEvent::Exited { signal: None, .. }));
    }
}
