//! The provider's misbehaviour in a manifest reaches the provider: each knob turns a verdict, or
//! shows in a number.

use crashwindow::report::RunReport;
use crashwindow::verdict::Verdict;

use crate::lab_copy::LabCopy;
use crate::support;

/// A short run of lab 1, with these knobs in its manifest.
fn run(knobs: &str, what: &[&str]) -> RunReport {
    let lab = LabCopy::changed("[workload]", &format!("[provider]\n{knobs}\n[workload]"));
    let short = ["--payments", "20", "--strikes", "1", "--labs", lab.labs()];
    support::report(&[&["run", "01"][..], what, &short].concat()).unwrap()
}

const FIXED_KILLED: [&str; 4] = ["--consumer", "fixed", "--scenario", "kill"];

#[test]
fn keys_that_are_ignored_or_expired_do_not_help_the_fixed_consumer() {
    let held = run("key_lifetime_hours = 24", &FIXED_KILLED);
    assert_eq!(held.verdict, Verdict::Held, "{}", held.sentence());
    let ignored = run("keys_ignored = true", &FIXED_KILLED);
    assert_eq!(ignored.verdict, Verdict::Violated, "{}", ignored.sentence());
    // An hour passes in a tenth of a millisecond: sooner than any redelivery.
    let expired = "key_lifetime_hours = 1\nclock_speed = 36_000_000";
    let expired = run(expired, &FIXED_KILLED);
    assert_eq!(expired.verdict, Verdict::Violated, "{}", expired.sentence());
    assert_eq!(expired.exceptions[0].payment, expired.faults[0].payment);
}

#[test]
fn a_provider_that_loses_answers_finds_the_consumer_without_a_key_without_any_fault() {
    let lossy = "lose_answer_every = 8";
    let broken = run(lossy, &["--fault", "none"]);
    assert_eq!(broken.verdict, Verdict::Violated, "{}", broken.sentence());
    // 20 payments are 22 requests, of which the 8th and the 16th lost their answers. Whose they were,
    // two instances decide by chance; a retry can be lost again.
    let charges: usize = broken.exceptions.iter().map(|e| e.charges.len()).sum();
    assert_eq!(charges - broken.exceptions.len(), 2, "{broken:?}");
    let fixed = run(lossy, &["--fault", "none", "--consumer", "fixed"]);
    assert_eq!(fixed.counts.once, 20, "{}", fixed.sentence());
}

#[test]
fn a_failure_before_the_execution_is_harmless_even_without_a_key() {
    let report = run("fail_before_every = 8", &["--fault", "none"]);
    assert_eq!(report.counts.once, 20, "{}", report.sentence());
}

#[test]
fn latency_is_in_what_a_payment_costs() {
    let report = run("latency_ms = 40", &["--fault", "none"]);
    assert!(report.cost.p50_ms >= 40.0, "{:?}", report.cost);
}
