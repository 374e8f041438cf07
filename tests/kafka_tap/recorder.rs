//! The hook of these tests: keeps every event, and decides what it was told to decide.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashwindow::event::{Source, Stage};
use crashwindow::tap::{BoundaryEvent, Decision, DecisionFuture, Hook};
use tokio::sync::{oneshot, watch};

/// A group's first assignment on a busy machine is the longest that anything here waits for.
pub const DEADLINE: Duration = Duration::from_secs(60);

type Matches = Box<dyn Fn(&BoundaryEvent) -> bool + Send>;

#[derive(Default)]
pub struct Recorder {
    events: Mutex<Vec<BoundaryEvent>>,
    share_groups: Mutex<Vec<String>>,
    grown: watch::Sender<usize>,
    plans: Mutex<Vec<Plan>>,
}

struct Plan {
    matches: Matches,
    action: Action,
}

enum Action {
    Decide(Decision),
    Hold {
        reached: oneshot::Sender<()>,
        released: oneshot::Receiver<Decision>,
    },
}

/// A request that is held until its test says what becomes of it.
pub struct Held {
    reached: Option<oneshot::Receiver<()>>,
    release: oneshot::Sender<Decision>,
}

impl Held {
    pub async fn reached(&mut self) {
        let reached = self.reached.take().expect("waited for once");
        within("the request to be held", reached)
            .await
            .expect("the hook is there");
    }

    pub fn release(self, decision: Decision) {
        self.release.send(decision).expect("the hook still waits");
    }

    /// Whether the hook's question is still open.
    pub fn is_pending(&self) -> bool {
        !self.release.is_closed()
    }
}

impl Recorder {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn events(&self) -> Vec<BoundaryEvent> {
        self.events.lock().expect("no holder panics").clone()
    }

    /// The requests of share groups that were told of.
    pub fn share_groups(&self) -> Vec<String> {
        self.share_groups.lock().expect("no holder panics").clone()
    }

    /// The next event of this signature and stage gets this decision.
    pub fn strike(&self, signature: &str, stage: Stage, decision: Decision) {
        self.plan(signature, stage, Action::Decide(decision));
    }

    /// The next event of this signature and stage is held.
    pub fn hold(&self, signature: &str, stage: Stage) -> Held {
        let (reached, when_reached) = oneshot::channel();
        let (release, released) = oneshot::channel();
        self.plan(signature, stage, Action::Hold { reached, released });
        Held {
            reached: Some(when_reached),
            release,
        }
    }

    fn plan(&self, signature: &str, stage: Stage, action: Action) {
        let signature = signature.to_owned();
        let matches: Matches =
            Box::new(move |event| event.signature == signature && event.stage == stage);
        self.plans
            .lock()
            .expect("no holder panics")
            .push(Plan { matches, action });
    }

    /// The first event that is `wanted`, now or later.
    pub async fn wait_for(
        &self,
        what: &str,
        wanted: impl Fn(&BoundaryEvent) -> bool,
    ) -> BoundaryEvent {
        let mut grown = self.grown.subscribe();
        let found = async {
            loop {
                grown.mark_unchanged();
                if let Some(event) = self.events().into_iter().find(&wanted) {
                    return event;
                }
                grown.changed().await.expect("the recorder is there");
            }
        };
        within(what, found).await
    }

    /// The first answer to a request of this signature.
    pub async fn answer(&self, signature: &str) -> BoundaryEvent {
        let answered = |e: &BoundaryEvent| e.signature == signature && e.stage == Stage::Answered;
        self.wait_for(&format!("the answer to {signature}"), answered)
            .await
    }
}

impl Hook for Recorder {
    fn share_group(&self, _source: &Source, request: &str) {
        let mut told = self.share_groups.lock().expect("no holder panics");
        told.push(request.to_owned());
    }

    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        let action = {
            let mut plans = self.plans.lock().expect("no holder panics");
            let planned = plans.iter().position(|plan| (plan.matches)(&event));
            planned.map(|index| plans.remove(index).action)
        };
        self.events.lock().expect("no holder panics").push(event);
        self.grown.send_modify(|count| *count += 1);
        Box::pin(async move {
            match action {
                None => Decision::Pass,
                Some(Action::Decide(decision)) => decision,
                Some(Action::Hold { reached, released }) => {
                    // Nobody waits for it where the test has other means to tell.
                    let _ = reached.send(());
                    released.await.unwrap_or(Decision::Pass)
                }
            }
        })
    }
}

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(DEADLINE, future).await;
    waited.unwrap_or_else(|_| panic!("waited {DEADLINE:?} for {what}"))
}
