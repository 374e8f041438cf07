//! What happens in a job, in a bounded buffer that every browser reads at its own pace.
//!
//! Nothing here waits for a reader: who was away for longer than the buffer reaches back is given what
//! is so now, and goes on from there. What changes often (payments, instances) is told at most
//! [`TICK`] apart.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::lines::{self, EventLine};
use super::wall::Wall;

/// How often what has changed is told: twenty times a second.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// How many events the buffer holds, and how many bytes: some minutes of a run.
const MOST_EVENTS: usize = 4_096;
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How many events a reader is handed at once.
const HANDFUL: usize = 64;

/// One event, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Grows by one from event to event.
    pub id: u64,
    pub name: &'static str,
    /// JSON.
    pub data: Arc<str>,
}

/// The events of which the last one says what is so now, in the order in which a page needs them.
const STANDING: [&str; 7] = [
    "plan",
    "phase",
    "rebalance",
    "sample",
    "cell",
    "diagnose",
    "done",
];

/// See the module.
pub(super) struct Live {
    inner: Mutex<Inner>,
    grown: watch::Sender<u64>,
}

/// What is known now.
#[derive(Default)]
pub(super) struct Inner {
    events: VecDeque<Event>,
    bytes: usize,
    last: u64,
    standing: BTreeMap<&'static str, Arc<str>>,
    instances: BTreeMap<String, Instance>,
    /// The lines of the consumer's source.
    pub lines: Vec<EventLine>,
    pub wall: Wall,
    over: bool,
}

/// What an instance is about.
#[derive(Debug, Default)]
pub(super) struct Instance {
    at_ms: f64,
    state: &'static str,
    payment: Option<String>,
    event: Option<String>,
    told: bool,
}

impl Instance {
    /// Where it is in its source; nowhere when it is at no event.
    pub fn is_at(&mut self, event: Option<&str>, payment: Option<&str>) {
        let take = |there: &mut Option<String>, now: Option<&str>| match (there.as_mut(), now) {
            (Some(there), Some(now)) => now.clone_into(there),
            (_, now) => *there = now.map(str::to_owned),
        };
        take(&mut self.event, event);
        take(&mut self.payment, payment);
    }

    fn tell(&self, name: &str, lines: &[EventLine]) -> Value {
        let event = self.event.as_deref();
        json!({
            "at_ms": self.at_ms,
            "name": name,
            "state": self.state,
            "payment": self.payment,
            "event": event,
            "line": event.and_then(|event| lines::find(lines, event)),
        })
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            grown: watch::Sender::new(0),
        }
    }
}

impl Live {
    /// Tells what happened.
    pub fn tell(&self, name: &'static str, data: &impl Serialize) {
        self.lock().push(name, data);
        self.wake();
    }

    /// Changes what is known; it is told with the next tick.
    pub fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.lock());
    }

    /// Tells what has changed.
    pub fn tick(&self) {
        self.lock().flush();
        self.wake();
    }

    /// Tells the last event; there is none after it.
    pub fn end(&self, done: &impl Serialize) {
        let mut inner = self.lock();
        inner.flush();
        inner.push("done", done);
        inner.over = true;
        drop(inner);
        self.wake();
    }

    /// The id of the last event.
    pub fn last(&self) -> u64 {
        self.lock().last
    }

    /// Whether the last event there will be has this id or a smaller one.
    pub fn is_over_at(&self, id: u64) -> bool {
        let inner = self.lock();
        inner.over && id >= inner.last
    }

    /// Some of the events after this one, or what is so now where the buffer does not reach back to
    /// it. Empty at the end.
    pub fn after(&self, id: u64) -> Vec<Event> {
        let inner = self.lock();
        let first = inner.events.front().map_or(inner.last + 1, |e| e.id);
        // An id that was never given comes from another server's life.
        if id + 1 < first || id > inner.last {
            return inner.snapshot();
        }
        let skip = usize::try_from(id + 1 - first).unwrap_or(usize::MAX);
        let events = inner.events.iter().skip(skip);
        events.take(HANDFUL).cloned().collect()
    }

    /// Tells of new events by the id of the last.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    fn wake(&self) {
        let last = self.lock().last;
        self.grown.send_if_modified(|known| {
            let new = *known < last;
            *known = last.max(*known);
            new
        });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no holder panics")
    }
}

