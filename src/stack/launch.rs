//! Starts a native stack: everything that must be there, then the supervisor, then the asking.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{ChildStdin, Command};
use tokio::time::sleep;

use super::artifacts::Artifact;
use super::cache::{Cache, first_wall, postgres_user};
use super::endpoints::Endpoints;
use super::error::StackError;
use super::state::{StackSettings, StackState, last_lines};
use super::supervised::Which;
use super::supervisor::{READY, StackPlan, SupervisorReport};
use super::{StackOptions, StackProgress, install, java, kafka, ports, postgres, prometheus};

/// Ten times what a start takes on a machine that compiles at the same time.
const START: Duration = Duration::from_secs(60);
/// For one question while a server comes up.
const QUESTION: Duration = Duration::from_secs(5);
/// Short against a start of three seconds.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn plan(
    cache: &Cache,
    name: &str,
    settings: StackSettings,
    progress: &dyn StackProgress,
) -> Result<StackPlan, StackError> {
    if nix::unistd::geteuid().is_root() && postgres_user().is_none() {
        return Err(install::user().missing("there is neither a user postgres nor nobody"));
    }
    cache.require_space()?;
    if let Some(port) = settings.kafka_port {
        ports::require(port, "Kafka", "kafka-port")?;
    }
    if let Some(port) = settings.postgres_port {
        ports::require(port, "PostgreSQL", "postgres-port")?;
    }
    let java = java::find().await?;
    let jars = Artifact::Kafka.fetch(cache, progress).await?;
    let postgres_bin = match &settings.postgres_bin {
        Some(bin) => bin.clone(),
        None => Artifact::Postgres.fetch(cache, progress).await?.join("bin"),
    };
    let postgres_version = usable_postgres(&postgres_bin).await?;
    Ok(StackPlan {
        cache: cache.root().to_path_buf(),
        name: name.to_string(),
        java: java.program,
        jars,
        postgres_bin,
        postgres_version,
        prometheus: prometheus::find(),
        settings,
    })
}

/// The oldest that knows every setting of the lab.
const OLDEST_POSTGRES: u32 = 14;

