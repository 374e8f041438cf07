//! A metric, described once: it is registered by its description, and documented from it.

use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Begins anew with its process.
    Counter,
    Gauge,
    Histogram,
}

#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// With the unit, and `_total` for a counter.
    pub name: &'static str,
    pub kind: Kind,
    /// Its `# HELP`: what one count or the value means.
    pub help: &'static str,
    pub labels: &'static [Label],
}

/// None holds an id: each value is a time series for as long as anybody looks.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    pub name: &'static str,
    pub meaning: &'static str,
}

impl Metric {
    fn opts(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    fn label_names(&self) -> Vec<&'static str> {
        self.labels.iter().map(|label| label.name).collect()
    }

    /// Without labels. Fails where the registry has one of this name, as all of these do.
    pub fn counter(&self, registry: &Registry) -> prometheus::Result<IntCounter> {
        let counter = IntCounter::with_opts(self.opts())?;
        registry.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    /// With its labels.
    pub fn counters(&self, registry: &Registry) -> prometheus::Result<IntCounterVec> {
        let counters = IntCounterVec::new(self.opts(), &self.label_names())?;
        registry.register(Box::new(counters.clone()))?;
        Ok(counters)
    }

    pub fn gauge(&self, registry: &Registry) -> prometheus::Result<IntGauge> {
        let gauge = IntGauge::with_opts(self.opts())?;
        registry.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    pub fn gauges(&self, registry: &Registry) -> prometheus::Result<IntGaugeVec> {
        let gauges = IntGaugeVec::new(self.opts(), &self.label_names())?;
        registry.register(Box::new(gauges.clone()))?;
        Ok(gauges)
    }

    pub fn histogram(&self, registry: &Registry, buckets: &[f64]) -> prometheus::Result<Histogram> {
        let opts = HistogramOpts::from(self.opts()).buckets(buckets.to_vec());
        let histogram = Histogram::with_opts(opts)?;
        registry.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }
}
