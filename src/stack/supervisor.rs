//! The process that owns the two servers of a native stack.
//!
//! ```text
//! up ── plan, "ready" ──▶ supervisor ── dies with it ──▶ Kafka
//!    ◀── its reports ────            ── dies with it ──▶ PostgreSQL
//! ```
//! `up` closing its pipe before "ready" has failed or was killed: nothing is left running then.
//! Later the supervisor needs nobody, and ends when told to or when a server does.

use std::fs;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::fcntl::Flock;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{SignalKind, signal};

use super::artifacts::Artifact;
use super::cache::Cache;
use super::endpoints::{Endpoints, Kafka, Postgres, Security, StackKind, Versions};
use super::process::ServerProcess;
use super::state::{StackPhase, StackSettings, StackState, now};
use super::supervised::{Server, ServerFailure, Which};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StackPlan {
    pub(super) cache: PathBuf,
    pub(super) name: String,
    pub(super) java: PathBuf,
    pub(super) jars: PathBuf,
    pub(super) postgres_bin: PathBuf,
    pub(super) postgres_version: String,
    pub(super) prometheus: Option<PathBuf>,
    pub(super) settings: StackSettings,
}

/// The answer to [`SupervisorReport::Started`], once it has asked both servers.
pub(super) const READY: &str = "ready";

/// On standard output, one line each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum SupervisorReport {
    /// For the person who waits.
    Line(String),
    /// Ask them. Comes again if one had to be given another port.
    Started(Box<StackState>),
    /// `state.json` says so.
    Ready,
    /// Nothing runs any more.
    Failed {
        server: String,
        why: String,
        log: Vec<String>,
    },
}

fn report(report: &SupervisorReport) {
    let line = serde_json::to_string(report).expect("plain data");
    // Nobody listens once `up` is through.
    let _ = writeln!(io::stdout(), "{line}");
}

type Orders = Lines<BufReader<Receiver>>;

/// In a process of its own, on its main thread: the servers die with the thread that started them.
pub fn supervise() -> anyhow::Result<()> {
    // Out of the terminal's session: Ctrl-C there is not meant for the stack.
    nix::unistd::setsid()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let mut orders = BufReader::new(Receiver::from_owned_fd(stdin)?).lines();
    let plan = orders
        .next_line()
        .await?
        .ok_or_else(|| anyhow::anyhow!("no plan on stdin"))?;
    let plan: StackPlan = serde_json::from_str(&plan)?;
    let cache = Cache::open(Some(&plan.cache))?;
    let alive = hold(&cache, &plan.name).await?;
    write_identity(&alive)?;

    let folder = cache.stack(&plan.name);
    let mut stack = SupervisedStack {
        plan,
        folder,
        servers: None,
        prometheus: None,
        state: None,
    };
    let ending = stack.live(&mut orders).await;
    stack.end(ending).await;
    Ok(())
}

pub(super) fn alive_lock(name: &str) -> String {
    format!("{name}.alive")
}

