//! What an instance was seen to do instead of joining its group.

use std::collections::BTreeSet;

use crate::tap::Detail;
use crate::tap::kafka;
use crate::timeline::{Entry, TimelineEvent};

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sighted {
    groups: BTreeSet<String>,
    /// Topics, and patterns of topics, that it subscribed to in them.
    topics: BTreeSet<String>,
    missed: BTreeSet<String>,
    exits: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// `a joined group worker-server, and was given worker`.
    pub what: String,
    /// The next step, after `next: `.
    pub next: &'static str,
}

impl Sighted {
    pub(crate) fn of<'a>(instance: &str, entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut sighted = Self::default();
        for entry in entries {
            match &entry.what {
                TimelineEvent::Exited { source, status, .. } if source.instance == instance => {
                    sighted.exits.push(status.clone());
                }
                TimelineEvent::MissedTopic { source, topic } if source.instance == instance => {
                    sighted.missed.insert(topic.clone());
                }
                TimelineEvent::Boundary { event } if event.source.instance == instance => {
                    let Some(Detail::Kafka(kafka::Detail::Membership(membership))) = &event.detail
                    else {
                        continue;
                    };
                    sighted.groups.insert(membership.member.group.clone());
                    sighted.topics.extend(membership.topics.clone());
                }
                _ => {}
            }
        }
        sighted
    }

    /// Why it is not in this group, or reads nothing of this topic there.
    pub(crate) fn reason(&self, instance: &str, group: &str, topic: &str) -> Reason {
        let list = |names: &BTreeSet<String>| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.join(" and ")
        };
        let mut reason = if self.groups.is_empty() {
            Reason {
                what: format!("{instance} has asked to join no group"),
                next: "check that the consumer subscribes to KAFKA_TOPIC in group KAFKA_GROUP_ID at \
                       KAFKA_BOOTSTRAP_SERVERS, or give it longer: --join SECONDS",
            }
        } else if !self.groups.contains(group) {
            let others = list(&self.groups);
            Reason {
                what: format!("{instance} joined group {others}, and was given {group}"),
                next: "let the consumer join KAFKA_GROUP_ID, with nothing added to it",
            }
        } else if self.topics.is_empty() {
            Reason {
                what: format!("{instance} subscribes to no topic, and was given {topic}"),
                next: "let the consumer subscribe to KAFKA_TOPIC",
            }
        } else if !self.topics.contains(topic) {
            let others = list(&self.topics);
            Reason {
                what: format!("{instance} subscribes to {others}, and was given {topic}"),
                next: "let the consumer subscribe to KAFKA_TOPIC",
            }
        } else {
            Reason {
                what: format!("{instance} has asked to join it"),
                next: "give it longer: --join SECONDS",
            }
        };
        if !self.missed.is_empty() {
            let missed = list(&self.missed);
            reason.what += &format!("; it asked for {missed}, and there is no such topic");
            reason.next = "let the consumer subscribe to KAFKA_TOPIC; what else it needs it makes itself, as \
                           Kafka is not asked to (auto.create.topics.enable=false)";
        } else if self.groups.is_empty() && !self.exits.is_empty() {
            reason.next = "mend what ends it";
        }
        match &self.exits[..] {
            [] => {}
            [only] => reason.what += &format!("; it exited with {only}"),
            [.., last] => {
                let times = self.exits.len();
                reason.what += &format!("; it exited {times} times, the last time with {last}");
            }
        }
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighted(groups: &[&str], topics: &[&str], exits: &[&str]) -> Sighted {
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Sighted {
            groups: set(groups),
            topics: set(topics),
            missed: BTreeSet::new(),
            exits: exits.iter().map(|n| (*n).to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_not_as_it_was_given_is_named() {
        let told = |sighted: Sighted| sighted.reason("a", "worker", "payments").what;
        assert_eq!(
            told(sighted(&["worker-server"], &["payments"], &[])),
            "a joined group worker-server, and was given worker"
        );
        assert_eq!(
            told(sighted(&["worker"], &["orders", "refunds"], &[])),
            "a subscribes to orders and refunds, and was given payments"
        );
        assert_eq!(
            told(sighted(&["worker"], &[], &[])),
            "a subscribes to no topic, and was given payments"
        );
        assert_eq!(
            told(sighted(&[], &[], &["exit code 1", "exit code 3"])),
            "a has asked to join no group; it exited 2 times, the last time with exit code 3"
        );
        let missing = Sighted {
            missed: ["orders".to_owned()].into(),
            ..sighted(&[], &[], &["exit code 1"])
        };
        assert_eq!(
            told(missing),
            "a has asked to join no group; it asked for orders, and there is no such topic; \
             it exited with exit code 1"
        );
        assert_eq!(
            told(sighted(&["worker"], &["payments"], &[])),
            "a has asked to join it"
        );
    }
}
