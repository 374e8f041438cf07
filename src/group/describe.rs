use std::collections::BTreeMap;

use bytes::{Buf, Bytes};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::consumer_group_describe_response::{
    DescribedGroup as ConsumerGroup, Member as ConsumerMember,
};
use kafka_protocol::messages::describe_groups_response::DescribedGroupMember;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerProtocolAssignment, DescribeGroupsRequest,
};
use kafka_protocol::protocol::{Decodable, Message, StrBytes};

use super::GroupClient;
use super::coordinator::group_id;
use super::error::{Asked, GroupError};
use super::state::{Group, GroupProtocol, GroupState, Member};

/// A classic member of a migrating group (ConsumerGroupDescribe 1).
const CLASSIC_MEMBER: i8 = 0;
/// Groups of Connect and schema registries have assignments of their own.
const CONSUMERS: &str = "consumer";

impl GroupClient {
    /// A group that nobody knows is [`GroupState::Dead`], not an error. Each protocol's API denies
    /// the groups of the other; the one that answered last is asked first.
    pub async fn describe(&self) -> Result<Group, GroupError> {
        for protocol in self.protocols() {
            let found = match protocol {
                GroupProtocol::Classic => self.describe_classic().await?,
                GroupProtocol::Consumer => self.describe_consumer().await?,
            };
            if let Some(mut group) = found {
                self.remember_protocol(protocol);
                group.members.sort_by(|a, b| a.member_id.cmp(&b.member_id));
                return Ok(group);
            }
        }
        Ok(Group::absent())
    }

    async fn describe_classic(&self) -> Result<Option<Group>, GroupError> {
        let what = format!("describing group {}", self.group());
        let request = DescribeGroupsRequest::default().with_groups(vec![group_id(self.group())]);
        let first = |code: Option<i16>| code.unwrap_or_default();
        let (answer, broker) = self
            .ask(&what, &request, |a| {
                first(a.groups.first().map(|g| g.error_code))
            })
            .await?;
        let Some(group) = answer.groups.first() else {
            return Ok(None);
        };
        // Version 6 denies what it does not know (KIP-1043), older ones call it dead.
        if group.error_code == ResponseError::GroupIdNotFound.code() {
            return Ok(None);
        }
        let broker = &broker;
        let asked = Asked {
            what: &what,
            broker,
        };
        asked.check(group.error_code, group.error_message.as_deref())?;
        let state = GroupState::parse(&group.group_state);
        if state == GroupState::Dead {
            return Ok(None);
        }
        let known = state == GroupState::Stable && group.protocol_type.as_str() == CONSUMERS;
        let members = group.members.iter().map(|member| {
            let assignment = if known {
                decode_assignment(&member.member_assignment)
            } else {
                Some(BTreeMap::new())
            };
            let id = member.member_id.as_str();
            let assignment = assignment.ok_or_else(|| GroupError::Garbled {
                broker: broker.clone(),
                api: "DescribeGroups",
                why: format!("the assignment of member {id} cannot be read"),
            });
            Ok(classic_member(member, assignment?))
        });
        Ok(Some(Group {
            state,
            protocol: GroupProtocol::Classic,
            epoch: None,
            members: members.collect::<Result<_, GroupError>>()?,
        }))
    }

    async fn describe_consumer(&self) -> Result<Option<Group>, GroupError> {
        let what = format!("describing group {}", self.group());
        let request =
            ConsumerGroupDescribeRequest::default().with_group_ids(vec![group_id(self.group())]);
        let first = |code: Option<i16>| code.unwrap_or_default();
        let answer = self
            .ask(&what, &request, |a| {
                first(a.groups.first().map(|g| g.error_code))
            })
            .await;
        let (answer, broker) = match answer {
            // A broker without KIP-848 has no such group.
            Err(GroupError::Unsupported { .. }) => return Ok(None),
            answer => answer?,
        };
        let Some(group) = answer.groups.first() else {
            return Ok(None);
        };
        match ResponseError::try_from_code(group.error_code) {
            // The second: the broker speaks KIP-848 and has it switched off.
            Some(ResponseError::GroupIdNotFound | ResponseError::UnsupportedVersion) => {
                return Ok(None);
            }
            Some(error) => {
                let broker = &broker;
                let asked = Asked {
                    what: &what,
                    broker,
                };
                return Err(asked.refused(error, group.error_message.as_deref()));
            }
            None => {}
        }
        Ok(Some(consumer_group(group)))
    }
}

fn classic_member(member: &DescribedGroupMember, assignment: BTreeMap<String, Vec<i32>>) -> Member {
    Member {
        member_id: member.member_id.to_string(),
        client_id: member.client_id.to_string(),
        instance_id: instance(member.group_instance_id.as_ref()),
        protocol: GroupProtocol::Classic,
        assignment,
    }
}

fn consumer_group(group: &ConsumerGroup) -> Group {
    Group {
        state: GroupState::parse(&group.group_state),
        protocol: GroupProtocol::Consumer,
        epoch: Some(group.group_epoch),
        members: group.members.iter().map(consumer_member).collect(),
    }
}

fn consumer_member(member: &ConsumerMember) -> Member {
    let assigned = &member.assignment.topic_partitions;
    Member {
        member_id: member.member_id.to_string(),
        client_id: member.client_id.to_string(),
        instance_id: instance(member.instance_id.as_ref()),
        protocol: if member.member_type == CLASSIC_MEMBER {
            GroupProtocol::Classic
        } else {
            GroupProtocol::Consumer
        },
        assignment: by_topic(
            assigned
                .iter()
                .map(|topic| (topic.topic_name.as_str(), &topic.partitions)),
        ),
    }
}

/// Some versions say "none" with an empty string.
fn instance(id: Option<&StrBytes>) -> Option<String> {
    id.filter(|id| !id.is_empty()).map(|id| id.to_string())
}

/// None sends nothing at all. Later versions only append, so they are read as the last one that is
/// known.
fn decode_assignment(bytes: &Bytes) -> Option<BTreeMap<String, Vec<i32>>> {
    let mut bytes = bytes.clone();
    if bytes.is_empty() {
        return Some(BTreeMap::new());
    }
    let version = bytes.try_get_i16().ok()?;
    let version = version.min(ConsumerProtocolAssignment::VERSIONS.max);
    let assignment = ConsumerProtocolAssignment::decode(&mut bytes, version).ok()?;
    Some(by_topic(assignment.assigned_partitions.iter().map(
        |assigned| (assigned.topic.as_str(), &assigned.partitions),
    )))
}

fn by_topic<'a>(
    assigned: impl Iterator<Item = (&'a str, &'a Vec<i32>)>,
) -> BTreeMap<String, Vec<i32>> {
    let mut topics: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for (topic, partitions) in assigned.filter(|(_, partitions)| !partitions.is_empty()) {
        let all = topics.entry(topic.to_string()).or_default();
        all.extend(partitions);
        all.sort_unstable();
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_of_a_later_version_is_read_as_the_last_known_one() {
        let mut bytes = vec![0, 9];
        bytes.extend([0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 3]);
        bytes.extend([255, 255, 255, 255]);
        let read = decode_assignment(&Bytes::from(bytes)).unwrap();
        assert_eq!(read, BTreeMap::from([("t".to_string(), vec![3, 7])]));
    }

    #[test]
    fn half_an_assignment_is_none() {
        assert_eq!(decode_assignment(&Bytes::from_static(&[0])), None);
        assert_eq!(decode_assignment(&Bytes::from_static(&[0, 0, 0, 0])), None);
        assert_eq!(decode_assignment(&Bytes::new()), Some(BTreeMap::new()));
    }
}