async fn usable_postgres(bin: &Path) -> Result<String, StackError> {
    let unusable = |why: String| StackError::Options {
        why: format!("the PostgreSQL in {} cannot be used: {why}", bin.display()),
        next: "give another one of this machine with --postgres-bin DIR; \
               crashwindow doctor lists them"
            .into(),
    };
    if let Some(missing) = ["initdb", "postgres"]
        .iter()
        .find(|name| !bin.join(name).is_file())
    {
        return Err(unusable(format!("it holds no {missing}")));
    }
    if let Some(user) = postgres_user()
        && let Some(wall) = first_wall(bin, &user)
    {
        return Err(unusable(format!(
            "user {} may not enter {}",
            user.name,
            wall.display()
        )));
    }
    let output = Command::new(bin.join("postgres"))
        .arg("--version")
        .output()
        .await;
    let output = output.map_err(|error| unusable(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(unusable(said.trim().to_string()));
    }
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().nth(2).unwrap_or_default();
    let major = version.split(|c: char| !c.is_ascii_digit()).next();
    if major.and_then(|major| major.parse().ok()) < Some(OLDEST_POSTGRES) {
        let text = text.trim();
        return Err(unusable(format!(
            "it is {text}, and {OLDEST_POSTGRES} or later is needed"
        )));
    }
    Ok(version.to_string())
}

pub(super) async fn start(
    cache: &Cache,
    plan: &StackPlan,
    options: &StackOptions,
    progress: &dyn StackProgress,
) -> Result<Endpoints, StackError> {
    let folder = cache.stack(&plan.name);
    let log_path = folder.join("logs").join("supervisor.log");
    fs::create_dir_all(folder.join("logs"))
        .and_then(|()| fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)))
        .map_err(StackError::io(format!("cannot make {}", folder.display())))?;
    let log = fs::File::create(&log_path).map_err(StackError::io(format!(
        "cannot write {}",
        log_path.display()
    )))?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => own_program().map_err(StackError::io("cannot find this program"))?,
    };
    let mut supervisor = Command::new(program)
        .args(["supervise", &plan.name])
        .current_dir(cache.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(StackError::io("cannot start the supervisor"))?;
    let mut orders = supervisor.stdin.take().expect("piped above");
    let mut reports = BufReader::new(supervisor.stdout.take().expect("piped above")).lines();
    let order = serde_json::to_string(plan).expect("plain data");
    send_line(&mut orders, &order).await?;

    let deadline = tokio::time::sleep(START);
    tokio::pin!(deadline);
    let mut state: Option<Box<StackState>> = None;
    let mut asked = false;
    loop {
        let endpoints = state.as_ref().map(|state| state.endpoints.clone());
        let asking = async {
            match endpoints {
                Some(endpoints) => ready(endpoints).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            line = reports.next_line() => {
                let line = line.map_err(StackError::io("the supervisor's reports cannot be read"))?;
                match line.as_deref().map(serde_json::from_str::<SupervisorReport>) {
                    Some(Ok(SupervisorReport::Line(line))) => progress.line(&line),
                    Some(Ok(SupervisorReport::Started(started))) => state = Some(started),
                    Some(Ok(SupervisorReport::Ready)) => {
                        return Ok(state.expect("ready comes after started").endpoints);
                    }
                    Some(Ok(SupervisorReport::Failed { server, why, log })) => {
                        return Err(StackError::Start { server, why, log: indent(&log) });
                    }
                    Some(Err(_)) | None => return Err(StackError::Start {
                        server: "the supervisor".into(),
                        why: "it ended without a word".into(),
                        log: indent(&last_lines(&log_path)),
                    }),
                }
            }
            () = asking, if !asked => {
                asked = true;
                send_line(&mut orders, READY).await?;
            }
            () = &mut deadline => {
                let suspects = match &state {
                    Some(state) => vec![silent(&state.endpoints).await],
                    None => vec![Which::Kafka, Which::Postgres],
                };
                let titles: Vec<&str> = suspects.iter().map(|which| which.title()).collect();
                let log: Vec<String> =
                    suspects.iter().flat_map(|which| last_lines(&which.log(&folder))).collect();
                return Err(StackError::Start {
                    server: titles.join(" or "),
                    why: format!("no answer after {} s", START.as_secs()),
                    log: indent(&log),
                });
            }
        }
    }
}

async fn ready(endpoints: Endpoints) {
    let bootstrap = &endpoints.kafka.bootstrap;
    let kafka = async {
        // A connection is refused for two seconds and costs nothing; a client of librdkafka does.
        while TcpStream::connect(bootstrap).await.is_err() {
            sleep(PAUSE).await;
        }
        while kafka::ask(&endpoints.kafka, QUESTION).await.is_err()
            || kafka::warm(bootstrap, QUESTION).await.is_err()
        {
            sleep(PAUSE).await;
        }
    };
    let postgres = async {
        while postgres::ask(&endpoints.postgres.admin_url, None, QUESTION)
            .await
            .is_err()
        {
            sleep(PAUSE).await;
        }
    };
    tokio::join!(kafka, postgres);
}

async fn silent(endpoints: &Endpoints) -> Which {
    let asked = postgres::ask(&endpoints.postgres.admin_url, None, QUESTION).await;
    if asked.is_err() {
        Which::Postgres
    } else {
        Which::Kafka
    }
}

async fn send_line(orders: &mut ChildStdin, line: &str) -> Result<(), StackError> {
    match orders.write_all(format!("{line}\n").as_bytes()).await {
        // It ended; its last report says why.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(StackError::io("the supervisor cannot be told anything")(
            error,
        )),
        Ok(()) => Ok(()),
    }
}

/// Even if its file has been replaced by a newer build since it was started.
fn own_program() -> io::Result<PathBuf> {
    let link = Path::new("/proc/self/exe");
    if link.exists() {
        Ok(link.to_path_buf())
    } else {
        std::env::current_exe()
    }
}

fn indent(lines: &[String]) -> String {
    if lines.is_empty() {
        return "  (it wrote nothing)".into();
    }
    lines
        .iter()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
