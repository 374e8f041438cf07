//! Medians of rounds, and how a way compares with the direct one.

use std::time::Duration;

/// The value below which so much of the sample lies (nearest rank).
pub(super) fn quantile(sample: &[f64], share: f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

pub(super) fn median(sample: &[f64]) -> f64 {
    quantile(sample, 0.5)
}

/// Latencies of one way in one round, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Latency {
    pub(super) fn of(sample: &[Duration]) -> Self {
        let micros: Vec<f64> = sample.iter().map(|d| d.as_secs_f64() * 1e6).collect();
        Self {
            p50: quantile(&micros, 0.5),
            p99: quantile(&micros, 0.99),
        }
    }
}

/// What was measured of one thing: by round, by way; the first way is the direct one.
pub(super) struct Rounds<T> {
    names: Vec<&'static str>,
    rounds: Vec<Vec<T>>,
}

impl<T: Copy> Rounds<T> {
    pub(super) fn new(names: Vec<&'static str>) -> Self {
        Self {
            names,
            rounds: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, of_each_way: Vec<T>) {
        assert_eq!(
            of_each_way.len(),
            self.names.len(),
            "one value for each way"
        );
        self.rounds.push(of_each_way);
    }

    /// The median over the rounds of something made of a way's value and the direct one's.
    fn over(&self, way: usize, value: impl Fn(T, T) -> f64) -> f64 {
        let each = self.rounds.iter().map(|round| value(round[way], round[0]));
        median(&each.collect::<Vec<_>>())
    }
}

impl Rounds<f64> {
    /// A line of rates, and of each way's ratio to the direct one in the same round.
    pub(super) fn rates(&self, unit: &str, scale: f64) -> String {
        let each = self.names.iter().enumerate().map(|(way, name)| {
            let rate = self.over(way, |rate, _| rate * scale);
            if way == 0 {
                return format!("{name} {rate:.1} {unit}");
            }
            let ratio = self.over(way, |rate, direct| rate / direct);
            format!("{name} {rate:.1} {unit} ({ratio:.2}x)")
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

impl Rounds<Latency> {
    /// A line of latencies: the direct ones, and what each way adds to those of the same round.
    pub(super) fn latencies(&self) -> String {
        let each = self.names.iter().enumerate().map(|(way, name)| {
            if way == 0 {
                let p50 = self.over(way, |own, _| own.p50);
                let p99 = self.over(way, |own, _| own.p99);
                return format!("{name} p50 {p50:.0} us, p99 {p99:.0} us");
            }
            let p50 = self.over(way, |own, direct| own.p50 - direct.p50);
            let p99 = self.over(way, |own, direct| own.p99 - direct.p99);
            format!("{name} {p50:+.0} us, {p99:+.0} us")
        });
        each.collect::<Vec<_>>().join("; ")
    }
}
