//! What happens in a job, in a bounded buffer that every browser reads at its own pace.
//!
//! Nothing here waits for a reader: who was away for longer than the buffer reaches back is given
//! what is so now, and goes on from there. Nor does a run wait for this: what it has recorded is
//! read at every tick. What changes often (payments, instances) is told at most [`TICK`] apart.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::instance::{InstanceState, InstanceView};
use super::lines::EventLine;
use super::payment_grid::PaymentGrid;
use super::projection;
use super::wire::jobs::Done;
use super::wire::live::{InstanceChange, LiveEvent, Payments, Plan};
use crate::timeline::Timeline;

/// Twenty times a second.
const TICK: Duration = Duration::from_millis(50);

/// Of the buffer: some minutes of a run.
const MOST_EVENTS: usize = 4_096;
const MOST_BYTES: usize = 4 * 1024 * 1024;

const HANDFUL: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Grows by one from event to event.
    pub id: u64,
    pub name: &'static str,
    pub data: Arc<str>,
}

/// The last one of each says what is so now; in the order in which a page needs them.
const STANDING: [&str; 7] = [
    "plan",
    "phase",
    "rebalance",
    "sample",
    "cell",
    "diagnose",
    "done",
];

pub(super) struct Live {
    feed: Mutex<FeedState>,
    grown: watch::Sender<u64>,
}

#[derive(Default)]
pub(super) struct FeedState {
    events: VecDeque<Event>,
    bytes: usize,
    last: u64,
    standing: BTreeMap<&'static str, Arc<str>>,
    instances: BTreeMap<String, InstanceView>,
    pub lines: Vec<EventLine>,
    pub grid: PaymentGrid,
    pub owners: BTreeMap<String, Vec<i32>>,
    pub generation: Option<i32>,
    record: Option<FollowedTimeline>,
    /// Since a run began, or after the first payment of a storm was due, at the last look.
    now_ms: f64,
    is_storm: bool,
    over: bool,
}

struct FollowedTimeline {
    timeline: Arc<Timeline>,
    seen: usize,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            feed: Mutex::default(),
            grown: watch::Sender::new(0),
        }
    }
}

impl Live {
    pub fn tell<E: LiveEvent>(&self, event: &E) {
        self.change(|feed| {
            feed.read();
            feed.push(event);
        });
    }

    /// What does not tell of itself is told with the next tick.
    pub fn change(&self, change: impl FnOnce(&mut FeedState)) {
        let mut feed = self.lock();
        change(&mut feed);
        let last = feed.last;
        drop(feed);
        self.grown.send_if_modified(|known| {
            let new = *known < last;
            *known = last.max(*known);
            new
        });
    }

    pub fn tick(&self) {
        self.change(FeedState::flush);
    }

    pub async fn tick_for_ever(&self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.tick();
        }
    }

    pub fn end(&self, done: &Done) {
        self.change(|feed| {
            feed.flush();
            feed.push(done);
            feed.over = true;
            // A job is remembered longer than its run need be.
            feed.record = None;
        });
    }

    pub fn last(&self) -> u64 {
        self.lock().last
    }

    pub fn is_over_at(&self, id: u64) -> bool {
        let feed = self.lock();
        feed.over && id >= feed.last
    }

    /// What is so now, where the buffer does not reach back to this event. Empty at the end.
    pub fn after(&self, id: u64) -> Vec<Event> {
        let feed = self.lock();
        let first = feed.events.front().map_or(feed.last + 1, |e| e.id);
        // An id that was never given comes from another server's life.
        if id + 1 < first || id > feed.last {
            return feed.snapshot();
        }
        let skip = usize::try_from(id + 1 - first).unwrap_or(usize::MAX);
        let events = feed.events.iter().skip(skip);
        events.take(HANDFUL).cloned().collect()
    }

    pub fn follow(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, FeedState> {
        self.feed.lock().expect("no holder panics")
    }
}

impl FeedState {
    pub fn begin(&mut self, plan: &Plan) {
        self.flush();
        self.grid = PaymentGrid::new(plan.payments);
        self.instances.clear();
        self.owners.clear();
        self.generation = None;
        (self.now_ms, self.is_storm) = (0.0, false);
        self.standing.clear();
        self.push(plan);
    }

    pub fn follow(&mut self, timeline: &Arc<Timeline>) {
        self.read();
        self.record = Some(FollowedTimeline {
            timeline: Arc::clone(timeline),
            seen: 0,
        });
    }

    fn read(&mut self) {
        let Some(record) = &mut self.record else {
            return;
        };
        let entries = record.timeline.after(record.seen);
        record.seen += entries.len();
        for entry in &entries {
            projection::apply(self, entry);
        }
    }

    /// The times of a storm's record begin earlier, and give way.
    pub fn looked_at(&mut self, at_ms: u64) {
        self.is_storm = true;
        self.now_ms = at_ms as f64;
    }

    pub fn recorded_at(&mut self, at_ms: f64) {
        if !self.is_storm {
            self.now_ms = at_ms;
        }
    }

    pub fn now_ms(&self) -> f64 {
        self.now_ms
    }

    pub fn state_of(&self, name: &str) -> Option<InstanceState> {
        self.instances.get(name).map(InstanceView::state)
    }

