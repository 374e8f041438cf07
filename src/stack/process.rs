//! Processes by identity: a pid alone may have become somebody else's.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ServerProcess {
    /// `Kafka`, `PostgreSQL`, `Prometheus` or `supervisor`.
    pub(super) what: String,
    pub(super) pid: u32,
    /// In the system's own terms: with the pid, its identity.
    pub(super) started: String,
}

impl ServerProcess {
    pub(super) fn of(what: &str, pid: u32) -> ServerProcess {
        ServerProcess {
            what: what.to_string(),
            pid,
            started: started(pid).unwrap_or_default(),
        }
    }

    /// One that waits to be reaped does not.
    pub(super) fn lives(&self) -> bool {
        started(self.pid).is_some_and(|started| started == self.started)
    }

    /// If it is still the one that was recorded.
    pub(super) fn signal(&self, signal: Signal) {
        if self.lives() {
            send(self.pid, signal);
        }
    }

    /// Whether it went within `patience`.
    pub(super) async fn gone(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.lives() {
            if Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }
}

/// That it has gone in the meantime is no error.
pub(super) fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold spaces and brackets; what follows the last one is numbers.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let (state, ticks) = (fields.first()?, fields.get(19)?);
    (*state != "Z").then(|| (*ticks).to_string())
}

#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<String> {
    let output = std::process::Command::new("ps")
        .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (state, started) = text.trim().split_once(' ')?;
    (!state.starts_with('Z')).then(|| started.trim().to_string())
}
