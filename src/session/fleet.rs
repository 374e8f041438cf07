//! The instances under test, and what a fault sees of them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::{Duration, Instant};

use super::instance::{Instance, Launch};
use crate::chaos::Instances;
use crate::event::Source;

/// Each in its place. Dropping it ends every process of theirs.
pub(crate) struct Fleet {
    launch: Arc<Launch>,
    instances: Mutex<Vec<Arc<Instance>>>,
    /// How many letters were given. A name is used once, so that a log belongs to one instance.
    named: AtomicU32,
    began: Instant,
    joined: Mutex<HashSet<Source>>,
}

impl Fleet {
    pub(crate) fn new(launch: Arc<Launch>) -> Self {
        Self {
            launch,
            instances: Mutex::default(),
            named: AtomicU32::new(0),
            began: Instant::now(),
            joined: Mutex::default(),
        }
    }

    /// Since its first instances were started.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether a process lives that has never been a member: it still starts. One that was a member
    /// and is not now has left, or was put out.
    pub(crate) fn starts(&self) -> bool {
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

    pub(crate) fn add(&self) -> Arc<Instance> {
        self.start(&self.next_name())
    }

    pub(crate) fn start(&self, name: &str) -> Arc<Instance> {
        let instance = Arc::new(Instance::start(name, Arc::clone(&self.launch)));
        self.lock().push(Arc::clone(&instance));
        instance
    }

    /// Starts an instance under the next letter in the place of the one that is there.
    pub(crate) fn replace(&self, place: u32, command: Option<&[String]>) {
        let launch = match command {
            None => Arc::clone(&self.launch),
            Some(command) => Arc::new(Launch {
                command: command.to_vec(),
                ..Launch::clone(&self.launch)
            }),
        };
        let instance = Instance::start(&self.next_name(), launch);
        self.lock()[place as usize] = Arc::new(instance);
    }

    pub(crate) fn forget(&self, instance: &Arc<Instance>) {
        self.lock().retain(|there| !Arc::ptr_eq(there, instance));
    }

    pub(crate) fn all(&self) -> Vec<Arc<Instance>> {
        self.lock().clone()
    }

    pub(crate) fn at(&self, place: u32) -> Arc<Instance> {
        Arc::clone(&self.lock()[place as usize])
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Instance>> {
        self.all().into_iter().find(|i| i.name() == name)
    }

    pub(crate) async fn stop(&self) {
        let all = self.all();
        futures::future::join_all(all.iter().map(|instance| instance.stop())).await;
    }

    fn next_name(&self) -> String {
        instance_name(self.named.fetch_add(1, Ordering::Relaxed))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Instance>>> {
        self.instances.lock().expect("no holder panics")
    }
}

/// What a fault may know of the fleet. The instances hold the hook that holds this: a strong
/// reference back would keep both alive for ever, and with them the processes.
#[derive(Default)]
pub(crate) struct FleetView {
    fleet: OnceLock<Weak<Fleet>>,
    backends: Mutex<HashMap<i32, Source>>,
}

impl FleetView {
    /// Once, before the first payment.
    pub(crate) fn watch_over(&self, fleet: &Arc<Fleet>) {
        let _ = self.fleet.set(Arc::downgrade(fleet));
    }

    pub(crate) fn fleet(&self) -> Option<Arc<Fleet>> {
        self.fleet.get().and_then(Weak::upgrade)
    }

    pub(crate) fn saw_backend(&self, pid: i32, source: &Source) {
        let mut backends = self.backends.lock().expect("no holder panics");
        backends.entry(pid).or_insert_with(|| source.clone());
    }
}

impl Instances for FleetView {
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
        fleet.add();
        true
    }

    fn start_another(&self) -> Option<String> {
        Some(self.fleet()?.add().name().to_owned())
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

/// `a`, `b`, … `z`, then `a1`, `b1`, …
pub(crate) fn instance_name(number: u32) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).expect("below 26"));
    match number / 26 {
        0 => letter.to_string(),
        lap => format!("{letter}{lap}"),
    }
}
