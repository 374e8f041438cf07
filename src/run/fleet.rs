//! The instances of a run as a fault sees them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use super::instance::{Instance, Launch};
use crate::chaos::Crew;
use crate::event::Source;

/// All instances of a run. Dropping it ends every process of theirs.
pub(super) struct Fleet {
    launch: Arc<Launch>,
    instances: Mutex<Vec<Arc<Instance>>>,
    began: Instant,
    /// The processes that were members of the group once.
    joined: Mutex<HashSet<Source>>,
}

impl Fleet {
    /// No instance yet.
    pub(super) fn new(launch: Arc<Launch>) -> Self {
        Self {
            launch,
            instances: Mutex::default(),
            began: Instant::now(),
            joined: Mutex::default(),
        }
    }

    /// How long ago it was made, which is when its first instances were started.
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether a process lives that has never been a member of the group: it still starts. One that
    /// was a member and is none any more has left, or was put out.
    pub(super) fn starts(&self) -> bool {
        let mut joined = self.joined.lock().expect("no holder panics");
        let all = self.all();
        let processes = all.iter().filter_map(|instance| instance.process());
        let mut starts = false;
        for process in processes.filter(|process| process.exited.borrow().is_none()) {
            if process.member_id().is_some() {
                joined.insert(process.source);
            } else {
                starts |= !joined.contains(&process.source);
            }
        }
        starts
    }

    /// Starts an instance of that name. See [`Instance::start`].
    pub(super) fn start(&self, name: &str) {
        let instance = Arc::new(Instance::start(name, Arc::clone(&self.launch)));
        self.instances
            .lock()
            .expect("no holder panics")
            .push(instance);
    }

    /// All instances, in the order of their start.
    pub(super) fn all(&self) -> Vec<Arc<Instance>> {
        self.instances.lock().expect("no holder panics").clone()
    }

    /// The instance of that name.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Instance>> {
        self.all().into_iter().find(|i| i.name() == name)
    }

    /// Asks every instance to end, and waits until all have.
    pub(super) async fn stop(&self) {
        let all = self.all();
        futures::future::join_all(all.iter().map(|instance| instance.stop())).await;
    }
}

/// What a fault may know of the fleet. The instances hold the hook that holds this: a strong
/// reference back would keep both alive for ever, and with them the processes.
#[derive(Default)]
pub(super) struct FleetView {
    fleet: OnceLock<Weak<Fleet>>,
    /// The Postgres backends that were seen to serve each process.
    backends: Mutex<HashMap<i32, Source>>,
}

impl FleetView {
    /// Says which fleet it is; said once, before the first payment.
    pub(super) fn watch_over(&self, fleet: &Arc<Fleet>) {
        let _ = self.fleet.set(Arc::downgrade(fleet));
    }

    pub(super) fn fleet(&self) -> Option<Arc<Fleet>> {
        self.fleet.get().and_then(Weak::upgrade)
    }

    /// Remembers who a Postgres backend works for.
    pub(super) fn saw_backend(&self, pid: i32, source: &Source) {
        let mut backends = self.backends.lock().expect("no holder panics");
        backends.entry(pid).or_insert_with(|| source.clone());
    }
}

impl Crew for FleetView {
    fn name_of(&self, member_id: &str) -> Option<String> {
        let instances = self.fleet()?.all();
        let is = |i: &&Arc<Instance>| i.member_ids().iter().any(|id| id == member_id);
        instances.iter().find(is).map(|i| i.name().to_owned())
    }

    fn ensure_successor(&self, to: &str) -> bool {
        let Some(fleet) = self.fleet() else {
            return false;
        };
        if fleet.all().iter().any(|i| i.name() != to) {
            return false;
        }
        fleet.start(SUCCESSOR);
        true
    }

    fn backends_of(&self, source: &Source) -> Vec<i32> {
        let backends = self.backends.lock().expect("no holder panics");
        backends
            .iter()
            .filter(|(_, s)| *s == source)
            .map(|(pid, _)| *pid)
            .collect()
    }

    fn instance_at(&self, backend: i32) -> Option<String> {
        let backends = self.backends.lock().expect("no holder panics");
        backends.get(&backend).map(|source| source.instance.clone())
    }
}

/// The name of an instance that is started to succeed the only one.
const SUCCESSOR: &str = "b";

/// `a`, `b`, … `z`, then `a1`, `b1`, …
pub(crate) fn instance_name(number: u32) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).expect("below 26"));
    match number / 26 {
        0 => letter.to_string(),
        lap => format!("{letter}{lap}"),
    }
}
