//! For a CI server, which shows JUnit XML: a suite for each fault, a test case for each window.

use std::fmt::Write;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::log;
use super::matrix::{self, Matrix};
use super::{Cell, CellOutcome, ExploreReport, NOBODYS};
use crate::verdict::Verdict;

/// What could not be judged is skipped, because a pass would claim what nobody saw.
#[must_use]
pub fn render(report: &ExploreReport) -> String {
    let mut xml = Report::new("crashwindow explore");
    if let Ok(total) = Duration::try_from_secs_f64(report.seconds.total) {
        xml.set_time(total);
    }
    let matrix = Matrix::new(report);
    for (column, fault) in matrix.faults.iter().enumerate() {
        let mut suite = TestSuite::new(fault.name());
        suite.add_property(Property::new("guarantee", report.guarantee.to_string()));
        suite.add_property(Property::new("command", report.command.join(" ")));
        suite.add_property(Property::new("run", report.run.as_str()));
        let cells = matrix
            .rows
            .iter()
            .filter_map(|row| row.squares[column].cell());
        suite.add_test_cases(cells.map(case));
        xml.add_test_suite(suite);
    }
    if report.cells.is_empty() {
        xml.add_test_suite(nothing_struck(report));
    }
    if !report.unattributed.is_empty() {
        xml.add_test_suite(nobodys(report));
    }
    xml.to_string()
        .expect("writing XML to memory does not fail")
}

/// A case of its own, for a document without any case passes.
fn nothing_struck(report: &ExploreReport) -> TestSuite {
    let mut error = TestCaseStatus::non_success(NonSuccessKind::Error);
    error.set_message(report.reasons.join("; "));
    recording("a window was struck", error)
}

/// A case of its own, for without it every case could pass where the verdict is unknown.
fn nobodys(report: &ExploreReport) -> TestSuite {
    let mut skipped = TestCaseStatus::skipped();
    let events = report.unattributed.join("; ");
    skipped.set_message(format!("unknown: {events}. {NOBODYS}"));
    recording("every change is about a payment", skipped)
}

fn recording(name: &str, status: TestCaseStatus) -> TestSuite {
    let mut case = TestCase::new(name, status);
    case.set_classname("crashwindow.recording");
    let mut suite = TestSuite::new("recording");
    suite.add_test_case(case);
    suite
}

fn case(cell: &Cell) -> TestCase {
    let reached = cell.outcome != CellOutcome::NotReached;
    let status = match cell.verdict {
        Verdict::Violated => {
            let mut failed = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failed
                .set_message(format!("{}: {}", matrix::hit(cell), cell.outcome.name()))
                .set_type(cell.outcome.name())
                .set_description(story(cell));
            failed
        }
        Verdict::Held if reached => TestCaseStatus::success(),
        Verdict::Held | Verdict::Unknown => {
            let mut skipped = TestCaseStatus::skipped();
            let why = match cell.was_run() {
                false => "not_run",
                true if reached => "unknown",
                true => "not_reached",
            };
            skipped.set_message(format!("{why}: {}", cell.text));
            skipped
        }
    };
    let mut case = TestCase::new(matrix::label(&cell.window), status);
    case.set_classname(format!("crashwindow.{}", cell.fault));
    case
}

