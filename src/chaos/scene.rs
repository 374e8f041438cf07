//! What a fault can see and do while its window is open.

use std::sync::Arc;
use std::time::Duration;

use super::{Process, ProcessError};
use crate::group::{GroupClient, GroupError, Member};
use crate::timeline::{Happening, Timeline};

/// How long a successor may take to finish the payment or to meet a lock. It is past every pause
/// that a consumer in a lab has a reason for, and past it the strike is no evidence.
const SUCCESSOR_DEADLINE: Duration = Duration::from_secs(20);

/// How long the group may take to give a partition to another member. The survivors learn of the
/// rebalance at their next heartbeat, which is 3 s away by default and never more than the
/// session's third.
const REBALANCE_DEADLINE: Duration = Duration::from_secs(20);

/// How often the broker and the database are asked while waiting.
const POLL: Duration = Duration::from_millis(5);

/// Who waits for a lock that the connections of one instance hold, by the name under which the lab
/// connects each instance.
const BLOCKED_BY: &str = "
    SELECT waiter.application_name
    FROM pg_stat_activity AS waiter
    CROSS JOIN LATERAL unnest(pg_blocking_pids(waiter.pid)) AS blocker (pid)
    JOIN pg_stat_activity AS holder ON holder.pid = blocker.pid
    WHERE waiter.datname = current_database()
      AND holder.application_name = $1
      AND waiter.application_name <> $1
    LIMIT 1";

/// Why a fault could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum StrikeError {
    /// A signal failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The group could not be asked or changed.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The database could not be asked who is blocked.
    #[error("Postgres could not be asked which instance waits for a lock: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// The group has no member that the struck instance could be.
    #[error("the group has no member with the client id {instance:?}; its members are {members:?}")]
    NoMember {
        /// The instance.
        instance: String,
        /// The client ids that the group knows.
        members: Vec<String>,
    },
}

/// How a zombie's successor fared while the zombie slept.
pub(super) enum Successor {
    /// It has moved the group's position past the payment.
    Finished,
    /// It waits for a row lock of the frozen instance.
    Fenced,
    /// Neither, in time; says so in words.
    Stalled(String),
}

/// One instance in its window, with the payment it has in hand.
pub struct Scene {
    /// The struck instance.
    pub process: Process,
    /// The payment in hand.
    pub payment: String,
    /// The topic of the run.
    pub topic: String,
    /// Where the payment is.
    pub partition: i32,
    /// Where the payment is.
    pub offset: i64,
    /// The group of the run.
    pub group: Arc<GroupClient>,
    /// The run's database.
    pub database: Arc<tokio_postgres::Client>,
    /// Where everything that is done is recorded.
    pub timeline: Arc<Timeline>,
}

impl Scene {
    /// The struck instance as the group knows it.
    pub(super) async fn member(&self) -> Result<Member, StrikeError> {
        let group = self.group.describe().await?;
        let instance = &self.process.source.instance;
        // A dead predecessor of the same name may still be a member; it owns nothing.
        let owner = group
            .owner(&self.topic, self.partition)
            .filter(|m| m.client_id == *instance);
        owner
            .or_else(|| group.client(instance))
            .cloned()
            .ok_or_else(|| StrikeError::NoMember {
                instance: instance.clone(),
                members: group.members.iter().map(|m| m.client_id.clone()).collect(),
            })
    }

    /// SIGKILL, and the process is gone.
    pub(super) async fn kill(&self) -> Result<(), StrikeError> {
        self.process.kill().await?;
        self.record(Happening::Killed {
            source: self.process.source.clone(),
        });
        Ok(())
    }

    /// SIGSTOP, and the process has stopped.
    pub(super) async fn freeze(&self) -> Result<(), StrikeError> {
        self.process.freeze().await?;
        self.record(Happening::Frozen {
            source: self.process.source.clone(),
        });
        Ok(())
    }

    /// SIGCONT.
    pub(super) fn thaw(&self) -> Result<(), StrikeError> {
        self.process.thaw()?;
        self.record(Happening::Thawed {
            source: self.process.source.clone(),
        });
        Ok(())
    }

    /// Tells the group that the member is gone, so that nobody waits for its session to expire.
    pub(super) async fn evict(&self, member: &Member) -> Result<(), StrikeError> {
        self.group.evict(member).await?;
        self.record(Happening::Evicted {
            source: self.process.source.clone(),
            member: member.member_id.clone(),
        });
        Ok(())
    }

    /// Whether the group's position is not past the payment, so that whoever owns the partition
    /// next is given it again. Asked after the eviction: from then on the struck member's commits
    /// are refused.
    pub(super) async fn position_is_not_past(&self) -> Result<bool, StrikeError> {
        Ok(self
            .committed()
            .await?
            .is_none_or(|next| next <= self.offset))
    }

    /// Waits until another member owns the payment's partition; true when it is given the payment
    /// again.
    pub(super) async fn wait_moved(&self, from: &Member) -> Result<bool, StrikeError> {
        let committed = self.committed().await?;
        let (topic, partition) = (&self.topic, self.partition);
        let moved =
            self.group
                .wait_until_moved(REBALANCE_DEADLINE, &from.member_id, topic, partition);
        let group = moved.await?;
        let owner = group.owner(topic, partition).map(|m| m.client_id.clone());
        let to = owner.unwrap_or_default();
        self.record(Happening::Moved {
            partition,
            to,
            committed,
        });
        Ok(committed.is_none_or(|next| next <= self.offset))
    }

    /// Waits until the successor has finished the payment or is seen to wait for the zombie's lock.
    pub(super) async fn wait_successor(&self) -> Result<Successor, StrikeError> {
        let zombie = &self.process.source.instance;
        let deadline = tokio::time::Instant::now() + SUCCESSOR_DEADLINE;
        loop {
            if let Some(committed) = self.committed().await?
                && committed > self.offset
            {
                let successor = self.owner().await?;
                self.record(Happening::TookOver {
                    successor,
                    committed,
                });
                return Ok(Successor::Finished);
            }
            if let Some(row) = self.database.query_opt(BLOCKED_BY, &[zombie]).await? {
                let successor = row.get(0);
                self.record(Happening::Fenced {
                    successor,
                    holder: self.process.source.clone(),
                });
                return Ok(Successor::Fenced);
            }
            if tokio::time::Instant::now() > deadline {
                let (successor, seconds) = (self.owner().await?, SUCCESSOR_DEADLINE.as_secs_f64());
                let stalled = Happening::Stalled { successor, seconds };
                let why = stalled.clause().map(|c| format!("{} {}", c.who, c.what));
                self.record(stalled);
                return Ok(Successor::Stalled(why.unwrap_or_default()));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn committed(&self) -> Result<Option<i64>, StrikeError> {
        Ok(self
            .group
            .committed_one(&self.topic, self.partition)
            .await?)
    }

    /// The name of the instance that owns the payment's partition now.
    async fn owner(&self) -> Result<String, StrikeError> {
        let group = self.group.describe().await?;
        let owner = group.owner(&self.topic, self.partition);
        Ok(owner.map_or_else(|| "the group".to_owned(), |m| m.client_id.clone()))
    }

    fn record(&self, what: Happening) {
        self.timeline.record(Some(&self.payment), what);
    }
}