    /// Called for every event, so nothing is made of it before it is told.
    pub fn instance(&mut self, name: &str, state: InstanceState) -> &mut InstanceView {
        let at_ms = self.now_ms;
        // Where it was, is told at most so often; what befell it, each time.
        let before = self.instances.get_mut(name);
        let before = before.filter(|instance| instance.state() != state);
        if let Some(before) = before.and_then(|instance| instance.change(name, &self.lines)) {
            self.push(&before);
        }
        if !self.instances.contains_key(name) {
            self.instances
                .insert(name.to_owned(), InstanceView::default());
        }
        let instance = self.instances.get_mut(name).expect("it was inserted");
        instance.is(state, at_ms);
        instance
    }

    pub fn push<E: LiveEvent>(&mut self, event: &E) {
        let (name, data) = (E::NAME, json(event));
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
        self.read();
        self.tell_changes();
    }

    pub fn tell_changes(&mut self) {
        if let Some(changes) = self.grid.changes() {
            self.push(&changes);
        }
        let lines = &self.lines;
        let all = self.instances.iter_mut();
        let untold: Vec<_> = all.filter_map(|(n, i)| i.change(n, lines)).collect();
        for state in untold {
            self.push(&state);
        }
    }

    /// All with the id of the last event: who reads it goes on after that.
    fn snapshot(&self) -> Vec<Event> {
        let event = |name, data: Arc<str>| Event {
            id: self.last,
            name,
            data,
        };
        let mut told = Vec::new();
        for name in STANDING {
            if name == "rebalance" {
                told.push(event(Payments::NAME, json(&self.grid.whole())));
                let states = self.instances.iter().map(|(n, i)| i.tell(n, &self.lines));
                told.extend(states.map(|state| event(InstanceChange::NAME, json(&state))));
            }
            if let Some(data) = self.standing.get(name) {
                told.push(event(name, Arc::clone(data)));
            }
        }
        told
    }
}

fn json(event: &impl LiveEvent) -> Arc<str> {
    let json = serde_json::to_string(event).expect("an event is plain data");
    json.into()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::Value;

    use super::*;
    use crate::dashboard::problem::Problem;
    use crate::dashboard::wire::live::{LogLine, Phase};
    use crate::event::Source;
    use crate::timeline::TimelineEvent;

    fn line(at_ms: u64) -> LogLine {
        LogLine {
            at_ms,
            instance: "a".into(),
            line: String::new(),
        }
    }

    fn plan(payments: u32) -> Plan {
        Plan {
            payments,
            ..Plan::default()
        }
    }

    fn done() -> Done {
        Done::Failed(Problem::new(StatusCode::BAD_REQUEST, "", ""))
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let live = Live::default();
        for n in 0..10 {
            live.tell(&line(n));
        }
        let ids: Vec<u64> = live.after(7).iter().map(|e| e.id).collect();
        assert_eq!(ids, [8, 9, 10]);
        assert!(live.after(10).is_empty());
    }

    #[test]
    fn the_buffer_is_bounded_and_who_is_behind_it_is_told_what_is_so_now() {
        let live = Live::default();
        live.change(|feed| feed.begin(&plan(3)));
        for n in 0..20_000 {
            live.tell(&line(n));
        }
        let feed = live.lock();
        assert!(feed.events.len() <= MOST_EVENTS && feed.bytes <= MOST_BYTES);
        drop(feed);
        let names: Vec<&str> = live.after(3).iter().map(|e| e.name).collect();
        assert_eq!(names, ["plan", "payments"]);
        assert!(live.after(3).iter().all(|e| e.id == live.last()));
        assert_eq!(live.after(1_000_000), live.after(3));
    }

    #[test]
    fn what_was_recorded_is_told_in_order_and_a_state_that_was_over_at_once_as_well() {
        let source = || Source {
            instance: "a".into(),
            incarnation: 1,
        };
        let live = Live::default();
        let timeline = Arc::new(Timeline::in_memory());
        live.change(|feed| {
            feed.begin(&plan(1));
            feed.follow(&timeline);
        });
        timeline.record(
            None,
            TimelineEvent::Started {
                source: source(),
                pid: 1,
            },
        );
        timeline.record(None, TimelineEvent::Frozen { source: source() });
        timeline.record(None, TimelineEvent::Killed { source: source() });
        live.tell(&Phase { text: "" });
        live.end(&done());
        let state = |event: &Event| -> String {
            let data: Value = serde_json::from_str(&event.data).unwrap();
            data["state"].as_str().unwrap_or_default().to_owned()
        };
        let told: Vec<(&str, String)> = live.after(1).iter().map(|e| (e.name, state(e))).collect();
        let expected = [
            ("instance", "starting"),
            ("instance", "frozen"),
            ("phase", ""),
            ("payments", ""),
            ("instance", "killed"),
            ("done", ""),
        ];
        assert_eq!(told, expected.map(|(name, state)| (name, state.to_owned())));
        assert!(
            live.lock().record.is_none(),
            "the job keeps its run's record"
        );
    }

    #[test]
    fn large_events_are_bounded_by_their_bytes() {
        let live = Live::default();
        let large = "x".repeat(MOST_BYTES / 4);
        for _ in 0..20 {
            live.tell(&Phase { text: &large });
        }
        assert!(live.lock().events.len() <= 4);
    }

    #[test]
    fn the_end_is_the_last_event() {
        let live = Live::default();
        live.end(&done());
        assert!(live.is_over_at(1) && !live.is_over_at(0));
    }
}