fn story(cell: &Cell) -> String {
    let mut text = format!("{}\n", cell.text);
    for line in log::lines(cell) {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    for line in &cell.biography {
        let _ = writeln!(text, "{:>10.1} ms  {} {}", line.at_ms, line.who, line.what);
    }
    if cell.was_run() {
        let _ = write!(text, "\nreplay: {}", cell.replay);
    }
    text
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, Node};

    use super::super::fixture;
    use super::*;

    fn named<'a>(xml: &'a Document, name: &'a str) -> Vec<Node<'a, 'a>> {
        xml.descendants().filter(|n| n.has_tag_name(name)).collect()
    }

    #[test]
    fn it_parses_and_its_counts_are_those_of_the_cells() {
        let report = fixture::report();
        let text = render(&report);
        let xml = Document::parse(&text).expect("it is XML");
        let of = |verdict| report.cells.iter().filter(|c| c.verdict == verdict).count();
        assert_eq!(named(&xml, "testsuite").len(), 2);
        assert_eq!(named(&xml, "testcase").len(), report.cells.len());
        assert_eq!(named(&xml, "failure").len(), of(Verdict::Violated));
        assert_eq!(named(&xml, "skipped").len(), of(Verdict::Unknown));
        let totals = xml.root_element();
        assert_eq!(totals.attribute("tests"), Some("10"));
        assert_eq!(totals.attribute("failures"), Some("4"));
        assert_eq!(totals.attribute("time"), Some("41.240"));
    }

    #[test]
    fn an_exploration_that_struck_nothing_does_not_pass() {
        let mut report = fixture::report_of(Vec::new());
        report.reasons = vec!["a exited 21 times".into()];
        let text = render(&report);
        let xml = Document::parse(&text).unwrap();
        assert_eq!(xml.root_element().attribute("errors"), Some("1"));
        let [error] = named(&xml, "error")[..] else {
            panic!("{text}");
        };
        assert_eq!(error.attribute("message"), Some("a exited 21 times"));
    }

    #[test]
    fn a_failure_says_what_happened_and_how_to_see_it_again() {
        let text = render(&fixture::report());
        let xml = Document::parse(&text).unwrap();
        let failures = named(&xml, "failure");
        let of = |n: &&Node| {
            n.attribute("message")
                .is_some_and(|m| m.contains("2 others"))
        };
        let failure = *failures.iter().find(of).unwrap();
        let case = failure.parent().unwrap();
        assert_eq!(case.attribute("classname"), Some("crashwindow.kill"));
        assert_eq!(
            case.attribute("name"),
            Some("after POST /v1/charges, before INSERT INTO processed (msg_id) VALUES ($1)")
        );
        assert_eq!(
            failure.attribute("message"),
            Some("msg-0001 and 2 others: duplicated")
        );
        assert_eq!(failure.attribute("type"), Some("duplicated"));
        let story = failure.text().unwrap();
        assert!(story.contains("    1231.7 ms  a charged ch_1"), "{story}");
        assert!(
            story.ends_with("replay: crashwindow replay runs/0007/cells/0003"),
            "{story}"
        );
    }

    #[test]
    fn what_was_not_reached_is_no_pass_even_where_nothing_was_broken() {
        let mut report = fixture::report();
        for cell in &mut report.cells {
            cell.verdict = Verdict::Held;
        }
        let text = render(&report);
        let xml = Document::parse(&text).unwrap();
        let skipped = named(&xml, "skipped");
        let why: Vec<&str> = skipped
            .iter()
            .map(|n| n.attribute("message").unwrap().split(':').next().unwrap())
            .collect();
        assert_eq!(why, ["not_reached", "not_run"]);
    }

    #[test]
    fn what_is_parked_is_no_failure() {
        let text = render(&fixture::report());
        assert!(!text.contains("\"parked\""), "{text}");
    }

    #[test]
    fn a_change_that_is_nobodys_is_no_pass() {
        let text = render(&fixture::unattributed());
        let xml = Document::parse(&text).unwrap();
        let skipped = named(&xml, "skipped");
        let message = skipped[0].attribute("message").unwrap();
        assert_eq!(skipped.len(), 1);
        assert!(message.contains("INSERT INTO journal"), "{message}");
    }

    #[test]
    fn a_payload_cannot_break_the_document() {
        let mut report = fixture::report();
        let hostile = format!("]]>{}\0\x1b", fixture::HOSTILE);
        for cell in &mut report.cells {
            cell.text.clone_from(&hostile);
            cell.window.after = Some(hostile.clone());
        }
        let text = render(&report);
        let xml = Document::parse(&text).expect("it is XML");
        let story = named(&xml, "failure")[0].text().unwrap();
        assert!(story.contains(fixture::HOSTILE), "{story}");
        assert!(named(&xml, "script").is_empty());
    }
}
