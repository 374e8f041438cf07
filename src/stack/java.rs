use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::error::StackError;
use super::install;

/// Of Kafka 4.
const OLDEST: u32 = 17;

#[derive(Debug, Clone)]
pub(super) struct Java {
    /// Never a shim, which would stand between the supervisor and the broker that it kills.
    pub(super) program: PathBuf,
    pub(super) version: String,
}

/// Of `JAVA_HOME`, else of the `PATH`; the first that is new enough. An error has the line that
/// installs one.
pub(super) async fn find() -> Result<Java, StackError> {
    let home = std::env::var_os("JAVA_HOME").filter(|home| !home.is_empty());
    let mut candidates = Vec::new();
    let mut seen = Vec::new();
    match home {
        Some(home) => candidates.push(PathBuf::from(home).join("bin/java")),
        None => seen.push("JAVA_HOME is not set".to_string()),
    }
    candidates.push(PathBuf::from("java"));
    for candidate in candidates {
        match probe(&candidate).await {
            Ok(java) if major(&java.version) >= OLDEST => return Ok(java),
            Ok(java) => seen.push(format!("{} is {}", java.program.display(), java.version)),
            Err(_) if candidate.as_os_str() == "java" => {
                seen.push("there is no java on the PATH".to_string());
            }
            Err(error) => seen.push(format!("{}: {error}", candidate.display())),
        }
    }
    Err(install::java().missing(seen.join(", ")))
}

async fn probe(candidate: &PathBuf) -> std::io::Result<Java> {
    let output = Command::new(candidate)
        .args(["-XshowSettings:properties", "-version"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let property = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == name).then(|| value.trim().to_string())
        })
    };
    match (property("java.home"), property("java.version")) {
        (Some(home), Some(version)) => Ok(Java {
            program: PathBuf::from(home).join("bin/java"),
            version,
        }),
        _ => Err(std::io::Error::other("does not say which Java it is")),
    }
}

/// `17.0.15` is 17; the old form `1.8.0_402` is 8.
fn major(version: &str) -> u32 {
    let mut parts = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().ok());
    match parts.next().flatten() {
        Some(1) => parts.next().flatten().unwrap_or(1),
        Some(major) => major,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_spellings_of_a_version_are_read() {
        for (text, major) in [("17.0.15", 17), ("25", 25), ("1.8.0_402", 8), ("26-ea", 26)] {
            assert_eq!(super::major(text), major, "{text}");
        }
    }
}
