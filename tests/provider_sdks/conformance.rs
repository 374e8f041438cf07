//! A provider that does to payments what the scripts expect, and counts what an SDK sends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crashwindow::event::{Source, Stage};
use crashwindow::provider::{Account, Behaviour, Clock, InjectedFailure, LedgerEntry, Provider};
use crashwindow::tap::{BoundaryEvent, Decision, DecisionFuture, Hook};
use tokio::process::Command;
use tokio::sync::Notify;

use crate::support::sdk::{run, within};

/// What befalls the first request for a payment.
const MISHAPS: [(&str, InjectedFailure); 8] = [
    ("msg-1001", InjectedFailure::FailBefore),
    ("msg-1002", InjectedFailure::LoseAnswer),
    ("msg-1004", InjectedFailure::FailAfter),
    ("msg-1005", InjectedFailure::LockTimeout),
    ("msg-1006", InjectedFailure::RateLimit),
    ("msg-1007", InjectedFailure::FailBefore),
    ("msg-1008", InjectedFailure::LoseAnswer),
    ("msg-1010", InjectedFailure::LoseAnswer),
];

/// The payment whose first request stays in flight until a second one was told so.
const HELD: &str = "msg-1003";

/// Per payment: how many requests to change something arrive, and how often it is charged, whatever
/// the SDK. That a retry carries the key of the first request is in here: with another key, or none,
/// payments 1002, 1003 and 1010 would be charged twice.
const COUNTS: [(&str, usize, usize); 9] = [
    ("msg-1001", 2, 1),
    ("msg-1002", 2, 1),
    // No answer, 409, replay.
    ("msg-1003", 3, 1),
    ("msg-1004", 1, 1),
    ("msg-1005", 2, 1),
    // Create, update, confirm, confirm once more.
    ("msg-1009", 4, 1),
    ("msg-1010", 2, 1),
    // Declined at once, confirmed later.
    ("msg-1011", 2, 1),
    // Created and canceled.
    ("msg-1012", 2, 0),
];

/// Runs a script to its end, against a provider of its own.
pub async fn of(mut script: Command) -> Seen {
    let provider = Provider::new(Clock::new());
    let account = provider.open_account(Behaviour::default());
    let hook = Arc::new(Conformance::default());
    hook.account.set(account.clone()).expect("only once");
    let source = Source {
        instance: "sdk".to_owned(),
        incarnation: 1,
    };
    let listener = provider
        .listen(source, Arc::clone(&hook) as Arc<dyn Hook>)
        .expect("a free port");
    script
        .env("PAYMENT_API_URL", listener.url())
        .env("PAYMENT_API_KEY", account.api_key())
        .env("no_proxy", "127.0.0.1");
    run(&mut script).await;
    assert_eq!(account.awaited(), [], "mishaps that befell nobody");
    let received = hook.received.lock().unwrap().clone();
    Seen {
        received,
        ledger: account.ledger(),
    }
}

/// What came of a script.
pub struct Seen {
    /// The payment of each request that changes something, as they arrived.
    received: Vec<String>,
    ledger: Vec<LedgerEntry>,
}

impl Seen {
    /// Asserts how many requests came for each payment, and how often it was charged; `own` are the
    /// counts in which SDKs differ.
    pub fn assert_counts(&self, own: &[(&str, usize, usize)]) {
        for (payment, requests, charges) in COUNTS.iter().chain(own) {
            let received = self.received.iter().filter(|p| p == payment).count();
            let entries = self.ledger.iter();
            let charged = entries.filter(|e| e.payment.as_deref() == Some(payment));
            let counted = (received, charged.count());
            assert_eq!(counted, (*requests, *charges), "{payment}");
        }
    }

    /// The key of each charge.
    pub fn keys(&self) -> Vec<Option<String>> {
        let entries = self.ledger.iter();
        entries.map(|entry| entry.idempotency_key.clone()).collect()
    }

    /// The payments that were charged without a key.
    pub fn charged_without_key(&self) -> Vec<&str> {
        let entries = self.ledger.iter();
        let without = entries.filter(|entry| entry.idempotency_key.is_none());
        without
            .filter_map(|entry| entry.payment.as_deref())
            .collect()
    }
}

#[derive(Default)]
struct Conformance {
    account: OnceLock<Account>,
    received: Mutex<Vec<String>>,
    holding: AtomicBool,
    told: Notify,
    saved: Notify,
}

impl Conformance {
    /// Writes a request down, and orders what befalls it if it is its payment's first.
    fn receive(&self, payment: &str) {
        let mut received = self.received.lock().unwrap();
        let is_first = !received.iter().any(|p| p == payment);
        received.push(payment.to_owned());
        let mishap = MISHAPS.iter().find(|(p, _)| *p == payment);
        if let Some((_, mishap)) = mishap.filter(|_| is_first) {
            let account = self.account.get().expect("set before the script started");
            account.inject(*mishap, 1);
        }
    }
}

impl Hook for Conformance {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        Box::pin(async move {
            let Some(payment) = event
                .subjects
                .first()
                .map(String::as_str)
                .filter(|_| event.writes)
            else {
                return Decision::Pass;
            };
            match event.stage {
                Stage::Received => self.receive(payment),
                Stage::Executed
                    if payment == HELD && !self.holding.swap(true, Ordering::SeqCst) =>
                {
                    within(
                        "a second request that is told of the first",
                        self.told.notified(),
                    )
                    .await;
                }
                Stage::Answered if payment == HELD && event.outcome.starts_with("409 ") => {
                    self.told.notify_one();
                    // Its next retry finds the result, however soon it comes.
                    within("the first request to be saved", self.saved.notified()).await;
                }
                Stage::Answered if payment == HELD => self.saved.notify_one(),
                Stage::Executed | Stage::Answered => {}
            }
            Decision::Pass
        })
    }
}
