//! Topics: made, removed, and where their partitions are led from.

use std::collections::{BTreeMap, HashMap};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    CreateTopicsRequest, DeleteTopicsRequest, MetadataRequest, MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, sleep};

use super::cluster::{Cluster, PAUSE};
use super::error::{Asked, GroupError};
use super::transport::address;

/// By partition; `None` while a leader is being elected.
pub(super) type Leaders = BTreeMap<i32, Option<String>>;

impl Cluster {
    /// Waits until every partition has a leader: a producer that comes earlier is sent away.
    pub async fn create_topic(
        &self,
        name: &str,
        partitions: i32,
        replication: i16,
    ) -> Result<(), GroupError> {
        let what = format!("creating topic {name}");
        let topic = CreatableTopic::default()
            .with_name(topic_name(name))
            .with_num_partitions(partitions)
            .with_replication_factor(replication);
        let request = CreateTopicsRequest::default()
            .with_topics(vec![topic])
            .with_timeout_ms(self.deadline_ms());
        let broker = self.controller().await?;
        let answer = self.call(&broker, &request).await?;
        let asked = Asked {
            what: &what,
            broker: &broker,
        };
        for topic in &answer.topics {
            asked.check(topic.error_code, topic.error_message.as_deref())?;
        }
        self.until_topic(&format!("topic {name} to be led"), name, |leaders| {
            leaders.is_some_and(|leaders| {
                leaders.len() == usize::try_from(partitions).unwrap_or(leaders.len())
                    && leaders.values().all(Option::is_some)
            })
        })
        .await
    }

    /// Waits until it is gone; one that is not there is gone already.
    pub async fn delete_topic(&self, name: &str) -> Result<(), GroupError> {
        let what = format!("deleting topic {name}");
        let request = DeleteTopicsRequest::default()
            .with_topic_names(vec![topic_name(name)])
            .with_timeout_ms(self.deadline_ms());
        let broker = self.controller().await?;
        let answer = self.call(&broker, &request).await?;
        let asked = Asked {
            what: &what,
            broker: &broker,
        };
        for topic in &answer.responses {
            if topic.error_code != ResponseError::UnknownTopicOrPartition.code() {
                asked.check(topic.error_code, topic.error_message.as_deref())?;
            }
        }
        let gone = format!("topic {name} to be gone");
        self.until_topic(&gone, name, |leaders| leaders.is_none())
            .await
    }

    /// As far as this client may see them.
    pub async fn topics_named(&self, beginning: &str) -> Result<Vec<String>, GroupError> {
        let (answer, _) = self.metadata(None).await?;
        let names = answer.topics.into_iter().filter_map(|topic| topic.name);
        let names = names.map(|name| name.to_string());
        Ok(names.filter(|name| name.starts_with(beginning)).collect())
    }

    /// `None` if there is no such topic.
    pub async fn partitions(&self, topic: &str) -> Result<Option<Vec<i32>>, GroupError> {
        let (leaders, _) = self.leaders(topic).await?;
        Ok(leaders.map(|leaders| leaders.into_keys().collect()))
    }

    /// `None` if there is no such topic; and who said so.
    pub(super) async fn leaders(
        &self,
        topic: &str,
    ) -> Result<(Option<Leaders>, String), GroupError> {
        let topics = vec![MetadataRequestTopic::default().with_name(Some(topic_name(topic)))];
        let (answer, broker) = self.metadata(Some(topics)).await?;
        let brokers = addresses(&answer);
        let asked = Asked {
            what: &format!("asking for the leaders of topic {topic}"),
            broker: &broker,
        };
        let Some(found) = answer.topics.first() else {
            return Ok((None, broker));
        };
        match ResponseError::try_from_code(found.error_code) {
            Some(ResponseError::UnknownTopicOrPartition) => return Ok((None, broker)),
            // Its partitions are listed with their own errors.
            Some(ResponseError::LeaderNotAvailable) | None => {}
            Some(error) => return Err(asked.refused(error, None)),
        }
        let leaders = found.partitions.iter().map(|partition| {
            let leader = brokers.get(&partition.leader_id.0).cloned();
            (partition.partition_index, leader)
        });
        Ok((Some(leaders.collect()), broker))
    }

    async fn until_topic(
        &self,
        what: &str,
        topic: &str,
        reached: impl Fn(Option<&Leaders>) -> bool,
    ) -> Result<(), GroupError> {
        let until = Instant::now() + self.patience();
        loop {
            let (leaders, _) = self.leaders(topic).await?;
            if reached(leaders.as_ref()) {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(GroupError::Waited {
                    what: what.to_string(),
                    after: self.patience(),
                    last: leaders.map_or("no such topic".to_string(), |leaders| {
                        let led = leaders.values().filter(|leader| leader.is_some()).count();
                        format!("{led} of {} partitions led", leaders.len())
                    }),
                });
            }
            sleep(PAUSE).await;
        }
    }

    /// Takes changes: with KRaft any broker forwards them and names itself, with ZooKeeper only
    /// this one does.
    async fn controller(&self) -> Result<String, GroupError> {
        let (answer, broker) = self.metadata(Some(Vec::new())).await?;
        Ok(addresses(&answer)
            .remove(&answer.controller_id.0)
            .unwrap_or(broker))
    }

    async fn metadata(
        &self,
        topics: Option<Vec<MetadataRequestTopic>>,
    ) -> Result<(MetadataResponse, String), GroupError> {
        let request = MetadataRequest::default()
            .with_topics(topics)
            .with_allow_auto_topic_creation(false);
        self.call_any(&request).await
    }

    /// Less than our own, so that Kafka's answer, and not its silence, is what is seen.
    fn deadline_ms(&self) -> i32 {
        i32::try_from(self.deadline().as_millis() * 4 / 5).unwrap_or(i32::MAX)
    }
}

fn addresses(answer: &MetadataResponse) -> HashMap<i32, String> {
    answer
        .brokers
        .iter()
        .map(|broker| (broker.node_id.0, address(&broker.host, broker.port)))
        .collect()
}

pub(super) fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_string()))
}
