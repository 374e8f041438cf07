//! What a fault can see and do while its window is open.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{FaultOutcome, Process, ProcessError};
use crate::event::Source;
use crate::group::{GroupClient, GroupError, GroupState, Member};
use crate::provider::Clock;
use crate::timeline::{Timeline, TimelineEvent};

/// Between two looks at the broker or the database.
pub(super) const POLL: Duration = Duration::from_millis(5);

pub trait Instances: Send + Sync {
    fn name_of(&self, member_id: &str) -> Option<String>;
    /// Starts a second instance if there is none beside `to`; true when it did.
    fn ensure_successor(&self, to: &str) -> bool;
    /// Starts one instance more, whoever is there; its name, or none where the run has ended.
    fn start_another(&self) -> Option<String>;
    fn backends_of(&self, source: &Source) -> Vec<i32>;
    fn instance_at(&self, backend: i32) -> Option<String>;
}

#[derive(Debug, thiserror::Error)]
pub enum StrikeError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Group(#[from] GroupError),
    #[error("Postgres could not be asked which instance waits for a lock: {0}")]
    Database(#[from] tokio_postgres::Error),
    #[error("{0} is a member of no group, so nobody can take over from it")]
    NoMember(Source),
    #[error("{0}")]
    Produce(String),
    #[error("the run was over before another instance could be started")]
    RunOver,
}

/// One instance in its window, with the payment it has in hand.
pub struct FaultContext {
    pub process: Process,
    pub payment: String,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub group: Arc<GroupClient>,
    pub database: Arc<tokio_postgres::Client>,
    pub instances: Arc<dyn Instances>,
    pub timeline: Arc<Timeline>,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// For the group to give a partition to another member, who may have to be started first.
    pub rebalance: Duration,
    /// For one step of a successor, or to meet a lock. Past it the strike is no evidence.
    pub step: Duration,
    /// How long a successor may change nothing, after it was given the payment, before it counts as
    /// finished: only a consumer that acknowledges nothing comes to it.
    pub silence: Duration,
    /// Known from before the run: the consumer acknowledges what it has finished.
    pub acknowledges: bool,
    /// Hours of the provider's that pass before the payment is delivered again.
    pub wait_hours: Option<u32>,
    pub clock: Clock,
}

impl FaultContext {
    /// As the group knows it: the member as which it was last seen to join.
    pub(super) async fn member(&self) -> Result<Member, StrikeError> {
        let member = self.process.member(&self.group).await?;
        member.ok_or_else(|| StrikeError::NoMember(self.process.source.clone()))
    }

    pub(super) async fn kill(&self) -> Result<(), StrikeError> {
        self.process.kill().await?;
        self.record(TimelineEvent::Killed {
            source: self.process.source.clone(),
        });
        Ok(())
    }

    /// The provider's clock is moved; nothing in the lab waits for the hours.
    pub(super) fn wait_out(&self) {
        if let Some(hours) = self.wait_hours {
            self.clock
                .advance(Duration::from_secs(u64::from(hours) * 60 * 60));
            self.record(TimelineEvent::Waited { hours });
        }
    }

    /// Returns at once.
    pub(super) fn terminate(&self) -> Result<(), StrikeError> {
        self.process.terminate()?;
        self.record(TimelineEvent::Terminated {
            source: self.process.source.clone(),
        });
        Ok(())
    }

    pub(super) async fn freeze(&self) -> Result<(), StrikeError> {
        self.process.freeze().await?;
        self.record(TimelineEvent::Frozen {
            source: self.process.source.clone(),
        });
        Ok(())
    }

    pub(super) fn thaw(&self) -> Result<(), StrikeError> {
        self.process.thaw()?;
        self.record(TimelineEvent::Thawed {
            source: self.process.source.clone(),
        });
        Ok(())
    }

    /// So that nobody waits for the member's session to expire.
    pub(super) async fn evict(&self, member: &Member) -> Result<(), StrikeError> {
        self.group.evict(member).await?;
        self.record(TimelineEvent::Evicted {
            source: self.process.source.clone(),
            member: member.member_id.clone(),
        });
        Ok(())
    }

    /// One that has left by itself need not be.
    pub(super) async fn evict_if_member(&self) -> Result<(), StrikeError> {
        match self.member().await {
            Ok(member) => self.evict(&member).await,
            Err(StrikeError::NoMember(_)) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// A member that is already asking to join is given the partition at once.
    pub(super) async fn ensure_successor(&self) -> Result<(), StrikeError> {
        if self
            .instances
            .ensure_successor(&self.process.source.instance)
        {
            let joins =
                |g: &crate::group::Group| g.members.len() > 1 || g.state != GroupState::Stable;
            self.group
                .wait_until(self.rebalance, "a successor to join", joins)
                .await?;
        }
        Ok(())
    }

    async fn position_is_not_past(&self) -> Result<bool, StrikeError> {
        Ok(self
            .committed()
            .await?
            .is_none_or(|next| next <= self.offset))
    }

    pub(super) async fn wait_moved(&self, from: &Member) -> Result<(), StrikeError> {
        let committed = self.committed().await?;
        let (topic, partition) = (&self.topic, self.partition);
        let moved = self
            .group
            .wait_until_moved(self.rebalance, &from.member_id, topic, partition);
        let group = moved.await?;
        let owner = group.owner(topic, partition).map(|m| self.name_of(m));
        let to = owner.unwrap_or_default();
        self.record(TimelineEvent::Moved {
            partition,
            to,
            committed,
        });
        Ok(())
    }

    /// For at most `limit`; true when the group's position is past the payment.
    pub(super) async fn wait_acknowledged(&self, limit: Duration) -> Result<bool, StrikeError> {
        let deadline = Instant::now() + limit;
        loop {
            if !self.position_is_not_past().await? {
                return Ok(true);
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// For at most `limit`; true when the process has ended.
    pub(super) async fn wait_exit(&self, limit: Duration) -> bool {
        let mut exited = self.process.exited.clone();
        tokio::time::timeout(limit, exited.wait_for(Option::is_some))
            .await
            .is_ok()
    }

    /// After the request in hand was let go: SIGKILL unless the process ends by itself.
    pub async fn finish_off(
        &self,
        rest: Duration,
        outcome: FaultOutcome,
    ) -> Result<FaultOutcome, StrikeError> {
        if !self.wait_exit(rest).await {
            self.kill().await?;
        }
        self.evict_if_member().await?;
        Ok(outcome)
    }

    pub(super) async fn committed(&self) -> Result<Option<i64>, StrikeError> {
        Ok(self
            .group
            .committed_one(&self.topic, self.partition)
            .await?)
    }

    pub(super) async fn owner(&self) -> Result<String, StrikeError> {
        let group = self.group.describe().await?;
        let owner = group.owner(&self.topic, self.partition);
        Ok(owner.map_or_else(|| "the group".to_owned(), |m| self.name_of(m)))
    }

    pub(super) fn name_of(&self, member: &Member) -> String {
        self.instances
            .name_of(&member.member_id)
            .unwrap_or_else(|| member.client_id.clone())
    }

    pub(super) fn record(&self, what: TimelineEvent) {
        self.timeline.record(Some(&self.payment), what);
    }
}
