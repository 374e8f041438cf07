//! What tests share: the stack they run on and the program they drive.
#![allow(dead_code, reason = "each test file uses what it needs")]

pub mod consumers;
pub mod grafana;
pub mod prometheus;
pub mod promql;
pub mod redis;
pub mod sdk;
pub mod tools;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crashwindow::report::RunReport;
use crashwindow::report::explore::ExploreReport;
use crashwindow::stack::Endpoints;

/// The program under test.
pub const CRASHWINDOW: &str = env!("CARGO_BIN_EXE_crashwindow");

/// The name of the stack that `make test` brought up.
///
/// # Panics
/// When the tests were started without it.
#[must_use]
pub fn stack_name() -> String {
    std::env::var("CRASHWINDOW_TEST_STACK").expect(
        "these tests need a running stack, which `make test` brings up \
         (or: crashwindow up --name t, then CRASHWINDOW_TEST_STACK=t cargo test)",
    )
}

/// Where the servers of the tests' stack are.
#[must_use]
pub fn endpoints() -> Endpoints {
    let output = crashwindow(&["up", "--stack", "native", "--json"]);
    serde_json::from_slice(&output.stdout).expect("`up --json` prints the endpoints")
}

/// The process of the tests' Kafka.
#[must_use]
pub fn broker_pid() -> u32 {
    let output = crashwindow(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let processes = status["processes"].as_array().cloned().unwrap_or_default();
    let broker = processes.iter().find(|process| process[0] == "Kafka");
    let pid = broker
        .and_then(|process| process[1].as_u64())
        .expect("a native stack");
    pid.try_into().expect("a process id")
}

/// The program with these arguments, on the tests' stack, not yet started. The consumers that it may
/// start are built.
#[must_use]
#[track_caller]
pub fn command(args: &[&str]) -> Command {
    consumers::built();
    let mut command = Command::new(CRASHWINDOW);
    command
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CRASHWINDOW_STACK", stack_name());
    command
}

/// Runs the program on the tests' stack.
#[must_use]
pub fn crashwindow(args: &[&str]) -> Output {
    command(args).output().expect("the program starts")
}

/// Runs the program with `--json` and reads the report.
///
/// # Errors
/// When there is no report: what it printed instead.
pub fn report(args: &[&str]) -> Result<RunReport, String> {
    let output = crashwindow(&[args, &["--json"]].concat());
    serde_json::from_slice(&output.stdout).map_err(|e| {
        format!(
            "crashwindow {}: {}; no report ({e}): {}",
            args.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// Explores with these arguments.
///
/// # Panics
/// When there is no report.
#[track_caller]
pub fn explore(args: &[&str]) -> ExploreReport {
    explore_with(&[], args)
}

/// Explores with these arguments and, in the consumer's environment, these variables.
///
/// # Panics
/// When there is no report.
#[track_caller]
pub fn explore_with(variables: &[(&str, &str)], args: &[&str]) -> ExploreReport {
    // An exploration uses every core by itself; two at once measure each other.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let output = command(&[&["explore", "--json"], args].concat())
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!(
            "crashwindow explore {}: {}: {e}\n{said}",
            args.join(" "),
            output.status
        )
    })
}

/// The folder of labs in this checkout.
#[must_use]
pub fn labs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("labs")
}

/// Polls until `done`, and fails with what it waited for.
#[track_caller]
pub fn wait_until(what: &str, deadline: Duration, mut done: impl FnMut() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < deadline, "waited {deadline:?} for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The tests' servers as a user's own, for a run that keeps its folders apart.
pub struct External {
    endpoints: Endpoints,
}

impl External {
    /// The stack that `make test` brought up.
    #[must_use]
    pub fn of_the_tests() -> Self {
        Self {
            endpoints: endpoints(),
        }
    }

    /// Another one.
    #[must_use]
    pub fn at(endpoints: &Endpoints) -> Self {
        Self {
            endpoints: endpoints.clone(),
        }
    }

    /// Lets a command use these servers.
    pub fn apply(&self, command: &mut Command) {
        command
            .env("CRASHWINDOW_KAFKA", &self.endpoints.kafka.bootstrap)
            .env("CRASHWINDOW_POSTGRES", &self.endpoints.postgres.admin_url);
    }

    /// Whether Kafka has the topic of this name.
    #[must_use]
    pub fn has_topic(&self, name: &serde_json::Value) -> bool {
        use rdkafka::consumer::{BaseConsumer, Consumer};
        let name = name.as_str().expect("a name");
        let client: BaseConsumer = self.endpoints.kafka.client_config().create().unwrap();
        let metadata = client
            .fetch_metadata(None, Duration::from_secs(10))
            .expect("Kafka answers");
        metadata.topics().iter().any(|t| t.name() == name)
    }

    /// Whether Postgres has the database of this name.
    #[must_use]
    pub fn has_database(&self, name: &serde_json::Value) -> bool {
        let name = name.as_str().expect("a name");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let url = &self.endpoints.postgres.admin_url;
            let (client, _connection) = crashwindow::stack::postgres::connect(url, None)
                .await
                .expect("Postgres answers");
            let found = client
                .query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
                .await;
            !found.unwrap().is_empty()
        })
    }
}
