//! The lab's own metrics, and where the live instances serve theirs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use prometheus::{IntCounterVec, Registry, TextEncoder};

use super::App;
use super::wire::server::{Labels, Target};
use crate::chaos::Fault;
use crate::chaos::storm::StormAction;
use crate::metrics::{
    DUPLICATE_EFFECTS, FAULTS, LEDGER_EFFECTS, PAYMENTS, PRODUCED, REDELIVERIES, RUNS,
};
use crate::report::RunReport;
use crate::report::storm::StormReport;
use crate::run::manifest::Manifest;
use crate::storm::{Sample, StormMark};
use crate::verdict::{Outcome, Verdict};

#[derive(Clone)]
pub(super) struct Metrics {
    registry: Registry,
    runs: IntCounterVec,
    payments: IntCounterVec,
    produced: IntCounterVec,
    effects: IntCounterVec,
    duplicates: IntCounterVec,
    redeliveries: IntCounterVec,
    faults: IntCounterVec,
}

/// The first labels of every metric.
pub(super) type Who<'a> = [&'a str; 2];

impl Metrics {
    pub fn new(labs: &[Manifest]) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let metrics = Self {
            runs: RUNS.counters(&registry)?,
            payments: PAYMENTS.counters(&registry)?,
            produced: PRODUCED.counters(&registry)?,
            effects: LEDGER_EFFECTS.counters(&registry)?,
            duplicates: DUPLICATE_EFFECTS.counters(&registry)?,
            redeliveries: REDELIVERIES.counters(&registry)?,
            faults: FAULTS.counters(&registry)?,
            registry,
        };
        for lab in labs {
            for consumer in lab.consumers.keys() {
                metrics.begin_at_zero([&lab.id, consumer], lab);
            }
        }
        Ok(metrics)
    }

    fn begin_at_zero(&self, [lab, consumer]: Who<'_>, of: &Manifest) {
        for verdict in [Verdict::Held, Verdict::Violated, Verdict::Unknown] {
            self.runs
                .with_label_values(&[lab, consumer, verdict.name()]);
        }
        for outcome in Outcome::ALL {
            self.payments
                .with_label_values(&[lab, consumer, outcome.name()]);
        }
        self.redeliveries.with_label_values(&[lab, consumer]);
        if of.storm.is_some() {
            for counter in [&self.produced, &self.effects, &self.duplicates] {
                counter.with_label_values(&[lab, consumer]);
            }
            for action in StormAction::ALL {
                let fault = [lab, consumer, action.name()];
                self.faults.with_label_values(&fault);
            }
        } else {
            for fault in Fault::ALL {
                let fault = [lab, consumer, fault.name()];
                self.faults.with_label_values(&fault);
            }
        }
    }

    pub fn judged(&self, report: &RunReport) {
        let who = [report.lab.as_str(), report.consumer.as_str()];
        let [lab, consumer] = who;
        self.verdict(who, report.verdict);
        let counts = &report.counts;
        for outcome in Outcome::ALL {
            self.payments
                .with_label_values(&[lab, consumer, outcome.name()])
                .inc_by(counts.of(outcome) as u64);
        }
        self.redeliveries
            .with_label_values(&who)
            .inc_by(counts.redeliveries as u64);
        for fault in report.faults.iter().filter(|fault| fault.fired) {
            self.faults
                .with_label_values(&[lab, consumer, fault.fault.name()])
                .inc();
        }
    }

    pub fn stormed_on(&self, who: Who<'_>, then: &Sample, now: &Sample, secret: bool) {
        let grow = |counters: &IntCounterVec, total: fn(&Sample) -> u64| {
            let grown = total(now).saturating_sub(total(then));
            counters.with_label_values(&who).inc_by(grown);
        };
        grow(&self.produced, |sample| sample.produced);
        grow(&self.effects, |sample| sample.ledger);
        grow(&self.duplicates, |sample| sample.ledger_again);
        // What is counted at the taps is not what somebody on call can see.
        let redeliveries: fn(&Sample) -> u64 = match secret {
            true => |sample| sample.redelivery_hits,
            false => |sample| sample.redelivered,
        };
        grow(&self.redeliveries, redeliveries);
    }

    pub fn struck(&self, [lab, consumer]: Who<'_>, mark: &StormMark) {
        if mark.problem.is_none() {
            self.faults
                .with_label_values(&[lab, consumer, mark.action.name()])
                .inc();
        }
    }

    pub fn storm_judged(&self, report: &StormReport) {
        let who = [report.lab.as_str(), report.consumer.as_str()];
        let [lab, consumer] = who;
        self.verdict(who, report.verdict);
        // A group that did not come to its end may still pay what is missing.
        let counts = &report.counts;
        let missing = counts.payments.saturating_sub(counts.paid);
        let outcome = match counts.drained {
            true => Outcome::Lost,
            false => Outcome::Unfinished,
        };
        self.payments
            .with_label_values(&[lab, consumer, outcome.name()])
            .inc_by(missing);
    }

    fn verdict(&self, [lab, consumer]: Who<'_>, verdict: Verdict) {
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
pub(super) async fn targets(State(app): State<Arc<App>>) -> Json<Vec<Target>> {
    let Some(job) = app.jobs.running() else {
        return Json(Vec::new());
    };
    let desk = job.storm.lock().expect("no holder panics");
    let target = |(source, address): &(crate::event::Source, std::net::SocketAddr)| Target {
        targets: vec![address.to_string()],
        labels: Labels {
            lab: desk.lab.clone(),
            run: desk.run.clone(),
            instance: source.instance.clone(),
            consumer: desk.consumer.clone(),
        },
    };
    Json(desk.targets.iter().map(target).collect())
}
