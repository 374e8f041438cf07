//! The run folder: what a run leaves for reading and for replay.
//!
//! The controller locks it for as long as the run goes on; one that says `running` and is not
//! locked belongs to a controller that was killed.
//!
//! It is its owner's alone: no file of ours in it holds a credential, but a consumer may log the
//! DSN that it was given, and a `--reset` command says what its author wrote.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub const STATE: &str = "state.json";

/// What a run was asked.
pub const SPEC: &str = "spec.json";

/// What a storm was asked.
pub const STORM: &str = "storm.json";

pub const REPORT: &str = "report.json";

pub const EXPLORATION: &str = "explore.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// It goes on, or its controller was killed.
    Running,
    Judged,
    Inconclusive {
        reason: String,
    },
}

#[derive(Debug)]
pub struct RunFolder {
    /// Four digits: `0007`.
    pub id: String,
    pub path: PathBuf,
    _lock: Flock<File>,
}

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{path}: {source}\nnext: make room or make it writable, or keep runs elsewhere: --cache DIR", path = path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{path} cannot be read: {source}\nnext: name another run", path = path.display())]
    Unread { path: PathBuf, source: io::Error },
    #[error(
        "{path} cannot be read as what a run saves: {reason}\nnext: mend it, or name another run",
        path = path.display()
    )]
    Malformed { path: PathBuf, reason: String },
    #[error("there is no run {run:?} in {runs}; the newest is {newest}\nnext: crashwindow replay {newest}", runs = runs.display())]
    Unknown {
        run: String,
        runs: PathBuf,
        newest: String,
    },
}

impl FolderError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

impl RunFolder {
    /// Makes the next folder under `runs`, locks it, and says in it that the run goes on.
    pub fn create(runs: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(runs).map_err(FolderError::io(runs))?;
        let mut number = ids(runs)?
            .last()
            .and_then(|id| id.parse().ok())
            .unwrap_or(0_u32)
            + 1;
        loop {
            let id = format!("{number:04}");
            let path = runs.join(&id);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let lock_path = path.join("lock");
                    let lock = File::create(&lock_path).map_err(FolderError::io(&lock_path))?;
                    let lock =
                        Flock::lock(lock, FlockArg::LockExclusiveNonblock).map_err(|(_, e)| {
                            FolderError::Io {
                                path: lock_path,
                                source: e.into(),
                            }
                        })?;
                    fs::create_dir(path.join("logs")).map_err(FolderError::io(&path))?;
                    let folder = Self {
                        id,
                        path,
                        _lock: lock,
                    };
                    folder.write(STATE, &State::Running)?;
                    return Ok(folder);
                }
                // Another run took the number meanwhile.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(e) => return Err(FolderError::Io { path, source: e }),
            }
        }
    }

    /// Writes the report, and only then that the run is judged, so never where one cannot be
    /// written.
    pub fn keep(&self, name: &str, report: &impl Serialize) -> Result<(), FolderError> {
        if let Err(error) = self.write(name, report) {
            if let Err(second) = self.give_up(&error) {
                tracing::warn!("the run still says that it goes on: {second}");
            }
            return Err(error);
        }
        self.write(STATE, &State::Judged)
    }

    pub fn give_up(&self, reason: &impl fmt::Display) -> Result<(), FolderError> {
        let reason = reason.to_string();
        self.write(STATE, &State::Inconclusive { reason })
    }

    pub fn write(&self, name: &str, value: &impl Serialize) -> Result<(), FolderError> {
        write(&self.path, name, value)
    }
}

/// Whole or not at all.
pub fn write(folder: &Path, name: &str, value: &impl Serialize) -> Result<(), FolderError> {
    let (path, half) = (folder.join(name), folder.join(format!(".{name}")));
    let json = serde_json::to_vec_pretty(value).map_err(|e| FolderError::Malformed {
        path: path.clone(),
        reason: e.to_string(),
    })?;
    fs::write(&half, json)
        .and_then(|()| fs::rename(&half, &path))
        .map_err(FolderError::io(&path))
}

pub fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, FolderError> {
    let path = folder.join(name);
    let bytes = fs::read(&path).map_err(|source| FolderError::Unread {
        path: path.clone(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|e| FolderError::Malformed {
        path,
        reason: e.to_string(),
    })
}

/// By number (`7`, `0007`), by `runs/0007`, or by path.
pub fn find(runs: &Path, run: &str) -> Result<PathBuf, FolderError> {
    let number = run.strip_prefix("runs/").unwrap_or(run);
    let candidates = [
        runs.join(number),
        runs.join(format!("{number:0>4}")),
        PathBuf::from(run),
    ];
    if let Some(found) = candidates
        .into_iter()
        .find(|p| p.join(SPEC).is_file() || p.join(STORM).is_file())
    {
        return Ok(found);
    }
    let newest = ids(runs)
        .unwrap_or_default()
        .pop()
        .unwrap_or_else(|| "none".to_owned());
    Err(FolderError::Unknown {
        run: run.to_owned(),
        runs: runs.to_owned(),
        newest,
    })
}

/// Runs whose controller is gone: not locked.
pub fn abandoned(runs: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut abandoned = Vec::new();
    for id in ids(runs)? {
        let path = runs.join(id);
        let Ok(lock) = File::open(path.join("lock")) else {
            continue;
        };
        if Flock::lock(lock, FlockArg::LockExclusiveNonblock).is_ok() {
            abandoned.push(path);
        }
    }
    Ok(abandoned)
}

/// Ascending.
pub(crate) fn ids(runs: &Path) -> Result<Vec<String>, FolderError> {
    let entries = match fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => {
            return Err(FolderError::Io {
                path: runs.to_owned(),
                source: e,
            });
        }
    };
    let mut ids: Vec<String> = entries
        .flatten()
        .filter_map(|e| e.file_name().into_string().ok())
        .filter(|name| name.len() >= 4 && name.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    // Longer numbers are larger ones.
    ids.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn runs_are_numbered_in_turn() {
        let home = tempfile::tempdir().unwrap();
        let (first, second) = (
            RunFolder::create(home.path()).unwrap(),
            RunFolder::create(home.path()).unwrap(),
        );
        assert_eq!((first.id.as_str(), second.id.as_str()), ("0001", "0002"));
    }

    #[test]
    fn nobody_else_may_look_into_a_run() {
        let home = tempfile::tempdir().unwrap();
        let run = RunFolder::create(home.path()).unwrap();
        let mode = run.path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_folder_is_abandoned_once_its_controller_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let run = RunFolder::create(home.path()).unwrap();
        assert!(abandoned(home.path()).unwrap().is_empty());
        let path = run.path.clone();
        drop(run);
        assert_eq!(abandoned(home.path()).unwrap(), [path]);
    }

    #[test]
    fn a_run_is_found_by_number_short_number_and_path() {
        let home = tempfile::tempdir().unwrap();
        let run = RunFolder::create(home.path()).unwrap();
        run.write(SPEC, &1).unwrap();
        for name in ["0001", "1", "runs/0001", run.path.to_str().unwrap()] {
            assert_eq!(find(home.path(), name).unwrap(), run.path);
        }
        let error = find(home.path(), "44").unwrap_err().to_string();
        assert!(
            error.contains("\"44\"") && error.contains("0001"),
            "{error}"
        );
    }
}
