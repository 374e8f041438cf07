//! The process of an instance, as a fault sees it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::descendants::{Descendant, descendants};
use crate::event::Source;
use crate::group::{self, GroupClient, GroupError};
use crate::tap::kafka::Member;

/// How long the kernel may take to stop or end a process that was signalled. Far beyond what it
/// takes; past it, something holds the process that a lab cannot explain.
const SIGNAL_DEADLINE: Duration = Duration::from_secs(10);

const STATE_POLL: Duration = Duration::from_millis(1);

#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("{who} could not be sent {signal}: {errno}; it had already exited")]
    Gone {
        who: Source,
        signal: Signal,
        errno: nix::Error,
    },
    #[error("{who} was sent {signal} and has not {expected} within {} s", SIGNAL_DEADLINE.as_secs())]
    Unmoved {
        who: Source,
        signal: Signal,
        expected: &'static str,
    },
}

/// Leads a process group of its own.
#[derive(Debug, Clone)]
pub struct Process {
    pub source: Source,
    pub pid: i32,
    /// Everything that the process has started descends from it.
    pub guard: i32,
    pub exited: watch::Receiver<Option<ExitStatus>>,
    /// As its own requests tell; the last one is the current.
    pub members: watch::Receiver<Vec<Member>>,
}

impl Process {
    /// With whatever it has started; waits until all of it is gone.
    pub async fn kill(&self) -> Result<(), ProcessError> {
        self.signal(Signal::SIGKILL)?;
        self.signal_strays(&self.strays(), Signal::SIGKILL);
        self.wait_exit(Signal::SIGKILL).await
    }

    /// Waits until all it has started has stopped too: until then it could still send something.
    pub async fn freeze(&self) -> Result<(), ProcessError> {
        self.signal(Signal::SIGSTOP)?;
        let stopped = async {
            while self.stop_strays() {
                tokio::time::sleep(STATE_POLL).await;
            }
        };
        tokio::time::timeout(SIGNAL_DEADLINE, stopped)
            .await
            .map_err(|_| ProcessError::Unmoved {
                who: self.source.clone(),
                signal: Signal::SIGSTOP,
                expected: "stopped",
            })
    }

    pub fn thaw(&self) -> Result<(), ProcessError> {
        self.signal(Signal::SIGCONT)?;
        self.signal_strays(&self.strays(), Signal::SIGCONT);
        Ok(())
    }

    /// The whole process group.
    pub fn terminate(&self) -> Result<(), ProcessError> {
        self.signal(Signal::SIGTERM)
    }

    /// Does not wait: for what is broken off.
    pub fn kill_now(&self) {
        if self.signal(Signal::SIGKILL).is_ok() {
            self.signal_strays(&self.strays(), Signal::SIGKILL);
        }
    }

    #[must_use]
    pub fn member_id(&self) -> Option<String> {
        self.members
            .borrow()
            .last()
            .map(|member| member.member_id.clone())
    }

    /// None if it is not in the group.
    pub async fn member(&self, group: &GroupClient) -> Result<Option<group::Member>, GroupError> {
        let Some(id) = self.member_id() else {
            return Ok(None);
        };
        Ok(group.describe().await?.member(&id).cloned())
    }

    async fn wait_exit(&self, signal: Signal) -> Result<(), ProcessError> {
        let mut exited = self.exited.clone();
        let gone = exited.wait_for(Option::is_some);
        match tokio::time::timeout(SIGNAL_DEADLINE, gone).await {
            Ok(_) => Ok(()),
            Err(_) => Err(ProcessError::Unmoved {
                who: self.source.clone(),
                signal,
                expected: "ended",
            }),
        }
    }

    fn signal(&self, signal: Signal) -> Result<(), ProcessError> {
        let gone = |errno| ProcessError::Gone {
            who: self.source.clone(),
            signal,
            errno,
        };
        // A reaped process's id can belong to a stranger: never signal past the exit, nor past the
        // end of whoever would tell of it.
        if self.exited.borrow().is_some() || self.exited.has_changed().is_err() {
            return Err(gone(nix::Error::ESRCH));
        }
        killpg(Pid::from_raw(self.pid), signal).map_err(gone)
    }

    /// What has left its group and is its own all the same.
    fn strays(&self) -> Vec<Descendant> {
        let mut strays = descendants(self.guard);
        strays.retain(|process| process.group != self.pid);
        strays
    }

    /// Whether something still moves; what is not in its group was not told to stop yet.
    fn stop_strays(&self) -> bool {
        let mut moving = descendants(self.guard);
        moving.retain(|process| !process.is_stopped());
        let is_empty = moving.is_empty();
        moving.retain(|process| process.group != self.pid);
        self.signal_strays(&moving, Signal::SIGSTOP);
        !is_empty
    }

    fn signal_strays(&self, strays: &[Descendant], signal: Signal) {
        // The guard reaps nothing before the exit is known here, other than orphans that ended.
        for stray in strays {
            let _ = kill(Pid::from_raw(stray.pid), signal);
        }
    }
}

/// `exit code 1`, `signal 9 (SIGKILL)`.
#[must_use]
pub fn describe_exit(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(number)) => match Signal::try_from(number) {
            Ok(signal) => format!("signal {number} ({signal})"),
            Err(_) => format!("signal {number}"),
        },
        (None, None) => status.to_string(),
    }
}
