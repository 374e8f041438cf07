//! Sends a member out of its group in its own name, so that nobody waits for a session to end.
//!
//! The member is not told: it learns of it at its next heartbeat, or never, if it is frozen. That
//! is what makes a zombie.

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

/// KIP-848. A static member that means to come back sends -2, and its partitions wait for it: an
/// eviction must never say that.
const LEAVES_FOR_GOOD: i32 = -1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    Evicted,
    /// The group did not know the member.
    AlreadyGone,
}

impl GroupClient {
    /// LeaveGroup (KIP-345) for a classic member, ConsumerGroupHeartbeat with epoch -1 (KIP-848)
    /// for others, with the instance id of a static member in both.
    ///
    /// Its partitions move later: wait with [`GroupClient::wait_until_moved`]. Who waits to join
    /// has them some 10 ms later; a content member learns of it at its next heartbeat (3 s with
    /// librdkafka's default, 1 s with the lab's brokers in KIP-848). After a broken connection the
    /// request is sent again, and an eviction of the first attempt is [`Eviction::AlreadyGone`].
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

    /// For after the end of all its members' processes: a join that was under way may make a member
    /// only then. [`GroupError::Waited`] when somebody joins again and again.
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

    /// And its offsets; an absent one is deleted already. `NON_EMPTY_GROUP` while it has members.
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
