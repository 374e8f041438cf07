//! Consumers that nobody would write and somebody will explore: each gets an answer that names the
//! habit and what to do about it.

use std::path::Path;
use std::process::Output;

use crashwindow::report::explore::{CellOutcome, ExploreReport};
use crashwindow::verdict::Verdict;

use crate::support::consumers::program;
use crate::support::{crashwindow, endpoints, explore};

/// The consumer with this habit, as a command for a shell.
fn consumer(habit: &str) -> String {
    let program = program("bad-habits");
    format!("{} {habit}", program.display())
}

/// Explores a shell script that has this folder as `$0`, with these flags.
fn explored(script: &str, folder: &Path, flags: &[&str]) -> ExploreReport {
    let command = ["--", "sh", "-c", script, folder.to_str().unwrap()];
    explore(&[flags, &command].concat())
}

/// Asserts that such an exploration ends with exit code 2 and one error with all of these words.
#[track_caller]
fn refused(script: &str, words: &[&str]) {
    refused_within("5", script, words);
}

/// The same for a consumer that may take so many seconds before it is said not to join.
#[track_caller]
fn refused_within(seconds: &str, script: &str, words: &[&str]) {
    let command = [
        "explore",
        "--join",
        seconds,
        "--patience",
        "1",
        "--",
        "sh",
        "-c",
        script,
    ];
    let Output { status, stderr, .. } = crashwindow(&command);
    let error = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(2), "{error}");
    let errors = error.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{error}");
    for word in words.iter().chain(&["next: "]) {
        assert!(error.contains(word), "no {word:?} in:\n{error}");
    }
}

/// `DATABASE_URL` with the server itself in the place of the tap.
fn around_the_tap() -> String {
    let server: url::Url = endpoints().postgres.admin_url.parse().unwrap();
    let (host, port) = (server.host_str().unwrap(), server.port().unwrap());
    format!("DATABASE_URL=$(echo $DATABASE_URL | sed 's|@[^/]*|@{host}:{port}|')")
}

#[test]
fn who_never_commits_is_told_so() {
    refused(
        &consumer("never-commits"),
        &["without any fault", "no offset was committed"],
    );
}

#[test]
fn who_wants_tls_or_sasl_of_kafka_is_told_what_to_set() {
    for (habit, asked) in [("wants-tls", "TLS"), ("wants-sasl", "SASL")] {
        refused(
            &consumer(habit),
            &[
                "did not join",
                &format!("refused at the Kafka tap: the client asked for {asked} at the tap"),
                "use security.protocol=PLAINTEXT",
            ],
        );
    }
}

#[test]
fn who_wants_tls_of_postgres_is_told_what_to_set() {
    // As libpq does it, which every driver of its kind copies.
    let script = "psql \"$(echo $DATABASE_URL | sed 's/[?].*//')?sslmode=require\" -c 'SELECT 1'";
    // It ends by itself, and on a busy machine that takes more than a moment.
    refused_within(
        "30",
        script,
        &[
            "exited",
            "server does not support SSL",
            "refused at the Postgres tap: the client asked for TLS at the tap",
            "(sslmode=disable)",
        ],
    );
}

#[test]
fn who_falls_back_to_plaintext_or_is_ended_while_it_connects_is_not_told_to_want_tls() {
    for habit in ["falls-back", "is-always-connecting"] {
        let folder = tempfile::tempdir().unwrap();
        let flags = ["--faults", "kill,terminate"];
        let report = explored(&format!("exec {}", consumer(habit)), folder.path(), &flags);
        assert_eq!(
            report.verdict,
            Verdict::Held,
            "{habit}: {}",
            report.headline
        );
        let about_tls = report.warnings.iter().find(|w| w.contains("TLS"));
        assert_eq!(about_tls, None, "{habit}");
    }
}

