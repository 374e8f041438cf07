//! An exploration that is broken off ends soon, leaves nothing running, and says what it has seen.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crashwindow::report::explore::ExploreReport;
use crashwindow::verdict::Verdict;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::command;

/// Far below what the cells that are left would take, and far above what clearing up takes.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn what_was_not_begun_is_not_begun_and_the_report_is_there_all_the_same() {
    let mut exploring = command(&["explore", "--json", "01", "--consumer", "fixed"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let said = exploring.stderr.take().expect("it is piped");
    let mut said = BufReader::new(said).lines().map_while(Result::ok);
    let begun = said.find(|line| line.contains(" cells: every window"));
    assert!(begun.is_some(), "it comes to its cells");
    let pid = Pid::from_raw(exploring.id().try_into().expect("a process id"));
    kill(pid, Signal::SIGINT).expect("it runs");
    let since = Instant::now();
    let rest = std::thread::spawn(move || said.collect::<Vec<_>>());
    let output = exploring.wait_with_output().expect("it ends");
    let took = since.elapsed();
    let rest = rest.join().expect("it reads").join("\n");
    assert!(took < SOON, "{took:?}");
    assert_eq!(output.status.code(), Some(2), "{rest}");

    let report: ExploreReport = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report.verdict, Verdict::Unknown, "{}", report.headline);
    assert!(
        report.reasons[0].contains("interrupted"),
        "{:?}",
        report.reasons
    );
    let not_run = report.cells.iter().filter(|cell| !cell.was_run()).count();
    assert!(not_run > report.cells.len() / 2, "{not_run}");
    // Nothing but what was under way has a folder.
    let folders = std::fs::read_dir(report.run_dir.join("cells")).expect("the recording's");
    assert!(folders.count() < report.cells.len(), "{not_run}");
}
