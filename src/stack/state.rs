use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Proxied;
use super::endpoints::Endpoints;
use super::process::ServerProcess;

/// Only its supervisor writes this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StackPhase {
    /// Nobody has heard the servers' answer yet.
    Starting,
    /// Both have answered, and groups can begin at once.
    Ready,
    Down,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StackState {
    pub(super) phase: StackPhase,
    /// When this phase began, in seconds since 1970.
    pub(super) since: u64,
    pub(super) endpoints: Endpoints,
    pub(super) settings: StackSettings,
    pub(super) processes: Vec<ServerProcess>,
    pub(super) reason: Option<String>,
    /// Of the server that went first.
    pub(super) log: Vec<String>,
}

/// A stack that runs with something else is not the one that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StackSettings {
    pub(super) kafka_port: Option<u16>,
    pub(super) kafka_proxied: Option<Proxied>,
    pub(super) postgres_port: Option<u16>,
    pub(super) postgres_bin: Option<PathBuf>,
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl StackState {
    /// `None` also where this version cannot read it.
    pub(super) fn read(folder: &Path) -> Option<StackState> {
        serde_json::from_str(&fs::read_to_string(folder.join("state.json")).ok()?).ok()
    }

    /// In one step. It holds a password: nobody else may read it.
    pub(super) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let temporary = folder.join("state.json.new");
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        fs::rename(temporary, folder.join("state.json"))
    }
}

/// Empty if it cannot be read.
pub(super) fn tail(path: &Path) -> String {
    /// More than a server writes about its own end, stack trace included; a log may hold days.
    const BYTES: u64 = 16 * 1024;
    let mut text = Vec::new();
    let read = fs::File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        file.read_to_end(&mut text)
    });
    read.map_or_else(
        |_| String::new(),
        |_| String::from_utf8_lossy(&text).into_owned(),
    )
}

/// Oldest first, without the frames of Java's stack traces.
pub(super) fn last_lines(path: &Path) -> Vec<String> {
    /// Enough for the cause and what led to it, and it fits a terminal.
    const LINES: usize = 12;
    let text = tail(path);
    let frame = |line: &&str| line.starts_with("\tat ") || line.starts_with("\t... ");
    let lines: Vec<&str> = text.lines().filter(|line| !frame(line)).collect();
    lines[lines.len().saturating_sub(LINES)..]
        .iter()
        .map(|line| (*line).to_string())
        .collect()
}
