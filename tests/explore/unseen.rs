//! What was not seen is never passed over.

use crashwindow::verdict::Verdict;

use crate::support::explore;

/// Lab 1's fixed consumer, with what is the same in every exploration here.
const EXPLORED: [&str; 5] = ["01", "--consumer", "fixed", "--faults", "kill"];

#[test]
fn a_tap_that_attributes_nothing_turns_held_to_unknown_and_its_statements_are_named() {
    let seen = explore(&EXPLORED);
    assert_eq!(seen.verdict, Verdict::Held, "{}", seen.headline);
    assert!(seen.unattributed.is_empty(), "{:?}", seen.unattributed);
    for (tap, statement) in [
        ("postgres", "INSERT INTO processed"),
        ("provider", "POST /v1/charges"),
    ] {
        let report = explore(&[&EXPLORED[..], &["--blind", tap]].concat());
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
