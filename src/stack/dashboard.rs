//! The dashboards that run beside a stack: where they are, and how they end with it.
//!
//! They are no part of the stack. Each keeps a record of its own while it runs, which names the
//! process by its identity: a record of one that is gone is none.

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

/// How long one may take to end: a job that it runs clears up after itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where one that has no terminal says what goes wrong.
const LOG: &str = "log";

/// Whose lock is taken while one is started in the background.
const LOCK: &str = "lock";

#[derive(Debug, Serialize, Deserialize)]
struct DashboardRecord {
    url: String,
    process: ServerProcess,
}

/// This process as a dashboard that runs beside a stack, until it is dropped.
#[derive(Debug)]
pub struct Beside(PathBuf);

impl Beside {
    /// Writes down where this dashboard is, for its owner alone: the URL has the token.
    ///
    /// # Errors
    /// A cache folder that cannot be used, or written.
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

    /// Whether the stack was taken down, and this dashboard is to end with it.
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

/// The URL of a dashboard that runs beside this stack, if one does.
///
/// # Errors
/// A cache folder that cannot be used.
pub fn dashboard(options: &StackOptions) -> Result<Option<String>, StackError> {
    let living = records(options)?.into_iter();
    let mut living = living.filter(|(_, record)| record.process.lives());
    Ok(living.next().map(|(_, record)| record.url))
}

/// The file in which a dashboard in the background says what goes wrong, empty.
///
/// # Errors
/// A cache folder that cannot be used, or written.
pub fn dashboard_log(options: &StackOptions) -> anyhow::Result<(PathBuf, File)> {
    let folder = folder(options)?;
    fs::create_dir_all(&folder)?;
    let path = folder.join(LOG);
    let file = private().create(true).truncate(true).open(&path)?;
    Ok((path, file))
}

/// Held by whoever starts a dashboard in the background; two at once would start two.
#[derive(Debug)]
pub struct Starting {
    _lock: Flock<File>,
}

/// Waits until nobody else starts a dashboard beside this stack.
///
/// # Errors
/// A cache folder that cannot be used, or written.
pub fn starting(options: &StackOptions) -> anyhow::Result<Starting> {
    let folder = folder(options)?;
    fs::create_dir_all(&folder)?;
    let file = private().create(true).open(folder.join(LOCK))?;
    let lock = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
    Ok(Starting { _lock: lock })
}

/// Ends the dashboards that run beside this stack, and waits until they have.
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
    // What is left of them says nothing any more.
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

/// For its owner alone.
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
