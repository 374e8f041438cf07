//! Supervises an instance as an orchestrator would: one that exits is started again under the same
//! name, a bounded number of times.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::RunError;
use super::cause;
use super::guard::GuardedProcess;
use super::instance::Launch;
use super::taps::Taps;
use crate::chaos::{Process, describe_exit};
use crate::event::Source;
use crate::group::{GroupClient, GroupError};
use crate::tap::kafka::Member;
use crate::timeline::TimelineEvent;

/// By itself, in one run. A consumer that dies on every refused commit does so once a fault; past
/// this it is broken, and starting it again proves nothing.
const MAX_RESTARTS: u32 = 20;

/// From SIGTERM to SIGKILL, as an orchestrator would give it.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Clone, Default)]
pub(super) struct Memberships(Arc<Mutex<Vec<watch::Receiver<Vec<Member>>>>>);

impl Memberships {
    fn of(&self, members: watch::Receiver<Vec<Member>>) {
        self.0.lock().expect("no holder panics").push(members);
    }

    pub(super) fn ids(&self) -> Vec<String> {
        let all = self.0.lock().expect("no holder panics");
        let members = all.iter().flat_map(|members| members.borrow().clone());
        members.map(|member| member.member_id).collect()
    }

    /// Returns how many were still in the group.
    pub(super) async fn evict(&self, group: &GroupClient) -> Result<usize, GroupError> {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Run,
    /// When it exits, wait: a fault is still busy with what it left behind.
    HoldRestart,
    Stop,
}

pub(super) struct Supervisor {
    pub(super) name: String,
    pub(super) launch: Arc<Launch>,
    pub(super) control: watch::Receiver<Control>,
    pub(super) current: watch::Sender<Option<Process>>,
    pub(super) memberships: Memberships,
}

impl Supervisor {
    pub(super) async fn run(mut self) -> Result<(), RunError> {
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
            // A process that died without leaving the group would hold its partitions until its
            // session expires. A fault that ended it has evicted the member that it was last, and
            // no other.
            self.memberships.evict(&self.launch.context.group).await?;
        }
        Ok(())
    }

    async fn live_once(&self, incarnation: u32) -> Result<ExitStatus, RunError> {
        let source = Source {
            instance: self.name.clone(),
            incarnation,
        };
        let taps = Taps::open(&self.launch, &source)?;
        self.memberships.of(taps.members());
        let mut guarded = GuardedProcess::start(
            &self.launch.command,
            &self.launch.cwd,
            taps.environment(&self.launch, &self.name),
            &self.log_path(incarnation),
        )
        .await?;
        let pid = guarded.pid;
        let exit = watch::Sender::new(None);
        let process = Process {
            source: source.clone(),
            pid,
            guard: guarded.guard,
            exited: exit.subscribe(),
            members: taps.members(),
        };
        self.launch.context.timeline.record(
            None,
            TimelineEvent::Started {
                source: source.clone(),
                pid,
            },
        );
        self.current.send_replace(Some(process.clone()));
        let mut control = self.control.clone();
        let stopped = async { control.wait_for(|c| *c == Control::Stop).await.map(|_| ()) };
        let status = tokio::select! {
            status = guarded.wait() => status?,
            // Gone only with the whole instance, which ends this task too.
            _ = stopped => end(&process, &mut guarded).await?,
        };
        exit.send_replace(Some(status));
        self.launch.context.timeline.record(
            None,
            TimelineEvent::Exited {
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

async fn end(process: &Process, guarded: &mut GuardedProcess) -> Result<ExitStatus, RunError> {
    // A frozen process cannot hear SIGTERM; a gone one needs neither.
    let _ = process.thaw();
    let _ = process.terminate();
    if let Ok(status) = tokio::time::timeout(GRACE, guarded.wait()).await {
        return status;
    }
    process.kill_now();
    guarded.wait().await
}
