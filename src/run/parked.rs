//! What a run has parked: the messages that ended where what cannot be done is meant to end.

use std::collections::BTreeSet;

use super::Spec;
use crate::effects::{TopicCounter, named};
use crate::event::Marks;
use crate::session::RunError;
use crate::session::resources::Resources;

pub(super) struct Parked {
    topic: Option<TopicCounter>,
    query: Option<String>,
    marks: Marks,
}

impl Parked {
    pub(super) fn of(spec: &Spec, resources: &Resources, marks: &Marks) -> Result<Self, RunError> {
        let kafka = &resources.endpoints.kafka;
        let topic = resources.parked_topic.as_deref();
        Ok(Self {
            topic: topic
                .map(|topic| TopicCounter::new(kafka, topic, marks.clone()))
                .transpose()?,
            query: spec.parked.clone(),
            marks: marks.clone(),
        })
    }

    /// A record that names no message is nobody's.
    pub(super) async fn ids(
        &self,
        database: &tokio_postgres::Client,
    ) -> Result<BTreeSet<String>, RunError> {
        let mut parked = BTreeSet::new();
        if let Some(topic) = &self.topic {
            let records = topic.effects().await?;
            parked.extend(records.into_iter().filter_map(|record| record.payment));
        }
        if let Some(query) = &self.query {
            parked.extend(ids(database, query, PARKED, &self.marks).await?);
        }
        Ok(parked)
    }
}

pub(super) struct Tried {
    run: &'static str,
    read: &'static str,
}

const PARKED: Tried = Tried {
    run: "run the query for parked payments (--parked)",
    read: "read text from the first column of the query for parked payments (--parked)",
};

pub(super) const RECORDED: Tried = Tried {
    run: "run the query for recorded payments",
    read: "read text from the first column of the query for recorded payments",
};

/// The first column of a query's rows, as the payments that it names by the part of their ids that
/// is equal in every run; what names none of this run is told as it is.
pub(super) async fn ids(
    database: &tokio_postgres::Client,
    query: &str,
    tried: Tried,
    marks: &Marks,
) -> Result<BTreeSet<String>, RunError> {
    let rows = database.query(query, &[]).await;
    let rows = rows.map_err(RunError::database(tried.run))?;
    let ids = rows
        .iter()
        .map(|row| row.try_get::<_, &str>(0).map(|id| named(marks, id)));
    ids.collect::<Result<_, _>>()
        .map_err(RunError::database(tried.read))
}
