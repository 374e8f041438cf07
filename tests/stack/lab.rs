//! A stack of a test's own, and ways to look at it from outside.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::tools::PROMETHEUS;

/// Ten times what anything here takes on a quiet machine.
pub const LONG: Duration = Duration::from_secs(30);

/// One stack at a time: two brokers starting on two cores would measure each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A stack with a name of its own in the shared cache, taken down when the test ends.
pub struct Lab {
    name: String,
    _turn: MutexGuard<'static, ()>,
}

impl Lab {
    /// A stack that is not there yet.
    pub fn new(test: &str) -> Lab {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        Lab {
            name: format!("test-{test}-{}", std::process::id()),
            _turn: turn,
        }
    }

    /// Where the stacks of all tests share the servers' programs.
    pub fn cache(&self) -> PathBuf {
        let health = self.run(&["doctor", "--json"]);
        let health: Value = serde_json::from_slice(&health.stdout).expect("doctor --json is JSON");
        let checks = health["checks"].as_array().expect("checks");
        let folder = checks
            .iter()
            .find(|check| check["what"] == "cache folder")
            .expect("listed");
        PathBuf::from(folder["detail"].as_str().expect("a path"))
    }

    /// The folder of this stack.
    pub fn folder(&self) -> PathBuf {
        self.cache().join("stacks").join(&self.name)
    }

    /// The folder of one of the two servers' programs.
    pub fn artifact(&self, prefix: &str) -> PathBuf {
        let entries = std::fs::read_dir(self.cache().join("artifacts")).expect("a cache");
        let mut folders = entries.map(|entry| entry.expect("readable").path());
        folders
            .find(|path| {
                path.file_name()
                    .is_some_and(|n| n.to_string_lossy().starts_with(prefix))
            })
            .unwrap_or_else(|| panic!("{prefix} is not cached"))
    }

    /// The command of this stack, ready for more arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crashwindow"));
        command
            .args(arguments)
            .args(["--name", &self.name])
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of this stack to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Brings the stack up; returns its addresses and what it said on the way.
    pub fn up(&self, more: &[&str]) -> (Value, String) {
        let output = self.run(&[&["up", "--json"], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "up failed: {said}");
        (
            serde_json::from_slice(&output.stdout).expect("up --json is JSON"),
            said,
        )
    }

    /// `status --json`.
    pub fn status(&self) -> Value {
        let output = self.run(&["status", "--json"]);
        serde_json::from_slice(&output.stdout).expect("status --json is JSON")
    }

    /// The processes of the stack: `supervisor`, `Kafka`, `PostgreSQL`.
    pub fn pids(&self) -> Pids {
        let status = self.status();
        assert_eq!(status["running"], true, "the stack runs: {status}");
        let pid = |what: &str| {
            let processes = status["processes"].as_array().expect("a list");
            let found = processes
                .iter()
                .find(|process| process[0] == what)
                .expect(what);
            i32::try_from(found[1].as_i64().expect("a pid")).expect("a pid")
        };
        Pids {
            supervisor: pid("supervisor"),
            kafka: pid("Kafka"),
            postgres: pid("PostgreSQL"),
        }
    }

    /// The stack's Prometheus: its address and its process. None, and the test is ignored, where this
    /// machine has no Prometheus.
    pub fn prometheus(&self) -> Option<(String, i32)> {
        let status = self.status();
        let processes = status["processes"].as_array().expect("a list");
        let found = processes.iter().find(|process| process[0] == "Prometheus");
        let Some(found) = found else {
            let doctor = self.run(&["doctor"]);
            let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
            assert!(said.contains("absent   Prometheus:"), "it is there: {said}");
            let _ = PROMETHEUS.is_there(false);
            return None;
        };
        let address = status["endpoints"]["prometheus"].as_str().expect("a URL");
        let pid = i32::try_from(found[1].as_i64().expect("a pid")).expect("a pid");
        Some((address.to_owned(), pid))
    }

    pub fn down(&self) -> String {
        let output = self.run(&["down"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "down failed: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let output = self.run(&["down"]);
        if !output.status.success() && !std::thread::panicking() {
            panic!("down failed: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// The three processes of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pids {
    pub supervisor: i32,
    pub kafka: i32,
    pub postgres: i32,
}

impl Pids {
    /// Asserts that none of them is left.
    pub fn assert_gone(self) {
        for pid in [self.supervisor, self.kafka, self.postgres] {
            wait_for(&format!("process {pid} to be gone"), || !lives(pid));
        }
    }
}

/// Sends a signal to a process that this test's stack started.
pub fn signal(pid: i32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).expect("it runs");
}

/// Whether a process runs; one that waits to be reaped does not.
pub fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Polls a condition, and says what it waited for if that never came.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(
            Instant::now() < deadline,
            "waited {} s for {what}",
            LONG.as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs async code of a test.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

/// Asserts that a command refused, with exit code 2, and returns what it said.
pub fn refused(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        output.status.code(),
        Some(2),
        "exit code 2, not {}: {said}",
        output.status
    );
    assert!(
        said.contains("\nnext: "),
        "it names the next command: {said}"
    );
    said
}

/// A folder that any user can reach, whatever TMPDIR says.
pub fn open_folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::Builder::new()
        .prefix("crashwindow-")
        .tempdir_in("/tmp")
        .expect("made");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), mode).expect("ours");
    folder
}
