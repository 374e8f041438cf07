//! Bad input gets one clear error that says what, where and what to do next, and exit code 2.

use std::process::Output;

use crashwindow::chaos::{Fault, Schedule};
use crashwindow::run::Spec;
use crashwindow::window::{Edge, Window};

use crate::lab_copy::LabCopy;
use crate::support::crashwindow;

/// Asserts exit code 2 and one error with all of these words; returns it.
#[track_caller]
fn refused(output: &Output, words: &[&str]) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(error.matches("error: ").count(), 1, "{error}");
    assert!(
        output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    for word in words {
        assert!(error.contains(word), "no {word:?} in:\n{error}");
    }
    error
}

#[test]
fn an_unknown_lab_is_told_which_there_are() {
    refused(
        &crashwindow(&["run", "99"]),
        &["no lab \"99\"", "01", "next: crashwindow run 01"],
    );
}

#[test]
fn an_unknown_consumer_or_scenario_is_told_which_there_are() {
    let consumer = crashwindow(&["run", "01", "--consumer", "mended"]);
    refused(
        &consumer,
        &[
            "\"mended\"",
            "broken, fixed",
            "next: crashwindow run 01 --consumer",
        ],
    );
    let scenario = crashwindow(&["run", "01", "--scenario", "flood"]);
    refused(
        &scenario,
        &[
            "\"flood\"",
            "zombie, kill",
            "next: crashwindow run 01 --scenario",
        ],
    );
}

#[test]
fn an_unknown_flag_is_named() {
    refused(
        &crashwindow(&["run", "01", "--fautl", "kill"]),
        &["--fautl", "--fault"],
    );
}

#[test]
fn an_unknown_run_is_told_which_is_the_newest() {
    refused(
        &crashwindow(&["replay", "987654"]),
        &["no run \"987654\"", "next: crashwindow replay"],
    );
}

#[test]
fn a_damaged_run_is_refused_before_anything_is_started() {
    let window = Window::first("COMMIT", Edge::After);
    let schedule = Schedule::plan(7, 10, 4, 2, 1, Some((Fault::Kill, window))).unwrap();
    let spec = Spec {
        schedule,
        ..Spec::of_command("mine", vec!["true".to_owned()], String::new(), None)
    };
    let whole = serde_json::to_string(&spec).unwrap();
    let unknown = whole.replace("\"kill\"", "\"flood\"");
    assert_ne!(unknown, whole);
    let out_of_turn = whole.replace("\"payments\":10", "\"payments\":11");
    assert_ne!(out_of_turn, whole);
    for (file, text, command, word) in [
        (
            "spec.json",
            &*unknown,
            &["replay"][..],
            "no fault \"flood\"",
        ),
        ("spec.json", &out_of_turn, &["replay"], "payment 11"),
        (
            "spec.json",
            &whole[..whole.len() / 2],
            &["replay"],
            "line 1",
        ),
        ("spec.json", "", &["run", "01", "--replay"], "line 1"),
        (
            "storm.json",
            "{}",
            &["storm", "04", "--replay"],
            "missing field",
        ),
        ("storm.json", "{}", &["replay"], "missing field"),
    ] {
        let cache = tempfile::tempdir().unwrap();
        // As root, the database's user must be able to enter it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(cache.path(), open).unwrap();
        let run = cache.path().join("damaged");
        std::fs::create_dir(&run).unwrap();
        std::fs::write(run.join(file), text).unwrap();
        let (run, cache_folder) = (run.to_str().unwrap(), cache.path().to_str().unwrap());
        let arguments = [command, &[run, "--cache", cache_folder]].concat();
        refused(&crashwindow(&arguments), &[file, word, "next:"]);
        let started = ["stacks", "runs"].map(|folder| cache.path().join(folder));
        let mut started = started.iter().filter_map(|at| at.read_dir().ok()).flatten();
        assert!(started.next().is_none(), "{arguments:?}");
    }
}

