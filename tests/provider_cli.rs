//! `crashwindow provider`, and that docs/provider.md shows only commands that work.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

const CRASHWINDOW: &str = env!("CARGO_BIN_EXE_crashwindow");
const PAGE: &str = include_str!("../docs/provider.md");

/// What it prints for a shell, in this order.
const EXPORTS: [&str; 4] = [
    "PAYMENT_API_URL",
    "PAYMENT_API_KEY",
    "PROVIDER_ADMIN_URL",
    "PROVIDER_ADMIN_TOKEN",
];

/// A provider that runs until it is told to end.
struct Running {
    child: Child,
    exports: Vec<(String, String)>,
}

impl Running {
    /// Starts the provider, and reads what it prints.
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(CRASHWINDOW);
        command.arg("provider").args(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("it is piped");
        let lines = BufReader::new(stdout).lines().take(EXPORTS.len());
        let exports = lines
            .map(|line| {
                let line = line.expect("a line");
                let export = line.strip_prefix("export ").expect("a line for a shell");
                let (name, value) = export.split_once('=').expect("a name and a value");
                (name.to_owned(), value.to_owned())
            })
            .collect();
        Self { child, exports }
    }

    fn export(&self, name: &str) -> &str {
        let found = self.exports.iter().find(|(n, _)| n == name);
        &found
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.exports))
            .1
    }

    /// Runs a line in a shell into which the exports were pasted.
    fn sh(&self, line: &str) -> Output {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .env("no_proxy", "127.0.0.1")
            .envs(self.exports.iter().cloned());
        shell.output().expect("sh starts")
    }

    /// What `curl` prints for a request to the admin API.
    fn admin(&self, path: &str) -> Value {
        let line = format!(
            "curl -sS --fail-with-body -H \"Authorization: Bearer $PROVIDER_ADMIN_TOKEN\" \
             \"$PROVIDER_ADMIN_URL{path}\""
        );
        let output = self.sh(&line);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{path}: {e} {output:?}"))
    }

    /// Ends it as Ctrl-C does, and returns what it said on standard error.
    fn interrupt(mut self) -> String {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("it runs");
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut said).expect("text");
        let status = self.child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "{said}");
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of a test that failed half-way; of one that did not, it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of the page's `sh` blocks.
fn commands() -> Vec<&'static str> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in PAGE.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside && language == "sh";
        } else if inside {
            commands.push(line);
        }
    }
    commands
}

#[test]
fn every_command_of_the_page_works() {
    let running = Running::start(&[]);
    let (mut started, mut sent) = (0, 0);
    let mut replays = 0;
    for line in commands() {
        if let Some(arguments) = line.strip_prefix("crashwindow provider") {
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            let said = Running::start(&arguments).interrupt();
            assert!(said.contains("nothing was charged"), "{line}: {said}");
            started += 1;
            continue;
        }
        assert!(line.starts_with("curl "), "no test can run this: {line}");
        let output = running.sh(line);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{line}: {output:?}");
        assert!(
            printed.trim_end().ends_with(['}', ']']),
            "{line}: {printed}"
        );
        replays += usize::from(printed.contains("idempotent-replayed: true"));
        sent += 1;
    }
    assert!(
        started >= 2 && sent >= 8,
        "{started} and {sent} commands on the page"
    );
    assert_eq!(replays, 1, "the page says that its second command replays");
    assert_eq!(running.admin("/ledger").as_array().map(Vec::len), Some(2));
    let said = running.interrupt();
    assert!(said.contains("2 charges were made"), "{said}");
    assert!(
        said.contains(r#"set {"fail_after_every":3,"latency_ms":200}"#),
        "{said}"
    );
}

#[test]
fn every_knob_is_a_flag_and_is_on_the_page() {
    let running = Running::start(&[
        "--latency-ms=1",
        "--key-lifetime-hours=2.5",
        "--keys-ignored",
        "--search-lag-seconds=3",
        "--fail-before-every=4",
        "--fail-after-every=5",
        "--lose-answer-every=6",
        "--lock-timeout-every=7",
        "--rate-limit-every=8",
    ]);
    let knobs = running.admin("/knobs");
    let expected = serde_json::json!({
        "latency_ms": 1,
        "key_lifetime_hours": 2.5,
        "keys_ignored": true,
        "search_lag_seconds": 3.0,
        "fail_before_every": 4,
        "fail_after_every": 5,
        "lose_answer_every": 6,
        "lock_timeout_every": 7,
        "rate_limit_every": 8,
    });
    assert_eq!(knobs, expected);
    for knob in knobs.as_object().expect("an object").keys() {
        assert!(
            PAGE.contains(&format!("| `{knob}` |")),
            "{knob} is not on the page"
        );
    }
    running.interrupt();
}

#[test]
fn a_port_that_is_in_use_is_an_error_that_says_so() {
    let first = Running::start(&[]);
    let url = first.export("PAYMENT_API_URL");
    let port = url.rsplit(':').next().expect("a port").to_owned();
    let output = Command::new(CRASHWINDOW)
        .args(["provider", "--port", &port])
        .output()
        .expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(&format!("port {port}")), "{error}");
    assert!(error.contains("\nnext: "), "{error}");
}

#[test]
fn a_knob_that_cannot_be_turned_so_far_is_an_error_that_names_it() {
    for (flag, name) in [
        ("--latency-ms=20000", "latency_ms"),
        ("--key-lifetime-hours=0", "key_lifetime_hours"),
        ("--fail-after-every=0", "fail_after_every"),
    ] {
        let output = Command::new(CRASHWINDOW)
            .args(["provider", flag])
            .output()
            .expect("the program starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains(name) && error.contains("\nnext: "),
            "{error}"
        );
    }
}

#[test]
fn as_json_it_prints_one_object() {
    let mut command = Command::new(CRASHWINDOW);
    command.args(["provider", "--json"]).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let running = Running {
        child,
        exports: Vec::new(),
    };
    let printed: Value = serde_json::from_str(&line).expect("JSON");
    for key in [
        "payment_api_url",
        "payment_api_key",
        "admin_url",
        "admin_token",
    ] {
        assert!(printed[key].is_string(), "{key} in {line}");
    }
    running.interrupt();
}
