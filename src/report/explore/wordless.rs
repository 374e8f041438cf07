//! What is drawn and counted does not depend on a word: with every word replaced it is the same.

use super::diagram::{Diagram, DiagramShape};
use super::steps::{Step, steps};
use super::{ExploreReport, fixture, html, junit, terminal};

/// As long as before: a held arrow ends where the words have room.
fn with_other_words(report: &ExploreReport, word: char) -> ExploreReport {
    let mut other = report.clone();
    let lines = other.cells.iter_mut().flat_map(|cell| &mut cell.biography);
    for line in lines {
        line.what = line.what.chars().map(|_| word).collect();
    }
    other
}

fn drawn(report: &ExploreReport) -> Vec<String> {
    let mut all = Vec::new();
    for cell in &report.cells {
        let diagram = Diagram::new(&cell.biography);
        all.push(format!("{} x {}", diagram.width, diagram.height));
        for lane in &diagram.lanes {
            all.push(format!("lane {} {} {}", lane.x, lane.name, lane.instance));
        }
        for window in &diagram.windows {
            all.push(format!("{} {} {}", window.y, window.height, window.ms));
        }
        for step in &diagram.steps {
            let shape = match &step.shape {
                DiagramShape::Arrow {
                    from,
                    to,
                    end,
                    answer,
                    held,
                } => format!("{from} {to} {end} {answer} {held}"),
                DiagramShape::Mark { x, symbol } => format!("{x} {symbol}"),
            };
            all.push(format!("{} {} {shape} {}", step.y, step.at, step.left));
        }
    }
    all
}

fn stepped(report: &ExploreReport) -> Vec<(Vec<String>, Vec<Step>)> {
    let of = |cell: &super::Cell| {
        let (lanes, steps) = steps(&cell.biography);
        let wordless = |step: Step| Step {
            text: String::new(),
            ..step
        };
        (lanes, steps.into_iter().map(wordless).collect())
    };
    report.cells.iter().map(of).collect()
}

#[test]
fn other_words_draw_the_same() {
    for report in [fixture::report(), fixture::every_fault()] {
        // Words that mean something else than before are no better than ones that mean nothing.
        for word in ['z', ' '] {
            let other = with_other_words(&report, word);
            assert_ne!(report, other);
            assert_eq!(drawn(&report), drawn(&other));
            assert_eq!(stepped(&report), stepped(&other));
        }
    }
}

#[test]
fn words_that_once_meant_something_mean_nothing() {
    let report = fixture::report();
    for words in [
        "was struck (kill) before X",
        "was frozen",
        "sent POST /v1/charges",
        "charged ch_9",
        "was given the payment",
    ] {
        let mut other = report.clone();
        let lines = other.cells.iter_mut().flat_map(|cell| &mut cell.biography);
        lines.for_each(|line| line.what = words.to_owned());
        assert_eq!(stepped(&report), stepped(&other), "{words}");
    }
}

#[test]
fn other_words_count_the_same() {
    let report = fixture::report();
    let other = with_other_words(&report, 'z');
    let page = |report: &ExploreReport| {
        let page = html::render(report);
        let of = [
            "class=\"arrow",
            "class=\"mark",
            "class=\"window",
            "#sign-",
            "#mark-",
        ];
        of.map(|part| page.matches(part).count())
    };
    assert!(page(&report).iter().all(|count| *count > 0));
    assert_eq!(page(&report), page(&other));
    assert_eq!(terminal::render(&report, ""), terminal::render(&other, ""));
    let failures = |report: &ExploreReport| junit::render(report).matches("<failure").count();
    assert_eq!(failures(&report), failures(&other));
}

/// A test that cannot fail shows nothing: a kind that is another is seen.
#[test]
fn another_kind_is_seen() {
    let report = fixture::report();
    let mut other = report.clone();
    let lines = other.cells[1].biography.iter_mut();
    for line in lines {
        line.kind = crate::timeline::Kind::default();
    }
    assert_ne!(drawn(&report), drawn(&other));
    assert_ne!(stepped(&report), stepped(&other));
}
