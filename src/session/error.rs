//! Why a run ends without a verdict.

use std::io;
use std::path::{Path, PathBuf};

use super::folder::FolderError;
use super::sighted::Reason;
use crate::effects::{EffectsError, GrammarError};
use crate::event::Source;
use crate::group::GroupError;
use crate::stack::StackError;

/// Every text says what, where, and the next command.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Ctrl-C or SIGTERM.
    #[error(
        "interrupted; nothing of the run is left running\nnext: run it again, or crashwindow down"
    )]
    Interrupted,
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error("the stack died in mid-run: {what}\nnext: crashwindow status, then crashwindow up")]
    StackDied {
        /// Which server, and how that was noticed.
        what: String,
    },
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("{0}\nnext: crashwindow status")]
    Group(#[from] GroupError),
    #[error("{reason}\n{refused}\nnext: let the consumers do without it: the taps speak plaintext")]
    Refused {
        reason: GroupError,
        /// A line each.
        refused: String,
    },
    #[error("a Kafka client could not be made: {0}\nnext: crashwindow doctor")]
    Client(#[from] rdkafka::error::KafkaError),
    #[error("Kafka did not acknowledge a storm's payments: {reason}\nnext: crashwindow status")]
    Unproduced { reason: String },
    #[error(transparent)]
    Produce(#[from] ProduceError),
    #[error(transparent)]
    Effects(#[from] EffectsError),
    #[error("{0}\nnext: crashwindow explore --help")]
    Grammar(GrammarError),
    #[error("Postgres refused to {what}: {reason}\nnext: crashwindow status")]
    Database { what: &'static str, reason: String },
    #[error("the payment provider could not listen on a free port of 127.0.0.1: {0}")]
    Listen(io::Error),
    #[error("the consumer {} cannot be started: {source}\nnext: build it, or mend the command", program.display())]
    Spawn { program: PathBuf, source: io::Error },
    #[error("an instance could not be waited for: {0}")]
    Wait(io::Error),
    #[error("the consumer's log {} cannot be written: {source}\nnext: make room, or keep runs elsewhere: --cache DIR", path.display())]
    Log { path: PathBuf, source: io::Error },
    #[error("--reset {how}: {command}\n{log}\nnext: mend the command; all it wrote is in {}", path.display())]
    Reset {
        command: String,
        how: String,
        log: String,
        path: PathBuf,
    },
    #[error("instance {instance} exited {times} times, the last time with {status}; its log says:\n{log}\nnext: read {}", path.display())]
    ExitedTooOften {
        instance: String,
        times: u32,
        status: String,
        /// What its output says first of a cause, and what the taps refused.
        log: String,
        path: PathBuf,
    },
    #[error(
        "{who} asked Kafka for {request}, as members of share groups do (KIP-932), and share groups are not \
         supported\nnext: let the consumer join KAFKA_GROUP_ID as a consumer group, in Java with \
         KafkaConsumer in place of KafkaShareConsumer"
    )]
    ShareGroup {
        who: Source,
        /// The API that it asked for.
        request: String,
    },
    #[error(transparent)]
    NeverJoined(#[from] Box<NeverJoined>),
}

#[derive(Debug, thiserror::Error)]
#[error("Kafka did not acknowledge {payment}: {source}\nnext: crashwindow status")]
pub struct ProduceError {
    pub payment: String,
    pub source: rdkafka::error::KafkaError,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "{missing} did not join group {group} within {seconds} s: {}; the group has {members}; {} \
     says:\n{log}\nnext: {}",
    reason.what,
    path.display(),
    reason.next
)]
pub struct NeverJoined {
    pub missing: String,
    pub group: String,
    pub seconds: u64,
    /// What was seen of the first missing instance instead.
    pub reason: Reason,
    pub members: String,
    /// What its output says first of a cause, and what the taps refused.
    pub log: String,
    pub path: PathBuf,
}

impl RunError {
    /// For `map_err` on a statement of the lab's own.
    pub(crate) fn database(what: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |e| {
            // The client's own text says only "db error".
            let reason = e
                .as_db_error()
                .map_or_else(|| e.to_string(), ToString::to_string);
            Self::Database { what, reason }
        }
    }

    pub(crate) fn share_group(who: &Source, request: &str) -> Self {
        Self::ShareGroup {
            who: who.clone(),
            request: request.to_owned(),
        }
    }

    pub(crate) fn log(path: &Path, source: io::Error) -> Self {
        Self::Log {
            path: path.to_owned(),
            source,
        }
    }
}
