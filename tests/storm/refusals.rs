//! Storms that cannot be: told at once, with what to do next.

use crashwindow::session::folder::{self, STATE, State};

use crate::support::{self, crashwindow};
use crate::{alone, runs_folder};

#[test]
fn a_storm_that_cannot_be_is_refused_with_the_next_command() {
    for (arguments, told) in [
        (&["storm", "01"][..], "lab 01 has no storm"),
        (
            &["storm", "04", "--seconds", "5"],
            "a storm of 5 s has no room",
        ),
        (
            &["storm", "04", "--instances", "1"],
            "nobody to move partitions to",
        ),
        (&["storm", "04", "--partitions", "2"], "one would be idle"),
        (
            &["storm", "04", "--replay", "runs/99999"],
            "there is no run",
        ),
        (&["run", "04"], "its lesson is a storm"),
    ] {
        let output = crashwindow(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(
            said.contains(told) && said.contains("next: "),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn a_storm_whose_tables_cannot_be_made_is_inconclusive() {
    // The newest run is to be this one.
    let _turn = alone();
    let labs = tempfile::tempdir().expect("a temporary folder");
    let copy = labs.path().join("04-dedup-metric");
    std::fs::create_dir(&copy).expect("it can be made");
    for file in std::fs::read_dir(support::labs().join("04-dedup-metric")).expect("a lab") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), copy.join(file.file_name())).expect("it can be copied");
    }
    std::fs::write(copy.join("schema.sql"), "CREATE TABEL processed ();").expect("ours");
    let runs = runs_folder();
    let before = newest(&runs);
    let labs = labs.path().to_str().expect("a path in UTF-8");
    let output = crashwindow(&["storm", "04", "--labs", labs]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("TABEL"), "{said}");
    let run = newest(&runs);
    assert!(run > before, "no folder is kept");
    let run = runs.join(format!("{run:04}"));
    let state: State = folder::read(&run, STATE).expect("it is kept");
    assert!(
        matches!(&state, State::Inconclusive { reason } if reason.contains("TABEL")),
        "{state:?}"
    );
}

/// The number of the newest run; 0 where there is none.
fn newest(runs: &std::path::Path) -> u32 {
    let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.max().unwrap_or_default()
}
