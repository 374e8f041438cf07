//! The instances of a run, supervised as an orchestrator would: one that exits is started again
//! under the same name, a bounded number of times.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::RunError;
use super::cause;
use super::context::SessionContext;
use super::guard::Ward;
use super::taps::{StormTaps, Taps};
use crate::chaos::{Process, describe_exit};
use crate::effects::Sink;
use crate::group::{GroupClient, GroupError};
use crate::tap::kafka::Member;
use crate::tap::{Hook, Source};
use crate::timeline::Happening;

/// How often an instance may exit by itself in one run. A consumer that dies on every refused
/// commit does so once a fault; past this it is broken, and starting it again proves nothing.
const MAX_RESTARTS: u32 = 20;

/// How long an instance may take to end after SIGTERM, as an orchestrator would give it.
const GRACE: Duration = Duration::from_secs(10);

/// What every instance of a run is given.
#[derive(Clone)]
pub struct Launch {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder it runs in.
    pub cwd: PathBuf,
    /// What the whole run works with.
    pub context: Arc<SessionContext>,
    /// The sink that counts effects, if one does; each process has a listener of its own.
    pub sink: Option<Arc<Sink>>,
    /// Asked at every boundary event.
    pub hook: Arc<dyn Hook>,
    /// What the taps do in a storm; none in a run.
    pub storm: Option<Arc<StormTaps>>,
}

/// One instance: a name, and one process after another that carries it.
pub struct Instance {
    name: String,
    process: watch::Receiver<Option<Process>>,
    control: watch::Sender<Control>,
    memberships: Memberships,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// The members that the processes of an instance are or were.
#[derive(Clone, Default)]
struct Memberships(Arc<Mutex<Vec<watch::Receiver<Vec<Member>>>>>);

impl Memberships {
    fn of(&self, members: watch::Receiver<Vec<Member>>) {
        self.0.lock().expect("no holder panics").push(members);
    }

    fn ids(&self) -> Vec<String> {
        let all = self.0.lock().expect("no holder panics");
        let members = all.iter().flat_map(|members| members.borrow().clone());
        members.map(|member| member.member_id).collect()
    }

    /// Takes them out of the group, and returns how many were still in it.
    async fn evict(&self, group: &GroupClient) -> Result<usize, GroupError> {
        let (ids, group_now) = (self.ids(), group.describe().await?);
        let mut evicted = 0;
        for member in &group_now.members {
            if ids.contains(&member.member_id) {
                group.evict(member).await?;
                evicted += 1;
            }
        }
        Ok(evicted)
    }
}

/// What the supervisor of an instance is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Control {
    /// Start it again when it exits.
    Run,
    /// When it exits, wait: a fault is still busy with what it left behind.
    HoldRestart,
    /// Let it end.
    Stop,
}

impl Instance {
    /// Starts supervising an instance.
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

    /// The process that carries the name now.
    #[must_use]
    pub fn process(&self) -> Option<Process> {
        self.process.borrow().clone()
    }

    /// The ids of all members that its processes have been.
    #[must_use]
    pub fn member_ids(&self) -> Vec<String> {
        self.memberships.ids()
    }

    /// Takes every member that its processes have been out of the group, and returns how many were
    /// still in it.
    ///
    /// # Errors
    /// When the group cannot be asked or changed.
    pub(crate) async fn evict(&self, group: &GroupClient) -> Result<usize, GroupError> {
        self.memberships.evict(group).await
    }

    /// Keeps the instance from being started again while a fault is busy with it.
    pub fn hold_restart(&self) {
        self.control.send_if_modified(|c| {
            let held = *c == Control::Run;
            if held {
                *c = Control::HoldRestart;
            }
            held
        });
    }

    /// Lets the instance be started again.
    pub fn release_restart(&self) {
        self.control.send_if_modified(|c| {
            let released = *c == Control::HoldRestart;
            if released {
                *c = Control::Run;
            }
            released
        });
    }

