//! The guard of an instance: what it tells of the consumer is true, a signal reaches all of it, and
//! nothing of it outlives the controller.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::time::Duration;

use crashwindow::chaos::{Process, describe_exit};
use crashwindow::event::Source;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::sync::watch;

use crate::support::{command, wait_until};

/// Far more than what starting and ending a handful of processes takes.
const DEADLINE: Duration = Duration::from_secs(30);

/// A consumer under guard, with this test as its controller.
struct Guarded {
    guard: Child,
    /// Closed as by a controller that dies.
    controller: Option<ChildStdin>,
    reports: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    consumer: i32,
    exited: watch::Sender<Option<ExitStatus>>,
}

impl Guarded {
    /// Starts a shell script.
    fn start(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = command(&["guard", "--log", "consumer.log", "--", "sh", "-c", script]);
        let mut guard = guard
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let reports = BufReader::new(guard.stdout.take().unwrap());
        let mut guarded = Self {
            controller: guard.stdin.take(),
            guard,
            reports,
            folder,
            consumer: 0,
            exited: watch::Sender::new(None),
        };
        let started = guarded.report();
        let pid = started["Started"]["pid"].as_i64();
        guarded.consumer = pid
            .unwrap_or_else(|| panic!("{started}"))
            .try_into()
            .unwrap();
        guarded
    }

    fn report(&mut self) -> Value {
        let mut line = String::new();
        self.reports.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
    }

    /// How it ended, once the guard says so.
    fn exit(&mut self) -> String {
        use std::os::unix::process::ExitStatusExt;
        let report = self.report();
        let status = report["Exited"]["status"].as_i64();
        let status = status.unwrap_or_else(|| panic!("{report}"));
        let status = ExitStatus::from_raw(status.try_into().unwrap());
        self.exited.send_replace(Some(status));
        describe_exit(status)
    }

