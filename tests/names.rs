//! A name that is in no list ends a command before it does anything: exit code 2, and an error that
//! says what, where and what there is. None of these commands comes to a server.

use std::path::Path;
use std::process::Command;

use crashwindow::chaos::{Fault, Schedule};
use crashwindow::run::Spec;
use crashwindow::window::{Edge, Window};

/// The command is refused, and each of these is told.
#[track_caller]
fn refused(args: &[&str], told: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_crashwindow"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
    for word in told {
        assert!(
            error.contains(word),
            "{args:?} does not tell {word:?}: {error}"
        );
    }
}

/// All labs, with one word of one file of the first replaced.
fn labs_with(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let labs = Path::new(env!("CARGO_MANIFEST_DIR")).join("labs/01-select-then-act");
    let folder = home.path().join("01-select-then-act");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(labs).unwrap().flatten() {
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    std::fs::write(folder.join(file), text.replacen(from, to, 1)).unwrap();
    home
}

#[test]
fn an_unknown_fault_on_the_command_line_is_refused_with_the_list() {
    for flag in [["run", "01", "--fault"], ["explore", "01", "--faults"]] {
        let [command, lab, fault] = flag;
        refused(
            &[command, lab, fault, "gremlin"],
            &["gremlin", "stall-kill"],
        );
    }
}

#[test]
fn an_unknown_fault_or_outcome_in_a_manifest_is_refused_with_the_list() {
    for (from, to, known) in [
        ("fault = \"zombie\"", "fault = \"gremlin\"", "stall-kill"),
        (
            "lost-response = \"once\"",
            "lost-response = \"gremlin\"",
            "half_done",
        ),
    ] {
        let labs = labs_with("lab.toml", from, to);
        let args = ["run", "01", "--labs", labs.path().to_str().unwrap()];
        refused(&args, &["lab.toml", "gremlin", known, "next:"]);
    }
}

#[test]
fn an_unknown_outcome_in_a_quiz_is_refused_with_the_list() {
    let labs = labs_with(
        "quiz.toml",
        "predicts = \"duplicated\"",
        "predicts = \"gremlin\"",
    );
    let args = ["quiz", "01", "--labs", labs.path().to_str().unwrap()];
    refused(&args, &["quiz.toml", "gremlin", "half_done", "next:"]);
}

#[test]
fn an_unknown_fault_in_a_saved_run_is_refused_with_the_list() {
    let window = Window::first("POST", Edge::Before);
    let mut spec = Spec::of_command("c", vec!["true".to_owned()], String::new(), None);
    spec.schedule = Schedule::plan(1, 4, 1, 1, 1, Some((Fault::Kill, window))).unwrap();
    let saved = serde_json::to_string(&spec).unwrap();
    let fault = "\"fault\":\"kill\"";
    assert!(saved.contains(fault), "{saved}");
    let run = tempfile::tempdir().unwrap();
    let spoilt = saved.replacen(fault, "\"fault\":\"gremlin\"", 1);
    std::fs::write(run.path().join("spec.json"), spoilt).unwrap();
    let args = ["replay", run.path().to_str().unwrap()];
    refused(&args, &["spec.json", "gremlin", "stall-kill", "next:"]);
}
