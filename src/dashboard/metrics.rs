//! The lab's own metrics, and where the live instances serve theirs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use prometheus::{IntCounterVec, Opts, Registry, TextEncoder};
use serde_json::{Value, json};

use super::App;
use crate::report::RunReport;
use crate::report::storm::StormReport;
use crate::verdict::Verdict;

/// Counts what this server's jobs have come to.
pub(super) struct Metrics {
    registry: Registry,
    runs: IntCounterVec,
    payments: IntCounterVec,
    effects: IntCounterVec,
    redeliveries: IntCounterVec,
    faults: IntCounterVec,
}

impl Metrics {
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let who = ["lab", "consumer"];
        Ok(Self {
            runs: counter(
                "crashwindow_runs_total",
                "Runs and storms that have a verdict",
                &["lab", "consumer", "verdict"],
            )?,
            payments: counter(
                "crashwindow_payments_total",
                "Payments of finished runs by what became of them",
                &["lab", "consumer", "outcome"],
            )?,
            effects: counter(
                "crashwindow_effects_total",
                "Effects of storms, counted in the ledger",
                &who,
            )?,
            redeliveries: counter(
                "crashwindow_redeliveries_total",
                "Payments that Kafka delivered again, counted from outside",
                &who,
            )?,
            faults: counter(
                "crashwindow_faults_total",
                "Faults that were carried out",
                &["lab", "consumer", "fault"],
            )?,
            registry,
        })
    }

    pub fn judged(&self, report: &RunReport) {
        let (lab, consumer) = (report.lab.as_str(), report.consumer.as_str());
        self.verdict(lab, consumer, report.verdict);
        let counts = &report.counts;
        for (outcome, count) in [
            ("once", counts.once),
            ("duplicated", counts.duplicated),
            ("lost", counts.lost),
            ("unfinished", counts.unfinished),
            ("half_done", counts.half_done),
        ] {
            self.payments
                .with_label_values(&[lab, consumer, outcome])
                .inc_by(count as u64);
        }
        self.redeliveries
            .with_label_values(&[lab, consumer])
            .inc_by(counts.redeliveries as u64);
        for fault in report.faults.iter().filter(|fault| fault.fired) {
            self.faults
                .with_label_values(&[lab, consumer, fault.fault.name()])
                .inc();
        }
    }

    pub fn stormed(&self, report: &StormReport) {
        let (lab, consumer) = (report.lab.as_str(), report.consumer.as_str());
        self.verdict(lab, consumer, report.verdict);
        self.effects
            .with_label_values(&[lab, consumer])
            .inc_by(report.counts.effects);
        self.redeliveries
            .with_label_values(&[lab, consumer])
            .inc_by(report.counts.redelivered);
        for mark in report.marks.iter().filter(|mark| mark.problem.is_none()) {
            self.faults
                .with_label_values(&[lab, consumer, mark.blow.name()])
                .inc();
        }
    }

    fn verdict(&self, lab: &str, consumer: &str, verdict: Verdict) {
        self.runs
            .with_label_values(&[lab, consumer, verdict.name()])
            .inc();
    }
}

pub(super) async fn show(State(app): State<Arc<App>>) -> impl IntoResponse {
    let families = app.metrics.registry.gather();
    let text = TextEncoder::new().encode_to_string(&families);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    // Names and labels are valid by construction, so that nothing is left to refuse.
    ([(CONTENT_TYPE, kind)], text.unwrap_or_default())
}

/// HTTP service discovery, as Prometheus asks for it.
pub(super) async fn targets(State(app): State<Arc<App>>) -> Json<Value> {
    let Some(job) = app.jobs.running() else {
        return Json(json!([]));
    };
    let desk = job.storm.lock().expect("no holder panics");
    let target = |(source, address): &(crate::tap::Source, std::net::SocketAddr)| {
        json!({
            "targets": [address.to_string()],
            "labels": {
                "lab": desk.lab,
                "run": desk.run,
                "instance": source.instance,
                "consumer": desk.consumer,
            },
        })
    };
    Json(desk.targets.iter().map(target).collect())
}
