//! The striker: the hook of every tap of a run. It records what crosses the boundaries and, where
//! the armed window opens, holds the request and lets the fault do its work.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::fired::{InHand, Owed, Progress};
use super::fleet::FleetView;
use super::lifecycle::Field;
use super::pace::Pace;
use super::resources::Resources;
use super::target::Target;
use super::workload::{Journal, Producer};
use crate::chaos::{Planned, Process, Scene, Struck};
use crate::event::{Source, Tap};
use crate::group::GroupClient;
use crate::provider::Clock;
use crate::tap::{BoundaryEvent, Decision, DecisionFuture, Detail, Hook};
use crate::timeline::{Happening, Timeline};

/// How long an instance may take to end after SIGTERM, as an orchestrator gives it by default.
const GRACE: Duration = Duration::from_secs(10);

/// The armed fault, and the payments that are produced while its window is open.
struct Armed {
    target: Target,
    during: RangeInclusive<u32>,
}

/// See the module. Clones are the same striker.
#[derive(Clone)]
pub struct Striker(Arc<Inner>);

struct Inner {
    resources: Resources,
    group: Arc<GroupClient>,
    database: Arc<tokio_postgres::Client>,
    journal: Arc<Journal>,
    producer: Producer,
    timeline: Arc<Timeline>,
    clock: Clock,
    background: Arc<BTreeSet<String>>,
    blind: Option<Tap>,
    crew: Arc<FleetView>,
    pace: Arc<Pace>,
    acknowledges: bool,
    armed: Mutex<Option<Armed>>,
    progress: watch::Sender<Progress>,
    over: CancellationToken,
}

impl Striker {
    /// A striker with nothing armed.
    #[must_use]
    pub(super) fn new(field: &Field, producer: Producer, clock: Clock) -> Self {
        let armed = Mutex::new(None);
        let progress = watch::Sender::new(Progress::Waiting);
        let inner = Inner {
            resources: field.resources.clone(),
            group: Arc::clone(&field.group),
            database: Arc::clone(&field.database),
            journal: Arc::clone(&field.journal),
            producer,
            timeline: Arc::clone(&field.timeline),
            clock,
            background: Arc::new(field.spec.background.clone()),
            blind: field.spec.blind,
            crew: Arc::clone(&field.crew),
            pace: Arc::clone(&field.pace),
            acknowledges: field.spec.acknowledges,
            armed,
            progress,
            over: CancellationToken::new(),
        };
        Self(Arc::new(inner))
    }

    /// Breaks off whatever fault is at work when this is dropped, which is when the run ends, however it
    /// does: beside the next run's it would strike nobody who is meant.
    pub(super) fn until_dropped(&self) -> DropGuard {
        self.0.over.clone().drop_guard()
    }

    /// Who produces the payments of the run.
    pub(super) fn producer(&self) -> &Producer {
        &self.0.producer
    }

    /// Arms one fault; what becomes of it can be followed. The payments `during` are produced when its
    /// window opens.
    pub fn arm(&self, planned: Planned, during: RangeInclusive<u32>) -> watch::Receiver<Progress> {
        self.0.progress.send_replace(Progress::Waiting);
        let target = Target::new(planned, &self.0.background);
        *self.0.armed.lock().expect("no holder panics") = Some(Armed { target, during });
        self.0.progress.subscribe()
    }

    /// Takes the fault back unless it is at work or done already; false when it is too late.
    pub fn disarm(&self) -> bool {
        self.0
            .armed
            .lock()
            .expect("no holder panics")
            .take()
            .is_some()
    }
}

impl Inner {
    /// The armed fault, if this event opens its window. It is taken: the redelivery of the payment
    /// comes to the same window and must pass.
    fn opened_by(&self, event: &BoundaryEvent) -> Option<Armed> {
        let mut armed = self.armed.lock().expect("no holder panics");
        armed.take_if(|armed| armed.target.is_opened_by(event))
    }

    /// Carries the fault out. What becomes of the request is told as soon as that is decided; the
    /// fault may go on after it.
    async fn strike(
        self: Arc<Self>,
        armed: Armed,
        source: Source,
        decision: oneshot::Sender<Decision>,
    ) {
        self.progress.send_replace(Progress::Striking);
        let Armed { target, during } = armed;
        let mut planned = target.into_planned();
        planned.instance = Some(source.instance.clone());
        let owed = Owed::new(&self.progress, planned.clone());
        let carried_out = tokio::select! {
            carried_out = self.carry_out(&planned, during, &source, decision) => carried_out,
            () = self.over.cancelled() => return,
        };
        let struck = match carried_out {
            Ok(struck) => struck,
            Err(reason) => {
                let failed = Happening::StrikeFailed {
                    reason: reason.clone(),
                };
                self.timeline.record(Some(&planned.payment), failed);
                let mut struck = Struck::new(Decision::Drop);
                struck.problem = Some(reason);
                struck
            }
        };
        owed.done(struck);
    }

