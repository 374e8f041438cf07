//! What one incarnation's connections know together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use kafka_protocol::messages::TopicName;
use tokio::sync::watch;

use super::detail::{Delivery, Member, Position, TopicPartition};
use super::open::{Heartbeats, Pending};
use super::tracker::each_once;
use crate::tap::budget::TooMuch;

/// A client prefetches 100,000 records of a partition (librdkafka's `queued.min.messages`).
const REMEMBERED: usize = 131_072;
/// Far more topics than a lab's cluster has.
const TOPICS: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct State {
    topics: Mutex<HashMap<u128, String>>,
    partitions: Mutex<HashMap<TopicPartition, Partition>>,
    pending: Mutex<Pending>,
    members: watch::Sender<Vec<Member>>,
    heartbeats: Mutex<Heartbeats>,
}

#[derive(Debug, Default)]
struct Partition {
    /// By offset, each with the count of deliveries before it.
    delivered: BTreeMap<i64, (u64, String)>,
    deliveries: u64,
    committed: Option<i64>,
}

impl State {
    pub(super) fn learn_topic(&self, id: u128, name: &str) {
        let mut topics = self.topics.lock().expect("no holder panics");
        if id != 0 && topics.len() < TOPICS && topics.get(&id).is_none_or(|n| n != name) {
            topics.insert(id, name.to_owned());
        }
    }

    /// Whether a request names it or gives its id (KIP-516).
    pub(super) fn topic(&self, name: &TopicName, id: u128) -> String {
        if !name.is_empty() || id == 0 {
            return name.to_string();
        }
        let topics = self.topics.lock().expect("no holder panics");
        topics
            .get(&id)
            .cloned()
            .unwrap_or_else(|| format!("{id:032x}"))
    }

    pub(super) fn deliver(&self, delivery: &Delivery) {
        let mut partitions = self.partitions.lock().expect("no holder panics");
        let key = TopicPartition {
            topic: delivery.topic.clone(),
            partition: delivery.partition,
        };
        let partition = partitions.entry(key).or_default();
        for record in &delivery.records {
            if let Some(message) = &record.payment {
                partition.deliveries += 1;
                let seen = (partition.deliveries, message.clone());
                partition.delivered.insert(record.offset, seen);
            }
        }
        while partition.delivered.len() > REMEMBERED {
            partition.delivered.pop_first();
        }
    }

