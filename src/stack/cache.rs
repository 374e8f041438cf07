//! The cache folder: `artifacts/` (brought in once), `stacks/<name>/` (gone with `down`), `locks/`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{User, geteuid};

use super::error::StackError;

/// Two servers, their data and a first storm; with less, Postgres would stop in the middle of a
/// run.
pub(super) const WANTED_BYTES: u64 = 1 << 30;

#[derive(Debug, Clone)]
pub(super) struct Cache {
    root: PathBuf,
}

/// As root `/var/cache/crashwindow`: PostgreSQL runs as somebody else there, who cannot enter
/// `/root`.
pub(super) fn default_root() -> PathBuf {
    if geteuid().is_root() {
        return PathBuf::from("/var/cache/crashwindow");
    }
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    base.join("crashwindow")
}

/// When we are root, as which PostgreSQL refuses to run.
pub(super) fn postgres_user() -> Option<User> {
    if !geteuid().is_root() {
        return None;
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| User::from_name(name).ok().flatten())
}

impl Cache {
    pub(super) fn open(given: Option<&Path>) -> Result<Cache, StackError> {
        let given = given.map_or_else(default_root, Path::to_path_buf);
        let unusable = |why: String| StackError::Cache {
            path: given.clone(),
            why,
        };
        let is_new = !given.exists();
        for folder in ["artifacts", "stacks", "locks"] {
            let folder = given.join(folder);
            fs::create_dir_all(&folder)
                .map_err(|error| unusable(format!("cannot make {}: {error}", folder.display())))?;
        }
        // Servers get absolute paths, whatever folder they run in.
        let root = given
            .canonicalize()
            .map_err(|error| unusable(error.to_string()))?;
        let probe = root
            .join("locks")
            .join(format!(".probe-{}", std::process::id()));
        let wrote = fs::write(&probe, b"a full disk refuses this").map_err(|e| e.to_string());
        let _ = fs::remove_file(&probe);
        wrote.map_err(|error| unusable(format!("cannot write into it: {error}")))?;

        if let Some(user) = postgres_user() {
            // A umask of 077 makes folders that the server's user cannot enter. The mode of a
            // folder that was there before is not ours to change.
            let ours = ["artifacts", "stacks"].iter().map(|name| root.join(name));
            for folder in ours.chain(is_new.then(|| root.clone())) {
                fs::set_permissions(&folder, Permissions::from_mode(0o755))
                    .map_err(|error| unusable(format!("{}: {error}", folder.display())))?;
            }
            if let Some(wall) = first_wall(&root, &user) {
                return Err(unusable(format!(
                    "PostgreSQL runs as user {}, who may not enter {}",
                    user.name,
                    wall.display()
                )));
            }
        }
        Ok(Cache { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    pub(super) fn stack(&self, name: &str) -> PathBuf {
        self.root.join("stacks").join(name)
    }

    /// Only ever locked, never removed: else two processes could hold "the" lock. It outlives the
    /// stack's folder.
    pub(super) fn lock_path(&self, name: &str) -> PathBuf {
        self.root.join("locks").join(name)
    }

    /// `None` with `wait == false` if somebody else has it.
    pub(super) fn lock(&self, name: &str, wait: bool) -> Result<Option<Flock<File>>, StackError> {
        self.flock(
            name,
            if wait {
                FlockArg::LockExclusive
            } else {
                FlockArg::LockExclusiveNonblock
            },
        )
    }

    /// Shares the lock for a moment, so that two who ask do not take each other for the holder.
    pub(super) fn is_locked(&self, name: &str) -> Result<bool, StackError> {
        Ok(self.flock(name, FlockArg::LockSharedNonblock)?.is_none())
    }

    fn flock(&self, name: &str, how: FlockArg) -> Result<Option<Flock<File>>, StackError> {
        let path = self.lock_path(name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(StackError::io(format!("cannot open {}", path.display())))?;
        match Flock::lock(file, how) {
            Ok(lock) => Ok(Some(lock)),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(StackError::Io {
                what: format!("cannot lock {}", path.display()),
                error: error.into(),
            }),
        }
    }

    /// For this user; `u64::MAX` where the file system does not say.
    #[allow(clippy::useless_conversion)] // The count of blocks is a u32 on macOS.
    pub(super) fn free_bytes(&self) -> u64 {
        nix::sys::statvfs::statvfs(&self.root).map_or(u64::MAX, |fs| {
            u64::from(fs.blocks_available()).saturating_mul(fs.fragment_size())
        })
    }

    pub(super) fn require_space(&self) -> Result<(), StackError> {
        let free = self.free_bytes();
        if free < WANTED_BYTES {
            return Err(StackError::Cache {
                path: self.root.clone(),
                why: format!(
                    "{} MB are free on its disk and a stack wants {} MB",
                    free >> 20,
                    WANTED_BYTES >> 20
                ),
            });
        }
        Ok(())
    }
}

/// By its mode.
pub(super) fn first_wall(path: &Path, user: &User) -> Option<PathBuf> {
    let mut folders: Vec<&Path> = path.ancestors().collect();
    folders.reverse();
    folders
        .into_iter()
        .find(|folder| !may_enter(folder, user))
        .map(Path::to_path_buf)
}

fn may_enter(folder: &Path, user: &User) -> bool {
    let Ok(metadata) = folder.metadata() else {
        return false;
    };
    let execute = if metadata.uid() == user.uid.as_raw() {
        0o100
    } else if metadata.gid() == user.gid.as_raw() {
        0o010
    } else {
        0o001
    };
    metadata.mode() & execute != 0
}
