//! The striker: the hook of every tap of a run. It records what crosses the boundaries and, where
//! the armed window opens, holds the request and lets the fault do its work.

use std::sync::{Arc, Mutex, OnceLock, Weak};

use tokio::sync::watch;

use super::instance::Instance;
use super::resources::Resources;
use super::workload::Journal;
use crate::chaos::{Planned, Scene, Struck};
use crate::group::GroupClient;
use crate::tap::{BoundaryEvent, Decision, DecisionFuture, Hook, Source};
use crate::timeline::{Happening, Timeline};
use crate::verdict::Strike;

/// A fault of the schedule that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The fault, with the instance that was struck.
    pub planned: Planned,
    /// What it came to, as evidence.
    pub evidence: Strike,
}

/// What became of the armed fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has come to the window.
    Waiting,
    /// The window is open and the fault is at work.
    Striking,
    /// It is done.
    Done(Fired),
}

/// See the module.
pub struct Striker {
    resources: Resources,
    group: Arc<GroupClient>,
    database: Arc<tokio_postgres::Client>,
    journal: Arc<Journal>,
    timeline: Arc<Timeline>,
    armed: Mutex<Option<Planned>>,
    progress: watch::Sender<Progress>,
    /// The instances hold the hook: a strong reference back would keep both alive for ever, and
    /// with them the processes.
    instances: OnceLock<Weak<Vec<Instance>>>,
}

impl Striker {
    /// A striker with nothing armed.
    #[must_use]
    pub fn new(
        resources: Resources,
        group: Arc<GroupClient>,
        database: Arc<tokio_postgres::Client>,
        journal: Arc<Journal>,
        timeline: Arc<Timeline>,
    ) -> Self {
        let (armed, instances) = (Mutex::new(None), OnceLock::new());
        let progress = watch::Sender::new(Progress::Waiting);
        Self {
            resources,
            group,
            database,
            journal,
            timeline,
            armed,
            progress,
            instances,
        }
    }

    /// Says which instances there are to strike.
    pub fn watch_over(&self, instances: &Arc<Vec<Instance>>) {
        // Said once, before the first payment.
        let _ = self.instances.set(Arc::downgrade(instances));
    }

    /// Arms one fault; what becomes of it can be followed.
    pub fn arm(&self, planned: Planned) -> watch::Receiver<Progress> {
        self.progress.send_replace(Progress::Waiting);
        *self.armed.lock().expect("no holder panics") = Some(planned);
        self.progress.subscribe()
    }

    /// Takes the fault back unless it is at work or done already; false when it is too late.
    pub fn disarm(&self) -> bool {
        self.armed
            .lock()
            .expect("no holder panics")
            .take()
            .is_some()
    }

    /// The armed fault, if this event opens its window. It is taken: the redelivery of the payment
    /// comes to the same window and must pass.
    fn opened_by(&self, event: &BoundaryEvent) -> Option<Planned> {
        let mut armed = self.armed.lock().expect("no holder panics");
        armed.take_if(|planned| {
            event.payment.as_ref() == Some(&planned.payment) && planned.window.is_opened_by(event)
        })
    }

    async fn strike(&self, mut planned: Planned, source: &Source) -> Decision {
        self.progress.send_replace(Progress::Striking);
        planned.instance = Some(source.instance.clone());
        let (decision, redelivered, problem) = match self.carry_out(&planned, source).await {
            Ok(Struck {
                decision,
                redelivered,
                problem,
            }) => (decision, redelivered, problem),
            Err(reason) => {
                let failed = Happening::StrikeFailed {
                    reason: reason.clone(),
                };
                self.timeline.record(Some(&planned.payment), failed);
                (Decision::Drop, false, Some(reason))
            }
        };
        let payment = planned.payment.clone();
        let evidence = Strike {
            payment,
            fired: true,
            redelivered,
            problem,
        };
        self.progress
            .send_replace(Progress::Done(Fired { planned, evidence }));
        decision
    }

    async fn carry_out(&self, planned: &Planned, source: &Source) -> Result<Struck, String> {
        let gone = || format!("{source} was gone before the fault could reach it");
        let instances = self
            .instances
            .get()
            .and_then(Weak::upgrade)
            .ok_or_else(gone)?;
        let instance = instances
            .iter()
            .find(|i| i.name() == source.instance)
            .ok_or_else(gone)?;
        let process = instance
            .process()
            .filter(|p| p.source == *source)
            .ok_or_else(gone)?;
        instance.hold_restart();
        let payment = planned.payment.clone();
        let struck = async {
            let place = self.journal.locate(&payment).await;
            let (partition, offset) = place
                .ok_or_else(|| format!("Kafka never acknowledged {payment} to the producer"))?;
            let scene = Scene {
                process: process.clone(),
                payment,
                topic: self.resources.topic.clone(),
                partition,
                offset,
                group: Arc::clone(&self.group),
                database: Arc::clone(&self.database),
                timeline: Arc::clone(&self.timeline),
            };
            let what = Happening::Struck {
                fault: planned.fault.to_string(),
                window: planned.window.to_string(),
                source: source.clone(),
                partition,
                offset,
            };
            self.timeline.record(Some(&planned.payment), what);
            planned
                .fault
                .strike()
                .strike(&scene)
                .await
                .map_err(|e| e.to_string())
        };
        let struck = struck.await;
        if struck.is_err() {
            // A fault that broke off must not leave the instance frozen; a dead one needs nothing.
            let _ = process.thaw();
        }
        instance.release_restart();
        struck
    }
}

impl Hook for Striker {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        Box::pin(async move {
            let opened = self.opened_by(&event);
            let source = event.source.clone();
            let payment = event.payment.clone();
            self.timeline
                .record(payment.as_deref(), Happening::Boundary { event });
            match opened {
                Some(planned) => self.strike(planned, &source).await,
                None => Decision::Pass,
            }
        })
    }
}