    async fn carry_out(
        &self,
        planned: &Planned,
        during: RangeInclusive<u32>,
        source: &Source,
        decision: oneshot::Sender<Decision>,
    ) -> Result<Struck, String> {
        let gone = || format!("{source} was gone before the fault could reach it");
        let (process, in_hand) = self.take(source).ok_or_else(gone)?;
        let struck = self.strike_in(planned, during, &process, decision).await?;
        in_hand.let_go();
        Ok(struck)
    }

    /// Takes the process in hand, if it still lives.
    fn take(&self, source: &Source) -> Option<(Process, InHand)> {
        let instance = self.crew.fleet()?.get(&source.instance)?;
        let process = instance.process().filter(|p| p.source == *source)?;
        let in_hand = InHand::take(&instance, &process);
        Some((process, in_hand))
    }

    async fn strike_in(
        &self,
        planned: &Planned,
        during: RangeInclusive<u32>,
        process: &Process,
        decision: oneshot::Sender<Decision>,
    ) -> Result<Struck, String> {
        let payment = planned.payment.clone();
        let Some(fault) = planned.fault.strike() else {
            return Err(format!("{} strikes nobody", planned.fault));
        };
        let place = self.journal.locate(&payment).await;
        let (partition, offset) =
            place.ok_or_else(|| format!("Kafka never acknowledged {payment} to the producer"))?;
        let scene = Scene {
            process: process.clone(),
            payment,
            topic: self.resources.topic.clone(),
            partition,
            offset,
            group: Arc::clone(&self.group),
            database: Arc::clone(&self.database),
            crew: Arc::<FleetView>::clone(&self.crew),
            timeline: Arc::clone(&self.timeline),
            grace: GRACE,
            rebalance: self.pace.rebalance(),
            step: self.pace.step(),
            silence: self.pace.silence(),
            acknowledges: self.acknowledges,
            wait_hours: planned.wait_hours,
            clock: self.clock.clone(),
        };
        let what = Happening::Struck {
            fault: planned.fault.to_string(),
            window: planned.window.to_string(),
            source: process.source.clone(),
            partition,
            offset,
        };
        self.timeline.record(Some(&planned.payment), what);
        // Before the fault acts, so that it finds the same log in every run.
        let produced = self.producer.produce(during, &self.journal).await;
        produced.map_err(|e| e.to_string())?;
        let struck = fault.strike(&scene).await.map_err(|e| e.to_string())?;
        // The connection may be gone meanwhile; then nobody waits for the decision.
        let _ = decision.send(struck.decision);
        match struck.kill_after {
            Some(rest) => scene
                .finish_off(rest, struck)
                .await
                .map_err(|e| e.to_string()),
            None => Ok(struck),
        }
    }
}

impl Hook for Striker {
    fn refused(&self, source: &Source, tap: Tap, reason: &str) {
        self.0.timeline.refuse(source, tap, reason);
    }

    fn left_for_tls(&self, source: &Source, tap: Tap, reason: &str) {
        let fleet = self.0.crew.fleet();
        let instance = fleet.and_then(|fleet| fleet.get(&source.instance));
        // Whom the lab ends leaves for want of nothing.
        if !instance.is_some_and(|instance| instance.is_in_hand()) {
            self.0.timeline.leave_for_tls(source, tap, reason);
        }
    }

    fn missed_topic(&self, source: &Source, topic: &str) {
        self.0.timeline.miss_topic(source, topic);
    }

    fn came_in_plaintext(&self, source: &Source, tap: Tap) {
        self.0.timeline.come_in_plaintext(source, tap);
    }

    fn at(&self, mut event: BoundaryEvent) -> DecisionFuture<'_> {
        Box::pin(async move {
            if self.0.blind == Some(event.tap) && !event.delivers() {
                event.subjects.clear();
            }
            if let Some(Detail::Postgres(statement)) = &event.detail
                && let Some(pid) = statement.backend_pid
            {
                self.0.crew.saw_backend(pid, &event.source);
            }
            let opened = self.0.opened_by(&event);
            let source = event.source.clone();
            let payment = event.payment().map(str::to_owned);
            self.0
                .timeline
                .record(payment.as_deref(), Happening::Boundary { event });
            let Some(armed) = opened else {
                return Decision::Pass;
            };
            // A task of its own: a tap may stop asking when the struck process is gone, and the
            // fault must be carried to its end.
            let (decision, decided) = oneshot::channel();
            tokio::spawn(Arc::clone(&self.0).strike(armed, source, decision));
            decided.await.unwrap_or(Decision::Drop)
        })
    }
}
