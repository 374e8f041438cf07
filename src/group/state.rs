use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub state: GroupState,
    /// [`GroupProtocol::Classic`] for a group that is not there.
    pub protocol: GroupProtocol,
    /// KIP-848; only members are told the generation of a classic group.
    pub epoch: Option<i32>,
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// A classic member gets another with each join.
    pub member_id: String,
    pub client_id: String,
    /// Of a static member (KIP-345).
    pub instance_id: Option<String>,
    /// In a group that migrates, both occur.
    pub protocol: GroupProtocol,
    /// By topic; meaningless while [`Group::assignment_known`] is false.
    pub assignment: BTreeMap<String, Vec<i32>>,
}

/// `group.protocol` in a consumer's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupProtocol {
    /// Members assign, in JoinGroup and SyncGroup.
    Classic,
    /// The coordinator assigns, in ConsumerGroupHeartbeat (KIP-848).
    Consumer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupState {
    Dead,
    /// Offsets, but no members.
    Empty,
    /// Classic: members are asked to join again.
    PreparingRebalance,
    /// Classic: all have joined; the assignment is not there yet.
    CompletingRebalance,
    /// KIP-848.
    Assigning,
    /// KIP-848: members are giving up and taking partitions.
    Reconciling,
    Stable,
    /// Of a later Kafka, in its words.
    Other(String),
}

impl Group {
    pub(super) fn absent() -> Group {
        Group {
            state: GroupState::Dead,
            protocol: GroupProtocol::Classic,
            epoch: None,
            members: Vec::new(),
        }
    }

    /// Kafka tells a classic group's assignments only between two rebalances.
    pub fn assignment_known(&self) -> bool {
        match self.protocol {
            GroupProtocol::Classic => self.state == GroupState::Stable,
            GroupProtocol::Consumer => true,
        }
    }

    /// The first of them, should it not be unique.
    pub fn client(&self, client_id: &str) -> Option<&Member> {
        self.members.iter().find(|m| m.client_id == client_id)
    }

    pub fn member(&self, member_id: &str) -> Option<&Member> {
        self.members.iter().find(|m| m.member_id == member_id)
    }

    /// None also while that is not known.
    pub fn owner(&self, topic: &str, partition: i32) -> Option<&Member> {
        let owner = self.members.iter().find(|m| m.has(topic, partition));
        owner.filter(|_| self.assignment_known())
    }

    /// `from` is gone and another has the partition: a successor may join before it is given
    /// anything.
    pub fn moved(&self, from: &str, topic: &str, partition: i32) -> bool {
        self.member(from).is_none() && self.owner(topic, partition).is_some()
    }
}

impl Member {
    pub fn has(&self, topic: &str, partition: i32) -> bool {
        let partitions = self.assignment.get(topic);
        partitions.is_some_and(|partitions| partitions.contains(&partition))
    }
}

impl GroupState {
    pub(super) fn parse(word: &str) -> GroupState {
        match word {
            "Dead" => GroupState::Dead,
            "Empty" => GroupState::Empty,
            "PreparingRebalance" => GroupState::PreparingRebalance,
            "CompletingRebalance" => GroupState::CompletingRebalance,
            "Assigning" => GroupState::Assigning,
            "Reconciling" => GroupState::Reconciling,
            "Stable" => GroupState::Stable,
            other => GroupState::Other(other.to_string()),
        }
    }
}

impl fmt::Display for GroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupState::Other(word) => f.write_str(word),
            known => fmt::Debug::fmt(known, f),
        }
    }
}

/// `Stable; a (a-17): payments[0, 1]; b (b-4): nothing`.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.state)?;
        if self.members.is_empty() {
            f.write_str("; no members")?;
        }
        for member in &self.members {
            write!(f, "; {} ({}):", member.client_id, member.member_id)?;
            if !self.assignment_known() {
                f.write_str(" assignment unknown")?;
                continue;
            }
            if member.assignment.is_empty() {
                f.write_str(" nothing")?;
            }
            for (topic, partitions) in &member.assignment {
                write!(f, " {topic}{partitions:?}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(state: GroupState, members: &[(&str, &[i32])]) -> Group {
        let member = |(id, partitions): &(&str, &[i32])| Member {
            member_id: (*id).to_string(),
            client_id: id[..1].to_string(),
            instance_id: None,
            protocol: GroupProtocol::Classic,
            assignment: BTreeMap::from([("payments".to_string(), partitions.to_vec())]),
        };
        Group {
            state,
            protocol: GroupProtocol::Classic,
            epoch: None,
            members: members.iter().map(member).collect(),
        }
    }

    #[test]
    fn a_partition_has_moved_when_its_old_owner_is_gone_and_another_has_it() {
        let before = group(GroupState::Stable, &[("a-1", &[0]), ("b-1", &[1])]);
        let during = group(GroupState::PreparingRebalance, &[("b-1", &[])]);
        let nobody = group(GroupState::Stable, &[("b-1", &[1])]);
        let after = group(GroupState::Stable, &[("b-1", &[0, 1])]);
        let seen = [before, during, nobody, after].map(|g| g.moved("a-1", "payments", 0));
        assert_eq!(seen, [false, false, false, true]);
    }

    #[test]
    fn assignments_of_a_rebalancing_classic_group_are_not_believed() {
        let stale = group(GroupState::CompletingRebalance, &[("a-1", &[0])]);
        assert_eq!(stale.owner("payments", 0), None);
        assert_eq!(
            stale.to_string(),
            "CompletingRebalance; a (a-1): assignment unknown"
        );
    }
}
