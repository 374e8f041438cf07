//! Positions: what a group has committed, and where a topic ends.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest, OffsetFetchRequest};
use tokio::time::{Instant, sleep};

use super::GroupClient;
use super::cluster::{Cluster, PAUSE};
use super::coordinator::group_id;
use super::error::{Asked, GroupError};
use super::topic::topic_name;

/// The timestamp that asks ListOffsets for the end of a partition.
const LATEST: i64 = -1;
/// How an ordinary client names itself where a follower would give its id.
const NO_REPLICA: BrokerId = BrokerId(-1);

impl GroupClient {
    /// What the group has committed for a topic (OffsetFetch): the offset of the next record by
    /// partition, and no entry where nothing was committed. Offsets of a transaction that is still
    /// open do not count.
    ///
    /// # Errors
    /// When Kafka does not answer, or refuses.
    pub async fn committed(&self, topic: &str) -> Result<BTreeMap<i32, i64>, GroupError> {
        let what = format!("asking what group {} has committed", self.group());
        let request = OffsetFetchRequest::default()
            .with_group_id(group_id(self.group()))
            .with_topics(None);
        let (answer, broker) = self
            .ask(&what, &request, |answer| answer.error_code)
            .await?;
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

    /// What the group has committed for one partition.
    ///
    /// # Errors
    /// As [`GroupClient::committed`].
    pub async fn committed_one(
        &self,
        topic: &str,
        partition: i32,
    ) -> Result<Option<i64>, GroupError> {
        Ok(self.committed(topic).await?.remove(&partition))
    }
}

impl Cluster {
    /// The offset after the last record of each partition (ListOffsets, from its leader), aborted
    /// and open transactions included: the end of the log, not what a `read_committed` consumer
    /// gets to see.
    ///
    /// # Errors
    /// A topic or partition that is not there; a leader that is not elected in time.
    pub async fn end_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, i64>, GroupError> {
        let until = Instant::now() + self.patience();
        loop {
            match self.end_offsets_now(topic, partitions).await {
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

    async fn end_offsets_now(
        &self,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, i64>, GroupError> {
        let what = format!("asking for the end of topic {topic}");
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
        let mut ends = BTreeMap::new();
        for (broker, partitions) in led {
            let asked = Asked {
                what: &what,
                broker,
            };
            let answer = self.call(broker, &ends_request(topic, &partitions)).await?;
            for partition in answer.topics.iter().flat_map(|topic| &topic.partitions) {
                asked.check(partition.error_code, None)?;
                ends.insert(partition.partition_index, partition.offset);
            }
        }
        Ok(ends)
    }
}

fn ends_request(topic: &str, partitions: &[i32]) -> ListOffsetsRequest {
    let partitions = partitions.iter().map(|partition| {
        ListOffsetsPartition::default()
            .with_partition_index(*partition)
            .with_timestamp(LATEST)
    });
    let topic = ListOffsetsTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(partitions.collect());
    ListOffsetsRequest::default()
        .with_replica_id(NO_REPLICA)
        .with_topics(vec![topic])
}
