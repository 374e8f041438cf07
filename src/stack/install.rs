//! What the native stack needs of this machine, and the one line that installs it here.

use std::fs;

use nix::unistd::geteuid;

use super::error::StackError;

#[derive(Debug, Clone)]
pub(super) struct Need {
    pub(super) what: &'static str,
    pub(super) fix: String,
}

impl Need {
    pub(super) fn missing(self, why: impl Into<String>) -> StackError {
        StackError::Missing {
            what: self.what.to_string(),
            why: why.into(),
            fix: self.fix,
        }
    }
}

/// Kafka 4 runs on Java 17 and later.
pub(super) fn java() -> Need {
    let debian = if has_java_21() {
        "openjdk-21-jre-headless"
    } else {
        "openjdk-17-jre-headless"
    };
    Need {
        what: "Java 17 or later",
        fix: line(debian, "java-latest-openjdk-headless", "--cask temurin"),
    }
}

/// Maven brings both servers in, once.
pub(super) fn maven() -> Need {
    Need {
        what: "Maven (mvn)",
        fix: line("maven", "maven", "maven"),
    }
}

/// The PostgreSQL binaries come as a .txz.
pub(super) fn tar() -> Need {
    Need {
        what: "tar with xz",
        fix: line("tar xz-utils", "tar xz", "xz"),
    }
}

/// Prometheus watches storms, and nothing needs it.
pub(super) fn prometheus() -> Need {
    Need {
        what: "Prometheus",
        fix: line("prometheus", "golang-github-prometheus", "prometheus"),
    }
}

pub(super) fn user() -> Need {
    let line = "useradd --system --no-create-home postgres";
    Need {
        what: "an unprivileged user for PostgreSQL",
        fix: line.to_string(),
    }
}

fn line(debian: &str, fedora: &str, brew: &str) -> String {
    let sudo = if geteuid().is_root() { "" } else { "sudo " };
    if cfg!(target_os = "macos") {
        return format!("brew install {brew}");
    }
    let family = os_release("ID_LIKE").unwrap_or_default() + " " + &os_id();
    if ["fedora", "rhel", "centos"]
        .iter()
        .any(|id| family.contains(id))
    {
        format!("{sudo}dnf install -y {fedora}")
    } else {
        format!("{sudo}apt-get install -y {debian}")
    }
}

/// Debian has it from 13 on, where 17 is gone; Ubuntu from 22.04 on.
fn has_java_21() -> bool {
    let version = os_release("VERSION_ID").unwrap_or_default();
    let major: u32 = version
        .split('.')
        .next()
        .and_then(|v| v.parse().ok())
        .unwrap_or(0);
    match os_id().as_str() {
        "debian" => major >= 13,
        _ => major >= 22,
    }
}

fn os_id() -> String {
    os_release("ID").unwrap_or_default()
}

fn os_release(key: &str) -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_string())
}
