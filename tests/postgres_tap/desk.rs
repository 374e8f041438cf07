//! Hooks of tests: one that records, and one whose every question is the test's to answer.

use std::sync::{Arc, Mutex};

use crashwindow::event::{Stage, Tap};
use crashwindow::tap::postgres::Detail;
use crashwindow::tap::{self, BoundaryEvent, Decision, DecisionFuture, Hook};
use tokio::sync::{mpsc, oneshot};

use crate::lab::{source, within};

/// The process id of the server's side of a connection.
pub fn pid(event: &BoundaryEvent) -> i32 {
    detail(event).backend_pid.expect("the server said it")
}

pub fn detail(event: &BoundaryEvent) -> &Detail {
    match &event.detail {
        Some(tap::Detail::Postgres(detail)) => detail,
        other => panic!("not of a statement: {other:?}"),
    }
}

/// An event in one line: stage, signature, payment, outcome, transaction, `w` if it writes.
pub fn told(event: &BoundaryEvent) -> String {
    assert_eq!(event.tap, Tap::Postgres);
    assert_eq!(event.source, source());
    let stage = match event.stage {
        Stage::Received => "?",
        Stage::Answered => "!",
        Stage::Executed => panic!("this tap cannot see it"),
    };
    let transaction = detail(event)
        .transaction
        .map_or("-".to_owned(), |transaction| {
            format!("{transaction:?}").to_lowercase()
        });
    let payment = match event.subjects.as_slice() {
        [] => "-".to_owned(),
        all => all.join(","),
    };
    let writes = if event.writes { " w" } else { "" };
    let outcome = match event.outcome.as_str() {
        "" => String::new(),
        outcome => format!(" = {outcome}"),
    };
    format!(
        "{stage} {}{outcome} | {payment} {transaction}{writes}",
        event.signature
    )
}

/// A hook that lets everything pass.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<BoundaryEvent>>>);

impl Hook for Recording {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        self.0.lock().expect("nobody panics with it").push(event);
        Box::pin(async { Decision::Pass })
    }
}

impl Recording {
    /// What was recorded since the last time.
    pub fn events(&self) -> Vec<BoundaryEvent> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics with it"))
    }

    /// The same, each in one line.
    pub fn told(&self) -> Vec<String> {
        self.events().iter().map(told).collect()
    }

    /// The same, only of what was answered.
    pub fn answered(&self) -> Vec<String> {
        let told = self.told().into_iter();
        told.filter_map(|line| line.strip_prefix("! ").map(str::to_owned))
            .collect()
    }
}

/// A hook whose every question is the test's to answer.
pub struct Asking(mpsc::UnboundedSender<Question>);

impl Hook for Asking {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        let (answer, decision) = oneshot::channel();
        // A test that has ended asks for nothing more.
        let asked = self.0.send(Question { event, answer }).is_ok();
        Box::pin(async move {
            match asked {
                true => decision.await.unwrap_or(Decision::Pass),
                false => Decision::Pass,
            }
        })
    }
}

/// The hook, and where its questions arrive.
pub fn asking() -> (Asking, Desk) {
    let (questions, desk) = mpsc::unbounded_channel();
    (Asking(questions), Desk(desk))
}

/// A statement that waits for a decision.
pub struct Question {
    pub event: BoundaryEvent,
    answer: oneshot::Sender<Decision>,
}

impl Question {
    pub fn decide(self, decision: Decision) {
        let waiting = self.answer.send(decision).is_ok();
        assert!(waiting, "nobody waits for {decision:?} any more");
    }

    /// Returns when the tap waits for this decision no longer.
    pub async fn abandoned(mut self) {
        within("the tap to give up a question", self.answer.closed()).await;
    }
}

/// Where the questions of the hook arrive.
pub struct Desk(mpsc::UnboundedReceiver<Question>);

impl Desk {
    /// The next statement to reach any stage.
    pub async fn any(&mut self) -> Question {
        let question = within("a statement at any stage", self.0.recv()).await;
        question.expect("the tap has the hook")
    }

    /// Lets statements pass until `signature` reaches `stage`.
    pub async fn until(&mut self, stage: Stage, signature: &str) -> Question {
        loop {
            let question = self.any().await;
            if question.event.stage == stage && question.event.signature == signature {
                return question;
            }
            question.decide(Decision::Pass);
        }
    }

    /// Lets everything pass from now on.
    pub fn open(mut self) {
        tokio::spawn(async move {
            while let Some(question) = self.0.recv().await {
                // Whoever asked may be gone.
                let _ = question.answer.send(Decision::Pass);
            }
        });
    }

    /// A statement that has reached any stage, if one has.
    pub fn now(&mut self) -> Option<Question> {
        self.0.try_recv().ok()
    }

    pub fn nothing_waits(&mut self) {
        if let Some(question) = self.now() {
            panic!("unexpected: {:?}", question.event);
        }
    }
}
