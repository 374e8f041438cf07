//! Whether this machine can run the native stack, and what is missing.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use nix::unistd::geteuid;
use serde::Serialize;
use tokio::process::Command;

use super::artifacts::Artifact;
use super::cache::{Cache, WANTED_BYTES, postgres_user};
use super::error::StackError;
use super::{StackOptions, install, java, prometheus};

#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// Whether `crashwindow up --stack native` can work.
    pub native: bool,
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub what: String,
    pub present: bool,
    pub needed: bool,
    pub detail: String,
    /// One line that brings what is missing, if something does.
    pub fix: Option<String>,
}

pub async fn doctor(options: &StackOptions) -> Health {
    let mut checks = vec![java_check().await];
    let cache = match Cache::open(options.cache.as_deref()) {
        Ok(cache) => {
            checks.push(found("cache folder", cache.root().display().to_string()));
            checks.push(space(&cache));
            Some(cache)
        }
        Err(error) => {
            checks.push(lost("cache folder", true, error));
            None
        }
    };
    let mut cached = true;
    for artifact in [Artifact::Kafka, Artifact::Postgres] {
        let what = format!("{} {}, cached", artifact.title(), artifact.version());
        let present = cache
            .as_ref()
            .is_some_and(|cache| artifact.is_cached(cache));
        cached &= present;
        let detail = match (&cache, present) {
            (Some(cache), true) => artifact.folder(cache).display().to_string(),
            _ => "the first up brings it in".to_string(),
        };
        checks.push(Check {
            what,
            present,
            needed: false,
            detail,
            fix: None,
        });
    }
    // Only the first `up` brings something in.
    checks.push(program("mvn", !cached, install::maven()).await);
    checks.push(program("xz", !cached && !cfg!(target_os = "macos"), install::tar()).await);
    if geteuid().is_root() {
        checks.push(match postgres_user() {
            Some(user) => found("unprivileged user for PostgreSQL", user.name),
            None => lost(
                "unprivileged user for PostgreSQL",
                true,
                install::user().missing("none"),
            ),
        });
    }
    checks.push(machine_postgres());
    checks.push(prometheus_check());
    checks.push(docker().await);
    Health {
        native: checks.iter().all(|check| check.present || !check.needed),
        checks,
    }
}

fn found(what: &str, detail: String) -> Check {
    Check {
        what: what.into(),
        present: true,
        needed: true,
        detail,
        fix: None,
    }
}

fn lost(what: &str, needed: bool, error: StackError) -> Check {
    let text = error.to_string();
    let (detail, next) = text.split_once("\nnext: ").unwrap_or((&text, ""));
    let fix = (!next.is_empty()).then(|| next.to_string());
    Check {
        what: what.into(),
        present: false,
        needed,
        detail: detail.into(),
        fix,
    }
}

async fn java_check() -> Check {
    match java::find().await {
        Ok(java) => found(
            "Java 17 or later",
            format!("{} {}", java.program.display(), java.version),
        ),
        Err(error) => lost("Java 17 or later", true, error),
    }
}

fn space(cache: &Cache) -> Check {
    let free = cache.free_bytes();
    let detail = format!("{} MB free, {} MB wanted", free >> 20, WANTED_BYTES >> 20);
    let present = free >= WANTED_BYTES;
    let fix = (!present).then(|| "choose another disk with --cache DIR".to_string());
    Check {
        what: "disk space".into(),
        present,
        needed: true,
        detail,
        fix,
    }
}

async fn program(name: &str, needed: bool, need: install::Need) -> Check {
    let output = Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let line = text.lines().next().unwrap_or_default();
            // Maven writes its name in bold even into a pipe.
            let plain = line.replace("\u{1b}[1m", "").replace("\u{1b}[m", "");
            Check {
                needed,
                ..found(need.what, plain)
            }
        }
        Err(error) => lost(need.what, needed, need.missing(format!("{name}: {error}"))),
    }
}

/// For `--postgres-bin`, where Maven's repository is out of reach.
fn machine_postgres() -> Check {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let bins: Vec<PathBuf> = versions
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.is_dir())
        .collect();
    let listed = bins
        .iter()
        .map(|bin| bin.display().to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let detail = if bins.is_empty() {
        "none under /usr/lib/postgresql; not needed".to_string()
    } else {
        format!("{listed} (for --postgres-bin; not needed)")
    };
    let what = "PostgreSQL of this machine".into();
    Check {
        what,
        present: !bins.is_empty(),
        needed: false,
        detail,
        fix: None,
    }
}

fn prometheus_check() -> Check {
    let program = prometheus::find();
    let detail = program.as_ref().map_or_else(
        || "not on the PATH; the stack runs without it".to_string(),
        |program| format!("{}; the stack starts it", program.display()),
    );
    Check {
        what: "Prometheus".into(),
        present: program.is_some(),
        needed: false,
        detail,
        fix: program.is_none().then(|| install::prometheus().fix),
    }
}

async fn docker() -> Check {
    let mut command = Command::new("docker");
    command
        .args(["info", "--format", "{{.ServerVersion}}"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    // An engine that hangs cannot be used.
    let asked = tokio::time::timeout(std::time::Duration::from_secs(3), command.output()).await;
    let (present, detail) = match asked {
        Ok(Ok(output)) if output.status.success() => (
            true,
            String::from_utf8_lossy(&output.stdout).trim().to_string(),
        ),
        Ok(Err(_)) => (false, "no docker on the PATH; not needed".to_string()),
        _ => (false, "no engine answers; not needed".to_string()),
    };
    Check {
        what: "Docker engine".into(),
        present,
        needed: false,
        detail,
        fix: None,
    }
}
