//! An instance: a name, and one process after another that carries it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::context::SessionContext;
use super::supervisor::{Control, Memberships, Supervisor};
use super::taps::StormTaps;
use crate::chaos::Process;
use crate::effects::Sink;
use crate::group::{GroupClient, GroupError};
use crate::tap::Hook;

#[derive(Clone)]
pub struct Launch {
    pub command: Vec<String>,
    pub cwd: PathBuf,
    pub context: Arc<SessionContext>,
    pub sink: Option<Arc<Sink>>,
    pub hook: Arc<dyn Hook>,
    /// None in a run.
    pub storm: Option<Arc<StormTaps>>,
}

pub struct Instance {
    name: String,
    process: watch::Receiver<Option<Process>>,
    control: watch::Sender<Control>,
    memberships: Memberships,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Instance {
    #[must_use]
    pub fn start(name: &str, launch: Arc<Launch>) -> Self {
        let control = watch::Sender::new(Control::Run);
        let current = watch::Sender::new(None);
        let process = current.subscribe();
        let supervisor = Supervisor {
            name: name.to_owned(),
            launch,
            control: control.subscribe(),
            current,
            memberships: Memberships::default(),
        };
        let memberships = supervisor.memberships.clone();
        let context = Arc::clone(&supervisor.launch.context);
        let task = tokio::spawn(async move {
            if let Err(error) = supervisor.run().await {
                context.fail(error);
            }
        });
        Self {
            name: name.to_owned(),
            process,
            control,
            memberships,
            task: Mutex::new(Some(task)),
        }
    }

    /// The `CONSUMER_ID`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn process(&self) -> Option<Process> {
        self.process.borrow().clone()
    }

    #[must_use]
    pub fn member_ids(&self) -> Vec<String> {
        self.memberships.ids()
    }

    /// All members that its processes have been; returns how many were still in the group.
    pub(crate) async fn evict(&self, group: &GroupClient) -> Result<usize, GroupError> {
        self.memberships.evict(group).await
    }

    /// While a fault is busy with it.
    pub fn hold_restart(&self) {
        self.control.send_if_modified(|c| {
            let held = *c == Control::Run;
            if held {
                *c = Control::HoldRestart;
            }
            held
        });
    }

    pub fn release_restart(&self) {
        self.control.send_if_modified(|c| {
            let released = *c == Control::HoldRestart;
            if released {
                *c = Control::Run;
            }
            released
        });
    }

    /// The lab is about to end it, or a fault is busy with it.
    #[must_use]
    pub fn is_in_hand(&self) -> bool {
        *self.control.borrow() != Control::Run
    }

    /// SIGTERM, a grace period, SIGKILL; returns when the process is gone. The supervisor does it:
    /// it alone knows whether a process has just ended and another one is about to start.
    pub async fn stop(&self) {
        self.control.send_replace(Control::Stop);
        let task = self.task.lock().expect("no holder panics").take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

impl Drop for Instance {
    /// A run that is broken off leaves no process: each is killed with its whole group.
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().expect("no holder panics") {
            task.abort();
        }
        if let Some(process) = self.process() {
            process.kill_now();
        }
    }
}

/// An instance that a fault is busy with: not started again meanwhile, and not kept alive: when the
/// run ends, its processes do, whatever a fault is still waiting for.
pub(crate) struct InHand {
    instance: Weak<Instance>,
    process: Process,
    is_done: bool,
}

impl InHand {
    pub(crate) fn take(instance: &Arc<Instance>, process: &Process) -> Self {
        instance.hold_restart();
        Self {
            instance: Arc::downgrade(instance),
            process: process.clone(),
            is_done: false,
        }
    }

    pub(crate) fn let_go(mut self) {
        self.is_done = true;
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if !self.is_done {
            // A fault that broke off must not leave the instance frozen; a dead one needs nothing.
            let _ = self.process.thaw();
        }
        if let Some(instance) = self.instance.upgrade() {
            instance.release_restart();
        }
    }
}