    /// The last one below it that was delivered: the record just before may be the end of a
    /// transaction.
    pub(super) fn message_before(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Option<String> {
        let partitions = self.partitions.lock().expect("no holder panics");
        let partition = partitions.get(&key(topic, partition))?;
        let (_, (_, message)) = partition.delivered.range(..offset).next_back()?;
        Some(message.clone())
    }

    /// What was delivered between the old position and the new one, in the order of its delivery.
    pub(super) fn passed_by(&self, offsets: &[Position]) -> Vec<String> {
        let partitions = self.partitions.lock().expect("no holder panics");
        let mut passed: Vec<&(u64, String)> = Vec::new();
        for position in offsets {
            let Some(partition) = partitions.get(&key(&position.topic, position.partition)) else {
                continue;
            };
            let from = partition.committed.unwrap_or(i64::MIN);
            if from < position.offset {
                let delivered = partition.delivered.range(from..position.offset);
                passed.extend(delivered.map(|(_, seen)| seen));
            }
        }
        passed.sort();
        each_once(passed.into_iter().map(|(_, message)| message.as_str()))
    }

    /// Forgets what lies before the record before the position.
    pub(super) fn commit(&self, offsets: &[Position]) {
        let mut partitions = self.partitions.lock().expect("no holder panics");
        for position in offsets.iter().filter(|position| position.error.is_none()) {
            let partition = partitions
                .entry(key(&position.topic, position.partition))
                .or_default();
            partition.committed = Some(position.offset);
            let before = partition.delivered.range(..position.offset).next_back();
            if let Some(last) = before.map(|(offset, _)| *offset) {
                partition.delivered = partition.delivered.split_off(&last);
            }
        }
    }

    pub(super) fn pend(&self, transaction: &str, offsets: &[Position]) -> Result<(), TooMuch> {
        let mut pending = self.pending.lock().expect("no holder panics");
        let accepted = offsets
            .iter()
            .filter(|position| position.error.is_none())
            .cloned();
        pending.add(transaction, accepted)
    }

    pub(super) fn positions_in(&self, transaction: &str) -> Vec<Position> {
        let pending = self.pending.lock().expect("no holder panics");
        pending.of(transaction)
    }

    pub(super) fn end(&self, transaction: &str, committed: bool) {
        let pending = self
            .pending
            .lock()
            .expect("no holder panics")
            .end(transaction);
        if let Some(offsets) = pending.filter(|_| committed) {
            self.commit(&offsets);
        }
    }

    pub(super) fn committed(&self) -> BTreeMap<TopicPartition, i64> {
        let partitions = self.partitions.lock().expect("no holder panics");
        let committed = partitions
            .iter()
            .filter_map(|(key, partition)| partition.committed.map(|offset| (key.clone(), offset)));
        committed.collect()
    }

    pub(super) fn joined(&self, member: &Member) {
        self.members.send_if_modified(|members| {
            if members.last() == Some(member) {
                return false;
            }
            members.retain(|known| !known.is(&member.group, &member.member_id));
            members.push(member.clone());
            true
        });
    }

    pub(super) fn left(&self, group: &str, member_id: &str) {
        self.heartbeats
            .lock()
            .expect("no holder panics")
            .left(group, member_id);
        self.members.send_if_modified(|members| {
            let before = members.len();
            members.retain(|known| !known.is(group, member_id));
            members.len() < before
        });
    }

    pub(super) fn heartbeat(
        &self,
        group: &str,
        member_id: &str,
        error_code: i16,
    ) -> Result<bool, TooMuch> {
        let mut heartbeats = self.heartbeats.lock().expect("no holder panics");
        heartbeats.answered(group, member_id, error_code)
    }

    pub(super) fn members(&self) -> watch::Receiver<Vec<Member>> {
        self.members.subscribe()
    }

    pub(super) fn member(&self, group: &str, member_id: &str) -> Option<Member> {
        self.members
            .borrow()
            .iter()
            .find(|known| known.is(group, member_id))
            .cloned()
    }
}

impl Member {
    fn is(&self, group: &str, member_id: &str) -> bool {
        self.group == group && self.member_id == member_id
    }
}

fn key(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition {
        topic: topic.to_owned(),
        partition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::message_id;
    use crate::tap::kafka::DeliveredRecord;

    fn delivery(partition: i32, offsets: std::ops::Range<i64>) -> Delivery {
        let records = offsets.map(|offset| DeliveredRecord {
            offset,
            payment: Some(message_id(u32::try_from(offset).expect("small") + 1)),
        });
        Delivery {
            topic: "t".into(),
            partition,
            records: records.collect(),
        }
    }

    fn position(partition: i32, offset: i64) -> Position {
        Position {
            topic: "t".into(),
            partition,
            offset,
            metadata: None,
            payment: None,
            error: None,
        }
    }

    #[test]
    fn a_commit_is_about_everything_that_it_passes() {
        let state = State::default();
        state.deliver(&delivery(0, 0..10));
        assert_eq!(state.passed_by(&[position(0, 2)]), ["msg-0001", "msg-0002"]);
        state.commit(&[position(0, 2)]);
        assert_eq!(state.passed_by(&[position(0, 4)]), ["msg-0003", "msg-0004"]);
        assert_eq!(state.passed_by(&[position(0, 0)]), [""; 0]);
        assert_eq!(state.passed_by(&[position(1, 5)]), [""; 0]);
    }

    #[test]
    fn a_position_that_does_not_move_is_not_what_a_commit_is_about() {
        let state = State::default();
        state.deliver(&delivery(1, 0..3));
        state.deliver(&delivery(0, 0..10));
        state.commit(&[position(0, 9)]);
        let both = [position(0, 9), position(1, 2)];
        assert_eq!(state.passed_by(&both), ["msg-0001", "msg-0002"]);
    }

    #[test]
    fn a_refused_position_is_not_noted() {
        let state = State::default();
        let refused = Position {
            error: Some("UNKNOWN_MEMBER_ID".into()),
            ..position(0, 4)
        };
        state.commit(&[refused]);
        assert_eq!(state.committed(), BTreeMap::new());
        state.commit(&[position(0, 3)]);
        assert_eq!(state.committed(), [(key("t", 0), 3)].into());
    }

    #[test]
    fn memory_is_bounded_and_keeps_the_newest() {
        let state = State::default();
        let many = i64::try_from(REMEMBERED).expect("small") + 100;
        state.deliver(&delivery(0, 0..many));
        assert_eq!(state.message_before("t", 0, 100), None);
        assert!(state.message_before("t", 0, many).is_some());
    }
}
