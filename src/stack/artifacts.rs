//! Brings the two servers into the cache, once: what their `pom.xml` pins, by Maven.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::cache::Cache;
use super::error::StackError;
use super::{StackProgress, install};

const KAFKA_POM: &str = include_str!("../../docker/kafka/pom.xml");
const POSTGRES_POM: &str = include_str!("../../docker/postgres/pom.xml");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Artifact {
    Kafka,
    /// `bin/initdb`, `bin/postgres` and what they load.
    Postgres,
}

impl Artifact {
    pub(super) fn title(self) -> &'static str {
        match self {
            Artifact::Kafka => "Apache Kafka",
            Artifact::Postgres => "PostgreSQL",
        }
    }

    fn pom(self) -> &'static str {
        match self {
            Artifact::Kafka => KAFKA_POM,
            Artifact::Postgres => POSTGRES_POM,
        }
    }

    pub(super) fn version(self) -> &'static str {
        let (open, close) = match self {
            Artifact::Kafka => ("<kafka.version>", "</kafka.version>"),
            Artifact::Postgres => ("<postgres.version>", "</postgres.version>"),
        };
        let start = self.pom().find(open).map_or(0, |at| at + open.len());
        self.pom()[start..].split(close).next().unwrap_or_default()
    }

    /// Named by a hash of the pom, so that another pin is another folder.
    pub(super) fn folder(self, cache: &Cache) -> PathBuf {
        let hash = openssl::sha::sha256(format!("{}{}", self.pom(), platform()).as_bytes());
        let key: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = match self {
            Artifact::Kafka => "kafka",
            Artifact::Postgres => "postgres",
        };
        cache
            .artifacts()
            .join(format!("{name}-{}-{key}", self.version()))
    }

    /// It is moved into place whole, so its folder is proof enough.
    pub(super) fn is_cached(self, cache: &Cache) -> bool {
        self.folder(cache).is_dir()
    }

    pub(super) async fn fetch(
        self,
        cache: &Cache,
        progress: &dyn StackProgress,
    ) -> Result<PathBuf, StackError> {
        let folder = self.folder(cache);
        if folder.is_dir() {
            return Ok(folder);
        }
        let waiting = cache.clone();
        let lock = tokio::task::spawn_blocking(move || waiting.lock("artifacts", true))
            .await
            .expect("the task only waits for a lock")?;
        if folder.is_dir() {
            return Ok(folder);
        }
        cache.require_space()?;
        progress.line(&format!(
            "bringing {} {} into {} (once; offline afterwards)",
            self.title(),
            self.version(),
            cache.artifacts().display()
        ));
        let temporary = cache
            .artifacts()
            .join(format!(".coming-{}", self.title().replace(' ', "-")));
        let fetched = self.fetch_into(&temporary, cache).await;
        let moved = fetched.and_then(|()| {
            fs::rename(temporary.join("files"), &folder).map_err(StackError::io(format!(
                "cannot move into {}",
                folder.display()
            )))
        });
        // Of no use to anybody; the next attempt clears it too.
        let _ = fs::remove_dir_all(&temporary);
        drop(lock);
        moved.map(|()| folder)
    }

    async fn fetch_into(self, temporary: &Path, cache: &Cache) -> Result<(), StackError> {
        let failed = |log: String| StackError::Artifacts {
            what: self.title(),
            path: cache.artifacts(),
            log,
        };
        // An earlier attempt may have been killed here; we hold the lock.
        let _ = fs::remove_dir_all(temporary);
        let files = temporary.join("files");
        let pom = temporary.join("pom.xml");
        fs::create_dir_all(&files).map_err(|error| failed(error.to_string()))?;
        fs::write(&pom, self.pom()).map_err(|error| failed(error.to_string()))?;

        let mut maven = Command::new("mvn");
        maven
            .args([
                "--batch-mode",
                "--no-transfer-progress",
                "--quiet",
                "--file",
            ])
            .arg(&pom);
        match self {
            Artifact::Kafka => maven
                .arg("dependency:copy-dependencies")
                .arg("-DincludeScope=runtime")
                .arg(format!("-DoutputDirectory={}", files.display())),
            Artifact::Postgres => maven
                .arg("dependency:unpack-dependencies")
                .arg(format!("-Dpostgres.platform={}", platform()))
                .arg(format!("-DoutputDirectory={}", temporary.display()))
                .arg(format!(
                    "-DmarkersDirectory={}",
                    temporary.join("markers").display()
                )),
        };
        run(maven, "mvn").await.map_err(|error| match error {
            FetchFailed::NotFound => install::maven().missing("it is not on the PATH"),
            FetchFailed::Said(log) => failed(log),
        })?;
        if self == Artifact::Postgres {
            unpack(temporary, &files)
                .await
                .map_err(|error| match error {
                    FetchFailed::NotFound => install::tar().missing("it is not on the PATH"),
                    FetchFailed::Said(log) => failed(log),
                })?;
        }
        open_to_all(&files).map_err(|error| failed(error.to_string()))
    }
}

fn platform() -> String {
    let system = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    };
    let machine = if cfg!(target_arch = "aarch64") {
        "arm64v8"
    } else {
        "amd64"
    };
    format!("{system}-{machine}")
}

enum FetchFailed {
    NotFound,
    Said(String),
}

async fn run(mut command: Command, name: &str) -> Result<(), FetchFailed> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    let output = output.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => FetchFailed::NotFound,
        _ => FetchFailed::Said(format!("{name}: {error}")),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(8)
        .collect();
    Err(FetchFailed::Said(format!(
        "  {name}: {}\n  {}",
        output.status,
        lines.join("\n  ")
    )))
}

/// The jar holds one archive per platform; `tar` restores the modes and links in it.
async fn unpack(from: &Path, into: &Path) -> Result<(), FetchFailed> {
    let entries = fs::read_dir(from).map_err(|error| FetchFailed::Said(error.to_string()))?;
    let archive = entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "txz"))
        .ok_or_else(|| FetchFailed::Said("the jar holds no .txz archive".to_string()))?;
    let mut tar = Command::new("tar");
    tar.arg("-xJf").arg(archive).arg("-C").arg(into);
    run(tar, "tar").await
}

/// The servers' user is another than the one who installs, whose umask may be 077.
fn open_to_all(folder: &Path) -> std::io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            open_to_all(&entry.path())?;
        } else if kind.is_file() {
            let mode = entry.metadata()?.permissions().mode();
            let for_all = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
            fs::set_permissions(entry.path(), Permissions::from_mode(for_all))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_poms() {
        assert_eq!(Artifact::Kafka.version(), "4.4.0");
        assert_eq!(Artifact::Postgres.version(), "18.6.0");
    }
}
