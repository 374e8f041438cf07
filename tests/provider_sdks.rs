//! The official Stripe SDKs, unmodified, against the provider.
//!
//! The scripts of `tests/sdk` do the asserting about what a client is told; the ledger says here
//! what was charged. The SDKs are installed once, at the versions pinned there.

#[path = "provider_sdks/conformance.rs"]
mod conformance;
mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crashwindow::event::{Source, Stage};
use crashwindow::provider::{Account, Behaviour, Clock, Provider};
use crashwindow::tap::{BoundaryEvent, Decision, DecisionFuture, Hook};
use support::sdk::{node_packages, python_packages, run, rust_program, within};
use tokio::process::Command;
use tokio::sync::mpsc;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk");

#[tokio::test]
async fn the_python_sdk_works_and_charges_each_key_once() {
    let (python, pin) = python().await;
    let version = drive(script(&python, "charges.py")).await;
    assert_eq!(format!("stripe=={version}"), pin.trim());
}

#[tokio::test]
async fn the_node_sdk_works_and_charges_each_key_once() {
    let (home, pinned) = node().await;
    let version = drive(node_script(&home, "charges.mjs")).await;
    assert_eq!(pinned, version);
}

#[tokio::test]
async fn the_python_sdk_retries_and_confirms_as_it_does_at_stripe() {
    let (python, _) = python().await;
    let seen = conformance::of(script(&python, "conformance.py")).await;

    seen.assert_counts(&[
        // Without options a client retries nothing, and a lost answer is a charge all the same.
        ("msg-1007", 1, 0),
        ("msg-1008", 1, 1),
        // 429 is retried only if the answer asks for it.
        ("msg-1006", 1, 0),
    ]);
    // A UUID of its own on every request.
    let is_uuid = |key: &str| key.len() == 36 && key.matches('-').count() == 4;
    let keys = seen.keys();
    assert!(
        keys.iter().all(|k| k.as_deref().is_some_and(is_uuid)),
        "{keys:?}"
    );
}

#[tokio::test]
async fn the_node_sdk_retries_and_confirms_as_it_does_at_stripe() {
    let (home, _) = node().await;
    let seen = conformance::of(node_script(&home, "conformance.mjs")).await;

    seen.assert_counts(&[
        ("msg-1007", 1, 0),
        // Once more after a connection that broke, even where no retry is allowed.
        ("msg-1008", 2, 1),
        ("msg-1006", 1, 0),
    ]);
    let is_nodes = |key: &str| key.starts_with("stripe-node-retry-");
    let keys = seen.keys();
    assert!(
        keys.iter().all(|k| k.as_deref().is_some_and(is_nodes)),
        "{keys:?}"
    );
}

#[tokio::test]
async fn the_rust_sdk_understands_every_answer_and_retries_as_it_says() {
    let program = rust_program("sdk-rust", &Path::new(SCRIPTS).join("rust")).await;
    let seen = conformance::of(Command::new(program)).await;

    seen.assert_counts(&[
        ("msg-1007", 1, 0),
        ("msg-1008", 1, 1),
        // It retries any 429.
        ("msg-1006", 2, 1),
    ]);
    // `Once` sends no key, the retrying strategies a UUID.
    let without: Vec<&str> = seen.charged_without_key();
    assert_eq!(without, ["msg-1008"]);
}

async fn python() -> (PathBuf, String) {
    let (home, pin) = python_packages("sdk-python", Path::new(SCRIPTS)).await;
    (home.join("bin/python"), pin)
}

/// The folder of the package, and the version that is pinned.
async fn node() -> (PathBuf, String) {
    let (home, manifest) = node_packages("sdk-node", Path::new(SCRIPTS)).await;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("a manifest");
    let pinned = manifest["dependencies"]["stripe"].as_str();
    (home, pinned.expect("a pin").to_owned())
}

fn script(interpreter: &Path, name: &str) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(Path::new(SCRIPTS).join(name));
    command
}

/// Node resolves a package from where the script is.
fn node_script(home: &Path, name: &str) -> Command {
    let copy = home.join(name);
    std::fs::copy(Path::new(SCRIPTS).join(name), &copy).expect("the cache is writable");
    let mut command = Command::new("node");
    command.arg(copy);
    command
}

/// Runs a script against a provider and judges by the ledger. Returns what the script printed: the
/// version of its SDK.
async fn drive(mut script: Command) -> String {
    let provider = Provider::new(Clock::new());
    let account = provider.open_account(Behaviour::default());
    let (held, mut holding) = mpsc::unbounded_channel();
    let hook = Arc::new(Strikes {
        lost: AtomicBool::new(false),
        held,
    });
    let source = Source {
        instance: "sdk".to_owned(),
        incarnation: 1,
    };
    let listener = provider.listen(source, hook).expect("a free port");
    let url = listener.url();
    // What the scripts send too: other parameters would be another error than the key in use.
    let form = [
        ("amount", "1000"),
        ("currency", "usd"),
        ("source", "tok_visa"),
    ];
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let request = http.post(format!("{url}/v1/charges"));
    let request = request.bearer_auth(account.api_key()).form(&form);
    let in_flight = tokio::spawn(request.header("Idempotency-Key", "held-msg-0003").send());
    let held = within("the request that stays in flight", holding.recv()).await;
    held.expect("the hook is there");

    script.env("PAYMENT_API_URL", &url);
    script.env("no_proxy", "127.0.0.1");
    script.env("PAYMENT_API_KEY", account.api_key());
    let printed = run(&mut script).await;

    in_flight.abort();
    assert_eq!(
        charged_keys(&account),
        ["held-msg-0003", "k1", "lost-msg-0002"]
    );
    printed.trim().to_owned()
}

fn charged_keys(account: &Account) -> Vec<String> {
    let ledger = account.ledger();
    let keys = ledger.into_iter().filter_map(|entry| entry.idempotency_key);
    keys.collect()
}

/// Keeps payment `msg-0003` in flight, and loses the first answer to `msg-0002`.
struct Strikes {
    lost: AtomicBool,
    held: mpsc::UnboundedSender<()>,
}

impl Hook for Strikes {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        Box::pin(async move {
            match (event.subjects.first().map(String::as_str), event.stage) {
                (Some("msg-0003"), Stage::Executed) => {
                    self.held.send(()).expect("the test is running");
                    std::future::pending().await
                }
                (Some("msg-0002"), Stage::Answered) if !self.lost.swap(true, Ordering::SeqCst) => {
                    Decision::Drop
                }
                _ => Decision::Pass,
            }
        })
    }
}
