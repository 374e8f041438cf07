//! A stack's Prometheus: it comes with the stack where this machine has one, and goes with it.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::lab::{Lab, block_on, lives, signal, wait_for};

fn ask(address: &str, path: &str) -> Option<Value> {
    block_on(async {
        let answer = reqwest::get(format!("{address}{path}")).await.ok()?;
        answer.json().await.ok()
    })
}

#[test]
fn prometheus_comes_with_the_stack_and_its_end_is_not_the_stacks() {
    let lab = Lab::new("prometheus");
    lab.up(&[]);
    let Some((address, pid)) = lab.prometheus() else {
        return;
    };
    // It has the lab's rules, and scrapes nobody before there is a dashboard.
    let mut rules = Value::Null;
    wait_for("Prometheus to answer", || {
        rules = ask(&address, "/api/v1/rules").unwrap_or_default();
        rules["status"] == "success"
    });
    let groups = rules["data"]["groups"].to_string();
    for alert in ["RedeliverySpike", "DuplicateEffects"] {
        assert!(groups.contains(alert), "{groups}");
    }
    let targets = ask(&address, "/api/v1/targets").expect("it answers");
    let active = targets["data"]["activeTargets"].as_array();
    assert_eq!(active.map(Vec::len), Some(0), "{targets}");

    // Nothing needs it: the servers go on.
    let servers = lab.pids();
    signal(pid, Signal::SIGKILL);
    wait_for("the stack to be without Prometheus", || {
        lab.status()["endpoints"]["prometheus"].is_null()
    });
    assert_eq!(lab.pids(), servers);
}

#[test]
fn prometheus_dies_with_the_supervisor_and_goes_with_down() {
    let lab = Lab::new("prometheus-end");
    lab.up(&[]);
    let Some((_, pid)) = lab.prometheus() else {
        return;
    };
    signal(lab.pids().supervisor, Signal::SIGKILL);
    wait_for("Prometheus to be gone", || !lives(pid));
    lab.up(&[]);
    let (_, pid) = lab.prometheus().expect("it was there before");
    lab.down();
    wait_for("Prometheus to be gone", || !lives(pid));
}
