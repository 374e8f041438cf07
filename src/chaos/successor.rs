//! How a zombie's successor is followed: to the end of its work, or to what the zombie keeps it from.

use std::time::Duration;

use tokio::time::Instant;

use super::scene::{POLL, Scene, StrikeError};
use crate::timeline::Happening;

/// How long a successor that owns the partition may be given nothing before it is taken to wait for
/// the position that the zombie's open transaction holds back. One that reads positions as they were
/// before it (`read_uncommitted`) asks for one and fetches at once, in some milliseconds.
const FIRST_FETCH: Duration = Duration::from_secs(3);

/// Which backends wait for a lock that one of these backends holds.
const BLOCKED_BY: &str = "
    SELECT waiter.pid
    FROM pg_stat_activity AS waiter
    WHERE waiter.datname = current_database()
      AND pg_blocking_pids(waiter.pid) && $1
    LIMIT 1";

/// How a zombie's successor fared while the zombie slept.
pub(super) enum Successor {
    /// It has moved the group's position to the end, or is past the payment and has nothing more to do.
    Finished,
    /// It was given the payment and has changed nothing for so long that it has finished, unless the
    /// consumer acknowledges what it has finished.
    Silent,
    /// It cannot have the payment before the frozen instance lets go of a row lock, or ends the
    /// transaction that holds the payment's position.
    Fenced,
    /// It did not come to the payment; says why in words.
    Unmet(String),
}

impl Scene {
    /// Waits until the successor has finished everything on the partition, or is seen to wait for
    /// the zombie's lock. Everything, not only the payment: the zombie may have more records in its
    /// buffer, and would race the successor for them by chance.
    pub(super) async fn wait_successor(&self) -> Result<Successor, StrikeError> {
        let mut moved = Instant::now();
        let ends = self
            .group
            .cluster()
            .end_offsets(&self.topic, &[self.partition])
            .await?;
        let end = ends.get(&self.partition).copied().unwrap_or_default();
        let (mut quiet, mut barred) = (Silence::begin(self.silence), None);
        let mut position = None;
        loop {
            let now = self.committed().await?;
            if now != position {
                (position, moved) = (now, Instant::now());
            }
            if let Some(committed) = now
                && committed >= end
            {
                let successor = self.owner().await?;
                self.record(Happening::TookOver {
                    successor,
                    committed,
                });
                return Ok(Successor::Finished);
            }
            let is_past = now.is_some_and(|next| next > self.offset);
            if let Some(backend) = self.blocked_by_zombie().await? {
                return Ok(self.at_the_lock(backend, is_past));
            }
            let source = &self.process.source;
            let given =
                self.timeline
                    .given_beside(source, &self.topic, self.partition, self.offset);
            if given || !self.awaits_transaction().await? {
                barred = None;
            } else if barred.get_or_insert_with(Instant::now).elapsed() > FIRST_FETCH {
                let (successor, holder) = (self.owner().await?, source.clone());
                self.record(Happening::AwaitsTransaction { successor, holder });
                return Ok(Successor::Fenced);
            }
            let is_silent = given && quiet.lasts(self.timeline.activity());
            if !given {
                quiet = Silence::begin(self.silence);
            } else if is_silent && is_past {
                return Ok(Successor::Finished);
            }
            // Whoever acknowledges and has not is slow, and has not overtaken the zombie.
            let acknowledges = self.acknowledges || self.timeline.acknowledges(&self.topic);
            if is_silent && !acknowledges {
                return Ok(Successor::Silent);
            }
            let limit = self.patience_with_successor(acknowledges);
            if moved.elapsed() > limit {
                let (successor, seconds) = (self.owner().await?, limit.as_secs_f64());
                let stalled = Happening::Stalled { successor, seconds };
                return Ok(self.unmet(stalled));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// How long the group's position may stand: for one step, after which there must be time for a
    /// silence where that is all that can be seen of a successor's end.
    fn patience_with_successor(&self, acknowledges: bool) -> Duration {
        if acknowledges {
            self.step
        } else {
            self.step + self.silence
        }
    }

    /// Tells the lock of the payment in hand from another one's, which the zombie holds as well: for
    /// that one nobody is kept from this payment, which the successor has done, if it is past it, or
    /// has not come to.
    fn at_the_lock(&self, backend: i32, is_past: bool) -> Successor {
        let named = self.crew.instance_at(backend);
        let successor = named.unwrap_or_else(|| format!("backend {backend}"));
        let holder = self.process.source.clone();
        let last = self.timeline.last_statement(backend);
        let other = last.as_ref().and_then(|entry| entry.another(&self.payment));
        match other {
            Some(_) if is_past => Successor::Finished,
            Some(payment) => self.unmet(Happening::Blocked {
                successor,
                holder,
                payment: payment.to_owned(),
            }),
            None => {
                self.record(Happening::Fenced { successor, holder });
                Successor::Fenced
            }
        }
    }

    fn unmet(&self, what: Happening) -> Successor {
        let why = what.clause().map(|c| format!("{} {}", c.who, c.what));
        self.record(what);
        Successor::Unmet(why.unwrap_or_default())
    }

    /// Whether Kafka tells nobody the partition's position because the zombie has one in a
    /// transaction that is open.
    async fn awaits_transaction(&self) -> Result<bool, StrikeError> {
        let (source, topic) = (&self.process.source, &self.topic);
        Ok(self
            .timeline
            .holds_position(source, topic, self.partition, self.offset)
            && self.group.is_unstable(topic, self.partition).await?)
    }

    async fn blocked_by_zombie(&self) -> Result<Option<i32>, StrikeError> {
        let backends = self.crew.backends_of(&self.process.source);
        if backends.is_empty() {
            return Ok(None);
        }
        let row = self.database.query_opt(BLOCKED_BY, &[&backends]).await?;
        Ok(row.map(|row| row.get(0)))
    }
}

/// Notices that a count has stood still for a while.
struct Silence {
    limit: Duration,
    count: u64,
    since: Instant,
}

impl Silence {
    fn begin(limit: Duration) -> Self {
        Self {
            limit,
            count: 0,
            since: Instant::now(),
        }
    }

    fn lasts(&mut self, count: u64) -> bool {
        if count != self.count {
            (self.count, self.since) = (count, Instant::now());
        }
        self.since.elapsed() > self.limit
    }
}
