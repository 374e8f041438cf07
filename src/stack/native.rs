use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::Flock;
use nix::sys::signal::Signal;

use super::cache::Cache;
use super::endpoints::Endpoints;
use super::error::StackError;
use super::launch;
use super::process::ServerProcess;
use super::state::{StackPhase, StackSettings, StackState};
use super::supervisor::alive_lock;
use super::{Proxied, StackOptions, StackProgress, Up, kafka, postgres, segment};

/// A storm may keep a running stack busy for a while, and calling it dead would end somebody's run.
const ANSWER: Duration = Duration::from_secs(5);
/// Both servers have 10 s each, side by side.
const STOP: Duration = Duration::from_secs(15);

pub(super) enum FoundStack {
    Nothing,
    Running(Box<StackState>),
    Broken {
        why: String,
        state: Option<Box<StackState>>,
    },
}

pub(super) async fn inspect(cache: &Cache, name: &str) -> Result<FoundStack, StackError> {
    let folder = cache.stack(name);
    let state = StackState::read(&folder).map(Box::new);
    let supervised = cache.is_locked(&alive_lock(name))?;
    let why = match &state {
        None if !supervised && !folder.exists() => return Ok(FoundStack::Nothing),
        Some(state) if supervised && state.phase == StackPhase::Ready => {
            match answers(&state.endpoints, ANSWER).await {
                Ok(()) => return Ok(FoundStack::Running(state.clone())),
                Err(why) => why,
            }
        }
        Some(state) if state.phase == StackPhase::Down => state
            .reason
            .clone()
            .unwrap_or_else(|| "it went down".into()),
        Some(_) if !supervised => "its supervisor is gone, and both servers with it".into(),
        _ => "its start has not come to an end".into(),
    };
    Ok(FoundStack::Broken { why, state })
}

async fn answers(endpoints: &Endpoints, patience: Duration) -> Result<(), String> {
    let (kafka, postgres) = tokio::join!(
        kafka::ask(&endpoints.kafka, patience),
        postgres::ask(&endpoints.postgres.admin_url, None, patience)
    );
    kafka.map_err(|error| format!("Kafka runs but does not answer: {error:#}"))?;
    postgres.map_err(|error| format!("PostgreSQL runs but does not answer: {error:#}"))?;
    Ok(())
}

pub(super) async fn up(
    options: &StackOptions,
    progress: &dyn StackProgress,
) -> Result<Up, StackError> {
    let name = options.name.as_str();
    let cache = Cache::open(options.cache.as_deref())?;
    let _alone = alone(&cache, name, progress).await?;
    let settings = StackSettings {
        kafka_port: options.kafka_port,
        kafka_proxied: options.kafka_proxied,
        postgres_port: options.postgres_port,
        // The same folder by another path is the same PostgreSQL.
        postgres_bin: options
            .postgres_bin
            .clone()
            .map(|bin| bin.canonicalize().unwrap_or(bin)),
    };
    match inspect(&cache, name).await? {
        FoundStack::Nothing => {}
        FoundStack::Running(state) => {
            same_settings(name, &state, &settings)?;
            return Ok(Up {
                endpoints: state.endpoints,
                changed: false,
            });
        }
        FoundStack::Broken { why, .. } => {
            progress.line(&format!(
                "stack {name} is not whole ({why}): starting it anew"
            ));
            stop(&cache, name).await?;
        }
    }
    let plan = launch::plan(&cache, name, settings, progress).await?;
    let endpoints = match launch::start(&cache, &plan, options, progress).await {
        Ok(endpoints) => endpoints,
        Err(error) => {
            // The last lines of the log are in the error: the folder is of no more use.
            if let Err(left) = stop(&cache, name).await {
                progress.line(&left.to_string());
            }
            return Err(error);
        }
    };
    Ok(Up {
        endpoints,
        changed: true,
    })
}

async fn alone(
    cache: &Cache,
    name: &str,
    progress: &dyn StackProgress,
) -> Result<Flock<fs::File>, StackError> {
    let lock = format!("{name}.up");
    if let Some(lock) = cache.lock(&lock, false)? {
        return Ok(lock);
    }
    progress.line(&format!("waiting for another up or down of stack {name}"));
    let cache = cache.clone();
    let waited = tokio::task::spawn_blocking(move || cache.lock(&lock, true)).await;
    let lock = waited.expect("the task only waits for a lock")?;
    Ok(lock.expect("a lock that was waited for is held"))
}