    /// Whether the lab is about to end it, or a fault is busy with it.
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

/// An instance that a fault is busy with: it is not started again meanwhile. It is not kept alive
/// either: when the run ends, its processes do, whatever a fault is still waiting for.
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

    /// The fault is done, and has left the process as it is meant to be.
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

struct Supervisor {
    name: String,
    launch: Arc<Launch>,
    control: watch::Receiver<Control>,
    current: watch::Sender<Option<Process>>,
    memberships: Memberships,
}

impl Supervisor {
    async fn run(mut self) -> Result<(), RunError> {
        let mut restarts = 0;
        for incarnation in 1.. {
            if *self.control.borrow() == Control::Stop {
                return Ok(());
            }
            let status = self.live_once(incarnation).await?;
            let struck = *self.control.borrow() == Control::HoldRestart;
            let released = self.control.wait_for(|c| *c != Control::HoldRestart).await;
            // The sender is gone only when the whole run is.
            if released.map_or(Control::Stop, |control| *control) == Control::Stop {
                return Ok(());
            }
            if !struck {
                restarts += 1;
                if restarts > MAX_RESTARTS {
                    return Err(self.exited_too_often(incarnation, restarts, status));
                }
            }
            // A process that died without leaving the group would hold its partitions until its session
            // expires. A fault that ended it has evicted the member that it was last, and no other.
            self.memberships.evict(&self.launch.context.group).await?;
        }
        Ok(())
    }

    /// One process, from start to exit.
    async fn live_once(&self, incarnation: u32) -> Result<ExitStatus, RunError> {
        let source = Source {
            instance: self.name.clone(),
            incarnation,
        };
        let taps = Taps::open(&self.launch, &source)?;
        self.memberships.of(taps.members());
        let mut ward = Ward::start(
            &self.launch.command,
            &self.launch.cwd,
            taps.environment(&self.launch, &self.name),
            &self.log_path(incarnation),
        )
        .await?;
        let pid = ward.pid;
        let exit = watch::Sender::new(None);
        let process = Process {
            source: source.clone(),
            pid,
            guard: ward.guard,
            exited: exit.subscribe(),
            members: taps.members(),
        };
        self.launch.context.timeline.record(
            None,
            Happening::Started {
                source: source.clone(),
                pid,
            },
        );
        self.current.send_replace(Some(process.clone()));
        let mut control = self.control.clone();
        let stopped = async { control.wait_for(|c| *c == Control::Stop).await.map(|_| ()) };
        let status = tokio::select! {
            status = ward.wait() => status?,
            // Gone only with the whole instance, which ends this task too.
            _ = stopped => end(&process, &mut ward).await?,
        };
        exit.send_replace(Some(status));
        self.launch.context.timeline.record(
            None,
            Happening::Exited {
                source,
                status: describe_exit(status),
                signal: status.signal(),
            },
        );
        Ok(status)
    }

    fn exited_too_often(&self, incarnation: u32, times: u32, status: ExitStatus) -> RunError {
        RunError::ExitedTooOften {
            instance: self.name.clone(),
            times,
            status: describe_exit(status),
            log: cause::of(&self.log_path(incarnation), &self.launch.context.timeline),
            path: self.log_path(incarnation),
        }
    }

    fn log_path(&self, incarnation: u32) -> PathBuf {
        let logs = &self.launch.context.logs;
        logs.join(format!("{}-{incarnation}.log", self.name))
    }
}

/// SIGTERM, a grace period, SIGKILL.
async fn end(process: &Process, ward: &mut Ward) -> Result<ExitStatus, RunError> {
    // A frozen process cannot hear SIGTERM; a gone one needs neither.
    let _ = process.thaw();
    let _ = process.terminate();
    if let Ok(status) = tokio::time::timeout(GRACE, ward.wait()).await {
        return status;
    }
    process.kill_now();
    ward.wait().await
}
