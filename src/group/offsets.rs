//! Positions: what a group has committed, and where a topic ends.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{
    BrokerId, ListOffsetsRequest, OffsetFetchRequest, OffsetFetchResponse,
};
use tokio::time::{Instant, sleep};

use super::GroupClient;
use super::cluster::{Cluster, PAUSE};
use super::coordinator::group_id;
use super::error::{Asked, GroupError};
use super::topic::topic_name;

#[derive(Clone, Copy)]
enum OffsetEdge {
    /// The first record that is still there.
    Start,
    /// After the last record, whoever may read it.
    End,
    /// Before the first record of a transaction that is still open (`read_committed`).
    Stable,
}

impl OffsetEdge {
    /// The timestamp that stands for it, and the isolation level.
    fn asked(self) -> (i64, i8) {
        match self {
            Self::Start => (-2, 0),
            Self::End => (-1, 0),
            Self::Stable => (-1, 1),
        }
    }
}

/// An ordinary client, where a follower would give its id.
const NO_REPLICA: BrokerId = BrokerId(-1);

impl GroupClient {
    /// The next offset by partition; no entry where nothing was committed. An open transaction's do
    /// not count.
    pub async fn committed(&self, topic: &str) -> Result<BTreeMap<i32, i64>, GroupError> {
        let what = format!("asking what group {} has committed", self.group());
        let request = OffsetFetchRequest::default().with_topics(None);
        let (answer, broker) = self.positions(&what, request).await?;
        let asked = Asked {
            what: &what,
            broker: &broker,
        };
        let mut committed = BTreeMap::new();
        for found in answer
            .topics
            .iter()
            .filter(|found| found.name.as_str() == topic)
        {
            for partition in &found.partitions {
                asked.check(partition.error_code, None)?;
                if partition.committed_offset >= 0 {
                    committed.insert(partition.partition_index, partition.committed_offset);
                }
            }
        }
        Ok(committed)
    }

    pub async fn committed_one(
        &self,
        topic: &str,
        partition: i32,
    ) -> Result<Option<i64>, GroupError> {
        Ok(self.committed(topic).await?.remove(&partition))
    }
}

impl GroupClient {
    /// A transaction that is still open holds a position of the partition (`require_stable`,
    /// KIP-447). Fails with a Kafka older than 2.5.
    pub async fn is_unstable(&self, topic: &str, partition: i32) -> Result<bool, GroupError> {
        let what = format!("asking for a stable position of group {}", self.group());
        let asked_for = OffsetFetchRequestTopic::default()
            .with_name(topic_name(topic))
            .with_partition_indexes(vec![partition]);
        let request = OffsetFetchRequest::default()
            .with_require_stable(true)
            .with_topics(Some(vec![asked_for]));
        let (answer, broker) = self.positions(&what, request).await?;
        let asked = Asked {
            what: &what,
            broker: &broker,
        };
        for found in answer.topics.iter().flat_map(|topic| &topic.partitions) {
            if found.error_code == ResponseError::UnstableOffsetCommit.code() {
                return Ok(true);
            }
            asked.check(found.error_code, None)?;
        }
        Ok(false)
    }

    async fn positions(
        &self,
        what: &str,
        request: OffsetFetchRequest,
    ) -> Result<(OffsetFetchResponse, String), GroupError> {
        let request = request.with_group_id(group_id(self.group()));
        self.ask(what, &request, |answer| answer.error_code).await
    }
}

impl Cluster {
    /// After the last record, aborted and open transactions included. Fails where a topic or
    /// partition is not there, or no leader is elected in time.
    pub async fn end_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, i64>, GroupError> {
        self.offsets(OffsetEdge::End, topic, partitions).await
    }

    /// Before it no transaction is open, and a `read_committed` consumer gets no further; the last
    /// before it may be an aborted record or a marker, which is never shown. Fails as
    /// [`Cluster::end_offsets`].
    pub async fn stable_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, i64>, GroupError> {
        self.offsets(OffsetEdge::Stable, topic, partitions).await
    }

    pub async fn start_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, i64>, GroupError> {
        self.offsets(OffsetEdge::Start, topic, partitions).await
    }

    async fn offsets(
        &self,
        edge: OffsetEdge,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, i64>, GroupError> {
        let until = Instant::now() + self.patience();
        loop {
            match self.offsets_now(edge, topic, partitions).await {
                Err(GroupError::Refused {
                    error:
                        ResponseError::LeaderNotAvailable
                        | ResponseError::NotLeaderOrFollower
                        | ResponseError::OffsetNotAvailable,
                    ..
                }) if Instant::now() < until => sleep(PAUSE).await,
                done => return done,
            }
        }
    }

    async fn offsets_now(
        &self,
        edge: OffsetEdge,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, i64>, GroupError> {
        let what = format!("asking for the offsets of topic {topic}");
        let (leaders, broker) = self.leaders(topic).await?;
        let leaders = leaders.unwrap_or_default();
        let asked = Asked {
            what: &what,
            broker: &broker,
        };
        let mut led: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for partition in partitions {
            match leaders.get(partition) {
                Some(Some(leader)) => led.entry(leader).or_default().push(*partition),
                Some(None) => {
                    return Err(asked.refused(ResponseError::LeaderNotAvailable, None));
                }
                None => {
                    let missing = format!("there is no partition {partition}");
                    let error = ResponseError::UnknownTopicOrPartition;
                    return Err(asked.refused(error, Some(&missing)));
                }
            }
        }
        let mut offsets = BTreeMap::new();
        for (broker, partitions) in led {
            let asked = Asked {
                what: &what,
                broker,
            };
            let request = offsets_request(edge, topic, &partitions);
            let answer = self.call(broker, &request).await?;
            for partition in answer.topics.iter().flat_map(|topic| &topic.partitions) {
                asked.check(partition.error_code, None)?;
                offsets.insert(partition.partition_index, partition.offset);
            }
        }
        Ok(offsets)
    }
}

fn offsets_request(edge: OffsetEdge, topic: &str, partitions: &[i32]) -> ListOffsetsRequest {
    let (timestamp, isolation_level) = edge.asked();
    let partitions = partitions.iter().map(|partition| {
        ListOffsetsPartition::default()
            .with_partition_index(*partition)
            .with_timestamp(timestamp)
    });
    let topic = ListOffsetsTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(partitions.collect());
    ListOffsetsRequest::default()
        .with_replica_id(NO_REPLICA)
        .with_isolation_level(isolation_level)
        .with_topics(vec![topic])
}
