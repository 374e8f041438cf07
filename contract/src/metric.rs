//! A metric, described once: it is registered by its description, and documented from it.

use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

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
