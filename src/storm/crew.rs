//! The places in the fleet of a storm: who is in them changes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use crate::group::{GroupClient, GroupError};
use crate::session::instance::{Instance, Launch};
use crate::session::instance_name;

/// The instances of a storm. Dropping it ends every process of theirs.
pub(super) struct Crew {
    launch: Arc<Launch>,
    /// What a release puts in place of it.
    release: Arc<Launch>,
    places: Mutex<Vec<Arc<Instance>>>,
    named: AtomicU32,
    group: Arc<GroupClient>,
}

impl Crew {
    pub(super) fn new(launch: Launch, release: Vec<String>, group: Arc<GroupClient>) -> Self {
        let release = Launch {
            command: release,
            ..launch.clone()
        };
        Self {
            launch: Arc::new(launch),
            release: Arc::new(release),
            places: Mutex::default(),
            named: AtomicU32::new(0),
            group,
        }
    }

    /// Starts one instance more, in a place of its own.
    pub(super) fn add(&self) -> Arc<Instance> {
        let instance = self.start(&self.launch);
        self.places
            .lock()
            .expect("no holder panics")
            .push(Arc::clone(&instance));
        instance
    }

    /// Starts an instance, of the release if it is to be, in the place of the one that is there.
    pub(super) fn replace(&self, place: u32, released: bool) -> Arc<Instance> {
        let launch = if released {
            &self.release
        } else {
            &self.launch
        };
        let instance = self.start(launch);
        let mut places = self.places.lock().expect("no holder panics");
        places[place as usize] = Arc::clone(&instance);
        instance
    }

    /// Who is in a place.
    pub(super) fn at(&self, place: u32) -> Arc<Instance> {
        Arc::clone(&self.places.lock().expect("no holder panics")[place as usize])
    }

    /// Everybody.
    pub(super) fn all(&self) -> Vec<Arc<Instance>> {
        self.places.lock().expect("no holder panics").clone()
    }

    /// Takes back an instance that was added.
    pub(super) fn forget(&self, instance: &Arc<Instance>) {
        let mut places = self.places.lock().expect("no holder panics");
        places.retain(|there| !Arc::ptr_eq(there, instance));
    }

    /// Takes every member that the instance's processes have been out of the group; how many were
    /// still in it.
    pub(super) async fn evict(&self, instance: &Instance) -> Result<usize, GroupError> {
        let ids = instance.member_ids();
        let group = self.group.describe().await?;
        let mut evicted = 0;
        for member in group.members.iter().filter(|m| ids.contains(&m.member_id)) {
            self.group.evict(member).await?;
            evicted += 1;
        }
        Ok(evicted)
    }

    /// Asks every instance to end, and waits until all have.
    pub(super) async fn stop(&self) {
        let all = self.all();
        futures::future::join_all(all.iter().map(|instance| instance.stop())).await;
    }

    /// A name is used once, so that a log belongs to one instance.
    fn start(&self, launch: &Arc<Launch>) -> Arc<Instance> {
        let name = instance_name(self.named.fetch_add(1, Ordering::Relaxed));
        Arc::new(Instance::start(&name, Arc::clone(launch)))
    }
}
