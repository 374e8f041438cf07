//! The dashboards that run beside a stack and end with it. Each keeps a record while it runs, by
//! the process's identity: a record of one that is gone is none.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::error::StackError;
use super::process::ServerProcess;
use super::{StackOptions, check_name};

/// A job that it runs clears up after itself.
const PATIENCE: Duration = Duration::from_secs(20);
const LOG: &str = "log";

/// Taken while one is started in the background.
const LOCK: &str = "lock";

#[derive(Debug, Serialize, Deserialize)]
struct DashboardRecord {
    url: String,
    process: ServerProcess,
}

#[derive(Debug)]
pub struct Beside(PathBuf);

impl Beside {
    /// For its owner alone: the URL has the token.
    pub fn record(options: &StackOptions, url: &str) -> anyhow::Result<Self> {
        let folder = folder(options)?;
        fs::create_dir_all(&folder)?;
        let pid = std::process::id();
        let path = folder.join(format!("{pid}.json"));
        let record = DashboardRecord {
            url: url.to_owned(),
            process: ServerProcess::of("dashboard", pid),
        };
        // One that another process of this number has left is no obstacle.
        remove(&path)?;
        let json = serde_json::to_vec(&record)?;
        private().create_new(true).open(&path)?.write_all(&json)?;
        Ok(Self(path))
    }

    /// The stack was taken down, and this dashboard is to end with it.
    #[must_use]
    pub fn is_dismissed(&self) -> bool {
        !self.0.exists()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // What cannot be removed names a process that is gone.
        let _ = remove(&self.0);
    }
}

pub fn dashboard(options: &StackOptions) -> Result<Option<String>, StackError> {
    let living = records(options)?.into_iter();
    let mut living = living.filter(|(_, record)| record.process.lives());
    Ok(living.next().map(|(_, record)| record.url))
}

/// For a dashboard in the background; empty.
pub fn dashboard_log(options: &StackOptions) -> anyhow::Result<(PathBuf, File)> {
    let folder = folder(options)?;
    fs::create_dir_all(&folder)?;
    let path = folder.join(LOG);
    let file = private().create(true).truncate(true).open(&path)?;
    Ok((path, file))
}

/// Whoever starts one in the background holds it: two at once would start two.
#[derive(Debug)]
pub struct Starting {
    _lock: Flock<File>,
}

/// Waits until nobody else starts one beside this stack.
pub fn starting(options: &StackOptions) -> anyhow::Result<Starting> {
    let folder = folder(options)?;
    fs::create_dir_all(&folder)?;
    let file = private().create(true).open(folder.join(LOCK))?;
    let lock = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
    Ok(Starting { _lock: lock })
}

pub(super) async fn stop(options: &StackOptions) -> Result<(), StackError> {
    let records = records(options)?;
    for (path, record) in &records {
        // By this it can tell why it is to end.
        let _ = remove(path);
        record.process.signal(Signal::SIGTERM);
    }
    for (_, DashboardRecord { process, .. }) in &records {
        if !process.gone(PATIENCE).await {
            process.signal(Signal::SIGKILL);
            process.gone(PATIENCE).await;
        }
    }
    let _ = fs::remove_dir_all(folder(options)?);
    Ok(())
}

fn folder(options: &StackOptions) -> Result<PathBuf, StackError> {
    check_name(&options.name)?;
    let cache = Cache::open(options.cache.as_deref())?;
    Ok(cache.root().join("dashboards").join(&options.name))
}

fn records(options: &StackOptions) -> Result<Vec<(PathBuf, DashboardRecord)>, StackError> {
    // There is no folder where there never was a dashboard.
    let files = fs::read_dir(folder(options)?).into_iter().flatten();
    let read = files.flatten().filter_map(|file| {
        let json = fs::read(file.path()).ok()?;
        Some((file.path(), serde_json::from_slice(&json).ok()?))
    });
    Ok(read.collect())
}

fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true).mode(0o600);
    options
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
