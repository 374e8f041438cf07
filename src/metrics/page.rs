//! `docs/metrics.md`, written from the descriptions.

use std::fmt::Write;

use super::{CONSUMER, Kind, LAB, Label, Metric};

const HEAD: &str = "\
<!-- Written by `crashwindow metrics`; a test compares. Change contract/src/ or src/metrics/ instead. -->
# Metrics

Names and units are those of Prometheus' own conventions: counters end with `_total`, units are base
units, and no label holds the id of a payment. `docker/prometheus/` has the rules and the alerts that
are made of them, `docker/grafana/` the dashboards.

Every combination of labels that is known beforehand is exported as 0 from the start: a counter that
appears with its first count has, to `increase()`, never grown.
";

const CONSUMERS: &str = "
## Of a consumer

A lab's consumer serves these at `/metrics` on the address in `METRICS_ADDR`, as it would in
production. `GET /sd` of the dashboard is Prometheus' HTTP service discovery: it lists every instance
of the storm that goes on. The labels that it adds:

";

const OF_THE_LAB: &str = "
## Of the lab

The dashboard (`crashwindow serve`) serves these at `/metrics`. They are counted from outside: in the
ledger, at the taps, at the producer. A consumer that is wrong about itself is not wrong here.
";

/// Added by the service discovery (`GET /sd`).
const CONSUMER_TARGET: &[Label] = &[
    Label {
        name: "lab",
        meaning: "the lab's number",
    },
    Label {
        name: "consumer",
        meaning: "which of the lab's consumers the storm began with",
    },
    Label {
        name: "instance",
        meaning: "the `CONSUMER_ID`, which a replacement keeps",
    },
    Label {
        name: "run",
        meaning: "the run's number; one more time series of each metric per storm, so rules leave it out",
    },
];

#[must_use]
pub fn page() -> String {
    let mut page = HEAD.to_owned() + CONSUMERS;
    labels(&mut page, CONSUMER_TARGET);
    metrics(&mut page, CONSUMER);
    page.push_str(OF_THE_LAB);
    metrics(&mut page, LAB);
    page
}

fn metrics(page: &mut String, metrics: &[Metric]) {
    for metric in metrics {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let Metric { name, help, .. } = metric;
        // Writing into a String cannot fail.
        let _ = writeln!(page, "\n### `{name}`\n\n{kind}. {help}.");
        if !metric.labels.is_empty() {
            page.push('\n');
            labels(page, metric.labels);
        }
    }
}

fn labels(page: &mut String, labels: &[Label]) {
    page.push_str("| label | meaning |\n| --- | --- |\n");
    for Label { name, meaning } in labels {
        let _ = writeln!(page, "| `{name}` | {meaning} |");
    }
}
