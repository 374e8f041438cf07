//! Counts the effects of a run, whatever its payments' effect is.

use std::sync::Arc;

use super::Spec;
use crate::effects::{EffectSource, Sink, SqlCounter, TopicCounter};
use crate::event::Marks;
use crate::provider::Account;
use crate::session::RunError;
use crate::session::resources::Resources;
use crate::verdict::Effect;

pub(super) enum Counter {
    Ledger(Account),
    Sql(Box<SqlCounter>),
    Topic(Box<TopicCounter>),
    Sink(Arc<Sink>),
}

impl Counter {
    /// After the consumer's tables exist, before its first instance: what happens earlier is not
    /// seen.
    pub(super) async fn open(
        spec: &Spec,
        resources: &Resources,
        account: &Account,
        marks: &Marks,
    ) -> Result<Self, RunError> {
        Ok(match &spec.effects {
            EffectSource::Ledger => Self::Ledger(account.clone()),
            EffectSource::Sql { query } => {
                let parsed = query.parse().map_err(RunError::Grammar)?;
                let client = resources.connect("crashwindow-effects").await?;
                Self::Sql(Box::new(
                    SqlCounter::open(client, parsed, marks.clone()).await?,
                ))
            }
            EffectSource::Topic { .. } => {
                let topic = resources.output_topic.as_deref().unwrap_or_default();
                let kafka = &resources.endpoints.kafka;
                Self::Topic(Box::new(TopicCounter::new(kafka, topic, marks.clone())?))
            }
            EffectSource::Sink => Self::Sink(Sink::new(marks.clone())),
        })
    }

    pub(super) async fn effects(&self) -> Result<Vec<Effect>, RunError> {
        Ok(match self {
            Self::Ledger(account) => account
                .ledger()
                .into_iter()
                .map(|entry| Effect {
                    charge: entry.charge,
                    payment: entry.payment,
                })
                .collect(),
            Self::Sql(counter) => counter.effects().await?,
            Self::Topic(counter) => counter.effects().await?,
            Self::Sink(sink) => sink.effects(),
        })
    }

    pub(super) fn sink(&self) -> Option<Arc<Sink>> {
        match self {
            Self::Sink(sink) => Some(Arc::clone(sink)),
            _ => None,
        }
    }
}
