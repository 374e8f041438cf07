//! Storms that cannot be: told at once, with what to do next.

use crate::support::crashwindow;

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
