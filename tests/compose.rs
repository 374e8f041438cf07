//! The composition is understood by Compose, and nobody in it is root, can be reached from another
//! machine, or reaches the engine. scripts/docker-test.sh starts it.

#[path = "support/tools.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod tools;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use tools::COMPOSE;

const SERVICES: [&str; 7] = [
    "grafana",
    "kafka1",
    "kafka2",
    "kafka3",
    "lab",
    "postgres",
    "prometheus",
];

fn composition() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/compose.yaml");
    std::fs::read_to_string(file).expect("it is there")
}

/// Prints a YAML file as JSON: version 1 of Compose cannot, and comes with the Python that can.
const TO_JSON: &str = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";

/// What Compose makes of a composition; its complaint if it makes nothing. None, and
/// the test is ignored, where there is no Compose.
fn understood(text: &str) -> Option<Result<Value, String>> {
    let folder = tempfile::tempdir().expect("made");
    let file = folder.path().join("compose.yaml");
    std::fs::write(&file, text).expect("written");
    let run = |program: &str, first: &[&str], last: &[&str]| {
        let mut command = Command::new(program);
        command.args(first).arg("-f").arg(&file);
        command.args(["--profile", "cluster", "config"]).args(last);
        // What somebody has set for a stack of their own is not what is kept here.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CRASHWINDOW_")) {
            command.env_remove(name);
        }
        command.env("CRASHWINDOW_BROKERS", "3").output()
    };
    let said = |output: Output| match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).expect("it is UTF-8")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    };
    let plugin = Command::new("docker").args(["compose", "version"]).output();
    if plugin.is_ok_and(|output| output.status.success()) {
        let output = run("docker", &["compose"], &["--format", "json"]).expect("it was there");
        return Some(said(output).map(|json| serde_json::from_str(&json).expect("JSON")));
    }
    let output = run("docker-compose", &[], &[]);
    let found = COMPOSE.is_there(output.is_ok());
    found.then(|| said(output.expect("it was there")).map(|yaml| json_of(&yaml)))
}

fn json_of(yaml: &str) -> Value {
    let folder = tempfile::tempdir().expect("made");
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, yaml).expect("written");
    let output = Command::new("python3")
        .args(["-c", TO_JSON])
        .stdin(std::fs::File::open(file).expect("it is there"))
        .output()
        .expect("docker-compose is a Python program");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What is wrong with a composition.
fn problems(of: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let services = of["services"].as_object().expect("services");
    for (name, service) in services {
        let mut need = |holds: bool, what: &str| {
            if !holds {
                problems.push(format!("{name}: {what}"));
            }
        };
        let list = |field: &str| service[field].as_array().cloned().unwrap_or_default();
        let user = service["user"].as_str().unwrap_or_default();
        let id = user.split(':').next().and_then(|id| id.parse::<u32>().ok());
        need(id.is_some_and(|id| id > 0), "it is root");
        need(
            service["read_only"] == true,
            "its root file system can be written",
        );
        need(list("cap_drop") == ["ALL"], "it keeps capabilities");
        need(service["privileged"] != true, "it is privileged");
        let options = list("security_opt");
        need(
            options == ["no-new-privileges:true"],
            "it can get privileges",
        );
        need(
            service["healthcheck"]["test"].is_array(),
            "nobody knows whether it is healthy",
        );
        let image = service["image"].as_str().unwrap_or_default();
        let tag = image
            .rsplit_once(':')
            .map(|(_, tag)| tag)
            .unwrap_or("latest");
        need(
            tag.starts_with(|c: char| c == 'v' || c.is_ascii_digit()),
            "its image is not pinned",
        );
        for port in list("ports") {
            let local = match &port {
                Value::String(port) => port.starts_with("127.0.0.1:"),
                port => port["host_ip"] == "127.0.0.1",
            };
            need(local, "it can be reached from other machines");
        }
        for volume in list("volumes") {
            need(
                !volume.to_string().contains("docker.sock"),
                "it reaches the engine",
            );
        }
        let mode = service["network_mode"].as_str().unwrap_or_default();
        need(!mode.contains("host"), "it is in the machine's network");
    }
    problems
}

#[test]
fn compose_understands_it_and_nobody_in_it_has_more_than_it_needs() {
    let Some(understood) = understood(&composition()) else {
        return;
    };
    let it = understood.expect("Compose takes it");
    let names: Vec<&String> = it["services"]
        .as_object()
        .expect("services")
        .keys()
        .collect();
    assert_eq!(names, SERVICES);
    assert_eq!(problems(&it), Vec::<String>::new());
    let voters = &it["services"]["kafka3"]["environment"]["BROKERS"];
    assert_eq!(voters, "3", "the profile's brokers know of each other");
}

#[test]
fn a_composition_that_gives_more_is_found_out() {
    for (right, wrong) in [
        ("user: \"10001:10001\"", "user: \"0:0\""),
        ("user: \"999:999\"", "hostname: db"),
        ("read_only: true", "read_only: false"),
        ("cap_drop: [ALL]", "cap_drop: [NET_RAW]"),
        ("no-new-privileges:true", "no-new-privileges:false"),
        (
            "[\"127.0.0.1:${CRASHWINDOW_GRAFANA_PORT:-3000}:3000\"]",
            "[\"3000:3000\"]",
        ),
        (
            "lab:/var/lib/crashwindow",
            "/var/run/docker.sock:/var/run/docker.sock",
        ),
        ("grafana/grafana:12.2.0", "grafana/grafana"),
        ("network_mode: \"service:lab\"", "network_mode: host"),
    ] {
        let changed = composition().replace(right, wrong);
        assert_ne!(changed, composition(), "{right} is not there");
        let Some(understood) = understood(&changed) else {
            return;
        };
        let it = understood.unwrap_or_else(|said| panic!("{wrong}: {said}"));
        assert!(!problems(&it).is_empty(), "{wrong} is found by nobody");
    }
}

#[test]
fn a_composition_that_compose_does_not_understand_is_refused() {
    let changed = composition().replace("  lab:\n    <<", "  lab:\n    imagine: true\n    <<");
    assert_ne!(changed, composition());
    if let Some(understood) = understood(&changed) {
        understood.expect_err("there is no `imagine`");
    }
}
