//! Windows per second of an exploration of lab 1, and what they wait for.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, ensure};
use crashwindow::stack::{self, StackOptions};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::cpu::{self, Machine, Used};
use super::{Print, Scale};

/// Below this share of idle processors more of them would help, and nothing else.
const SATURATED: f64 = 0.1;

pub(super) async fn measure(
    program: &str,
    options: &StackOptions,
    scale: Scale,
    print: &mut Print<'_>,
) -> anyhow::Result<()> {
    let status = stack::status(options).await?;
    let pid = |what: &str| {
        let found = status.processes.iter().find(|(name, _)| name == what);
        found
            .map(|(_, pid)| *pid)
            .with_context(|| format!("{what} does not run"))
    };
    let servers = (pid("Kafka")?, pid("PostgreSQL")?);
    for consumer in ["broken", "fixed"] {
        let spent = explore(program, options, consumer, scale, servers).await?;
        print(&spent.line(consumer));
    }
    Ok(())
}

/// What an exploration took, in seconds of the clock and of processors.
struct Spent {
    cells: usize,
    windows: usize,
    wall: f64,
    cores: f64,
    idle: f64,
    by: [(&'static str, f64); 5],
}

async fn explore(
    program: &str,
    options: &StackOptions,
    consumer: &str,
    scale: Scale,
    (kafka, postgres): (u32, u32),
) -> anyhow::Result<Spent> {
    let mut command = Command::new(program);
    command
        .args(["explore", "--json", "01", "--consumer", consumer])
        .args(["--stack", "native", "--name", &options.name])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if !scale.all_faults {
        command.args(["--faults", "kill"]);
    }
    let before = (cpu::family(kafka)?, cpu::family(postgres)?, Machine::now()?);
    let since = Instant::now();
    let mut child = command.spawn()?;
    let pid = child.id().context("it was gone at once")?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ending = tokio::task::spawn_blocking(move || ended(pid));
    let (report, said, used) = tokio::join!(all_of(stdout), all_of(stderr), ending);
    let (report, said, used) = (report?, said?, used??);
    let wall = since.elapsed().as_secs_f64();
    child.wait().await?;
    let after = (cpu::family(kafka)?, cpu::family(postgres)?, Machine::now()?);
    let report: Value = serde_json::from_slice(&report)
        .with_context(|| String::from_utf8_lossy(&said).into_owned())?;
    let cells = report["cells"].as_array().map_or(0, Vec::len);
    let windows = report["recording"].as_array().map_or(0, Vec::len);
    ensure!(cells > 0 && windows > 0, "nothing was explored: {report}");
    let (kafka, postgres) = (after.0 - before.0, after.1 - before.1);
    let busy = after.2.busy - before.2.busy;
    let ours = used.own + used.children + kafka + postgres;
    Ok(Spent {
        cells,
        windows,
        wall,
        cores: std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64),
        idle: after.2.idle - before.2.idle,
        by: [
            ("controller", used.own),
            ("consumers", used.children),
            ("Kafka", kafka),
            ("Postgres", postgres),
            ("others", (busy - ours).max(0.0)),
        ],
    })
}

async fn all_of(output: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    if let Some(mut output) = output {
        output.read_to_end(&mut all).await?;
    }
    Ok(all)
}

/// Waits for the end of a child and leaves it to be waited for: until then its times can be read,
/// those of its own children apart.
fn ended(pid: u32) -> anyhow::Result<Used> {
    let id = Id::Pid(Pid::from_raw(i32::try_from(pid)?));
    waitid(id, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    Used::by(pid)
}

impl Spent {
    fn line(&self, consumer: &str) -> String {
        let capacity = self.wall * self.cores;
        let share = |seconds: f64| 100.0 * seconds / capacity;
        let by = self
            .by
            .map(|(who, seconds)| format!("{who} {:.0} %", share(seconds)));
        let mut most = self.by;
        most.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let limit = if self.idle < SATURATED * capacity {
            format!("limited by processors, most of them for {}", most[0].0)
        } else {
            format!(
                "limited by waiting: processors are idle for {:.0} %",
                share(self.idle)
            )
        };
        format!(
            "explore lab 1 {consumer}: {} cells in {} windows in {:.1} s, {:.2} cells/s; of {} \
             cores: {}, idle {:.0} %; {limit}",
            self.cells,
            self.windows,
            self.wall,
            self.cells as f64 / self.wall,
            self.cores,
            by.join(", "),
            share(self.idle),
        )
    }
}