/// Somebody who asks whether it is held has a share of it for a moment.
async fn hold(cache: &Cache, name: &str) -> anyhow::Result<Flock<fs::File>> {
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        if let Some(lock) = cache.lock(&alive_lock(name), false)? {
            return Ok(lock);
        }
        anyhow::ensure!(
            Instant::now() < deadline,
            "another supervisor holds stack {name}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whoever finds the lock held learns here whom to ask to stop.
fn write_identity(lock: &Flock<fs::File>) -> anyhow::Result<()> {
    let mut file: &fs::File = lock;
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(&ServerProcess::of(
        "supervisor",
        std::process::id(),
    ))?)?;
    Ok(())
}

struct SupervisedStack {
    plan: StackPlan,
    folder: PathBuf,
    servers: Option<(Server, Server)>,
    /// No part of what a run needs: the stack goes on without it.
    prometheus: Option<Server>,
    state: Option<StackState>,
}

impl SupervisedStack {
    /// Returns when it was told to stop, and fails when a server did.
    async fn live(&mut self, orders: &mut Orders) -> Result<(), ServerFailure> {
        let mut term = signal(SignalKind::terminate()).map_err(ServerFailure::of_supervisor)?;
        let mut interrupt =
            signal(SignalKind::interrupt()).map_err(ServerFailure::of_supervisor)?;
        tokio::select! {
            started = self.start() => started?,
            // `up` has nothing to say before it has heard of the servers: its end of the pipe is
            // closed.
            _ = orders.next_line() => return Ok(()),
            _ = term.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        }
        let mut ready = false;
        while let Some((kafka, postgres)) = &mut self.servers {
            tokio::select! {
                status = kafka.exit() => {
                    if ready || kafka.retry(&self.plan).is_none() {
                        return Err(kafka.exited(status));
                    }
                    self.announce();
                }
                status = postgres.exit() => {
                    if ready || postgres.retry(&self.plan).is_none() {
                        return Err(postgres.exited(status));
                    }
                    self.announce();
                }
                status = exit_of(&mut self.prometheus), if self.prometheus.is_some() => {
                    self.without_prometheus(status);
                }
                line = orders.next_line(), if !ready => {
                    if !matches!(line, Ok(Some(line)) if line == READY) {
                        return Ok(());
                    }
                    ready = true;
                    self.write(StackPhase::Ready);
                    report(&SupervisorReport::Ready);
                }
                _ = term.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
            }
        }
        Ok(())
    }

    async fn start(&mut self) -> Result<(), ServerFailure> {
        fs::create_dir_all(self.folder.join("logs")).map_err(ServerFailure::of_supervisor)?;
        report(&SupervisorReport::Line(
            "preparing and starting Kafka and PostgreSQL".into(),
        ));
        let password: String = rand::random::<[u8; 16]>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let (plan, folder) = (&self.plan, self.folder.as_path());
        let (kafka, postgres) = tokio::try_join!(
            Server::bring_up(Which::Kafka, plan, folder, &password),
            Server::bring_up(Which::Postgres, plan, folder, &password),
        )?;
        if plan.prometheus.is_some() {
            match Server::bring_up(Which::Prometheus, plan, folder, &password).await {
                Ok(server) => self.prometheus = Some(server),
                Err(failure) => report(&SupervisorReport::Line(format!(
                    "Prometheus cannot be started, and the stack goes on without it: {}",
                    failure.why
                ))),
            }
        }
        let settings = plan.settings.clone();
        self.state = Some(StackState {
            phase: StackPhase::Starting,
            since: now(),
            endpoints: Endpoints {
                kind: StackKind::Native,
                kafka: Kafka {
                    bootstrap: String::new(),
                    security: Security::default(),
                },
                postgres: Postgres {
                    admin_url: format!("postgres://postgres:{password}@"),
                    ca: None,
                },
                versions: Versions {
                    kafka: Some(Artifact::Kafka.version().into()),
                    postgres: Some(plan.postgres_version.clone()),
                },
                prometheus: None,
            },
            settings,
            processes: Vec::new(),
            reason: None,
            log: Vec::new(),
        });
        self.servers = Some((kafka, postgres));
        self.announce();
        Ok(())
    }

    fn announce(&mut self) {
        self.note();
        self.write(StackPhase::Starting);
        if let Some(state) = &self.state {
            report(&SupervisorReport::Started(Box::new(state.clone())));
        }
    }

    fn note(&mut self) {
        let (Some(state), Some((kafka, postgres))) = (&mut self.state, &self.servers) else {
            return;
        };
        let admin_url = &mut state.endpoints.postgres.admin_url;
        let credentials = admin_url.split('@').next().unwrap_or_default();
        *admin_url = format!("{credentials}@127.0.0.1:{}/postgres", postgres.port);
        state.endpoints.kafka.bootstrap = format!("127.0.0.1:{}", kafka.port);
        let own = ServerProcess::of("supervisor", std::process::id());
        state.processes = vec![own, kafka.process(), postgres.process()];
        state
            .processes
            .extend(self.prometheus.as_ref().map(Server::process));
        let address = |server: &Server| format!("http://127.0.0.1:{}", server.port);
        state.endpoints.prometheus = self.prometheus.as_ref().map(address);
    }

    /// On another port if it lost its own, else not at all.
    fn without_prometheus(&mut self, status: io::Result<ExitStatus>) {
        let Some(server) = &mut self.prometheus else {
            return;
        };
        if server.retry(&self.plan).is_none() {
            let why = server.exited(status).why;
            eprintln!("Prometheus: {why}; the stack goes on without it");
            self.prometheus = None;
        }
        let phase = self.state.as_ref().map(|state| state.phase);
        match phase {
            Some(StackPhase::Ready) => {
                self.note();
                self.write(StackPhase::Ready);
            }
            _ => self.announce(),
        }
    }

    async fn end(&mut self, ending: Result<(), ServerFailure>) {
        if let Some((kafka, postgres)) = &mut self.servers {
            let prometheus = async {
                if let Some(prometheus) = &mut self.prometheus {
                    prometheus.stop().await;
                }
            };
            tokio::join!(kafka.stop(), postgres.stop(), prometheus);
        }
        let Err(ServerFailure { server, why, log }) = ending else {
            self.finish("it was stopped".into(), Vec::new());
            return;
        };
        self.finish(format!("{server}: {why}"), log.clone());
        report(&SupervisorReport::Failed { server, why, log });
    }

    fn finish(&mut self, reason: String, log: Vec<String>) {
        if let Some(state) = &mut self.state {
            state.reason = Some(reason);
            state.log = log;
        }
        self.write(StackPhase::Down);
    }

    fn write(&mut self, phase: StackPhase) {
        let Some(state) = &mut self.state else { return };
        state.phase = phase;
        state.since = now();
        if let Err(error) = state.write(&self.folder) {
            complain(&self.folder, &error);
        }
    }
}

async fn exit_of(server: &mut Option<Server>) -> io::Result<ExitStatus> {
    match server {
        Some(server) => server.exit().await,
        None => std::future::pending().await,
    }
}

/// On a full disk the stack goes on, and `status` will tell that the state is old.
fn complain(folder: &Path, error: &io::Error) {
    eprintln!("cannot write the state of {}: {error}", folder.display());
}