#[test]
fn more_strikes_than_payments_are_refused() {
    let output = crashwindow(&["run", "01", "--strikes", "9", "--payments", "3"]);
    refused(&output, &["9 strikes", "there are 3", "next:"]);
}

#[test]
fn a_malformed_manifest_is_refused_with_file_and_line() {
    let labs = LabCopy::changed("payments = 200", "payments = ");
    let output = crashwindow(&["run", "01", "--labs", labs.labs()]);
    refused(&output, &["lab.toml is malformed", "line 11", "next:"]);
}

#[test]
fn a_contradictory_manifest_is_refused_with_every_contradiction() {
    let labs = LabCopy::changed("instances = 2", "instances = 9");
    let output = crashwindow(&["run", "01", "--labs", labs.labs()]);
    refused(
        &output,
        &[
            "contradicts itself",
            "9 instances share 4 partitions",
            "next:",
        ],
    );
}

#[test]
fn a_consumer_that_is_not_built_is_named() {
    let labs = LabCopy::changed("\"lab-01-broken\"", "\"lab-01-brokn\"");
    let output = crashwindow(&["run", "01", "--labs", labs.labs()]);
    refused(
        &output,
        &["lab-01-brokn", "is not there", "next: cargo build"],
    );
}

#[test]
fn a_consumer_that_exits_at_once_is_told_with_its_last_words() {
    let labs = LabCopy::with_consumer("echo no configuration found >&2; exit 3");
    let error = refused(
        &crashwindow(&["run", "01", "--labs", labs.labs()]),
        &[
            "exited",
            "exit code 3",
            "no configuration found",
            "next: read ",
        ],
    );
    let log = error.rsplit("next: read ").next().unwrap().trim();
    let run = std::path::Path::new(log)
        .parent()
        .and_then(|logs| logs.parent())
        .unwrap();
    let state = std::fs::read_to_string(run.join("state.json")).expect("the run folder is kept");
    assert!(
        state.contains("inconclusive") && state.contains("exit code 3"),
        "{state}"
    );
}

#[test]
fn a_consumer_that_cannot_be_started_is_named() {
    let labs = LabCopy::changed("\"lab-01-broken\"", "\"./schema.sql\"");
    let output = crashwindow(&["run", "01", "--labs", labs.labs()]);
    refused(&output, &["schema.sql", "cannot be started", "next:"]);
}

#[test]
fn a_consumer_that_never_joins_is_told_who_is_missing() {
    let labs = LabCopy::with_consumer("echo waiting for godot; exec sleep 1000");
    let output = crashwindow(&["run", "01", "--labs", labs.labs(), "--join", "3"]);
    refused(
        &output,
        &[
            "a and b did not join",
            "within 3 s",
            "waiting for godot",
            "next: check",
        ],
    );
}

#[test]
fn a_schema_that_postgres_refuses_is_told_in_its_words() {
    let labs = LabCopy::changed("\"schema.sql\"", "\"README.md\"");
    let output = crashwindow(&["run", "01", "--labs", labs.labs()]);
    refused(
        &output,
        &[
            "Postgres refused to create the lab's tables",
            "syntax error",
            "next:",
        ],
    );
}

#[test]
fn a_query_for_records_that_postgres_refuses_is_told_in_its_words() {
    let labs = LabCopy::changed("FROM processed", "FROM procesed");
    let output = crashwindow(&[
        "run",
        "01",
        "--labs",
        labs.labs(),
        "--payments",
        "5",
        "--strikes",
        "1",
    ]);
    refused(&output, &["recorded payments", "procesed", "next:"]);
}

#[test]
fn dead_addresses_of_an_external_stack_are_named() {
    let output = crashwindow(&[
        "run",
        "01",
        "--kafka",
        "127.0.0.1:1",
        "--postgres",
        "postgres://u:p@127.0.0.1:1/postgres",
    ]);
    refused(&output, &["127.0.0.1:1", "next:"]);
}
