//! The measurements, on a stack of their own. `tests/bench.rs` makes them, too, on a scale that only
//! shows that they work.

#[path = "../../../tests/support/consumers.rs"]
#[allow(dead_code, reason = "tests need more of it")]
mod consumers;
mod cpu;
mod explore;
mod feed;
mod kafka;
mod page;
mod postgres;
mod stats;
mod toxiproxy;
mod watched;
mod ways;

use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use crashwindow::stack::{self, Proxied, Silent, StackChoice, StackOptions};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use self::toxiproxy::Toxiproxy;
use self::ways::Ways;

/// How often it is asked whether a run is over that nobody follows: seldom, for its sake.
const LOOK: Duration = Duration::from_secs(1);

/// What can be measured by itself.
pub const PARTS: [&str; 5] = ["feed", "taps", "watched", "page", "explore"];

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Rounds in which every way has its turn; the medians are of these.
    pub rounds: usize,
    /// Records of 1 KiB that are produced and consumed at once, each round.
    pub records: usize,
    /// Records of 1 KiB that are produced one after another, each round.
    pub single_records: usize,
    /// Single-row transactions one after another, each round.
    pub transactions: usize,
    /// Events that the dashboard's feed is put through, each round.
    pub watched_events: u32,
    /// Payments of a run that the dashboard shows, each round.
    pub payments: u32,
    /// Payments whose events a page is told at once.
    pub page_payments: u32,
    /// Whether every fault is tried in an exploration, or one.
    pub all_faults: bool,
    /// The one part that is measured, of [`PARTS`]; all without.
    pub part: Option<&'static str>,
}

impl Scale {
    /// As little as shows that all lines are printed.
    pub const QUICK: Self = Self {
        rounds: 1,
        records: 500,
        single_records: 20,
        transactions: 20,
        watched_events: 500,
        payments: 5,
        page_payments: 200,
        all_faults: false,
        part: None,
    };
}

impl Scale {
    fn makes(self, part: &str) -> bool {
        self.part.is_none_or(|only| only == part)
    }

    /// What goes over a way at least: the records, in and out.
    fn least_bytes(self) -> u64 {
        (self.rounds * (2 * self.records + self.single_records) * kafka::SIZE) as u64
    }
}

/// Where the lines of the report go.
pub type Print<'a> = dyn FnMut(&str) + 'a;

/// Brings a stack up, measures everything on it, and takes it down again, also when it is
/// interrupted. `program` is `crashwindow`, built as this is; the consumers are built as well.
///
/// # Errors
/// When the stack does not come up, or a way that is measured breaks.
pub fn measure(
    program: &str,
    scale: Scale,
    may_install: bool,
    print: &mut Print<'_>,
) -> anyhow::Result<()> {
    consumers::built();
    if scale.makes("feed") {
        feed::measure(scale, print)?;
    }
    // As in the controller, the taps have a runtime of their own; the clients are elsewhere.
    let taps = Runtime::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let proxied = Proxied {
        listens: free_port()?,
        advertises: free_port()?,
    };
    let options = StackOptions {
        choice: StackChoice::Native,
        name: format!(
            "bench-{}-{}",
            std::process::id(),
            scale.part.unwrap_or("all")
        ),
        kafka_proxied: Some(proxied),
        program: Some(program.into()),
        ..StackOptions::default()
    };
    let measured = runtime.block_on(interruptible(async {
        let endpoints = stack::ensure(&options, &Silent).await?;
        if scale.makes("taps") {
            let toxiproxy =
                Toxiproxy::start(&options, proxied, &endpoints, may_install, print).await?;
            let ways = Arc::new(Ways::new(&endpoints, toxiproxy.as_ref(), taps.handle())?);
            print(&ways.introduction(scale.rounds));
            kafka::measure(&ways, scale, print).await?;
            postgres::measure(&ways, scale, print).await?;
            if let Some(toxiproxy) = &toxiproxy {
                print(&toxiproxy.carried(scale.least_bytes())?);
            }
        }
        if scale.makes("watched") {
            watched::measure(program, &options, scale, print).await?;
        }
        if scale.makes("page") {
            page::measure(program, &options, scale, print).await?;
        }
        if scale.makes("explore") {
            explore::measure(program, &options, scale, print).await?;
        }
        anyhow::Ok(())
    }));
    let down = runtime.block_on(stack::down(&options, &Silent));
    // Threads that still wait for a client of librdkafka need not be waited for.
    runtime.shutdown_background();
    taps.shutdown_background();
    measured?;
    down.map(drop).context("the bench's stack is still there")
}

/// Gives up when it is told to, so that the stack is taken down.
async fn interruptible(measuring: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        measured = measuring => measured,
        _ = interrupt.recv() => anyhow::bail!("interrupted"),
        _ = terminate.recv() => anyhow::bail!("terminated"),
    }
}

/// A port that nobody listens on at this moment.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
