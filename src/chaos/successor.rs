//! How a zombie's successor is followed: to the end of its work, or to what it is kept from.

mod watch;

use tokio::time::Instant;

use self::watch::{Conclusion, Sight, SuccessorWatch};
use super::context::{FaultContext, POLL, StrikeError};
use crate::timeline::TimelineEvent;

/// Waiting for a lock that one of these backends holds.
const BLOCKED_BY: &str = "
    SELECT waiter.pid
    FROM pg_stat_activity AS waiter
    WHERE waiter.datname = current_database()
      AND pg_blocking_pids(waiter.pid) && $1
    LIMIT 1";

pub(super) enum Successor {
    /// It moved the group's position to the end, or is past the payment and has nothing more to do.
    Finished,
    /// It was given the payment and has changed nothing for so long that it has finished, unless
    /// the consumer acknowledges what it has finished.
    Silent,
    /// It cannot have the payment before the frozen instance lets go of a row lock, or ends the
    /// transaction that holds the payment's position.
    Fenced,
    /// It did not come to the payment; says why in words.
    Unmet(String),
}

impl FaultContext {
    /// Everything on the partition, not only the payment: the zombie may have more records in its
    /// buffer, and would race the successor for them by chance.
    pub(super) async fn wait_successor(&self) -> Result<Successor, StrikeError> {
        let began = Instant::now();
        let cluster = self.group.cluster();
        let ends = cluster.end_offsets(&self.topic, &[self.partition]).await?;
        let end = ends.get(&self.partition).copied().unwrap_or_default();
        let mut watch = SuccessorWatch::begin(self.offset, end, self.step, self.silence, began);
        loop {
            let sight = self.sight().await?;
            if let Some(conclusion) = watch.conclude(&sight, Instant::now()) {
                return self.successor(conclusion).await;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn sight(&self) -> Result<Sight, StrikeError> {
        let (source, topic) = (&self.process.source, &self.topic);
        let timeline = &self.timeline;
        let given = timeline.given_beside(source, topic, self.partition, self.offset);
        Ok(Sight {
            position: self.committed().await?,
            blocked: self.blocked_by_zombie().await?,
            given,
            barred: !given && self.awaits_transaction().await?,
            activity: timeline.activity(),
            acknowledges: self.acknowledges || timeline.acknowledges(topic),
        })
    }

    async fn successor(&self, conclusion: Conclusion) -> Result<Successor, StrikeError> {
        Ok(match conclusion {
            Conclusion::AtEnd(committed) => {
                let successor = self.owner().await?;
                self.record(TimelineEvent::TookOver {
                    successor,
                    committed,
                });
                Successor::Finished
            }
            Conclusion::AtLock { backend, is_past } => self.at_the_lock(backend, is_past),
            Conclusion::AtTransaction => {
                let holder = self.process.source.clone();
                let successor = self.owner().await?;
                self.record(TimelineEvent::AwaitsTransaction { successor, holder });
                Successor::Fenced
            }
            Conclusion::Past => Successor::Finished,
            Conclusion::Silent => Successor::Silent,
            Conclusion::Stalled(limit) => {
                let (successor, seconds) = (self.owner().await?, limit.as_secs_f64());
                self.unmet(TimelineEvent::Stalled { successor, seconds })
            }
        })
    }

    /// The zombie may hold another payment's lock as well: for that one nobody is kept from this
    /// payment, which the successor has done, if it is past it, or has not come to.
    fn at_the_lock(&self, backend: i32, is_past: bool) -> Successor {
        let named = self.instances.instance_at(backend);
        let successor = named.unwrap_or_else(|| format!("backend {backend}"));
        let holder = self.process.source.clone();
        let last = self.timeline.last_statement(backend);
        let other = last.as_ref().and_then(|entry| entry.another(&self.payment));
        match other {
            Some(_) if is_past => Successor::Finished,
            Some(payment) => self.unmet(TimelineEvent::Blocked {
                successor,
                holder,
                payment: payment.to_owned(),
            }),
            None => {
                self.record(TimelineEvent::Fenced { successor, holder });
                Successor::Fenced
            }
        }
    }

    fn unmet(&self, what: TimelineEvent) -> Successor {
        let why = what.clause().map(|c| format!("{} {}", c.who, c.what));
        self.record(what);
        Successor::Unmet(why.unwrap_or_default())
    }

    /// Kafka tells nobody the partition's position while the zombie has one in an open transaction.
    async fn awaits_transaction(&self) -> Result<bool, StrikeError> {
        let (source, topic) = (&self.process.source, &self.topic);
        Ok(self
            .timeline
            .holds_position(source, topic, self.partition, self.offset)
            && self.group.is_unstable(topic, self.partition).await?)
    }

    async fn blocked_by_zombie(&self) -> Result<Option<i32>, StrikeError> {
        let backends = self.instances.backends_of(&self.process.source);
        if backends.is_empty() {
            return Ok(None);
        }
        let row = self.database.query_opt(BLOCKED_BY, &[&backends]).await?;
        Ok(row.map(|row| row.get(0)))
    }
}
