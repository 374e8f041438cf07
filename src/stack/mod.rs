//! Brings up a real Kafka and a real Postgres, or is told of them.
//!
//! [`ensure`] is what a run calls: it gives [`Endpoints`], from a stack that runs already or from
//! one that it brings up. [`up`], [`down`], [`status`] and [`doctor`] are the commands of the same
//! names.
//!
//! The native stack, from the outside in: [`up`] looks at what is there, brings the two servers
//! into the cache, and starts a supervisor; the supervisor starts the servers, which die with it,
//! and writes down in `state.json` where they are.

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

/// The name of the stack that nobody named.
pub const DEFAULT_NAME: &str = "default";

/// Which stack, and how it is to run.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// How it is to run.
    pub choice: StackChoice,
    /// The stack's name: stacks of different names run side by side.
    pub name: String,
    /// The cache folder, if not the default one.
    pub cache: Option<PathBuf>,
    /// A fixed port for Kafka; a free one by default.
    pub kafka_port: Option<u16>,
    /// Kafka behind a proxy of somebody else's, besides its own listener; none by default.
    pub kafka_proxied: Option<Proxied>,
    /// A fixed port for PostgreSQL; a free one by default.
    pub postgres_port: Option<u16>,
    /// A folder with `initdb` and `postgres` of this machine, to use instead of the cached one.
    pub postgres_bin: Option<PathBuf>,
    /// The servers to use, with [`StackChoice::External`].
    pub external: Option<External>,
    /// The `crashwindow` program that becomes the supervisor: this process's own by default. A test
    /// that calls this library from another program gives it.
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

/// A second listener of Kafka, for a proxy that knows nothing of Kafka's protocol: a broker tells its
/// clients where to connect to, and they would go past the proxy if it told them its own port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxied {
    /// The port of 127.0.0.1 that Kafka listens on for the proxy.
    pub listens: u16,
    /// The port of 127.0.0.1 that the proxy listens on, which is what clients are told.
    pub advertises: u16,
}

/// How a stack is to run.
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

/// Is told what a command is doing, one line at a time, in words for the person who waits.
pub trait StackProgress: Send + Sync {
    /// One line, without its line break.
    fn line(&self, line: &str);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl StackProgress for Silent {
    fn line(&self, _line: &str) {}
}

/// The result of [`up`].
#[derive(Debug, Clone)]
pub struct Up {
    /// Where the stack is.
    pub endpoints: Endpoints,
    /// Whether anything had to be started.
    pub changed: bool,
}

/// Gives a stack that answers: the running one, or one that is brought up for it.
///
/// # Errors
/// Those of [`up`].
pub async fn ensure(
    options: &StackOptions,
    progress: &dyn StackProgress,
) -> Result<Endpoints, StackError> {
    Ok(up(options, progress).await?.endpoints)
}

/// The folder that runs are kept in, beside the stacks: `runs/` in the cache.
///
/// # Errors
/// When the cache folder cannot be used.
pub fn runs_folder(options: &StackOptions) -> Result<PathBuf, StackError> {
    Ok(cache::Cache::open(options.cache.as_deref())?
        .root()
        .join("runs"))
}

/// Brings the stack up and waits until both servers answer. A running one is left alone; one that
/// is half there is taken down and started anew. An external one is only asked.
///
/// # Errors
/// Every [`StackError`]; nothing that this call started runs any more then.
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

/// Asks servers that are not ours to start. None where these options are about the native stack.
pub async fn configured_endpoints(options: &StackOptions) -> Option<Result<Endpoints, StackError>> {
    match choose(options).ok()? {
        Chosen::Native(_) => None,
        Chosen::External(external) => Some(external.check().await),
        Chosen::Compose => Some(compose::check(options.external.as_ref()).await),
    }
}

/// Stops the stack, waits until nothing of it is left, and removes its folder; the cache keeps the
/// servers' programs. Returns whether there was anything to stop. An external stack is left alone.
///
/// # Errors
/// [`StackError::StillRunning`], or a folder that cannot be removed.
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

/// A name becomes a folder's and a lock's.
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
