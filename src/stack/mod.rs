//! Brings up a real Kafka and a real Postgres, or is told of them.
//!
//! The native stack: [`up`] brings the two servers into the cache and starts a supervisor, which
//! starts the servers; they die with it, and `state.json` says where they are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

mod artifacts;
mod cache;
mod compose;
mod dashboard;
mod doctor;
mod endpoints;
mod error;
mod external;
mod install;
mod java;
mod kafka;
mod launch;
mod native;
mod ports;
pub mod postgres;
mod process;
mod prometheus;
mod segment;
mod servers;
mod state;
mod status;
mod supervised;
mod supervisor;
mod switch;

pub use dashboard::{Beside, Starting, dashboard, dashboard_log, starting};
pub use doctor::{Check, Health, doctor};
pub use endpoints::{
    Endpoints, Kafka, Mechanism, Postgres, Sasl, Security, SecurityProtocol, StackKind, Versions,
};
pub(crate) use error::StackError;
pub use external::External;
pub use prometheus::watch;
pub use status::{Status, status};
pub use supervisor::supervise;
pub use switch::switches;
pub(crate) use switch::{Switch, SwitchError};

pub const DEFAULT_NAME: &str = "default";

#[derive(Debug, Clone)]
pub struct StackOptions {
    pub choice: StackChoice,
    /// Stacks of different names run side by side.
    pub name: String,
    pub cache: Option<PathBuf>,
    /// A free one by default.
    pub kafka_port: Option<u16>,
    /// Besides its own listener; none by default.
    pub kafka_proxied: Option<Proxied>,
    /// A free one by default.
    pub postgres_port: Option<u16>,
    /// Has `initdb` and `postgres`, instead of the cached ones.
    pub postgres_bin: Option<PathBuf>,
    pub external: Option<External>,
    /// What becomes the supervisor: by default this process's own. A test of this library gives it.
    pub program: Option<PathBuf>,
}

impl Default for StackOptions {
    fn default() -> StackOptions {
        StackOptions {
            choice: StackChoice::Auto,
            name: DEFAULT_NAME.into(),
            cache: None,
            kafka_port: None,
            kafka_proxied: None,
            postgres_port: None,
            postgres_bin: None,
            external: None,
            program: None,
        }
    }
}

/// For a proxy that knows nothing of Kafka's protocol: a broker tells its clients where to connect
/// to, and they would go past the proxy if it told them its own port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxied {
    /// On 127.0.0.1, for the proxy.
    pub listens: u16,
    /// On 127.0.0.1, the proxy's: what clients are told.
    pub advertises: u16,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StackChoice {
    /// External if addresses are given, else native; says which and why.
    #[default]
    Auto,
    /// Two child processes on this machine, without Docker and without root.
    Native,
    /// A cluster and a database that already run.
    External,
    /// The containers of docker/compose.yaml, which `make lab-up` starts.
    Compose,
}

/// In words for the person who waits.
pub trait StackProgress: Send + Sync {
    /// Without its line break.
    fn line(&self, line: &str);
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl StackProgress for Silent {
    fn line(&self, _line: &str) {}
}

#[derive(Debug, Clone)]
pub struct Up {
    pub endpoints: Endpoints,
    pub changed: bool,
}

pub async fn ensure(
    options: &StackOptions,
    progress: &dyn StackProgress,
) -> Result<Endpoints, StackError> {
    Ok(up(options, progress).await?.endpoints)
}

/// `runs/` in the cache.
pub fn runs_folder(options: &StackOptions) -> Result<PathBuf, StackError> {
    Ok(cache::Cache::open(options.cache.as_deref())?
        .root()
        .join("runs"))
}

/// Waits until both servers answer. A stack that is half there is started anew; an external one is
/// only asked. After an error nothing runs that this call started.
pub async fn up(options: &StackOptions, progress: &dyn StackProgress) -> Result<Up, StackError> {
    check_name(&options.name)?;
    match choose(options)? {
        Chosen::Native(why) => {
            if let Some(why) = why {
                progress.line(why);
            }
            native::up(options, progress).await
        }
        Chosen::External(_) | Chosen::Compose => {
            let asked = configured_endpoints(options).await;
            Ok(Up {
                endpoints: asked.expect("the native stack was ruled out")?,
                changed: false,
            })
        }
    }
}

/// None where these options are about the native stack.
pub async fn configured_endpoints(options: &StackOptions) -> Option<Result<Endpoints, StackError>> {
    match choose(options).ok()? {
        Chosen::Native(_) => None,
        Chosen::External(external) => Some(external.check().await),
        Chosen::Compose => Some(compose::check(options.external.as_ref()).await),
    }
}

/// Waits until nothing is left, and removes the stack's folder; the cache stays. Whether there was
/// anything to stop: an external stack is left alone.
pub async fn down(
    options: &StackOptions,
    progress: &dyn StackProgress,
) -> Result<bool, StackError> {
    check_name(&options.name)?;
    // First, so that its job does not see the servers go.
    dashboard::stop(options).await?;
    match choose(options)? {
        Chosen::Native(_) => native::down(options, progress).await,
        Chosen::External(_) => {
            progress.line("an external stack is yours: nothing was stopped");
            Ok(false)
        }
        Chosen::Compose => {
            progress.line("containers are stopped by make lab-down: nothing was stopped");
            Ok(false)
        }
    }
}

fn is_native(options: &StackOptions) -> bool {
    matches!(choose(options), Ok(Chosen::Native(_)))
}

enum Chosen<'a> {
    Native(Option<&'static str>),
    External(&'a External),
    Compose,
}

fn choose(options: &StackOptions) -> Result<Chosen<'_>, StackError> {
    let wrong = |why: &str, next: &str| {
        Err(StackError::Options {
            why: why.to_string(),
            next: next.to_string(),
        })
    };
    match (options.choice, &options.external) {
        (StackChoice::Auto | StackChoice::External, Some(external)) => {
            Ok(Chosen::External(external))
        }
        (StackChoice::Auto, None) => Ok(Chosen::Native(Some(
            "stack: native (no addresses were given, and it needs neither Docker nor root)",
        ))),
        (StackChoice::Native, None) => Ok(Chosen::Native(None)),
        (StackChoice::Native, Some(_)) => wrong(
            "--stack native starts its own servers, and addresses of others were given",
            "leave out --stack, or the addresses",
        ),
        (StackChoice::External, None) => wrong(
            "--stack external needs to know where the servers are",
            "add --kafka HOST:PORT and --postgres URL",
        ),
        (StackChoice::Compose, _) => Ok(Chosen::Compose),
    }
}

/// It becomes a folder's and a lock's.
fn check_name(name: &str) -> Result<(), StackError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.is_empty() && name.len() <= 40 && !name.starts_with('-') && name.chars().all(fits) {
        return Ok(());
    }
    Err(StackError::Options {
        why: format!("{name:?} cannot be the name of a stack"),
        next: "use up to 40 of a-z, 0-9 and -".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run spawns these on a runtime with several threads.
    #[test]
    fn the_futures_can_be_spawned() {
        fn spawnable(_future: impl Send) {}
        let options = StackOptions::default();
        spawnable(ensure(&options, &Silent));
        spawnable(down(&options, &Silent));
        spawnable(status(&options));
        spawnable(doctor(&options));
    }

    #[test]
    fn a_name_is_a_plain_word() {
        for name in ["default", "lab-2", "7"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "..", "a/b", "-x", "Ärger", &"x".repeat(41)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
