//! A run of lab 1 from the command line, as a job of the dashboard, and as one that a browser follows.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, ensure};
use crashwindow::stack::StackOptions;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::stats::Rounds;
use super::{Print, Scale};

const WAYS: [&str; 3] = ["command line", "dashboard", "dashboard with a reader"];

pub(super) async fn measure(
    program: &str,
    options: &StackOptions,
    scale: Scale,
    print: &mut Print<'_>,
) -> anyhow::Result<()> {
    let server = Server::start(program, options).await?;
    let mut rates = Rounds::new(WAYS.into());
    for round in 0..scale.rounds {
        let mut of_each = [0.0; WAYS.len()];
        for turn in 0..WAYS.len() {
            let way = (turn + round) % WAYS.len();
            let report = match way {
                0 => run(program, options, scale.payments).await?,
                _ => server.run(scale.payments, way == 2).await?,
            };
            of_each[way] = rate(&report)?;
        }
        rates.push(of_each.into());
    }
    let rates = rates.rates("payments/s", 1.0);
    print(&format!(
        "run of lab 1, {} payments: {rates}",
        scale.payments
    ));
    Ok(())
}

/// Payments per second, from the first that was delivered to the last thing done for one.
fn rate(report: &Value) -> anyhow::Result<f64> {
    let folder = report["run_dir"].as_str();
    let folder = folder.with_context(|| format!("no run: {report}"))?;
    let events = std::fs::read_to_string(Path::new(folder).join("events.jsonl"))?;
    let (mut times, mut first) = (0.0, None);
    for line in events.lines() {
        let entry: Value = serde_json::from_str(line)?;
        if let (Some(_), Some(at)) = (entry["payment"].as_str(), entry["at_ms"].as_f64()) {
            first.get_or_insert(at);
            times = at;
        }
    }
    let payments = report["counts"]["once"].as_f64().unwrap_or_default();
    ensure!(payments > 0.0, "nothing was charged: {report}");
    Ok(payments * 1e3 / (times - first.unwrap_or_default()))
}

fn command(program: &str, options: &StackOptions, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .args(["--stack", "native", "--name", &options.name])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn run(program: &str, options: &StackOptions, payments: u32) -> anyhow::Result<Value> {
    let payments = payments.to_string();
    let args = [
        "run",
        "01",
        "--consumer",
        "fixed",
        "--fault",
        "none",
        "--json",
        "--payments",
        &payments,
    ];
    let output = command(program, options, &args).output().await?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A dashboard of the bench's own.
pub(super) struct Server {
    pub url: String,
    pub token: String,
    http: reqwest::Client,
    _child: Child,
}

impl Server {
    pub async fn start(program: &str, options: &StackOptions) -> anyhow::Result<Self> {
        let mut child = command(program, options, &["serve", "--port", "0"]).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("it is piped")?;
        BufReader::new(stdout).read_line(&mut line).await?;
        let (url, token) = line.trim().split_once("/#token=").context("no URL")?;
        Ok(Self {
            url: url.to_owned(),
            token: token.to_owned(),
            http: reqwest::Client::new(),
            _child: child,
        })
    }

    /// Starts a run of lab 1, and returns its job.
    pub async fn job(&self, payments: u32) -> anyhow::Result<String> {
        let request = json!({
            "kind": "run", "lab": "01", "consumer": "fixed", "fault": "none", "payments": payments,
        });
        let jobs = format!("{}/api/jobs", self.url);
        let post = self
            .http
            .post(&jobs)
            .header("x-crashwindow-token", &self.token);
        let started: Value = post.json(&request).send().await?.json().await?;
        let job = started["job"].as_str();
        let job = job.with_context(|| format!("no job: {started}"))?;
        Ok(job.to_owned())
    }

    /// Returns the report, of which it is told by the events or, where nobody reads them, later.
    async fn run(&self, payments: u32, read: bool) -> anyhow::Result<Value> {
        let job = format!("{}/api/jobs/{}", self.url, self.job(payments).await?);
        if read {
            let mut events = self.http.get(format!("{job}/events")).send().await?;
            while events.chunk().await?.is_some() {}
        }
        loop {
            let now: Value = self.http.get(&job).send().await?.json().await?;
            match now["state"].as_str() {
                Some("running") => tokio::time::sleep(super::LOOK).await,
                Some("done") => {
                    let run = now["runs"][0].as_str().context("it has no run")?;
                    let report = format!("{}/api/runs/{run}", self.url);
                    return Ok(self.http.get(report).send().await?.json().await?);
                }
                _ => anyhow::bail!("the run failed: {now}"),
            }
        }
    }
}
