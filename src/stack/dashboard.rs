//! The dashboard that runs beside a stack: where it is, and how it ends with it.
//!
//! It is no part of the stack, and is found by a record of its own, which names the process by its
//! identity: a record of one that is gone is none.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::error::StackError;
use super::process::Process;
use super::{Options, check_name};

/// How long it may take to end: a job that it runs clears up after itself.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    url: String,
    process: Process,
}

fn place(options: &Options) -> Result<PathBuf, StackError> {
    check_name(&options.name)?;
    let cache = Cache::open(options.cache.as_deref())?;
    let file = format!("{}.json", options.name);
    Ok(cache.root().join("dashboards").join(file))
}

fn read(options: &Options) -> Result<Option<Record>, StackError> {
    let record = fs::read(place(options)?).ok();
    let record = record.and_then(|json| serde_json::from_slice::<Record>(&json).ok());
    Ok(record.filter(|record| record.process.lives()))
}

/// The URL of the dashboard that runs beside this stack, if one does.
///
/// # Errors
/// A cache folder that cannot be used.
pub fn dashboard(options: &Options) -> Result<Option<String>, StackError> {
    Ok(read(options)?.map(|record| record.url))
}

/// Writes down where the dashboard is, for its owner alone: the URL has the token.
///
/// # Errors
/// A cache folder that cannot be used, or written.
pub fn record_dashboard(options: &Options, url: &str, pid: u32) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = place(options)?;
    fs::create_dir_all(path.parent().expect("it was joined"))?;
    let record = Record {
        url: url.to_owned(),
        process: Process::of("dashboard", pid),
    };
    // A new file: an old one may have other permissions.
    match fs::remove_file(&path) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e.into()),
        _ => {}
    }
    let mut file = fs::OpenOptions::new();
    let mut file = file.write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(&serde_json::to_vec(&record)?)?;
    Ok(())
}

/// Ends the dashboard that runs beside this stack, and waits until it has.
pub(super) async fn stop(options: &Options) -> Result<(), StackError> {
    if let Some(record) = read(options)? {
        record.process.signal(Signal::SIGTERM);
        if !record.process.gone(PATIENCE).await {
            record.process.signal(Signal::SIGKILL);
            record.process.gone(PATIENCE).await;
        }
    }
    // What is left of it says nothing any more.
    let _ = fs::remove_file(place(options)?);
    Ok(())
}
