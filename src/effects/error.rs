//! Why effects cannot be counted.

use std::time::Duration;

use crate::group::GroupError;

/// Why effects could not be counted. Every text says what, where, and the next command.
#[derive(Debug, thiserror::Error)]
pub enum EffectsError {
    /// What holds the effects is not there; the consumer may still make it.
    #[error("effects cannot be counted: there is no {what}\nnext: {next}")]
    Missing {
        /// The table or topic.
        what: String,
        /// What to do if it stays away.
        next: &'static str,
    },
    /// The table is there, and its transitions cannot be watched.
    #[error(
        "transitions of {table} are not watched: {why}\nnext: mend --effects, or count rows: \
         --effects \"SELECT msg_id FROM charges\""
    )]
    Unwatched {
        /// The table.
        table: String,
        /// What Postgres said.
        why: String,
    },
    /// Postgres refused a statement.
    #[error("Postgres could not {what}: {reason}\nnext: mend --effects, or crashwindow status")]
    Database {
        /// What was being done.
        what: &'static str,
        /// What it said.
        reason: String,
    },
    /// Kafka could not be asked.
    #[error("{0}\nnext: crashwindow status")]
    Kafka(#[from] GroupError),
    /// The output topic could not be read.
    #[error("topic {topic} could not be read: {source}\nnext: crashwindow status")]
    Read {
        /// The topic.
        topic: String,
        /// What the client said.
        source: rdkafka::error::KafkaError,
    },
    /// Kafka stopped handing out records before the end.
    #[error(
        "waited {after:?} for more of topic {topic}: {missing}; last seen: {last}\nnext: crashwindow status"
    )]
    Waited {
        /// For how long.
        after: Duration,
        /// The topic.
        topic: String,
        /// How far each partition is from where it was to be read to.
        missing: String,
        /// The last error that the client reported.
        last: String,
    },
}

impl EffectsError {
    /// For `map_err` on a statement.
    pub(super) fn database(what: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |e| Self::Database {
            what,
            reason: reason(&e),
        }
    }
}

/// What Postgres said; the client's own text says only "db error".
pub(super) fn reason(e: &tokio_postgres::Error) -> String {
    e.as_db_error()
        .map_or_else(|| e.to_string(), ToString::to_string)
}