fn same_settings(name: &str, state: &StackState, wanted: &StackSettings) -> Result<(), StackError> {
    let different = |has: String, wants: String| {
        Err(StackError::Different {
            name: name.to_string(),
            has,
            wants,
        })
    };
    let kafka = state.endpoints.kafka.bootstrap.as_str();
    let postgres = postgres::address(&state.endpoints.postgres.admin_url);
    let ports = [
        ("Kafka", wanted.kafka_port, kafka),
        ("PostgreSQL", wanted.postgres_port, &postgres),
    ];
    for (server, port, address) in ports {
        if let Some(port) = port.filter(|port| !address.ends_with(&format!(":{port}"))) {
            return different(format!("{server} on {address}"), format!("port {port}"));
        }
    }
    if let Some(wants) = wanted.kafka_proxied
        && state.settings.kafka_proxied != Some(wants)
    {
        let behind = |proxied: Proxied| format!("Kafka behind port {}", proxied.advertises);
        let has = state.settings.kafka_proxied;
        return different(
            has.map_or("Kafka without a proxy".into(), behind),
            behind(wants),
        );
    }
    match (&wanted.postgres_bin, &state.settings.postgres_bin) {
        (Some(wants), has) if has.as_ref() != Some(wants) => different(
            has.as_ref()
                .map_or("its own PostgreSQL".into(), |has| has.display().to_string()),
            wants.display().to_string(),
        ),
        _ => Ok(()),
    }
}

/// Whether there was anything to remove.
pub(super) async fn down(
    options: &StackOptions,
    progress: &dyn StackProgress,
) -> Result<bool, StackError> {
    let name = options.name.as_str();
    let cache = Cache::open(options.cache.as_deref())?;
    let _alone = alone(&cache, name, progress).await?;
    stop(&cache, name).await
}

/// Only what is provably of this stack.
async fn stop(cache: &Cache, name: &str) -> Result<bool, StackError> {
    let folder = cache.stack(name);
    let state = StackState::read(&folder);
    let left = |what: String| StackError::StillRunning {
        name: name.to_string(),
        what,
        seconds: STOP.as_secs(),
    };
    let mut was_there = folder.exists();
    // Whoever holds the lock is this stack's supervisor, even if its folder was removed.
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        if !cache.is_locked(&alive_lock(name))? {
            break;
        }
        was_there = true;
        match supervisor(cache, name).await {
            Some(process) => {
                process.signal(signal);
                process.signal(Signal::SIGCONT);
            }
            // It may have ended by itself in the meantime.
            None if !cache.is_locked(&alive_lock(name))? => break,
            None => return Err(left("its supervisor, which has not said who it is,".into())),
        }
        if !lock_freed(cache, name, STOP).await? && signal == Signal::SIGKILL {
            return Err(left("its supervisor".into()));
        }
    }
    for process in state.iter().flat_map(|state| &state.processes) {
        // The servers die with their supervisor on Linux; elsewhere they may have outlived it.
        process.signal(Signal::SIGKILL);
        if !process.gone(STOP).await {
            return Err(left(format!("{} (process {})", process.what, process.pid)));
        }
    }
    segment::remove_left_over(&folder.join("postgres/data"));
    remove(&folder).await?;
    Ok(was_there)
}

/// A grandchild of a supervisor that was killed may write into it for one more moment.
async fn remove(folder: &Path) -> Result<(), StackError> {
    let deadline = Instant::now() + STOP;
    loop {
        match fs::remove_dir_all(folder) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error)
                if error.kind() != ErrorKind::DirectoryNotEmpty || Instant::now() > deadline =>
            {
                return Err(StackError::io(format!(
                    "cannot remove {}",
                    folder.display()
                ))(error));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Written by the holder right after locking; what an earlier one wrote is told by its start time.
async fn supervisor(cache: &Cache, name: &str) -> Option<ServerProcess> {
    let path = cache.lock_path(&alive_lock(name));
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let process = serde_json::from_str(&text)
            .ok()
            .filter(ServerProcess::lives);
        if process.is_some() || Instant::now() > deadline {
            return process;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn lock_freed(cache: &Cache, name: &str, patience: Duration) -> Result<bool, StackError> {
    let deadline = Instant::now() + patience;
    while cache.is_locked(&alive_lock(name))? {
        if Instant::now() > deadline {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(true)
}
