//! `provider`: the payment provider alone, for one's own tests.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use clap::Args;
use crashwindow::event::Source;
use crashwindow::provider::{Account, Admin, Clock, Knobs, Provider as Payments};
use crashwindow::tap::PassAll;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// Run the payment provider alone, until Ctrl-C, for tests of your own (docs/provider.md)
///
/// It answers the SDKs of Stripe, with their base URL changed. What it prints can be pasted into a
/// shell. Nothing is stored: charges, keys and the account are gone when it ends.
///
/// The knobs below, and the provider's clock, can be turned while it runs: through the admin API,
/// which is on this machine only and wants the token that is printed.
///
/// Example: crashwindow provider
///
/// Example: crashwindow provider --port 12111 --lose-answer-every 10
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Provider {
    /// The port of the payment API, on 127.0.0.1 [default: a free one]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    port: u16,

    /// How many hours pass for the provider in one real hour
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    clock_speed: u32,

    #[command(flatten)]
    knobs: KnobArgs,

    /// Print the addresses and secrets as JSON
    #[arg(long)]
    json: bool,
}

/// How the account behaves from the start.
#[derive(Debug, Args)]
#[command(next_help_heading = "Knobs")]
struct KnobArgs {
    /// How long an execution takes
    #[arg(long, value_name = "MS")]
    latency_ms: Option<u64>,

    /// How long an idempotency key is remembered [default: 24]
    #[arg(long, value_name = "HOURS")]
    key_lifetime_hours: Option<f64>,

    /// Take idempotency keys and forget them
    #[arg(long)]
    keys_ignored: bool,

    /// How long after it was made an object is found by a search [default: 60]
    #[arg(long, value_name = "SECONDS")]
    search_lag_seconds: Option<f64>,

    /// Answer the last of so many POSTs 503, and do not execute it
    #[arg(long, value_name = "N")]
    fail_before_every: Option<u32>,

    /// Execute the last of so many POSTs, and answer 500
    #[arg(long, value_name = "N")]
    fail_after_every: Option<u32>,

    /// Execute the last of so many POSTs, and close the connection instead of answering
    #[arg(long, value_name = "N")]
    lose_answer_every: Option<u32>,

    /// Answer the last of so many POSTs 429 lock_timeout, with Stripe-Should-Retry: true
    #[arg(long, value_name = "N")]
    lock_timeout_every: Option<u32>,

    /// Answer the last of so many POSTs 429 rate_limit
    #[arg(long, value_name = "N")]
    rate_limit_every: Option<u32>,
}

impl KnobArgs {
    fn knobs(&self) -> Knobs {
        let stripe = Knobs::default();
        Knobs {
            latency_ms: self.latency_ms.unwrap_or(stripe.latency_ms),
            key_lifetime_hours: self.key_lifetime_hours.unwrap_or(stripe.key_lifetime_hours),
            keys_ignored: self.keys_ignored,
            search_lag_seconds: self.search_lag_seconds.unwrap_or(stripe.search_lag_seconds),
            fail_before_every: self.fail_before_every,
            fail_after_every: self.fail_after_every,
            lose_answer_every: self.lose_answer_every,
            lock_timeout_every: self.lock_timeout_every,
            rate_limit_every: self.rate_limit_every,
        }
    }
}

impl Provider {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let behaviour = self.knobs.knobs().behaviour();
        let behaviour = behaviour.map_err(|problem| {
            anyhow!("{problem}\nnext: crashwindow provider --help, where each knob is a flag")
        })?;
        // Before anything is printed: whoever reads that may send a signal at once.
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let provider = Payments::new(Clock::with_speed(self.clock_speed));
        let account = provider.open_account(behaviour);
        // Whoever sends requests here is not told apart: there is one listener.
        let source = Source {
            instance: "client".to_owned(),
            incarnation: 1,
        };
        let listener = provider.listen_on(self.port, source, Arc::new(PassAll));
        let listener = listener.map_err(|e| {
            anyhow!(
                "the payment API cannot listen on port {} of 127.0.0.1: {e}\n\
                 next: leave out --port, or choose one that is free",
                self.port
            )
        })?;
        let tell = |what: &str| anstream::eprintln!("{what}");
        let admin = Admin::start(account.clone(), Arc::new(tell));
        let admin = admin.map_err(|e| {
            anyhow!(
                "the admin API cannot listen on a free port of 127.0.0.1: {e}\n\
                 next: end what holds the ports of this machine, and run it again"
            )
        })?;

        if self.json {
            let told = json!({
                "payment_api_url": listener.url(),
                "payment_api_key": account.api_key(),
                "admin_url": admin.url(),
                "admin_token": admin.token(),
            });
            println!("{told}");
        } else {
            println!("export PAYMENT_API_URL={}", listener.url());
            println!("export PAYMENT_API_KEY={}", account.api_key());
            println!("export PROVIDER_ADMIN_URL={}", admin.url());
            println!("export PROVIDER_ADMIN_TOKEN={}", admin.token());
            anstream::eprintln!(
                "the provider runs until Ctrl-C; docs/provider.md says what it does"
            );
        }
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        anstream::eprintln!("{}", summary(&account));
        Ok(ExitCode::SUCCESS)
    }
}

fn summary(account: &Account) -> String {
    match account.ledger().len() {
        0 => "nothing was charged".to_owned(),
        1 => "1 charge was made".to_owned(),
        n => format!("{n} charges were made"),
    }
}
