//! Every text says what, where, and the next command.

use std::io;
use std::path::PathBuf;
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    #[error(
        "the cache folder {path} cannot be used: {why}\n\
         next: choose another one with --cache DIR or CRASHWINDOW_CACHE"
    )]
    Cache { path: PathBuf, why: String },
    #[error("{what} was not found: {why}\nnext: {fix}")]
    Missing {
        what: String,
        why: String,
        fix: String,
    },
    #[error(
        "{what} could not be brought into {path}:\n{log}\n\
         next: check that this machine reaches its Maven repository (~/.m2/settings.xml has the \
         mirror and the proxy), then the same command again"
    )]
    Artifacts {
        what: &'static str,
        path: PathBuf,
        log: String,
    },
    #[error(
        "port {port} for {server} is in use{owner}\n\
         next: stop what listens there, or leave out --{flag} to get a free port"
    )]
    PortInUse {
        port: u16,
        server: &'static str,
        flag: &'static str,
        /// `" by process 4711 (java)"`, empty where unknown.
        owner: String,
    },
    #[error(
        "{server} did not come up: {why}\nlast lines of its log:\n{log}\n\
         next: crashwindow doctor"
    )]
    Start {
        server: String,
        /// Its exit status, or the question it left unanswered.
        why: String,
        log: String,
    },
    #[error(
        "stack {name} already runs with {has}, not with {wants}\n\
         next: crashwindow down --name {name}, or another --name for a second stack"
    )]
    Different {
        name: String,
        has: String,
        wants: String,
    },
    #[error(
        "stack {name} could not be stopped: {what} is still there after {seconds} s\n\
         next: crashwindow status --name {name}"
    )]
    StillRunning {
        name: String,
        what: String,
        seconds: u64,
    },
    #[error("{what} at {address} cannot be used: {why}\nnext: {check}")]
    External {
        what: &'static str,
        /// Without a password.
        address: String,
        why: String,
        check: String,
    },
    #[error("the containers of docker/compose.yaml do not answer: {why}\nnext: make lab-up")]
    Compose { why: String },
    #[error("{why}\nnext: {next}")]
    Options { why: String, next: String },
    #[error("{what}: {error}\nnext: crashwindow doctor")]
    Io {
        what: String,
        /// Not called `source`: it is in the text already, and would be printed again after the
        /// next command.
        error: io::Error,
    },
}

impl StackError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> StackError {
        let what = what.into();
        move |error| StackError::Io { what, error }
    }
}
