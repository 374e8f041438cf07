//! The instances of a run, supervised as an orchestrator would: one that exits is started again
//! under the same name, a bounded number of times.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::RunError;
use super::cause;
use super::guard::Ward;
use super::resources::Resources;
use super::taps::{StormTaps, Taps};
use crate::chaos::{Process, describe_exit};
use crate::effects::Sink;
use crate::event::{Marks, Source};
use crate::group::GroupClient;
use crate::provider::{Account, Provider};
use crate::tap::Hook;
use crate::tap::kafka::Member;
use crate::timeline::{Happening, Timeline};

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
    /// The topic, group and database.
    pub resources: Resources,
    /// The provider, which gives each process a listener of its own.
    pub provider: Arc<Provider>,
    /// The account of this run.
    pub account: Account,
    /// What identifies the payments of this run.
    pub marks: Marks,
    /// The sink that counts effects, if one does; each process has a listener of its own.
    pub sink: Option<Arc<Sink>>,
    /// Asked at every boundary event.
    pub hook: Arc<dyn Hook>,
    /// Evicts what a dead process leaves in the group.
    pub group: Arc<GroupClient>,
    /// Where starts and exits are recorded.
    pub timeline: Arc<Timeline>,
    /// What the taps do in a storm; none in a run.
    pub storm: Option<Arc<StormTaps>>,
    /// The folder for the instances' output.
    pub logs: PathBuf,
    /// Told when an instance cannot be kept alive.
    pub failures: mpsc::UnboundedSender<RunError>,
}

/// One instance: a name, and one process after another that carries it.
pub struct Instance {
    name: String,
    process: watch::Receiver<Option<Process>>,
    control: watch::Sender<Control>,
    memberships: Arc<Mutex<Vec<Memberships>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// The members that one process is or was.
type Memberships = watch::Receiver<Vec<Member>>;

fn ids(memberships: &Memberships) -> Vec<String> {
    memberships
        .borrow()
        .iter()
        .map(|member| member.member_id.clone())
        .collect()
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
            memberships: Arc::default(),
        };
        let memberships = Arc::clone(&supervisor.memberships);
        let failures = supervisor.launch.failures.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = supervisor.run().await {
                // Nobody listens any more once the run is over.
                let _ = failures.send(error);
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
        self.memberships
            .lock()
            .expect("no holder panics")
            .iter()
            .flat_map(ids)
            .collect()
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

struct Supervisor {
    name: String,
    launch: Arc<Launch>,
    control: watch::Receiver<Control>,
    current: watch::Sender<Option<Process>>,
    memberships: Arc<Mutex<Vec<Memberships>>>,
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
            self.evict_leftovers().await?;
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
        self.memberships
            .lock()
            .expect("no holder panics")
            .push(taps.members());
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
        self.launch.timeline.record(
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
        self.launch.timeline.record(
            None,
            Happening::Exited {
                source,
                status: describe_exit(status),
                signal: status.signal(),
            },
        );
        Ok(status)
    }

    /// A process that died without leaving the group would hold its partitions until its session
    /// expires. A fault that ended it has evicted the member that it was last, and no other.
    async fn evict_leftovers(&self) -> Result<(), RunError> {
        let mine: Vec<String> = self
            .memberships
            .lock()
            .expect("no holder panics")
            .iter()
            .flat_map(ids)
            .collect();
        for member in self.launch.group.describe().await?.members {
            if mine.contains(&member.member_id) {
                self.launch.group.evict(&member).await?;
            }
        }
        Ok(())
    }

    fn exited_too_often(&self, incarnation: u32, times: u32, status: ExitStatus) -> RunError {
        RunError::ExitedTooOften {
            instance: self.name.clone(),
            times,
            status: describe_exit(status),
            log: cause::of(&self.log_path(incarnation), &self.launch.timeline),
            path: self.log_path(incarnation),
        }
    }

    fn log_path(&self, incarnation: u32) -> PathBuf {
        self.launch
            .logs
            .join(format!("{}-{incarnation}.log", self.name))
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
