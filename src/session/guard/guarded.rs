//! The controller's end of a guard.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::GuardReport;
use crate::session::RunError;

/// Dropping it ends the consumer, and whatever it has started.
pub(crate) struct GuardedProcess {
    /// Leads a process group.
    pub(crate) pid: i32,
    /// Everything that the consumer starts descends from it.
    pub(crate) guard: i32,
    reports: Lines<BufReader<ChildStdout>>,
    /// Closed by the end of the controller, in whichever way it comes.
    _alive: ChildStdin,
    _process: Child,
}

impl GuardedProcess {
    pub(crate) async fn start(
        command: &[String],
        cwd: &Path,
        environment: Vec<(&'static str, String)>,
        log: &Path,
    ) -> Result<Self, RunError> {
        let mut process = Command::new(own_program().map_err(RunError::Wait)?)
            .args(["guard", "--log"])
            .arg(std::path::absolute(log).map_err(|e| RunError::log(log, e))?)
            .arg("--")
            .args(command)
            .current_dir(cwd)
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C at the terminal is for the controller alone.
            .process_group(0)
            .spawn()
            .map_err(|source| RunError::Spawn {
                program: (&command[0]).into(),
                source,
            })?;
        let guard = process.id().map_or(0, u32::cast_signed);
        let stdout = process.stdout.take().expect("it was piped");
        let mut guarded = Self {
            pid: 0,
            guard,
            reports: BufReader::new(stdout).lines(),
            _alive: process.stdin.take().expect("it was piped"),
            _process: process,
        };
        match guarded.next().await? {
            GuardReport::Started { pid } => guarded.pid = pid,
            GuardReport::NotStarted(trouble) => {
                return Err(RunError::Spawn {
                    program: (&command[0]).into(),
                    source: trouble.into(),
                });
            }
            GuardReport::NoLog(trouble) => return Err(RunError::log(log, trouble.into())),
            GuardReport::Exited { .. } => unreachable!("nothing exits before it has started"),
        }
        Ok(guarded)
    }

    /// Once nothing of the consumer is left.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus, RunError> {
        loop {
            if let GuardReport::Exited { status } = self.next().await? {
                return Ok(ExitStatus::from_raw(status));
            }
        }
    }

    async fn next(&mut self) -> Result<GuardReport, RunError> {
        let line = self.reports.next_line().await.map_err(RunError::Wait)?;
        let line = line.ok_or_else(|| {
            RunError::Wait(io::Error::other("the process that guards it was killed"))
        })?;
        serde_json::from_str(&line).map_err(|e| RunError::Wait(e.into()))
    }
}

/// Even if its file has been replaced by a newer build since it was started.
fn own_program() -> io::Result<std::path::PathBuf> {
    let link = Path::new("/proc/self/exe");
    if link.exists() {
        return Ok(link.to_path_buf());
    }
    std::env::current_exe()
}
