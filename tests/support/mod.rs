//! The running stack that a test is given, by the name in `CRASHWINDOW_TEST_STACK`.

use std::process::Command;

use crashwindow::group::Security;
use serde_json::Value;

/// Where the test's Kafka is.
pub struct Endpoints {
    pub bootstrap: String,
    pub security: Security,
    /// The broker's process, if it is one of this machine.
    pub broker: Option<u32>,
}

/// Asks `crashwindow status` for the stack. Panics without one: a test that needs real servers must
/// not pass because there are none.
pub fn endpoints() -> Endpoints {
    let Ok(name) = std::env::var("CRASHWINDOW_TEST_STACK") else {
        panic!(
            "CRASHWINDOW_TEST_STACK is not set: this test needs a real Kafka; run `make test`, or \
             start a stack (`crashwindow up --name NAME`) and set CRASHWINDOW_TEST_STACK=NAME"
        );
    };
    let output = Command::new(env!("CARGO_BIN_EXE_crashwindow"))
        .args(["status", "--name", &name, "--json"])
        .output()
        .expect("the crashwindow binary was built with this test");
    let status: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        panic!("`crashwindow status --name {name} --json` is no JSON ({error}): {stderr}")
    });
    let kafka = &status["endpoints"]["kafka"];
    let Some(bootstrap) = kafka["bootstrap"].as_str() else {
        panic!("stack {name} does not run; run `make test`, or `crashwindow up --name {name}`");
    };
    let processes = status["processes"].as_array().cloned().unwrap_or_default();
    let broker = processes.iter().find(|process| process[0] == "Kafka");
    Endpoints {
        bootstrap: bootstrap.to_string(),
        security: serde_json::from_value(kafka["security"].clone())
            .expect("the security of the stack's listener"),
        broker: broker.and_then(|process| u32::try_from(process[1].as_u64()?).ok()),
    }
}
