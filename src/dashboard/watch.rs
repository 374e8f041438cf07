//! Watches a job's runs and storms, and tells what happens in them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::instance::InstanceState;
use super::lines::{self, EventLine};
use super::live::Live;
use super::metrics::Metrics;
use super::projection;
use super::wire::live::{CellProgress, Effects, FaultEvent, Phase, Plan, PlannedFault, Rates};
use crate::chaos::storm::StormAction;
use crate::effects::EffectSource;
use crate::event::Source;
use crate::explore;
use crate::run::manifest::Manifest;
use crate::run::{RunWatcher, Spec};
use crate::session::Watcher;
use crate::storm::{ManualControl, Ownership, Sample, StormMark, StormSpec, StormWatcher};
use crate::timeline::Timeline;

/// For a rate: long enough to be read, short enough to move.
const LOOKS: usize = 5;

pub(super) struct JobWatcher {
    pub live: Arc<Live>,
    /// A drill: what is done must not be told.
    pub secret: bool,
    pub metrics: Metrics,
    pub lab: Option<Manifest>,
    pub storm: Arc<Mutex<StormDesk>>,
}

#[derive(Default)]
pub(super) struct StormDesk {
    pub control: Option<ManualControl>,
    pub targets: Vec<(Source, SocketAddr)>,
    pub lab: String,
    pub consumer: String,
    pub run: String,
    samples: Vec<Sample>,
}

impl JobWatcher {
    fn source_lines(&self, consumer: &str) -> Vec<EventLine> {
        let read = || {
            let lab = self.lab.as_ref()?;
            let source = &lab.consumers.get(consumer)?.source;
            let text = std::fs::read_to_string(lab.folder.join(source)).ok()?;
            Some(lines::lines(lab, consumer, &text))
        };
        read().unwrap_or_default()
    }

    /// The time is on the run's axis, in milliseconds.
    pub fn place(&self) -> (String, u64) {
        let desk = self.desk();
        (desk.run.clone(), desk.now_ms())
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, StormDesk> {
        self.storm.lock().expect("no holder panics")
    }
}

impl Watcher for JobWatcher {
    fn phase(&self, text: &str) {
        let text = if self.secret {
            "the incident goes on"
        } else {
            text
        };
        self.live.tell(&Phase { text });
    }

    fn begun(&self, run: &str) {
        run.clone_into(&mut self.desk().run);
    }

    fn recording(&self, timeline: &Arc<Timeline>) {
        if self.secret {
            return;
        }
        let consumer = self.desk().consumer.clone();
        let lines = self.source_lines(&consumer);
        self.live.change(|feed| {
            feed.lines = lines;
            feed.follow(timeline);
        });
    }
}

impl RunWatcher for JobWatcher {
    fn planned(&self, spec: &Spec) {
        let faults = spec.schedule.strikes().map(|planned| PlannedFault {
            fault: planned.fault,
            at: planned.window.at.clone(),
            edge: planned.window.edge,
            payment: planned.payment.clone(),
        });
        let instances = (0..spec.schedule.instances).map(crate::session::instance_name);
        let plan = Plan {
            run: self.desk().run.clone(),
            lab: spec.lab.clone(),
            consumer: spec.consumer.clone(),
            payments: spec.schedule.payments,
            partitions: spec.schedule.partitions,
            instances: instances.collect(),
            faults: faults.collect(),
            // Charges pass a tap; what else is an effect is looked for when the run is over.
            effects: match spec.effects {
                EffectSource::Ledger => Effects::Live,
                EffectSource::Sql { .. } | EffectSource::Topic { .. } | EffectSource::Sink => {
                    Effects::AtTheEnd
                }
            },
        };
        self.live.change(|feed| feed.begin(&plan));
        self.desk().consumer.clone_from(&spec.consumer);
    }

    fn produced(&self, payments: u32) {
        self.live.change(|feed| feed.grid.produced(payments));
    }
}

impl StormWatcher for JobWatcher {
    fn storm_begins(&self, spec: &StormSpec, control: ManualControl) {
        let mut desk = self.desk();
        desk.control = (!self.secret).then_some(control);
        desk.lab.clone_from(&spec.lab);
        desk.consumer.clone_from(&spec.consumer);
        let instances = (0..spec.plan.instances).map(crate::session::instance_name);
        let plan = Plan {
            run: desk.run.clone(),
            lab: spec.lab.clone(),
            consumer: spec.consumer.clone(),
            payments: 0,
            partitions: spec.plan.partitions,
            instances: instances.collect(),
            faults: Vec::new(),
            effects: Effects::Live,
        };
        drop(desk);
        self.live.change(|feed| {
            feed.begin(&plan);
            feed.looked_at(0);
        });
    }

