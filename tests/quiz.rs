//! A lab as an attendee walks through it: predict, run, confront, explain.

mod support;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use support::{CRASHWINDOW, command};

/// Runs the command with these lines on its standard input.
fn answering(mut command: Command, lines: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(lines.as_bytes()).expect("it is read");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it is text")
}

/// The text with its line breaks taken for spaces, so that it does not matter where they fall.
fn flowing(output: &Output) -> String {
    text(output)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_lab_asks_runs_confronts_explains_and_keeps_the_answers() {
    let home = tempfile::tempdir().unwrap();
    let mut lab = command(&["lab", "02", "--attendee", "ada"]);
    lab.env("XDG_DATA_HOME", home.path());
    // The third question is asked again, because there is no option x.
    let output = answering(lab, "c\nb\nx\nb\nb\n");
    let said = flowing(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for told in [
        // A prediction that was right, with the run's numbers beside it.
        "3 payments were struck found 3 marked paid once predicted 3 marked paid once",
        "23505 unique_violation, rolled its transaction back and committed offset",
        // One that was wrong, and why.
        "found 3 marked paid twice predicted 3 marked paid once",
        "not so. a) Marked paid twice.",
        "The value is idempotent; the event is not.",
        "\"x\" is none of them.",
        "found 3 lost predicted 3 lost",
        "3 of 4 right",
        "next: crashwindow compare 02",
    ] {
        assert!(said.contains(told), "no {told:?} in:\n{}", text(&output));
    }
    // A question is answered before its run begins.
    let order = ["1 of 4", "your answer", "the run ", "2 of 4"].map(|t| said.find(t).unwrap());
    assert!(order.is_sorted(), "{}", text(&output));

    let exported = home.path().join("answers.json");
    let mut export = command(&["quiz", "--export", exported.to_str().unwrap()]);
    assert!(
        export
            .env("XDG_DATA_HOME", home.path())
            .status()
            .unwrap()
            .success()
    );
    let answers: Value = serde_json::from_slice(&std::fs::read(exported).unwrap()).unwrap();
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 4);
    let right: Vec<bool> = answers
        .iter()
        .map(|a| a["right"].as_bool().unwrap())
        .collect();
    assert_eq!(right, [true, false, true, true]);
    assert_eq!(answers[1]["attendee"], "ada");
    assert_eq!(answers[1]["predicted"], "once");
    assert!(answers[1]["run"].is_string() && answers[3]["run"].is_null());
}

#[test]
fn a_quiz_asks_without_running_anything_on_a_terminal_too() {
    let home = tempfile::tempdir().unwrap();
    // `script` gives the program a terminal, and types what it is given.
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &format!("{CRASHWINDOW} quiz 01"), "/dev/null"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("XDG_DATA_HOME", home.path());
    let output = answering(terminal, "b\nc\na\na\n");
    let said = flowing(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("4 of 4 right"), "{said}");
    assert!(!said.contains("the run "), "{said}");
}

#[test]
fn answers_that_end_too_soon_are_an_error_that_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let mut quiz = command(&["quiz", "01"]);
    quiz.env("XDG_DATA_HOME", home.path());
    let output = answering(quiz, "a\n");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("\"kill-before\"") && error.contains("next: crashwindow lab 01"),
        "{error}"
    );
    // What was answered is kept.
    let kept = std::fs::read_to_string(home.path().join("crashwindow/answers.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 1);
}

#[test]
fn answers_that_cannot_be_kept_are_told() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("crashwindow"), "not a folder").unwrap();
    let mut quiz = command(&["quiz", "01"]);
    quiz.env("XDG_DATA_HOME", home.path());
    let output = answering(quiz, "a\n");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("XDG_DATA_HOME"), "{error}");
}
