//! The bench prints everything that it promises, on a scale that measures nothing: `make bench` is
//! not part of the tests.

#[path = "../benches/bench/measure/mod.rs"]
mod measure;

#[path = "support/tools.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod tools;

use measure::{PARTS, Scale, measure};

#[test]
fn the_bench_prints_its_ratios_and_what_limits_an_exploration() {
    let program = env!("CARGO_BIN_EXE_crashwindow");
    let mut lines = Vec::new();
    let mut print = |line: &str| lines.push(line.to_owned());
    // Nothing is installed by a test; without Toxiproxy in the cache its columns are missing, and
    // the bench says so.
    measure(program, Scale::QUICK, false, &mut print).expect("it measures");
    let report = lines.join("\n");
    let has_toxiproxy = !report.contains("Toxiproxy is skipped: ");
    if !has_toxiproxy {
        tools::has_nothing_to_do("of the columns of Toxiproxy; next: make bench, which brings it");
    }
    let line = |start: &str| {
        let found = lines.iter().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no line {start}…:\n{report}"))
    };
    for start in [
        "kafka, 1 KiB records produced:",
        "kafka, 1 KiB records consumed:",
        "postgres, single-row transactions:",
    ] {
        let ratios = line(start).matches("x)").count();
        assert_eq!(ratios, 1 + usize::from(has_toxiproxy), "{report}");
    }
    for start in [
        "kafka, one record acknowledged:",
        "postgres, one transaction:",
    ] {
        let line = line(start);
        assert!(
            line.contains("direct p50 ") && line.contains("; tap "),
            "{line}"
        );
        assert_eq!(line.contains("; Toxiproxy "), has_toxiproxy, "{line}");
    }
    let watched = line("record at full speed: unwatched ");
    assert!(watched.contains(", watched "), "{watched}");
    let watched = line("record of 10000 events/s, one event: unwatched ");
    assert!(watched.contains("; watched "), "{watched}");
    line("record of 10000 events/s: every payment was told to its end");
    let page = line("page of a run of 200 payments, ");
    assert!(page.contains(" tasks of 50 ms or longer"), "{page}");
    assert!(!page.contains(" 0 frames"), "{page}");
    let run = line("run of lab 1, 5 payments: command line ");
    assert_eq!(run.matches("x)").count(), 2, "{run}");
    for consumer in ["broken", "fixed"] {
        let line = line(&format!("explore lab 1 {consumer}: "));
        assert!(
            line.contains(" cells/s") && line.contains("limited by "),
            "{line}"
        );
    }
}

#[test]
fn one_part_of_it_prints_its_lines_alone() {
    let program = env!("CARGO_BIN_EXE_crashwindow");
    let mut lines = Vec::new();
    let scale = Scale {
        part: Some(PARTS[0]),
        ..Scale::QUICK
    };
    measure(program, scale, false, &mut |line| {
        lines.push(line.to_owned())
    })
    .expect("it measures");
    assert!(
        !lines.is_empty() && lines.iter().all(|line| line.starts_with("record ")),
        "{lines:?}"
    );
}