    /// It as a fault sees it.
    fn process(&self) -> Process {
        Process {
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            pid: self.consumer,
            guard: self.guard.id().try_into().unwrap(),
            exited: self.exited.subscribe(),
            members: watch::Sender::new(Vec::new()).subscribe(),
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("consumer.log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    /// The processes whose ids the script has written, once it has written so many.
    fn pids(&self, many: usize) -> Vec<i32> {
        let numbers = || -> Vec<i32> {
            let log = self.log();
            let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
            whole.lines().filter_map(|l| l.parse().ok()).collect()
        };
        wait_until("the script's processes", DEADLINE, || {
            numbers().len() == many
        });
        numbers()
    }
}

/// A process's state, as `ps` shows it; nothing if there is none.
fn state(pid: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn is_alive(pid: i32) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

#[track_caller]
fn all_end(pids: &[i32]) {
    for pid in pids {
        wait_until(&format!("process {pid} to be gone"), DEADLINE, || {
            !is_alive(*pid)
        });
    }
}

/// A wrapper with a child in its group, and one that has left it.
const FAMILY: &str = "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; echo $$; wait";

#[test]
fn the_end_of_a_consumer_is_told_as_it_was() {
    for (script, end) in [
        ("exit 0", "exit code 0"),
        ("exit 3", "exit code 3"),
        ("kill -TERM $$", "signal 15 (SIGTERM)"),
        ("kill -KILL $$", "signal 9 (SIGKILL)"),
        ("kill -SEGV $$", "signal 11 (SIGSEGV)"),
    ] {
        assert_eq!(Guarded::start(script).exit(), end, "{script}");
    }
}

#[test]
fn a_program_that_is_not_there_is_told_with_the_systems_word() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&["guard", "--log", "l", "--", "./no-such-program"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["NotStarted"]["code"], nix::libc::ENOENT, "{report}");
}

#[tokio::test]
async fn a_freeze_reaches_what_a_wrapper_has_started() {
    let mut guarded = Guarded::start(FAMILY);
    let (pids, process) = (guarded.pids(3), guarded.process());
    process.freeze().await.unwrap();
    for pid in &pids {
        assert_eq!(state(*pid), Some('T'), "process {pid}");
    }
    process.thaw().unwrap();
    for pid in &pids {
        wait_until("it to go on", DEADLINE, || state(*pid) == Some('S'));
    }
    let killing = tokio::spawn({
        let process = process.clone();
        async move { process.kill().await }
    });
    let end = tokio::task::spawn_blocking(move || (guarded.exit(), guarded));
    let (end, _guarded) = end.await.unwrap();
    killing.await.unwrap().unwrap();
    assert_eq!(end, "signal 9 (SIGKILL)");
    // What is told as ended has ended, all of it.
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "{pids:?}");
}

#[test]
fn the_rest_of_a_consumer_that_exits_is_killed_as_in_a_container() {
    let mut guarded = Guarded::start("sleep 1000 & echo $!; setsid sleep 1000 & echo $!; exit 4");
    let pids = guarded.pids(2);
    assert_eq!(guarded.exit(), "exit code 4");
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "{pids:?}");
}

#[test]
fn what_a_wrapper_has_started_may_end_in_good_order_when_asked_to() {
    let worker = "trap 'sleep 1; echo finished; exit 0' TERM; echo 0; while :; do sleep 0.1; done";
    let mut guarded = Guarded::start(&format!("({worker}) & wait"));
    guarded.pids(1);
    guarded.process().terminate().unwrap();
    assert_eq!(
        guarded.exit(),
        "signal 15 (SIGTERM)",
        "the wrapper dies of it"
    );
    assert!(guarded.log().contains("finished"), "{}", guarded.log());
}

#[test]
fn the_end_of_the_controller_ends_all_of_it() {
    let mut guarded = Guarded::start(FAMILY);
    let pids = guarded.pids(3);
    // Frozen, as in a zombie's window.
    kill(Pid::from_raw(pids[0]), Signal::SIGSTOP).unwrap();
    guarded.controller = None;
    all_end(&pids);
    assert!(guarded.guard.wait().unwrap().success());
}

#[test]
fn nobody_is_signalled_whose_exit_nobody_would_tell() {
    let guarded = Guarded::start("echo $$; exec sleep 1000");
    let pids = guarded.pids(1);
    let process = Process {
        exited: watch::Sender::new(None).subscribe(),
        ..guarded.process()
    };
    // By then its id may be a stranger's; here it is not, and so it can be seen to be spared.
    process.terminate().expect_err("it may be gone");
    process.kill_now();
    assert!(is_alive(pids[0]));
}

#[test]
fn a_guard_that_is_killed_takes_the_consumer_with_it() {
    let mut guarded = Guarded::start("echo $$; exec sleep 1000");
    let pids = guarded.pids(1);
    guarded.guard.kill().unwrap();
    guarded.guard.wait().unwrap();
    all_end(&pids);
}

#[test]
fn gigabytes_of_output_take_neither_disk_nor_memory_nor_the_consumers_time() {
    // Far more than the page cache need hold, and faster than any consumer writes.
    let mut guarded = Guarded::start("echo first; yes 'a line' | head -c 300000000; echo last");
    assert_eq!(guarded.exit(), "exit code 0");
    let size = std::fs::metadata(guarded.log_file()).unwrap().len();
    assert!(size < 4 << 20, "{size} bytes");
    let log = guarded.log();
    assert!(log.starts_with("first\na line\n"), "{}", &log[..100]);
    assert!(log.ends_with("last\n"), "{}", &log[log.len() - 100..]);
    let gap = log.lines().find(|l| l.starts_with("[crashwindow dropped "));
    let gap = gap.expect("a line says what is missing");
    let dropped: u64 = gap.split(' ').nth(2).unwrap().parse().unwrap();
    // The head may end within a line, which the gap's own line ends.
    assert_eq!(dropped + size, 300_000_011 + gap.len() as u64 + 2);

    // It waits to be let go.
    let status = format!("/proc/{}/status", guarded.guard.id());
    let status = std::fs::read_to_string(status).unwrap();
    let peak = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 64 << 10, "{peak} KiB");
}