#[test]
fn who_ignores_sigterm_is_explored_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    // What is ignored stays ignored in what a shell becomes.
    let script = format!("trap '' TERM; exec {}", consumer(""));
    let report = explored(&script, folder.path(), &["--faults", "terminate"]);
    assert_eq!(report.verdict, Verdict::Held, "{}", report.headline);
    assert!(!report.cells.is_empty());
}

#[test]
fn who_writes_megabytes_is_explored_with_small_logs() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "echo first; yes 'a line of output' | head -c 300000000; {}",
        consumer("")
    );
    let report = explored(&script, folder.path(), &["--faults", "duplicate"]);
    assert_eq!(report.verdict, Verdict::Held, "{}", report.headline);
    let cells = report.run_dir.join("cells");
    for cell in std::fs::read_dir(cells).unwrap().flatten() {
        let log = cell.path().join("logs/a-1.log");
        let size = std::fs::metadata(&log).unwrap().len();
        assert!(
            (1 << 20..4 << 20).contains(&size),
            "{}: {size}",
            log.display()
        );
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(text.starts_with("first\n") && text.contains("[crashwindow dropped 29"));
    }
}

#[test]
fn who_goes_around_a_tap_is_told_which() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("{} exec {}", around_the_tap(), consumer(""));
    let report = explored(&script, folder.path(), &["--faults", "kill"]);
    let warning = "no traffic seen at the Postgres tap";
    assert!(
        report.warnings.contains(&warning.to_owned()),
        "{:?}",
        report.warnings
    );
}

#[test]
fn who_goes_around_a_tap_only_when_struck_is_told_too() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "[ -e $0/recorded ] && {around} exec {consumer}; touch $0/recorded; exec {consumer}",
        around = format_args!("export {} &&", around_the_tap()),
        consumer = consumer(""),
    );
    let report = explored(&script, folder.path(), &["--faults", "kill,unavailable"]);
    let (of, warning) = (report.cells.len(), "no traffic seen at the Postgres tap");
    let expected = format!("{warning} in {of} of {of} cells");
    assert!(report.warnings.contains(&expected), "{:?}", report.warnings);
    assert_eq!(report.verdict, Verdict::Unknown, "{}", report.headline);
    for cell in &report.cells {
        assert_eq!(cell.verdict, Verdict::Unknown, "{}", cell.text);
        assert!(cell.text.contains(warning), "{}", cell.text);
    }
    let at_postgres = |outcome| outcome == CellOutcome::NotReached;
    assert!(report.cells.iter().any(|cell| at_postgres(cell.outcome)));
}

#[test]
fn who_talks_another_protocol_is_told_what_came_and_served_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let report = explored(
        &consumer("talks-http"),
        folder.path(),
        &["--faults", "duplicate"],
    );
    assert_eq!(report.verdict, Verdict::Held, "{}", report.headline);
    for refusal in [
        "refused at the Kafka tap: malformed frame: a size of 1195725856",
        "refused at the Postgres tap: what came is not the protocol of Postgres",
    ] {
        let told = report.warnings.iter().any(|w| w.starts_with(refusal));
        assert!(told, "{refusal} is not in {:?}", report.warnings);
    }
}

#[test]
fn a_window_that_is_there_in_every_other_run_is_sought_again() {
    let folder = tempfile::tempdir().unwrap();
    // The first run is the recording, and every second one from then on keeps clear of the tap.
    let script = format!(
        "g=$0/$KAFKA_GROUP_ID; n=$(ls $0 | wc -l); [ -e $g ] || echo $n > $g; \
         case $(cat $g) in *[13579]) export {around};; esac; exec {consumer}",
        around = around_the_tap(),
        consumer = consumer(""),
    );
    let flags = ["--faults", "unavailable", "--parallel", "1"];
    let report = explored(&script, folder.path(), &flags);
    assert_eq!(report.unreached, 0, "{:#?}", report.cells);
    let runs = std::fs::read_dir(report.run_dir.join("cells")).unwrap();
    assert!(runs.count() > report.cells.len() + 1, "nothing was sought");
}
