//! The process of an instance, as a fault sees it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::sync::watch;

use crate::tap::Source;
use crate::tap::kafka::Member;

/// How long the kernel may take to stop or end a process that was signalled. Far beyond what it
/// takes; past it, something holds the process that a lab cannot explain.
const SIGNAL_DEADLINE: Duration = Duration::from_secs(10);

/// How often the state of a process is read while waiting for it to stop.
const STATE_POLL: Duration = Duration::from_millis(1);

/// A signal that did not do what it does.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The process is gone.
    #[error("{who} could not be sent {signal}: {errno}; it had already exited")]
    Gone {
        /// The instance.
        who: Source,
        /// The signal.
        signal: Signal,
        /// The kernel's answer.
        errno: nix::Error,
    },
    /// The process did not stop or end.
    #[error("{who} was sent {signal} and has not {expected} within {} s", SIGNAL_DEADLINE.as_secs())]
    Unmoved {
        /// The instance.
        who: Source,
        /// The signal.
        signal: Signal,
        /// What it should have done.
        expected: &'static str,
    },
}

/// One process of an instance, which leads a process group of its own.
#[derive(Debug, Clone)]
pub struct Process {
    /// Which instance, and which of its lives.
    pub source: Source,
    /// The process id, and the id of its group.
    pub pid: i32,
    /// How it ended, once it has.
    pub exited: watch::Receiver<Option<ExitStatus>>,
    /// The members of groups that it is, as its own requests tell; the last one is the current.
    pub members: watch::Receiver<Vec<Member>>,
}

impl Process {
    /// Sends SIGKILL to the whole process group and waits until the process is gone.
    ///
    /// # Errors
    /// When it was gone before, or does not go.
    pub async fn kill(&self) -> Result<(), ProcessError> {
        self.signal(Signal::SIGKILL)?;
        self.wait_exit(Signal::SIGKILL).await
    }

    /// Sends SIGSTOP to the whole process group and waits until the process has stopped: until
    /// then it could still send something.
    ///
    /// # Errors
    /// When it was gone before, or does not stop.
    pub async fn freeze(&self) -> Result<(), ProcessError> {
        self.signal(Signal::SIGSTOP)?;
        let stopped = async {
            while !self.is_stopped() {
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

    /// Sends SIGCONT to the whole process group.
    ///
    /// # Errors
    /// When it is gone.
    pub fn thaw(&self) -> Result<(), ProcessError> {
        self.signal(Signal::SIGCONT)
    }

    /// Asks it to end, with SIGTERM.
    ///
    /// # Errors
    /// When it is gone.
    pub fn terminate(&self) -> Result<(), ProcessError> {
        self.signal(Signal::SIGTERM)
    }

    /// Sends SIGKILL to the whole process group and does not wait: for what is broken off.
    pub fn kill_now(&self) {
        // It may be gone already, which is what is wanted.
        let _ = self.signal(Signal::SIGKILL);
    }

    /// The id of the member that it is, if it has joined a group.
    #[must_use]
    pub fn member_id(&self) -> Option<String> {
        self.members
            .borrow()
            .last()
            .map(|member| member.member_id.clone())
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
        // A reaped process's id can belong to a stranger: never signal past the exit.
        if self.exited.borrow().is_some() {
            return Err(gone(nix::Error::ESRCH));
        }
        killpg(Pid::from_raw(self.pid), signal).map_err(gone)
    }

    /// Whether every thread of the process has stopped; a group-wide stop takes effect thread by
    /// thread.
    fn is_stopped(&self) -> bool {
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{}/task", self.pid)) else {
            return false;
        };
        tasks.flatten().all(|task| {
            std::fs::read_to_string(task.path().join("stat")).is_ok_and(|stat| {
                // The state follows the command, which is in parentheses and may hold any byte.
                stat.rsplit_once(") ")
                    .is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
            })
        })
    }
}

/// How a process ended, in words: `exit code 1`, `signal 9 (SIGKILL)`.
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
