//! The official Stripe SDKs, unmodified, against the provider.
//!
//! The scripts of `tests/sdk` do the asserting about what a client is told; the ledger says here
//! what was charged. The SDKs are installed once, at the versions pinned there.

mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crashwindow::provider::{Account, Behaviour, Clock, Provider};
use crashwindow::tap::{BoundaryEvent, Decision, DecisionFuture, Hook, Source, Stage};
use support::sdk::{node_packages, python_packages, run, within};
use tokio::process::Command;
use tokio::sync::mpsc;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk");

#[tokio::test]
async fn the_python_sdk_works_and_charges_each_key_once() {
    let (home, pin) = python_packages("sdk-python", Path::new(SCRIPTS)).await;
    let mut script = Command::new(home.join("bin/python"));
    script.arg(Path::new(SCRIPTS).join("charges.py"));

    let version = drive(script).await;

    assert_eq!(format!("stripe=={version}"), pin.trim());
}

#[tokio::test]
async fn the_node_sdk_works_and_charges_each_key_once() {
    let (home, manifest) = node_packages("sdk-node", Path::new(SCRIPTS)).await;
    // Node resolves a package from where the script is.
    let script = home.join("charges.mjs");
    std::fs::copy(Path::new(SCRIPTS).join("charges.mjs"), &script).expect("the cache is writable");
    let mut node = Command::new("node");
    node.arg(script);

    let version = drive(node).await;

    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("a manifest");
    assert_eq!(manifest["dependencies"]["stripe"], version);
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
            match (event.payment.as_deref(), event.stage) {
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
