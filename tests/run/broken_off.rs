//! What is left of a run that is broken off: nothing but its folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::lab_copy::LabCopy;
use crate::support::{self, command, crashwindow, wait_until};

/// Far more than what starting and ending a handful of processes takes.
const DEADLINE: Duration = Duration::from_secs(30);

/// A run that would take minutes, in a cache folder of its own, so that its run folder is known.
struct LongRun {
    controller: Child,
    cache: tempfile::TempDir,
}

impl LongRun {
    /// Starts it and waits until payments are being charged.
    fn start(stack: &support::External) -> Self {
        Self::of(stack, support::labs().to_str().unwrap())
    }

    /// The same with lab 1 from another folder of labs.
    fn of(stack: &support::External, labs: &str) -> Self {
        let cache = tempfile::tempdir().unwrap();
        let mut command = command(&[
            "run",
            "01",
            "--labs",
            labs,
            "--payments",
            "200000",
            "--fault",
            "none",
        ]);
        stack.apply(&mut command);
        command
            .env("CRASHWINDOW_CACHE", cache.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A folder that the database's user need not enter: the servers are external here.
        let controller = command.spawn().expect("the program starts");
        let run = Self { controller, cache };
        wait_until("payments to be charged", DEADLINE, || run.charges() > 20);
        run
    }

    fn folder(&self) -> PathBuf {
        self.cache.path().join("runs/0001")
    }

    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder().join("events.jsonl")).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    fn charges(&self) -> usize {
        self.events()
            .iter()
            .filter(|e| e["event"]["stage"] == "answered")
            .count()
    }

    fn consumers(&self) -> Vec<i32> {
        let started = |e: &Value| {
            (e["happening"] == "started")
                .then(|| e["pid"].as_i64())
                .flatten()
        };
        self.events()
            .iter()
            .filter_map(started)
            .map(|pid| pid.try_into().unwrap())
            .collect()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.controller.id().try_into().unwrap());
        kill(pid, signal).expect("the controller runs");
    }

    /// The names of the run's topic, group and database.
    fn resources(&self) -> Value {
        read_json(&self.folder().join("resources.json"))
    }
}

fn read_json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

/// Whether a process with this id runs; a zombie is dead.
fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn ctrl_c_leaves_no_process_no_topic_and_no_database() {
    let stack = support::External::of_the_tests();
    let mut run = LongRun::start(&stack);
    let (consumers, resources) = (run.consumers(), run.resources());
    assert_eq!(consumers.len(), 2);
    run.signal(Signal::SIGINT);
    let status = run.controller.wait().unwrap();
    assert_eq!(status.code(), Some(2));
    for pid in consumers {
        wait_until(&format!("consumer {pid} to be gone"), DEADLINE, || {
            !is_alive(pid)
        });
    }
    assert!(!stack.has_topic(&resources["topic"]), "{resources}");
    assert!(!stack.has_database(&resources["database"]), "{resources}");
    let state = read_json(&run.folder().join("state.json"));
    assert_eq!(state["state"], "inconclusive");
    assert!(
        state["reason"].as_str().unwrap().contains("interrupted"),
        "{state}"
    );
}

#[test]
fn after_kill_9_of_the_controller_nothing_survives_and_the_next_run_clears_up() {
    let stack = support::External::of_the_tests();
    let mut run = LongRun::start(&stack);
    let (consumers, resources) = (run.consumers(), run.resources());
    run.signal(Signal::SIGKILL);
    run.controller.wait().unwrap();
    for pid in consumers {
        wait_until(&format!("consumer {pid} to be gone"), DEADLINE, || {
            !is_alive(pid)
        });
    }
    assert!(
        stack.has_topic(&resources["topic"]),
        "nobody could have removed it yet"
    );
    assert_keeps_no_secret(&run.folder());
    assert_eq!(
        read_json(&run.folder().join("state.json"))["state"],
        "running"
    );

    let mut next = command(&["run", "01", "--payments", "10", "--strikes", "1", "--json"]);
    stack.apply(&mut next);
    let output = next
        .env("CRASHWINDOW_CACHE", run.cache.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!stack.has_topic(&resources["topic"]), "{said}");
    assert!(!stack.has_database(&resources["database"]), "{said}");
    let state = read_json(&run.folder().join("state.json"));
    assert_eq!(state["state"], "inconclusive", "{state}");
}

/// Asserts that a run's folder is its owner's alone, and that no file of it has the password of the
/// database's superuser.
fn assert_keeps_no_secret(folder: &Path) {
    let mode = std::os::unix::fs::PermissionsExt::mode(&folder.metadata().unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    let admin = url::Url::parse(&support::endpoints().postgres.admin_url).unwrap();
    let password = admin.password().expect("the tests' server asks for one");
    for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let text = std::fs::read(file.path()).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&text).contains(password),
            "the password is in {}",
            file.path().display()
        );
    }
}

#[test]
fn after_kill_9_of_the_controller_nothing_survives_that_a_wrapper_has_started() {
    let stack = support::External::of_the_tests();
    let consumer = support::consumers::program("lab-01-broken");
    // As `npm start` or a script does; the last makes itself independent as a daemon does.
    let wrapper = format!(
        "pids=${{0%/*}}/pids; {} & echo $! >> $pids; setsid sleep 1000 & echo $! >> $pids
        echo $$ >> $pids; wait",
        consumer.display()
    );
    let labs = LabCopy::with_consumer(&wrapper);
    let mut run = LongRun::of(&stack, labs.labs());
    let text = std::fs::read_to_string(labs.folder().join("pids")).unwrap();
    let pids: Vec<i32> = text.lines().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 6, "of two instances: {text}");
    run.signal(Signal::SIGKILL);
    run.controller.wait().unwrap();
    for pid in pids {
        wait_until(&format!("process {pid} to be gone"), DEADLINE, || {
            !is_alive(pid)
        });
    }
}

#[test]
fn a_stack_that_dies_in_mid_run_is_told_and_the_run_is_inconclusive() {
    // A stack of its own: this test breaks it.
    let name = format!("dies-{}", std::process::id());
    let up = crashwindow(&["up", "--name", &name, "--json"]);
    assert!(
        up.status.success(),
        "{}",
        String::from_utf8_lossy(&up.stderr)
    );
    let stack = support::External::at(&serde_json::from_slice(&up.stdout).unwrap());
    let run = LongRun::start(&stack);
    let down = crashwindow(&["down", "--name", &name]);
    assert!(
        down.status.success(),
        "{}",
        String::from_utf8_lossy(&down.stderr)
    );

    let (consumers, folder) = (run.consumers(), run.folder());
    let (controller, _cache) = (run.controller, run.cache);
    let output = controller.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("next: crashwindow status"), "{said}");
    for pid in consumers {
        wait_until(&format!("consumer {pid} to be gone"), DEADLINE, || {
            !is_alive(pid)
        });
    }
    assert_eq!(
        read_json(&folder.join("state.json"))["state"],
        "inconclusive"
    );
}
