//! What Chromium makes of a run's page that is told of 10,000 events a second: the tasks that keep it
//! from answering somebody who clicks.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context;
use crashwindow::dashboard::Feed;
use crashwindow::stack::StackOptions;
use crashwindow::timeline::Timeline;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{ChildStdout, Command};

use super::feed::{EVENTS, PACE, plan, write};
use super::watched::Server;
use super::{Print, Scale};

/// What the browser counted; tests/browser/responsive.ts.
#[derive(Deserialize)]
struct Tasks {
    long: Vec<f64>,
    gaps: Vec<f64>,
}

pub(super) async fn measure(
    program: &str,
    options: &StackOptions,
    scale: Scale,
    print: &mut Print<'_>,
) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("tests/browser");
    let mut packages = Command::new(root.join("scripts/node-packages.sh"));
    let installed = packages.arg(&folder).status().await?.success();
    anyhow::ensure!(installed, "tests/browser has no packages: install npm");

    let payments = scale.page_payments;
    let home = tempfile::tempdir()?;
    let timeline = Arc::new(Timeline::to_file(&home.path().join("events.jsonl"))?);
    let feed = Arc::new(Feed::of(&timeline, &plan(payments)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = Arc::clone(&feed);
    let serving = tokio::spawn(async move { serving.serve(listener).await });

    // The page is a job's; of its events it is told others.
    let server = Server::start(program, options).await?;
    let job = server.job(1).await?;
    let mut browser = Command::new("npx")
        .args(["playwright", "test", "--project", "responsive"])
        .current_dir(&folder)
        .env(
            "DASHBOARD",
            format!("{}/#token={}", server.url, server.token),
        )
        .env("FEED", format!("http://{address}/"))
        .env("JOB", job)
        .env("PAYMENTS", payments.to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("playwright does not start")?;
    let mut told = BufReader::new(browser.stdout.take().context("it is piped")?).lines();
    line(&mut told, "ready").await?;
    let writing = Arc::clone(&timeline);
    let (took, _) =
        tokio::task::spawn_blocking(move || write(&writing, payments, Some(PACE))).await?;
    let tasks: Tasks = serde_json::from_str(&line(&mut told, "measured ").await?)?;
    browser.wait().await?;
    serving.abort();

    let longest = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
    print(&format!(
        "page of a run of {payments} payments, {:.0} events/s for {:.1} s: {} tasks of 50 ms or longer, \
         the longest {:.0} ms; {} frames, the longest between two {:.0} ms",
        f64::from(payments * EVENTS) / took.as_secs_f64(),
        took.as_secs_f64(),
        tasks.long.len(),
        longest(&tasks.long),
        tasks.gaps.len(),
        longest(&tasks.gaps),
    ));
    Ok(())
}

/// What follows `start` on the next line that begins with it.
async fn line(told: &mut Lines<BufReader<ChildStdout>>, start: &str) -> anyhow::Result<String> {
    let mut all = String::new();
    while let Some(line) = told.next_line().await? {
        if let Some(rest) = line.strip_prefix(start) {
            return Ok(rest.to_owned());
        }
        all = format!("{all}{line}\n");
    }
    anyhow::bail!("the browser's test ended before it said {start:?}:\n{all}")
}
