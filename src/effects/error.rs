use std::time::Duration;

use crate::group::GroupError;

/// Every text says what, where, and the next command.
#[derive(Debug, thiserror::Error)]
pub enum EffectsError {
    /// The consumer may still make what holds the effects.
    #[error("effects cannot be counted: there is no {what}\nnext: {next}")]
    Missing { what: String, next: &'static str },
    #[error(
        "transitions of {table} are not watched: {why}\nnext: mend --effects, or count rows: \
         --effects \"SELECT msg_id FROM charges\""
    )]
    Unwatched { table: String, why: String },
    #[error("Postgres could not {what}: {reason}\nnext: mend --effects, or crashwindow status")]
    Database { what: &'static str, reason: String },
    #[error("{0}\nnext: crashwindow status")]
    Kafka(#[from] GroupError),
    #[error("topic {topic} could not be read: {source}\nnext: crashwindow status")]
    Read {
        topic: String,
        source: rdkafka::error::KafkaError,
    },
    /// Kafka stopped handing out records before the end.
    #[error(
        "waited {after:?} for more of topic {topic}: {missing}; last seen: {last}\nnext: crashwindow status"
    )]
    Waited {
        after: Duration,
        topic: String,
        /// How far each partition is from where it was to be read to.
        missing: String,
        last: String,
    },
}

impl EffectsError {
    pub(super) fn database(what: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |e| Self::Database {
            what,
            reason: reason(&e),
        }
    }
}

/// The client's own text says only "db error".
pub(super) fn reason(e: &tokio_postgres::Error) -> String {
    e.as_db_error()
        .map_or_else(|| e.to_string(), ToString::to_string)
}
