//! What was not seen is never passed over.

use crashwindow::explore::{self, Exploration, Progress};
use crashwindow::report::explore::ExploreReport;
use crashwindow::run::{Changes, FaultChoice, Spec, Watcher, manifest};
use crashwindow::tap::Tap;
use crashwindow::verdict::Verdict;
use tokio_util::sync::CancellationToken;

use crate::support;

struct Silent;

impl Watcher for Silent {
    fn phase(&self, _text: &str) {}
}

impl Progress for Silent {
    fn cells(&self, _done: usize, _of: usize) {}
}

/// Lab 1's fixed consumer, explored with nothing attributed at this tap.
fn explored(blind: Option<Tap>) -> ExploreReport {
    let lab = manifest::find(&support::labs(), "01").expect("lab 1 is there");
    let changes = Changes {
        fault: Some(FaultChoice::None),
        ..Changes::default()
    };
    let spec = Spec::decide(&lab, "fixed", &changes).expect("its consumer is built");
    let program = std::path::Path::new(support::CRASHWINDOW).with_file_name("lab-01-fixed");
    let spec = Spec {
        command: vec![program.display().to_string()],
        blind,
        ..spec
    };
    let mut exploration = Exploration::of(spec, explore::PAYMENTS, explore::PARTITIONS);
    exploration.faults = vec![crashwindow::chaos::Fault::Kill];
    let runs = tempfile::tempdir().expect("a folder");
    let (endpoints, cancel) = (support::endpoints(), CancellationToken::new());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let exploring = explore::explore(&exploration, &endpoints, runs.path(), &Silent, &cancel);
    runtime.block_on(exploring).expect("a report")
}

#[test]
fn a_tap_that_attributes_nothing_turns_held_to_unknown_and_its_statements_are_named() {
    let seen = explored(None);
    assert_eq!(seen.verdict, Verdict::Held, "{}", seen.headline);
    assert!(seen.unattributed.is_empty(), "{:?}", seen.unattributed);
    for (tap, statement) in [
        (Tap::Postgres, "INSERT INTO processed"),
        (Tap::Provider, "POST /v1/charges"),
    ] {
        let report = explored(Some(tap));
        assert_eq!(report.verdict, Verdict::Unknown, "{}", report.headline);
        let named = |s: &String| s.starts_with(statement);
        assert!(
            report.unattributed.iter().any(named),
            "{:?}",
            report.unattributed
        );
        assert!(report.headline.contains(statement), "{}", report.headline);
    }
}
