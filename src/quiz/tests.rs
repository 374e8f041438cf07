//! Quizzes that are refused, and what is said of them.

use super::*;
use crate::run::manifest;

fn lab() -> Manifest {
    let labs = concat!(env!("CARGO_MANIFEST_DIR"), "/labs");
    manifest::find(std::path::Path::new(labs), "01").unwrap()
}

const GOOD: &str = r#"
    schema = 1
    [[questions]]
    id = "zombie"
    ask = "What does the customer pay?"
    run = { consumer = "broken", scenario = "zombie" }
    [[questions.options]]
    text = "Once."
    predicts = "once"
    explain = "No."
    [[questions.options]]
    text = "Twice."
    right = true
    predicts = "duplicated"
    explain = "Yes."
"#;

fn problems(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from:?} is not there to be replaced");
    let quiz: Quiz = toml::from_str(&GOOD.replacen(from, to, 1)).unwrap();
    quiz.problems(&lab()).join("; ")
}

#[test]
fn a_good_quiz_has_no_problems() {
    assert_eq!(problems("schema = 1", "schema = 1"), "");
}

#[test]
fn contradictions_are_named() {
    let refused = [
        ("schema = 1", "schema = 2", "this program reads 1"),
        ("right = true", "", "0 right options"),
        (
            "explain = \"No.\"",
            "explain = \"\"\nright = true",
            "2 right options",
        ),
        ("predicts = \"once\"", "", "predicts nothing"),
        (
            "predicts = \"duplicated\"",
            "predicts = \"once\"",
            "expects violated",
        ),
        (
            "scenario = \"zombie\"",
            "scenario = \"gremlin\"",
            "does not have",
        ),
        ("run =", "# run =", "no run to tell"),
    ];
    for (from, to, because) in refused {
        let problems = problems(from, to);
        assert!(problems.contains(because), "{from:?} to {to:?}: {problems}");
    }
}

#[test]
fn a_prediction_that_names_no_outcome_is_refused_with_the_list() {
    let vanished = GOOD.replacen("\"duplicated\"", "\"vanished\"", 1);
    let error = toml::from_str::<Quiz>(&vanished).unwrap_err().to_string();
    assert!(
        error.contains("\"vanished\"") && error.contains("half_done"),
        "{error}"
    );
}

/// With two struck payments, of which the first is an exception.
fn report(outcome: &str) -> serde_json::Result<RunReport> {
    let fault = |payment: &str| {
        serde_json::json!({
            "fault": "zombie", "window": { "at": "POST", "edge": "before" }, "payment": payment,
            "instance": "a", "fired": true, "redelivered": true, "problem": null
        })
    };
    let mut report = crate::report::fixture::data();
    report["faults"] = serde_json::json!([fault("msg-0003"), fault("msg-0004")]);
    report["exceptions"] = serde_json::json!([
        { "payment": "msg-0003", "outcome": outcome, "charges": [] }
    ]);
    serde_json::from_value(report)
}

#[test]
fn what_became_of_the_struck_is_counted_and_an_unknown_outcome_is_never_once() {
    let outcomes = outcomes(&report("lost").unwrap());
    assert_eq!(
        outcomes,
        BTreeMap::from([(Outcome::Once, 1), (Outcome::Lost, 1)])
    );
    let error = report("vanished").unwrap_err().to_string();
    assert!(
        error.contains("\"vanished\"") && error.contains("half_done"),
        "{error}"
    );
}

#[test]
fn options_are_chosen_by_letter_in_either_case() {
    let quiz: Quiz = toml::from_str(GOOD).unwrap();
    let question = &quiz.questions[0];
    assert_eq!(question.place("b"), Some(1));
    assert_eq!(question.place("A"), Some(0));
    assert_eq!(question.place("c"), None);
    assert_eq!(question.place(""), None);
    assert_eq!(question.right(), 1);
}

#[test]
fn answers_are_read_back_and_a_broken_line_is_named() {
    let home = tempfile::tempdir().unwrap();
    let answers = Answers::at(home.path().join("deep/answers.jsonl"));
    assert_eq!(answers.all().unwrap(), []);
    let quiz: Quiz = toml::from_str(GOOD).unwrap();
    let mut wrong = Answer::now("ada", "01", &quiz.questions[0], 0);
    wrong.run = Some("0007".into());
    let right = Answer::now("ada", "01", &quiz.questions[0], 1);
    answers.add(&wrong).unwrap();
    answers.add(&right).unwrap();
    assert_eq!(answers.all().unwrap(), [wrong, right.clone()]);
    assert!(right.right);

    let mut text = std::fs::read_to_string(answers.path()).unwrap();
    text.push_str("scribble\n");
    std::fs::write(answers.path(), text).unwrap();
    let error = answers.all().unwrap_err().to_string();
    assert!(
        error.contains("line 3") && error.contains("next:"),
        "{error}"
    );
}
