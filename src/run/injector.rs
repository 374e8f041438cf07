//! The hook of every tap of a run. It records what crosses the boundaries and, where the armed
//! window opens, holds the request and lets the fault do its work.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::context::RunContext;
use super::executed_fault::{FaultProgress, OwedOutcome};
use super::target::ArmedFault;
use crate::chaos::{FaultContext, FaultOutcome, Planned, Process};
use crate::event::{Source, Tap};
use crate::session::RunError;
use crate::session::fleet::FleetView;
use crate::session::instance::InHand;
use crate::tap::{BoundaryEvent, Decision, DecisionFuture, Detail, Hook};
use crate::timeline::TimelineEvent;

/// From SIGTERM to SIGKILL, as an orchestrator gives it by default.
const GRACE: Duration = Duration::from_secs(10);

struct Armed {
    target: ArmedFault,
    during: RangeInclusive<u32>,
}

#[derive(Clone)]
pub(super) struct FaultInjector {
    context: Arc<RunContext>,
    background: Arc<BTreeSet<String>>,
    armed: Arc<Mutex<Option<Armed>>>,
    progress: watch::Sender<FaultProgress>,
    over: CancellationToken,
}

impl FaultInjector {
    pub(super) fn new(context: &Arc<RunContext>) -> Self {
        Self {
            context: Arc::clone(context),
            background: Arc::new(context.spec.background.clone()),
            armed: Arc::default(),
            progress: watch::Sender::new(FaultProgress::Waiting),
            over: CancellationToken::new(),
        }
    }

    /// Breaks off whatever fault is at work when this is dropped, at the end of the run, however it
    /// ends: beside the next run's it would strike nobody who is meant.
    pub(super) fn until_dropped(&self) -> DropGuard {
        self.over.clone().drop_guard()
    }

    /// The payments `during` are produced when the fault's window opens.
    pub fn arm(
        &self,
        planned: Planned,
        during: RangeInclusive<u32>,
    ) -> watch::Receiver<FaultProgress> {
        self.progress.send_replace(FaultProgress::Waiting);
        let target = ArmedFault::new(planned, &self.background);
        *self.armed.lock().expect("no holder panics") = Some(Armed { target, during });
        self.progress.subscribe()
    }

    /// False when the fault is at work or done already.
    pub fn disarm(&self) -> bool {
        self.armed
            .lock()
            .expect("no holder panics")
            .take()
            .is_some()
    }

    /// Takes the armed fault: the redelivery of the payment comes to the same window and must pass.
    fn opened_by(&self, event: &BoundaryEvent) -> Option<Armed> {
        let mut armed = self.armed.lock().expect("no holder panics");
        armed.take_if(|armed| armed.target.is_opened_by(event))
    }

    /// The fault may go on after the decision on the request is told.
    async fn strike(self, armed: Armed, source: Source, decision: oneshot::Sender<Decision>) {
        self.progress.send_replace(FaultProgress::Striking);
        let Armed { target, during } = armed;
        let mut planned = target.into_planned();
        planned.instance = Some(source.instance.clone());
        let owed = OwedOutcome::new(&self.progress, planned.clone());
        let carried_out = tokio::select! {
            carried_out = self.carry_out(&planned, during, &source, decision) => carried_out,
            () = self.over.cancelled() => return,
        };
        let outcome = match carried_out {
            Ok(outcome) => outcome,
            Err(reason) => {
                let failed = TimelineEvent::StrikeFailed {
                    reason: reason.clone(),
                };
                self.context
                    .session
                    .timeline
                    .record(Some(&planned.payment), failed);
                let mut outcome = FaultOutcome::new(Decision::Drop);
                outcome.problem = Some(reason);
                outcome
            }
        };
        owed.done(outcome);
    }

    async fn carry_out(
        &self,
        planned: &Planned,
        during: RangeInclusive<u32>,
        source: &Source,
        decision: oneshot::Sender<Decision>,
    ) -> Result<FaultOutcome, String> {
        let gone = || format!("{source} was gone before the fault could reach it");
        let (process, in_hand) = self.take(source).ok_or_else(gone)?;
        let outcome = self.strike_in(planned, during, &process, decision).await?;
        in_hand.let_go();
        Ok(outcome)
    }

