//! What cannot be explored gets one clear error, exit code 2, and leaves nothing running.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use crashwindow::report::explore::ExploreReport;
use crashwindow::verdict::Verdict;

use crate::support::consumers::program;
use crate::support::{command, crashwindow, wait_until};

/// The consumer with this habit, as a command for a shell.
fn consumer(habit: &str) -> String {
    let program = program("bad-habits");
    format!("exec {} {habit}", program.display())
}

/// Asserts exit code 2 and one error with all of these words; returns it.
#[track_caller]
fn refused(output: &Output, words: &[&str]) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    let errors = error.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{error}");
    for word in words.iter().chain(&["\nnext: "]) {
        assert!(error.contains(word), "no {word:?} in:\n{error}");
    }
    error
}

/// Asserts that exploring a shell script with these flags is refused so.
#[track_caller]
fn refuses(flags: &[&str], script: &str, words: &[&str]) -> String {
    let command = ["--", "sh", "-c", script];
    refused(
        &crashwindow(&[&["explore"], flags, &command].concat()),
        words,
    )
}

/// Whether a process runs with these words, each ended by a zero byte, in its command line.
fn runs(words: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|p| std::fs::read(p.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(words))
}

#[track_caller]
fn is_gone(marker: &str) {
    let deadline = Duration::from_secs(10);
    wait_until(&format!("{marker:?} to be gone"), deadline, || {
        !runs(marker)
    });
}

#[test]
fn a_reset_that_fails_is_told_with_its_exit_and_its_words() {
    let reset = "echo connecting; echo ERROR no redis at 127.0.0.1:1 >&2; exit 7";
    let words = ["--reset ended with exit code 7", reset, "no redis"];
    let error = refuses(&["--reset", reset], &consumer(""), &words);
    let log = error.rsplit(" is in ").next().unwrap().trim();
    assert!(Path::new(log).is_file(), "{log}");
}

#[test]
fn a_reset_that_hangs_is_ended_with_all_it_has_started() {
    let marker = "sleep 86399.25";
    let reset = format!("echo waiting for redis; {marker} & setsid {marker} & wait");
    let words = [
        "--reset had not ended after 4 s",
        &reset,
        "waiting for redis",
    ];
    refuses(&["--reset", &reset, "--join", "2"], &consumer(""), &words);
    is_gone("sleep\086399.25");
}

/// Whoever breaks the exploration off breaks the command off.
#[test]
fn a_reset_dies_with_the_exploration() {
    let mut exploring = command(&["explore", "--reset", "sleep 86398.25", "--", "true"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    wait_until("the command to run", Duration::from_secs(60), || {
        runs("sleep\086398.25")
    });
    exploring.kill().expect("it runs");
    exploring.wait().expect("it was killed");
    is_gone("sleep\086398.25");
}

#[test]
fn a_parked_topic_that_counts_effects_too_is_refused() {
    refuses(
        &["--effects-topic", "receipts", "--parked-topic", "receipts"],
        &consumer(""),
        &["--parked-topic receipts is the --effects-topic as well"],
    );
}

#[test]
fn a_query_for_parked_ids_that_postgres_refuses_is_told_in_its_words() {
    refuses(
        &["--parked", "SELECT id FROM dead_leters"],
        &consumer(""),
        &["--parked", "dead_leters", "does not exist"],
    );
}

#[test]
fn who_reads_nothing_is_told_so() {
    refuses(
        &["--join", "4"],
        &consumer("reads-nothing"),
        &[
            "a did not join",
            "within 4 s",
            "a has asked to join no group",
        ],
    );
}

#[test]
fn who_reads_a_topic_of_its_own_only_is_told_which() {
    let words = [
        "a subscribes to crashwindow-",
        "-own, and was given crashwindow-",
    ];
    refuses(&["--join", "4"], &consumer("reads-its-own-topic"), &words);
}

#[test]
fn who_wants_a_topic_that_is_not_there_is_told_so() {
    let words = [
        "it asked for orders.v1, and there is no such topic",
        "auto.create.topics",
    ];
    refuses(&["--join", "4"], &consumer("reads-a-missing-topic"), &words);
}

#[test]
fn who_joins_another_group_is_told_which() {
    let words = ["a joined group crashwindow-", "-server, and was given "];
    refuses(&["--join", "4"], &consumer("joins-another-group"), &words);
}

/// What a member of a share group sends first, without anybody's client: ShareGroupHeartbeat.
const SHARES: &str = r#"exec bash -c '
    exec 3<>/dev/tcp/${KAFKA_BOOTSTRAP_SERVERS%:*}/${KAFKA_BOOTSTRAP_SERVERS#*:}
    printf "\0\0\0\013\0\114\0\001\0\0\0\001\377\377\0" >&3
    exec sleep "$0"' 1932.1932"#;

#[test]
fn a_member_of_a_share_group_is_refused_at_once_and_ended() {
    let words = [
        "error: a#1 asked Kafka for ShareGroupHeartbeat",
        "share groups are not supported",
        "as a consumer group",
    ];
    let began = std::time::Instant::now();
    refuses(&["--join", "120"], SHARES, &words);
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "it was waited for"
    );
    is_gone("1932.1932");
}

#[test]
fn who_needs_a_minute_to_join_is_told_how_to_wait_for_it() {
    let slow = format!("echo warming up; sleep 60; {}", consumer(""));
    refuses(
        &["--join", "3"],
        &slow,
        &["did not join", "within 3 s", "warming up", "--join SECONDS"],
    );
}

#[test]
fn who_dies_at_every_start_is_told_why_and_not_what_came_after() {
    let dying = "echo FATAL: no licence; for i in 1 2 3 4 5 6; do echo good bye; done; exit 9";
    let words = ["exited 21 times", "exit code 9", "FATAL: no licence"];
    refuses(&[], dying, &words);
}

#[test]
fn a_consumer_that_fails_without_a_fault_is_told_with_its_cause() {
    let missing = "UNKNOWN_TOPIC_OR_PARTITION";
    let script = format!(
        "echo 'ERROR sending failed: {missing}'; {}",
        consumer("never-commits")
    );
    refuses(
        &["--patience", "1"],
        &script,
        &["without any fault", "a-1.log says:", missing],
    );
}

#[test]
fn a_recording_that_fails_leaves_a_report_that_says_why() {
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failed.xml");
    let junit = page.to_str().expect("its name is text");
    let output = crashwindow(&[
        "explore", "--json", "--junit", junit, "--", "sh", "-c", "exit 9",
    ]);
    refused(&output, &["exited 21 times", "exit code 9"]);
    let report: ExploreReport = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(
        report.headline.contains("exited 21 times"),
        "{}",
        report.headline
    );
    assert!(report.cells.is_empty());
    let kept = std::fs::read(report.run_dir.join("explore.json")).expect("it is kept");
    let kept: ExploreReport = serde_json::from_slice(&kept).expect("it is a report");
    assert_eq!(kept, report);
    let junit = std::fs::read_to_string(&page).expect("it was written");
    assert!(junit.contains("exited 21 times"), "{junit}");
}
