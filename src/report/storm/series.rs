//! From looks at totals to rates over time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::storm::{Sample, StormMark};

/// What happened in a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StormBucket")]
pub struct Bucket {
    /// Seconds after the first payment at which it begins.
    #[schemars(range(min = 0))]
    pub from_s: f64,
    /// How long it is, in seconds.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub seconds: f64,
    /// Payments produced.
    pub produced: u64,
    /// Checks for a duplicate.
    pub checks: u64,
    /// Hits on the same record.
    pub redelivery_hits: u64,
    /// Hits on another record of the same payment.
    pub republish_hits: u64,
    /// Hits of all checks; 0 where there was none.
    #[schemars(range(min = 0, max = 1))]
    pub hit_rate: f64,
    /// Lines that the ledger grew by.
    pub effects: u64,
    /// Effects over payments that took effect; 1 where every effect is its payment's first.
    #[schemars(range(min = 1))]
    pub effects_per_payment: f64,
    /// Records that were checked again, counted at the Postgres tap.
    pub redelivered: u64,
    /// Assignments.
    pub assigned: u64,
    /// Partitions given up on request.
    pub revoked: u64,
    /// Partitions that were gone already when the consumer heard of it.
    pub lost: u64,
    /// Refused offset commits.
    pub commit_failures: u64,
    /// Gaps between polls past `max.poll.interval.ms`.
    pub late_polls: u64,
    /// Records behind the end, when the bucket ended.
    pub lag: u64,
    /// The group's generation when the bucket ended, seen at the Kafka tap.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub generation: Option<i32>,
    /// The programs that ran when the bucket ended.
    pub builds: Vec<String>,
    /// What was done meanwhile: the number of each mark.
    pub marks: Vec<usize>,
}

/// From the looks that came next after each time; none where nobody looked in between.
#[must_use]
pub fn stretch(
    samples: &[Sample],
    marks: &[StormMark],
    from_ms: u64,
    to_ms: u64,
) -> Option<Bucket> {
    let after = |ms: u64| samples.iter().find(|s| s.at_ms >= ms).or(samples.last());
    let (first, last) = (after(from_ms)?, after(to_ms)?);
    if last.at_ms <= first.at_ms {
        return None;
    }
    let grown = |total: fn(&Sample) -> u64| total(last).saturating_sub(total(first));
    let kind = |kind: &str| {
        let of = |sample: &Sample| sample.rebalances.get(kind).copied().unwrap_or(0);
        of(last).saturating_sub(of(first))
    };
    let (checks, hits) = (grown(Sample::checks), grown(Sample::hits));
    let (effects, again) = (grown(|s| s.ledger), grown(|s| s.ledger_again));
    let here = |mark: &StormMark| (from_ms..to_ms).contains(&mark.at_ms);
    Some(Bucket {
        from_s: seconds(from_ms),
        seconds: seconds(last.at_ms - first.at_ms),
        produced: grown(|s| s.produced),
        checks,
        redelivery_hits: grown(|s| s.redelivery_hits),
        republish_hits: grown(|s| s.republish_hits),
        hit_rate: ratio(hits, checks),
        effects,
        effects_per_payment: match effects - again {
            0 => 1.0,
            paid => ratio(effects, paid),
        },
        redelivered: grown(|s| s.redelivered),
        assigned: kind("assign"),
        revoked: kind("revoke"),
        lost: kind("lost"),
        commit_failures: grown(|s| s.commit_failures.values().sum()),
        late_polls: grown(|s| s.late_polls),
        lag: last.lag,
        generation: last.generation,
        builds: last.builds.keys().cloned().collect(),
        marks: (0..)
            .zip(marks)
            .filter(|(_, m)| here(m))
            .map(|(n, _)| n)
            .collect(),
    })
}

#[must_use]
pub fn series(
    samples: &[Sample],
    marks: &[StormMark],
    length_ms: u64,
    bucket_ms: u64,
) -> Vec<Bucket> {
    let starts = (0..length_ms.div_ceil(bucket_ms)).map(|n| n * bucket_ms);
    starts
        .filter_map(|from| stretch(samples, marks, from, (from + bucket_ms).min(length_ms)))
        .collect()
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts and times far below 2^52"
)]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn seconds(ms: u64) -> f64 {
    ratio(ms, 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ms: u64, misses: u64, hits: u64, ledger: u64, again: u64) -> Sample {
        Sample {
            at_ms,
            misses,
            redelivery_hits: hits,
            ledger,
            ledger_again: again,
            ..Sample::default()
        }
    }

    #[test]
    fn a_stretch_is_what_grew_between_its_ends() {
        let samples = [
            sample(0, 0, 0, 0, 0),
            sample(1_010, 1_000, 0, 1_000, 0),
            sample(2_005, 1_920, 80, 2_010, 10),
        ];
        let buckets = series(&samples, &[], 2_000, 1_000);
        let [first, second] = &buckets[..] else {
            panic!("{buckets:?}")
        };
        assert_eq!((first.checks, first.hit_rate), (1_000, 0.0));
        assert_eq!((second.checks, second.hit_rate), (1_000, 0.08));
        assert!(
            (second.effects_per_payment - 1.01).abs() < 1e-9,
            "{second:?}"
        );
    }

    #[test]
    fn a_mark_belongs_to_the_stretch_in_which_it_was_made() {
        let samples = [
            sample(0, 0, 0, 0, 0),
            sample(1_000, 1, 0, 0, 0),
            sample(2_000, 2, 0, 0, 0),
        ];
        let mark = StormMark {
            at_ms: 1_500,
            until_ms: 1_600,
            action: crate::chaos::storm::StormAction::Kill,
            instance: None,
            problem: None,
        };
        let buckets = series(&samples, &[mark], 2_000, 1_000);
        assert_eq!(buckets[0].marks, [0_usize; 0]);
        assert_eq!(buckets[1].marks, [0]);
    }
}
