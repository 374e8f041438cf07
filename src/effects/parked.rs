//! Where a message that cannot be done is meant to end: neither lost nor done.

use super::topic::topic_suffix;

/// The options that say where that is; both may be given.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ParkedArgs {
    /// Where what cannot be done is meant to end: a topic that the lab makes for each run, as
    /// {KAFKA_TOPIC}-NAME, and names to the consumer in KAFKA_PARKED_TOPIC
    #[arg(long, value_name = "NAME", value_parser = topic_suffix)]
    pub parked_topic: Option<String>,
    /// A query for the ids of payments that the consumer has put aside because they cannot be done
    #[arg(long, value_name = "SQL")]
    pub parked: Option<String>,
}