impl Inner {
    /// A new plan: another wall, other instances.
    pub fn begin(&mut self, payments: u32, plan: &impl Serialize) {
        self.flush();
        self.wall = Wall::new(payments);
        self.instances.clear();
        self.standing.clear();
        self.push("plan", plan);
    }

    /// What an instance is about. Called for every event, so nothing is made of it before it is told.
    pub fn instance(&mut self, name: &str, at_ms: f64, state: &'static str) -> &mut Instance {
        if !self.instances.contains_key(name) {
            self.instances.insert(name.to_owned(), Instance::default());
        }
        let instance = self.instances.get_mut(name).expect("it was inserted");
        (instance.at_ms, instance.state, instance.told) = (at_ms, state, false);
        instance
    }

    fn push(&mut self, name: &'static str, data: &impl Serialize) {
        let json = serde_json::to_string(data).expect("an event is plain data");
        let data: Arc<str> = json.into();
        if STANDING.contains(&name) {
            self.standing.insert(name, Arc::clone(&data));
        }
        self.last += 1;
        self.bytes += data.len();
        let id = self.last;
        self.events.push_back(Event { id, name, data });
        while self.events.len() > MOST_EVENTS || (self.bytes > MOST_BYTES && self.events.len() > 1)
        {
            let old = self.events.pop_front().expect("there is more than one");
            self.bytes -= old.data.len();
        }
    }

    fn flush(&mut self) {
        if let Some(changes) = self.wall.changes() {
            self.push("payments", &changes);
        }
        let lines = &self.lines;
        let untold = self.instances.iter_mut().filter(|(_, i)| !i.told);
        let untold: Vec<Value> = untold
            .map(|(name, instance)| {
                instance.told = true;
                instance.tell(name, lines)
            })
            .collect();
        for state in untold {
            self.push("instance", &state);
        }
    }

    /// What is so now, all with the id of the last event: who reads it goes on after that.
    fn snapshot(&self) -> Vec<Event> {
        let event = |name, data: Arc<str>| Event {
            id: self.last,
            name,
            data,
        };
        let mut told = Vec::new();
        for name in STANDING {
            if name == "rebalance" {
                let whole = self.wall.whole().to_string().into();
                told.push(event("payments", whole));
                let states = self.instances.iter().map(|(n, i)| i.tell(n, &self.lines));
                told.extend(states.map(|state| event("instance", state.to_string().into())));
            }
            if let Some(data) = self.standing.get(name) {
                told.push(event(name, Arc::clone(data)));
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let live = Live::default();
        for n in 0..10 {
            live.tell("fault", &n);
        }
        let ids: Vec<u64> = live.after(7).iter().map(|e| e.id).collect();
        assert_eq!(ids, [8, 9, 10]);
        assert!(live.after(10).is_empty());
    }

    #[test]
    fn the_buffer_is_bounded_and_who_is_behind_it_is_told_what_is_so_now() {
        let live = Live::default();
        live.change(|inner| inner.begin(3, &json!({ "payments": 3 })));
        for n in 0..20_000 {
            live.tell("fault", &n);
        }
        let inner = live.lock();
        assert!(inner.events.len() <= MOST_EVENTS && inner.bytes <= MOST_BYTES);
        drop(inner);
        let names: Vec<&str> = live.after(3).iter().map(|e| e.name).collect();
        assert_eq!(names, ["plan", "payments"]);
        assert!(live.after(3).iter().all(|e| e.id == live.last()));
        assert_eq!(live.after(1_000_000), live.after(3));
    }

    #[test]
    fn large_events_are_bounded_by_their_bytes() {
        let live = Live::default();
        let large = "x".repeat(MOST_BYTES / 4);
        for _ in 0..20 {
            live.tell("fault", &large);
        }
        assert!(live.lock().events.len() <= 4);
    }

    #[test]
    fn the_end_is_the_last_event() {
        let live = Live::default();
        live.end(&json!({}));
        assert!(live.is_over_at(1) && !live.is_over_at(0));
    }
}
