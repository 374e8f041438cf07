//! What a consumer's way of keeping its promise costs, measured at the taps.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Stage, Tap};
use crate::run::Finished;
use crate::tap::kafka::Detail as KafkaDetail;
use crate::tap::postgres::{CommandTag, Transaction};
use crate::tap::{BoundaryEvent, Detail};
use crate::timeline::{Entry, TimelineEvent};
use crate::verdict::Produced;

/// What a payment costs, of those that no fault struck. The taps and the lab's own record are in
/// these numbers: compare them within one machine and one minute, and quote ratios.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// Payments per second of the time in which at least one was in hand.
    #[schemars(range(min = 0))]
    pub payments_per_second: f64,
    /// From the consumer's first request for a payment to the commit of its offset, in milliseconds:
    /// half of the payments take no longer.
    #[schemars(range(min = 0))]
    pub p50_ms: f64,
    /// The same: 99 of 100 take no longer.
    #[schemars(range(min = 0))]
    pub p99_ms: f64,
    /// Transactions that changed something and were committed in Postgres, per payment.
    #[schemars(range(min = 0))]
    pub database_commits: f64,
    /// Offset commits that Kafka took, per payment.
    #[schemars(range(min = 0))]
    pub offset_commits: f64,
}

impl Cost {
    #[must_use]
    pub fn of(finished: &Finished) -> Self {
        let strikes = finished.history.strikes.iter();
        let struck: HashSet<&str> = strikes.map(|s| s.payment.as_str()).collect();
        measure(&finished.timeline, &finished.history.produced, &struck)
    }
}

fn measure(timeline: &[Entry], produced: &[Produced], struck: &HashSet<&str>) -> Cost {
    let mut waiting: BTreeMap<(i32, i64), &str> = BTreeMap::new();
    for p in produced {
        waiting.insert((p.partition, p.offset), &p.payment);
    }
    let mut began: HashMap<&str, f64> = HashMap::new();
    let mut spans: Vec<(f64, f64)> = Vec::new();
    let (mut database_commits, mut offset_commits) = (0_u32, 0_u32);
    for (at, event) in timeline.iter().filter_map(boundary) {
        database_commits += u32::from(commits_a_change(event));
        let Some(Detail::Kafka(KafkaDetail::Commit(commit))) = &event.detail else {
            if let Some(payment) = event.message()
                && event.stage == Stage::Received
            {
                began.entry(payment).or_insert(at);
            }
            continue;
        };
        if event.stage != Stage::Answered || commit.offsets.iter().any(|p| p.error.is_some()) {
            continue;
        }
        offset_commits += 1;
        for position in &commit.offsets {
            let behind = (position.partition, i64::MIN)..(position.partition, position.offset);
            let done: Vec<(i32, i64)> = waiting.range(behind).map(|(place, _)| *place).collect();
            for payment in done.iter().filter_map(|place| waiting.remove(place)) {
                if let Some(since) = began.get(payment)
                    && !struck.contains(payment)
                {
                    spans.push((*since, at));
                }
            }
        }
    }
    let payments = began.len().max(1) as f64;
    let mut took: Vec<f64> = spans.iter().map(|(from, to)| to - from).collect();
    took.sort_by(f64::total_cmp);
    let busy_ms = covered(&mut spans);
    Cost {
        payments_per_second: if busy_ms > 0.0 {
            took.len() as f64 / busy_ms * 1e3
        } else {
            0.0
        },
        p50_ms: percentile(&took, 50),
        p99_ms: percentile(&took, 99),
        database_commits: f64::from(database_commits) / payments,
        offset_commits: f64::from(offset_commits) / payments,
    }
}

fn boundary(entry: &Entry) -> Option<(f64, &BoundaryEvent)> {
    match &entry.what {
        TimelineEvent::Boundary { event } => Some((entry.at_ms, event)),
        _ => None,
    }
}

