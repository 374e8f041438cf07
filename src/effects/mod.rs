//! What happened to each payment, counted from outside the consumer.
//!
//! By default a charge in the provider's ledger, else what an [`EffectSource`] says. A source that
//! cannot be counted is an [`EffectsError`], never an empty list: a payment whose effects were not
//! seen must not be called lost.

mod error;
mod parked;
mod payment;
mod sink;
mod sql;
mod topic;

use serde::{Deserialize, Serialize};

pub use error::EffectsError;
pub use parked::ParkedArgs;
pub use payment::message_in;
pub(crate) use payment::named;
pub use sink::{Sink, SinkRecord};
pub(crate) use sql::GrammarError;
pub use sql::{Literal, SqlCounter, SqlEffects, Transition, Watched, Watching};
pub use topic::TopicCounter;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum EffectSource {
    #[default]
    Ledger,
    /// [`SqlEffects`] has the grammar.
    Sql { query: String },
    /// Of committed records.
    Topic {
        /// Added to the name of the run's topic of payments: a topic of that run alone.
        name: String,
    },
    /// Not a mere read.
    Sink,
}

/// The options that choose an [`EffectSource`]: one of them, or none for the ledger.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(multiple = false)]
pub struct EffectArgs {
    /// Count effects in the run's database: a query of payment ids (SELECT msg_id FROM charges) or
    /// TABLE.COLUMN = VALUE BY COLUMN (orders.status = 'paid' BY id)
    #[arg(long, value_name = "SQL")]
    pub effects: Option<SqlEffects>,
    /// Count effects in an output topic that the lab makes for each run, as {KAFKA_TOPIC}-NAME, and
    /// names to the consumer in KAFKA_OUTPUT_TOPIC: its committed records, by payment id
    #[arg(long, value_name = "NAME", value_parser = topic::topic_suffix)]
    pub effects_topic: Option<String>,
    /// Count effects at a plain HTTP sink: every request to it that is not a mere read
    #[arg(long)]
    pub sink: bool,
}

impl EffectArgs {
    #[must_use]
    pub fn source(&self) -> EffectSource {
        if let Some(sql) = &self.effects {
            let query = sql.to_string();
            return EffectSource::Sql { query };
        }
        if let Some(name) = &self.effects_topic {
            let name = name.clone();
            return EffectSource::Topic { name };
        }
        if self.sink {
            return EffectSource::Sink;
        }
        EffectSource::Ledger
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        effects: EffectArgs,
    }

    fn source(args: &[&str]) -> Result<EffectSource, String> {
        let program = Program::try_parse_from([&["program"], args].concat());
        let program = program.map_err(|e| e.to_string())?;
        Ok(program.effects.source())
    }

    #[test]
    fn one_option_chooses_the_source_and_none_is_the_ledger() {
        assert_eq!(source(&[]), Ok(EffectSource::Ledger));
        assert_eq!(source(&["--sink"]), Ok(EffectSource::Sink));
        let name = "receipts".to_owned();
        let topic = source(&["--effects-topic", "receipts"]);
        assert_eq!(topic, Ok(EffectSource::Topic { name }));
        let query = "orders.status = 'paid' BY id".to_owned();
        assert_eq!(
            source(&["--effects", &query]),
            Ok(EffectSource::Sql { query })
        );
        let spaced = source(&["--effects-topic", "my receipts"]).unwrap_err();
        assert!(
            spaced.contains("letters, digits, '.', '_' and '-'"),
            "{spaced}"
        );
        let both = source(&["--sink", "--effects-topic", "receipts"]).unwrap_err();
        assert!(both.contains("cannot be used with"), "{both}");
        let wrong = source(&["--effects", "paid orders"]).unwrap_err();
        assert!(wrong.contains("orders.status = 'paid' BY id"), "{wrong}");
    }

    #[test]
    fn a_source_is_read_back_as_it_was_written() {
        let sources = [
            (EffectSource::Ledger, r#"{"kind":"ledger"}"#),
            (EffectSource::Sink, r#"{"kind":"sink"}"#),
            (
                EffectSource::Topic { name: "out".into() },
                r#"{"kind":"topic","name":"out"}"#,
            ),
            (
                EffectSource::Sql {
                    query: "SELECT 1".into(),
                },
                r#"{"kind":"sql","query":"SELECT 1"}"#,
            ),
        ];
        for (source, json) in sources {
            assert_eq!(serde_json::to_string(&source).unwrap(), json);
            let read: EffectSource = serde_json::from_str(json).unwrap();
            assert_eq!(read, source);
        }
    }
}
