//! What Prometheus is told: every metric of a lab consumer and of the lab itself, described once.
//!
//! They are registered by these descriptions, and `docs/metrics.md` is written from them ([`page`]).
//! A counter with labels begins at zero for every combination that is known beforehand: one that
//! appears with its first count has, to `increase()`, never grown.

mod consumer;
mod lab;
mod page;

use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

pub use consumer::{
    BUILD_INFO, COMMIT_FAILURES, CONSUMER, CONSUMER_TARGET, DEDUP_CHECKS, EFFECTS, LAG,
    PAYMENTS_PROCESSED, POLL_GAP, REBALANCES, UNCOMMITTED,
};
pub use lab::{
    DUPLICATE_EFFECTS, FAULTS, LAB, LEDGER_EFFECTS, PAYMENTS, PRODUCED, REDELIVERIES, RUNS,
};
pub use page::page;

/// What a metric is to Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, and begins anew with its process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations by size.
    Histogram,
}

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name, with the unit, and `_total` for a counter.
    pub name: &'static str,
    /// What it is to Prometheus.
    pub kind: Kind,
    /// What one count or the value means: its `# HELP`.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [Label],
}

/// A label of a metric. None holds an id: each value is a time series for as long as anybody looks.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// What its values mean.
    pub meaning: &'static str,
}

impl Metric {
    fn opts(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    fn label_names(&self) -> Vec<&'static str> {
        self.labels.iter().map(|label| label.name).collect()
    }

    /// Registers it as a counter without labels.
    ///
    /// # Errors
    /// When the registry has one of this name.
    pub fn counter(&self, registry: &Registry) -> prometheus::Result<IntCounter> {
        let counter = IntCounter::with_opts(self.opts())?;
        registry.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    /// Registers it as a counter with its labels.
    ///
    /// # Errors
    /// When the registry has one of this name.
    pub fn counters(&self, registry: &Registry) -> prometheus::Result<IntCounterVec> {
        let counters = IntCounterVec::new(self.opts(), &self.label_names())?;
        registry.register(Box::new(counters.clone()))?;
        Ok(counters)
    }

    /// Registers it as a gauge without labels.
    ///
    /// # Errors
    /// When the registry has one of this name.
    pub fn gauge(&self, registry: &Registry) -> prometheus::Result<IntGauge> {
        let gauge = IntGauge::with_opts(self.opts())?;
        registry.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    /// Registers it as a gauge with its labels.
    ///
    /// # Errors
    /// When the registry has one of this name.
    pub fn gauges(&self, registry: &Registry) -> prometheus::Result<IntGaugeVec> {
        let gauges = IntGaugeVec::new(self.opts(), &self.label_names())?;
        registry.register(Box::new(gauges.clone()))?;
        Ok(gauges)
    }

    /// Registers it as a histogram without labels.
    ///
    /// # Errors
    /// When the registry has one of this name.
    pub fn histogram(&self, registry: &Registry, buckets: &[f64]) -> prometheus::Result<Histogram> {
        let opts = HistogramOpts::from(self.opts()).buckets(buckets.to_vec());
        let histogram = Histogram::with_opts(opts)?;
        registry.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_ecosystem() {
        for metric in CONSUMER.iter().chain(LAB) {
            let name = metric.name;
            assert_eq!(
                metric.kind == Kind::Counter,
                name.ends_with("_total"),
                "{name}"
            );
            assert!(
                !name.contains("millis") && !name.ends_with("_ms"),
                "{name}: base units"
            );
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.chars().all(plain), "{name}");
            assert!(!metric.help.is_empty());
            for label in metric.labels {
                assert!(
                    !label.name.contains("id"),
                    "{name}: {} is an id",
                    label.name
                );
                assert!(!label.meaning.is_empty());
            }
        }
    }

    #[test]
    fn no_name_is_used_twice() {
        let mut names: Vec<_> = CONSUMER.iter().chain(LAB).map(|m| m.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
