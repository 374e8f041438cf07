//! Sends a member out of its group in its own name, so that nobody waits for a session to end.
//!
//! Kafka lets whoever knows a member id say that the member leaves. The member itself is not told:
//! it learns of it at its next heartbeat, or never, if it is frozen. That is what makes a zombie.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{
    ConsumerGroupHeartbeatRequest, DeleteGroupsRequest, LeaveGroupRequest,
};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::GroupClient;
use super::coordinator::group_id;
use super::error::{Asked, GroupError};
use super::state::{GroupProtocol, Member};

/// The member epoch of KIP-848 that means "I leave for good". A static member that means to come
/// back sends -2, and its partitions wait for it: an eviction must never say that.
const LEAVES_FOR_GOOD: i32 = -1;

/// What came of an eviction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    /// The member was there and is out.
    Evicted,
    /// The group did not know the member (any more).
    AlreadyGone,
}

impl GroupClient {
    /// Sends a member out of the group for good: LeaveGroup (KIP-345) for a classic member,
    /// ConsumerGroupHeartbeat with epoch -1 (KIP-848) for the others, with the instance id of a
    /// static member in both.
    ///
    /// Returns when the coordinator has taken the member out; its partitions move later: wait with
    /// [`GroupClient::wait_until_moved`]. A member that has asked to join and is kept waiting by
    /// the frozen one has them some 10 ms later; one that is content learns of the eviction at its
    /// next heartbeat (3 s with librdkafka's default, 1 s with the lab's brokers in KIP-848).
    ///
    /// Should the connection break during the request, it is
    /// sent again, and an eviction of the first attempt is reported as [`Eviction::AlreadyGone`].
    ///
    /// # Errors
    /// When Kafka does not answer, or refuses.
    pub async fn evict(&self, member: &Member) -> Result<Eviction, GroupError> {
        let what = format!(
            "evicting member {} ({}) from group {}",
            member.member_id,
            member.client_id,
            self.group()
        );
        let (error, message, broker) = match member.protocol {
            GroupProtocol::Classic => self.leave_group(&what, member).await?,
            GroupProtocol::Consumer => self.last_heartbeat(&what, member).await?,
        };
        match ResponseError::try_from_code(error) {
            None => Ok(Eviction::Evicted),
            // Fenced: the instance id belongs to a later member by now, so this one is out.
            Some(
                ResponseError::UnknownMemberId
                | ResponseError::FencedInstanceId
                | ResponseError::GroupIdNotFound,
            ) => Ok(Eviction::AlreadyGone),
            Some(error) => {
                let broker = &broker;
                Err(Asked {
                    what: &what,
                    broker,
                }
                .refused(error, message.as_deref()))
            }
        }
    }

    /// Sends everybody out of the group, and returns when nobody is in it: for after the end of all
    /// its members' processes. One whose request to join was under way when its process ended may
    /// become a member only then.
    ///
    /// # Errors
    /// When Kafka does not answer, or refuses; [`GroupError::Waited`] when somebody joins again and
    /// again.
    pub async fn evict_all(&self) -> Result<(), GroupError> {
        let until = Instant::now() + self.cluster().patience();
        loop {
            let group = self.describe().await?;
            if group.members.is_empty() {
                return Ok(());
            }
            for member in &group.members {
                self.evict(member).await?;
            }
            if Instant::now() >= until {
                return Err(GroupError::Waited {
                    what: format!("group {} to be empty", self.group()),
                    after: self.cluster().patience(),
                    last: group.to_string(),
                });
            }
        }
    }

    async fn leave_group(
        &self,
        what: &str,
        member: &Member,
    ) -> Result<(i16, Option<String>, String), GroupError> {
        let identity = MemberIdentity::default()
            .with_member_id(text(&member.member_id))
            .with_group_instance_id(member.instance_id.as_deref().map(text))
            .with_reason(Some(StrBytes::from_static_str("evicted by crashwindow")));
        let request = LeaveGroupRequest::default()
            .with_group_id(group_id(self.group()))
            .with_members(vec![identity]);
        let (answer, broker) = self.ask(what, &request, |a| a.error_code).await?;
        // The whole request can fail, or the one member in it.
        let member = answer.members.first().map_or(0, |m| m.error_code);
        let error = if answer.error_code == 0 {
            member
        } else {
            answer.error_code
        };
        Ok((error, None, broker))
    }

    async fn last_heartbeat(
        &self,
        what: &str,
        member: &Member,
    ) -> Result<(i16, Option<String>, String), GroupError> {
        let request = ConsumerGroupHeartbeatRequest::default()
            .with_group_id(group_id(self.group()))
            .with_member_id(text(&member.member_id))
            .with_instance_id(member.instance_id.as_deref().map(text))
            .with_member_epoch(LEAVES_FOR_GOOD);
        let (answer, broker) = self.ask(what, &request, |a| a.error_code).await?;
        let message = answer.error_message.as_ref().map(|m| m.to_string());
        Ok((answer.error_code, message, broker))
    }

    /// Deletes the group and its offsets (DeleteGroups); one that is not there is deleted already.
    ///
    /// # Errors
    /// `NON_EMPTY_GROUP` while it has members.
    pub async fn delete(&self) -> Result<(), GroupError> {
        let what = format!("deleting group {}", self.group());
        let request =
            DeleteGroupsRequest::default().with_groups_names(vec![group_id(self.group())]);
        let code = |code: Option<i16>| code.unwrap_or_default();
        let (answer, broker) = self
            .ask(&what, &request, |a| {
                code(a.results.first().map(|g| g.error_code))
            })
            .await?;
        let broker = &broker;
        let asked = Asked {
            what: &what,
            broker,
        };
        for result in &answer.results {
            if result.error_code != ResponseError::GroupIdNotFound.code() {
                asked.check(result.error_code, None)?;
            }
        }
        Ok(())
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_string())
}