/// By its COMMIT, or as a statement that is a transaction of its own.
fn commits_a_change(event: &BoundaryEvent) -> bool {
    let Some(Detail::Postgres(statement)) = &event.detail else {
        return false;
    };
    event.tap == Tap::Postgres
        && event.stage == Stage::Answered
        && event.writes
        && statement.sqlstate.is_none()
        && statement.transaction == Some(Transaction::Idle)
        && statement.command() != Some(CommandTag::Rollback)
}

/// The smallest value that is not below `percent` of them; 0 of none.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn covered(spans: &mut [(f64, f64)]) -> f64 {
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut total, mut until) = (0.0, f64::MIN);
    for (from, to) in spans {
        total += (*to - from.max(until)).max(0.0);
        until = until.max(*to);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Role, Source};
    use crate::tap::{kafka, postgres};

    fn entry(at_ms: f64, event: BoundaryEvent) -> Entry {
        let payment = event.message().map(str::to_owned);
        let what = TimelineEvent::Boundary { event };
        Entry {
            at_ms,
            payment,
            what,
        }
    }

    fn event(
        tap: Tap,
        stage: Stage,
        payment: Option<&str>,
        detail: Option<Detail>,
    ) -> BoundaryEvent {
        BoundaryEvent {
            tap,
            stage,
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            signature: String::new(),
            subjects: payment.map(str::to_owned).into_iter().collect(),
            outcome: String::new(),
            writes: true,
            role: Role::Request,
            result: None,
            detail,
        }
    }

    fn begins(at_ms: f64, payment: &str) -> Entry {
        entry(
            at_ms,
            event(Tap::Provider, Stage::Received, Some(payment), None),
        )
    }

    fn statement(at_ms: f64, transaction: Transaction) -> Entry {
        let detail = postgres::Detail {
            transaction: Some(transaction),
            ..postgres::Detail::default()
        };
        let detail = Some(Detail::Postgres(detail));
        entry(at_ms, event(Tap::Postgres, Stage::Answered, None, detail))
    }

    fn commits(at_ms: f64, offset: i64) -> Entry {
        let commit = kafka::Commit {
            group: "g".into(),
            member_id: "a-1".into(),
            group_instance_id: None,
            generation: 1,
            transactional_id: None,
            offsets: vec![kafka::Position {
                topic: "t".into(),
                partition: 0,
                offset,
                metadata: None,
                payment: None,
                error: None,
            }],
        };
        let detail = Some(Detail::Kafka(KafkaDetail::Commit(commit)));
        entry(at_ms, event(Tap::Kafka, Stage::Answered, None, detail))
    }

    fn produced(numbers: std::ops::RangeInclusive<i64>) -> Vec<Produced> {
        numbers
            .map(|n| Produced {
                payment: format!("msg-{n:04}"),
                partition: 0,
                offset: n - 1,
            })
            .collect()
    }

    #[test]
    fn time_counts_from_the_first_request_to_the_commit_of_the_offset() {
        let timeline = [
            begins(0.0, "msg-0001"),
            statement(3.0, Transaction::Idle),
            commits(10.0, 1),
            // Nothing is in hand for 90 ms.
            begins(100.0, "msg-0002"),
            statement(110.0, Transaction::Open),
            commits(130.0, 2),
        ];
        let cost = measure(&timeline, &produced(1..=2), &HashSet::new());
        assert_eq!((cost.p50_ms, cost.p99_ms), (10.0, 30.0));
        assert_eq!(cost.payments_per_second, 50.0);
        assert_eq!(cost.database_commits, 0.5, "an open block is no commit");
        assert_eq!(cost.offset_commits, 1.0);
    }

    #[test]
    fn one_commit_can_be_of_a_batch_and_what_was_struck_is_left_out() {
        let timeline = [
            begins(0.0, "msg-0001"),
            begins(5.0, "msg-0002"),
            commits(20.0, 2),
        ];
        let cost = measure(&timeline, &produced(1..=2), &["msg-0001"].into());
        assert_eq!((cost.p50_ms, cost.p99_ms), (15.0, 15.0));
        assert_eq!(cost.offset_commits, 0.5);
    }

    #[test]
    fn a_run_in_which_nothing_came_through_costs_nothing() {
        assert_eq!(measure(&[], &[], &HashSet::new()), Cost::default());
    }
}
