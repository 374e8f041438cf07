//! Manifests that are refused, and what is said of them.

use super::*;
use crate::provider::{Behaviour, InjectedFailure};

const LABS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/labs");

fn changed(from: &str, to: &str) -> Result<Manifest, ManifestError> {
    changed_in("01-select-then-act", from, to)
}

fn changed_in(lab: &str, from: &str, to: &str) -> Result<Manifest, ManifestError> {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(lab);
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(format!("{LABS}/{lab}"))
        .unwrap()
        .flatten()
    {
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let path = folder.join("lab.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains(from),
        "the manifest has no {from:?} to replace"
    );
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    Manifest::load(&folder)
}

#[track_caller]
fn assert_refused(from: &str, to: &str, because: &str) {
    let error = changed(from, to).unwrap_err().to_string();
    assert!(error.contains(because), "{error}");
    assert!(
        error.contains("lab.toml") && error.contains("next:"),
        "{error}"
    );
}

#[test]
fn the_statement_that_a_storm_counts_in_is_one_that_the_consumers_send() {
    let lab = "04-dedup-metric";
    let other = changed_in(
        lab,
        "statement = \"claim.sql\"",
        "statement = \"schema.sql\"",
    );
    let error = other.unwrap_err().to_string();
    assert!(error.contains("storm.checks.statement"), "{error}");
    assert!(error.contains("schema.sql"), "{error}");
    assert!(changed_in(lab, "claim.sql", "claim.sql").is_ok());
}

#[test]
fn every_lab_in_the_folder_loads() {
    assert!(!all(Path::new(LABS)).unwrap().is_empty());
}

#[test]
fn a_lab_is_found_by_number_id_or_name() {
    for lab in ["1", "01", "select-then-act", "01-select-then-act"] {
        assert_eq!(find(Path::new(LABS), lab).unwrap().id, "01");
    }
}

#[test]
fn what_stands_beside_the_labs_is_none() {
    assert!(Path::new(LABS).join("src/lib.rs").is_file());
    let error = find(Path::new(LABS), "src").unwrap_err();
    let ManifestError::UnknownLab { known, .. } = error else {
        panic!("{error}");
    };
    let labs = all(Path::new(LABS)).unwrap();
    let ids: Vec<_> = labs.iter().map(|lab| lab.id.as_str()).collect();
    assert_eq!(known, ids.join(" "));
}

#[test]
fn an_unknown_lab_is_told_which_there_are() {
    let error = find(Path::new(LABS), "99").unwrap_err().to_string();
    assert!(error.contains("\"99\"") && error.contains("01"), "{error}");
}

#[test]
fn an_unknown_fault_or_outcome_is_refused_with_the_list() {
    let fault = "fault = \"zombie\"";
    assert_refused(fault, "fault = \"gremlin\"", "no fault \"gremlin\"");
    assert_refused(fault, "fault = \"gremlin\"", "stall-kill");
    let at = "at = { lost-response = \"duplicated\"";
    let vanished = "at = { lost-response = \"vanished\"";
    assert_refused(at, vanished, "\"vanished\"");
    assert_refused(at, vanished, "not_reached");
    let gremlin = "at = { gremlin = \"duplicated\"";
    assert_refused(at, gremlin, "no fault \"gremlin\"");
}

#[test]
fn malformed_toml_is_refused_with_its_line() {
    assert_refused("payments = 200", "payments = ", "line 11");
}

#[test]
fn an_unknown_field_is_refused() {
    assert_refused("payments = 200", "payments = 200\nspeed = 9", "speed");
}

#[test]
fn an_unknown_fault_is_refused() {
    assert_refused("fault = \"zombie\"", "fault = \"gremlin\"", "gremlin");
}

#[test]
fn contradictions_are_refused_by_name() {
    assert_refused("id = \"01\"", "id = \"02\"", "not its folder's name");
    assert_refused("strikes = 3", "strikes = 300", "strikes 300 of 200");
    assert_refused("instances = 2", "instances = 9", "one would be idle");
    assert_refused("name = \"kill\"", "name = \"zombie\"", "two scenarios");
    assert_refused(
        "fixed = \"held\"",
        "fxied = \"held\"",
        "which is no consumer",
    );
    assert_refused(
        "fixed = \"held\"",
        "fxied = \"held\"",
        "expects nothing of consumer",
    );
    assert_refused(
        "source = \"fixed.rs\"",
        "source = \"gone.rs\"",
        "no file gone.rs",
    );
    assert_refused("schema = 1", "schema = 2", "this program reads 1");
}

#[test]
fn what_counts_as_an_effect_is_checked_before_anything_runs() {
    let effects = |query: &str, done: &str| {
        format!(
            "[effects]\nsource = {{ kind = \"sql\", query = \"{query}\" }}\ndone = \"{done}\"\n[workload]"
        )
    };
    let to = effects("orders.status = 'paid' BY id", "paid");
    let lab = changed("[workload]", &to).unwrap();
    assert_eq!(lab.effects.effect_verb, "paid");
    let paid = effects("paid orders", "paid");
    assert_refused("[workload]", &paid, "orders.status = 'paid' BY id");
    let silent = effects("SELECT 1", " ");
    assert_refused("[workload]", &silent, "effects.done is empty");
}

#[test]
fn a_providers_misbehaviour_is_read_and_what_it_cannot_do_is_refused() {
    let with = |knob: &str| format!("[provider]\n{knob}\n[workload]");
    let knobs = "latency_ms = 5\nkey_lifetime_hours = 2\nclock_speed = 60\nkeys_ignored = true\n\
                 fail_before_every = 7\nlose_answer_every = 9";
    let lab = changed("[workload]", &with(knobs)).unwrap();
    let behaviour = lab.provider.behaviour();
    assert_eq!(behaviour.latency.as_millis(), 5);
    assert_eq!(behaviour.key_lifetime.as_secs(), 2 * 60 * 60);
    assert!(behaviour.keys_ignored);
    let failures = [
        (InjectedFailure::FailBefore, 7),
        (InjectedFailure::LoseAnswer, 9),
    ];
    assert_eq!(behaviour.failures, failures);
    assert_eq!(lab.provider.clock_speed(), 60);

    for (knob, because) in [
        ("clock_speed = 0", "provider.clock_speed is 0"),
        ("key_lifetime_hours = 0", "provider.key_lifetime_hours is 0"),
        ("fail_after_every = 1", "no request would ever succeed"),
        ("latency_ms = 60000", "more than the 10000"),
        ("speed = 1", "unknown field `speed`"),
    ] {
        assert_refused("[workload]", &with(knob), because);
    }
    assert_eq!(Provider::default().behaviour(), Behaviour::default());
}

#[test]
fn a_payment_waits_after_a_kill_only() {
    let kill = "name = \"kill\"\nfault = \"kill\"";
    let waiting = changed(kill, &format!("{kill}\nwait_hours = 25")).unwrap();
    let scenario = waiting.scenario("kill").unwrap();
    assert_eq!(scenario.wait_hours, Some(25));
    let zombie = "name = \"zombie\"\nfault = \"zombie\"";
    let to = format!("{zombie}\nwait_hours = 25");
    assert_refused(zombie, &to, "a payment waits only after: kill");
    let to = format!("{kill}\nwait_hours = 0");
    assert_refused(kill, &to, "waits for 0 hours");
}

#[test]
fn the_lineup_begins_with_the_broken_and_ends_with_the_fixed() {
    let lab = find(Path::new(LABS), "03").unwrap();
    let lineup = lab.lineup();
    assert_eq!((lineup[0], lineup[lineup.len() - 1]), ("broken", "fixed"));
    assert_eq!(lineup.len(), lab.consumers.len());
}

#[test]
fn all_contradictions_are_told_at_once() {
    let error = changed("payments = 200", "payments = 0")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("payments is 0") && error.contains("of 0 payments"),
        "{error}"
    );
}
