//! Prometheus' own tool on the configuration, the rules and their tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::tools::PROMTOOL;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/prometheus")
}

/// None where this machine does not have the tool.
fn promtool(folder: &Path, args: &[&str]) -> Option<Output> {
    PROMTOOL.is_on_path().then(|| {
        let mut promtool = Command::new("promtool");
        let output = promtool.args(args).current_dir(folder).output();
        output.expect("it is on the PATH")
    })
}

#[track_caller]
fn passes(args: &[&str]) {
    let Some(output) = promtool(&folder(), args) else {
        return;
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "promtool {args:?}: {said}");
    assert!(said.contains("SUCCESS"), "promtool {args:?}: {said}");
}

#[test]
fn prometheus_takes_the_configuration_and_the_rules() {
    passes(&["check", "config", "prometheus.yml"]);
    passes(&["check", "rules", "rules.yml", "alerts.yml"]);
}

#[test]
fn the_alerts_fire_and_stay_silent_as_they_should() {
    passes(&["test", "rules", "tests.yml"]);
}

#[test]
fn an_alert_that_fires_too_late_too_early_or_with_another_severity_is_noticed() {
    for (what, right, wrong) in [
        (
            "too late",
            "} > 0.01\n            and on",
            "} > 0.2\n            and on",
        ),
        (
            "without traffic",
            "consumer:dedup_checks:rate30s > 10",
            "consumer:dedup_checks:rate30s > 0",
        ),
        (
            "a rebalance explains for too short a time",
            "unless on (lab, consumer) consumer:rebalances:rate2m > 0",
            "unless on (lab, consumer) sum by (lab, consumer) (consumer_kind:rebalances:rate30s) > 0",
        ),
        (
            "a rebalance explains nothing",
            "unless on (lab, consumer)",
            "and on (lab, consumer)",
        ),
        (
            "duplicates are no page",
            "severity: page",
            "severity: ticket",
        ),
        (
            "lost is not looked at",
            "outcome=\"lost\"",
            "outcome=\"mislaid\"",
        ),
    ] {
        let copy = tempfile::tempdir().expect("made");
        for file in ["rules.yml", "alerts.yml", "tests.yml"] {
            let mut text = std::fs::read_to_string(folder().join(file)).expect("it is there");
            if file == "alerts.yml" {
                assert!(text.contains(right), "{what}: {right} is not there");
                text = text.replace(right, wrong);
            }
            std::fs::write(copy.path().join(file), text).expect("written");
        }
        let Some(output) = promtool(copy.path(), &["test", "rules", "tests.yml"]) else {
            return;
        };
        assert!(!output.status.success(), "{what}: it passed");
    }
}