    fn take(&self, source: &Source) -> Option<(Process, InHand)> {
        let instance = self.context.fleet.fleet()?.get(&source.instance)?;
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
    ) -> Result<FaultOutcome, String> {
        let payment = planned.payment.clone();
        let Some(fault) = planned.fault.strike() else {
            return Err(format!("{} strikes nobody", planned.fault));
        };
        let place = self.context.workload.journal.locate(&payment).await;
        let (partition, offset) =
            place.ok_or_else(|| format!("Kafka never acknowledged {payment} to the producer"))?;
        let session = &self.context.session;
        let context = FaultContext {
            process: process.clone(),
            payment,
            topic: session.resources.topic.clone(),
            partition,
            offset,
            group: Arc::clone(&session.group),
            database: Arc::clone(&self.context.database),
            instances: Arc::<FleetView>::clone(&self.context.fleet),
            timeline: Arc::clone(&session.timeline),
            grace: GRACE,
            rebalance: self.context.pace.rebalance(),
            step: self.context.pace.step(),
            silence: self.context.pace.silence(),
            acknowledges: self.context.spec.acknowledges,
            wait_hours: planned.wait_hours,
            clock: self.context.clock.clone(),
        };
        let what = TimelineEvent::Struck {
            fault: planned.fault.to_string(),
            window: planned.window.to_string(),
            source: process.source.clone(),
            partition,
            offset,
        };
        self.context
            .session
            .timeline
            .record(Some(&planned.payment), what);
        // Before the fault acts, so that it finds the same log in every run.
        let produced = self.context.workload.produce(during).await;
        produced.map_err(|e| e.to_string())?;
        let outcome = fault.strike(&context).await.map_err(|e| e.to_string())?;
        // The connection may be gone meanwhile; then nobody waits for the decision.
        let _ = decision.send(outcome.decision);
        match outcome.kill_after {
            Some(rest) => context
                .finish_off(rest, outcome)
                .await
                .map_err(|e| e.to_string()),
            None => Ok(outcome),
        }
    }
}

impl Hook for FaultInjector {
    fn refused(&self, source: &Source, tap: Tap, reason: &str) {
        self.context.session.timeline.refuse(source, tap, reason);
    }

    fn left_for_tls(&self, source: &Source, tap: Tap, reason: &str) {
        let fleet = self.context.fleet.fleet();
        let instance = fleet.and_then(|fleet| fleet.get(&source.instance));
        // Whom the lab ends leaves for want of nothing.
        if !instance.is_some_and(|instance| instance.is_in_hand()) {
            self.context
                .session
                .timeline
                .leave_for_tls(source, tap, reason);
        }
    }

    fn share_group(&self, source: &Source, request: &str) {
        self.context
            .session
            .fail(RunError::share_group(source, request));
    }

    fn missed_topic(&self, source: &Source, topic: &str) {
        self.context.session.timeline.miss_topic(source, topic);
    }

    fn came_in_plaintext(&self, source: &Source, tap: Tap) {
        self.context.session.timeline.come_in_plaintext(source, tap);
    }

    fn at(&self, mut event: BoundaryEvent) -> DecisionFuture<'_> {
        Box::pin(async move {
            if self.context.spec.blind == Some(event.tap) && !event.delivers() {
                event.subjects.clear();
            }
            if let Some(Detail::Postgres(statement)) = &event.detail
                && let Some(pid) = statement.backend_pid
            {
                self.context.fleet.saw_backend(pid, &event.source);
            }
            let opened = self.opened_by(&event);
            let source = event.source.clone();
            let payment = event.message().map(str::to_owned);
            self.context
                .session
                .timeline
                .record(payment.as_deref(), TimelineEvent::Boundary { event });
            let Some(armed) = opened else {
                return Decision::Pass;
            };
            // A task of its own: a tap may stop asking when the struck process is gone, and the
            // fault must be carried to its end.
            let (decision, decided) = oneshot::channel();
            tokio::spawn(self.clone().strike(armed, source, decision));
            decided.await.unwrap_or(Decision::Drop)
        })
    }
}