    fn looked(&self, sample: &Sample, metrics: &[(Source, SocketAddr)]) {
        let mut desk = self.desk();
        // Of each instance only the last process lives.
        let latest: BTreeMap<_, _> = metrics
            .iter()
            .map(|(source, address)| (source.instance.clone(), (source.clone(), *address)))
            .collect();
        desk.targets = latest.into_values().collect();
        let told = desk.tell(sample, self.secret);
        let start = Sample::default();
        let then = desk.samples.last().unwrap_or(&start);
        self.metrics
            .stormed_on([&desk.lab, &desk.consumer], then, sample, self.secret);
        desk.samples.push(sample.clone());
        let old = desk.samples.len().saturating_sub(LOOKS);
        desk.samples.drain(..old);
        drop(desk);
        self.live.change(|feed| feed.looked_at(sample.at_ms));
        self.live.tell(&told);
    }

    fn struck(&self, mark: &StormMark) {
        if self.secret {
            return;
        }
        {
            let desk = self.desk();
            self.metrics.struck([&desk.lab, &desk.consumer], mark);
        }
        let whom = mark.instance.as_deref();
        let text = whom.map_or_else(
            || mark.action.name().to_owned(),
            |name| format!("{} {name}", mark.action.name()),
        );
        #[allow(
            clippy::cast_precision_loss,
            reason = "a storm's milliseconds are far below 2^52"
        )]
        let at_ms = mark.at_ms as f64;
        self.live.tell(&FaultEvent {
            at_ms,
            fault: mark.action.name(),
            payment: None,
            instance: whom,
            text: &text,
            problem: mark.problem.as_deref(),
        });
        let state = match mark.action {
            StormAction::Freeze => InstanceState::Frozen,
            StormAction::Thaw => InstanceState::Thawed,
            StormAction::Evict => InstanceState::Evicted,
            // That a process began or ended is told of by the run's own record.
            _ => return,
        };
        if let (Some(name), None) = (whom, &mark.problem) {
            self.live
                .change(|feed| projection::stands(feed, name, state));
        }
    }

    fn owned(&self, ownership: &Ownership) {
        self.live.tell(ownership);
        if !self.secret {
            let partitions = &ownership.partitions;
            self.live.change(|feed| projection::own(feed, partitions));
        }
    }
}

impl explore::ExploreWatcher for JobWatcher {
    fn cells(&self, done: usize, of: usize) {
        self.live.tell(&CellProgress { done, of });
    }
}

impl StormDesk {
    fn now_ms(&self) -> u64 {
        self.samples.last().map_or(0, |sample| sample.at_ms)
    }

    fn tell(&self, now: &Sample, secret: bool) -> Rates {
        let start = Sample::default();
        let then = self.samples.first().unwrap_or(&start);
        let grown = |total: fn(&Sample) -> u64| total(now).saturating_sub(total(then));
        let checks = grown(Sample::checks);
        let ms = now.at_ms.saturating_sub(then.at_ms);
        let (effects, again) = (grown(|s| s.ledger), grown(|s| s.ledger_again));
        let paid = effects.saturating_sub(again);
        // What is counted at the taps is not what somebody on call can see.
        let redeliveries = if secret {
            now.redelivery_hits
        } else {
            now.redelivered
        };
        Rates {
            at_ms: now.at_ms,
            hit_rate: ratio(grown(Sample::hits), checks),
            hit_rate_redelivery: ratio(grown(|s| s.redelivery_hits), checks),
            hit_rate_republish: ratio(grown(|s| s.republish_hits), checks),
            redeliveries,
            effects_per_payment: (paid > 0).then(|| ratio(effects, paid)),
            lag: now.lag,
            rebalances: now.rebalances.values().sum(),
            generation: if secret { None } else { now.generation },
            produced_per_s: ratio(grown(|s| s.produced) * 1_000, ms),
            checks_per_s: ratio(checks * 1_000, ms),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
