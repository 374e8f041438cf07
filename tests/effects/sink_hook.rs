//! The stages of a request to the sink, and what each decision does at each of them.

use std::sync::Arc;

use crashwindow::effects::Sink;
use crashwindow::event::{EventOutcome, Marks, Role, Stage, Tap};
use crashwindow::tap::{BoundaryEvent, Decision, DecisionFuture, Hook, Listener};
use reqwest::{RequestBuilder, Response};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::sink::{http, source};
use crate::{payments, within};

type Question = (BoundaryEvent, oneshot::Sender<Decision>);

struct Asking(mpsc::UnboundedSender<Question>);

impl Hook for Asking {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        let (answer, decision) = oneshot::channel();
        self.0.send((event, answer)).expect("the test still runs");
        Box::pin(async move { decision.await.expect("the test decides") })
    }
}

struct Lab {
    sink: Arc<Sink>,
    listener: Listener,
    questions: mpsc::UnboundedReceiver<Question>,
}

impl Lab {
    fn open() -> Self {
        let (asking, questions) = mpsc::unbounded_channel();
        let sink = Sink::new(Marks::default());
        let hook = Arc::new(Asking(asking));
        let listener = sink.listen(source("a"), hook).expect("a free port");
        Self {
            sink,
            listener,
            questions,
        }
    }

    fn post(&self) -> RequestBuilder {
        let url = format!("{}/v1/orders/msg-0017/paid", self.listener.url());
        http().post(url)
    }

    /// Decides at the next stage, which must be `stage`.
    async fn decide(&mut self, stage: Stage, decision: Decision) -> BoundaryEvent {
        let asked = within(&format!("a request at {stage:?}"), self.questions.recv()).await;
        let (event, answer) = asked.expect("the sink has the hook");
        assert_eq!(event.stage, stage);
        answer.send(decision).expect("the request waits");
        event
    }

    fn nothing_waits(&mut self) {
        if let Ok((event, _)) = self.questions.try_recv() {
            panic!("unexpected: {event:?}");
        }
    }
}

fn start(request: RequestBuilder) -> JoinHandle<reqwest::Result<Response>> {
    tokio::spawn(request.send())
}

/// The status of the answer; none if the connection was closed without one.
async fn status(request: JoinHandle<reqwest::Result<Response>>) -> Option<u16> {
    let answer = within("the end of a request", request).await.unwrap();
    answer.ok().map(|response| response.status().as_u16())
}

const STAGES: [Stage; 3] = [Stage::Received, Stage::Executed, Stage::Answered];

#[tokio::test]
async fn a_request_passes_three_stages_that_tell_its_story() {
    let mut lab = Lab::open();
    let request = start(lab.post());
    for (stage, outcome, done) in [
        (Stage::Received, "", 0),
        (Stage::Executed, "200 post_1", 1),
        (Stage::Answered, "200 post_1", 1),
    ] {
        let asked = within("a request at a stage", lab.questions.recv()).await;
        let (event, answer) = asked.expect("the sink has the hook");
        let expected = BoundaryEvent {
            tap: Tap::Sink,
            stage,
            source: source("a"),
            signature: "POST /v1/orders/{}/paid".to_owned(),
            subjects: vec!["msg-0017".to_owned()],
            outcome: outcome.to_owned(),
            writes: true,
            role: Role::Request,
            result: (done == 1).then(|| EventOutcome::Executed {
                effect: Some("post_1".to_owned()),
            }),
            detail: None,
        };
        assert_eq!(event, expected);
        assert_eq!(lab.sink.effects().len(), done, "at {stage:?}");
        answer.send(Decision::Pass).unwrap();
    }
    assert_eq!(status(request).await, Some(200));
    lab.nothing_waits();
}

#[tokio::test]
async fn a_read_is_not_executed() {
    let mut lab = Lab::open();
    let request = start(http().get(lab.listener.url()));
    let received = lab.decide(Stage::Received, Decision::Pass).await;
    assert!(!received.writes);
    assert_eq!(received.signature, "GET /");
    lab.decide(Stage::Answered, Decision::Pass).await;
    assert_eq!(status(request).await, Some(200));
    assert_eq!(lab.sink.records(), []);
}

/// What a decision at each stage leaves: the answer, the effects, and whether more is asked.
#[tokio::test]
async fn every_decision_at_every_stage() {
    use Decision::{Drop, Fail, Pass, Unavailable};
    let cases = [
        (Stage::Received, Drop, None, 0),
        (Stage::Received, Fail(502), Some(502), 0),
        (Stage::Received, Unavailable, Some(503), 0),
        (Stage::Executed, Drop, None, 1),
        (Stage::Executed, Fail(502), Some(502), 1),
        (Stage::Executed, Unavailable, Some(503), 1),
        (Stage::Answered, Drop, None, 1),
        (Stage::Answered, Fail(502), Some(502), 1),
        (Stage::Answered, Fail(7), Some(500), 1),
        (Stage::Answered, Unavailable, Some(503), 1),
        (Stage::Answered, Pass, Some(200), 1),
    ];
    for (at, decision, answer, effects) in cases {
        let mut lab = Lab::open();
        let request = start(lab.post());
        for stage in STAGES.into_iter().take_while(|stage| *stage != at) {
            lab.decide(stage, Pass).await;
        }
        lab.decide(at, decision).await;
        if at == Stage::Executed && decision != Drop {
            // The failure is the server's answer now.
            let answered = lab.decide(Stage::Answered, Pass).await;
            let outcome = format!("{} error", answer.unwrap());
            assert_eq!(answered.outcome, outcome);
        }
        assert_eq!(status(request).await, answer, "{decision:?} at {at:?}");
        lab.nothing_waits();
        let counted = lab.sink.effects();
        assert_eq!(counted.len(), effects, "{decision:?} at {at:?}");

        // The client tries again: if it was acted on before, that is a second effect.
        let retried = start(lab.post());
        for stage in STAGES {
            lab.decide(stage, Pass).await;
        }
        assert_eq!(status(retried).await, Some(200));
        let all = vec!["msg-0017"; effects + 1];
        assert_eq!(payments(&lab.sink.effects()), all);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_while_held_has_had_its_effect() {
    let mut lab = Lab::open();
    let request = start(lab.post());
    let asked = within("a request at received", lab.questions.recv()).await;
    let (_, held) = asked.expect("the sink has the hook");
    request.abort();
    assert!(within("the client to be gone", request).await.is_err());
    assert_eq!(lab.sink.records(), []);
    held.send(Decision::Pass)
        .expect("the request is still held");
    lab.decide(Stage::Executed, Decision::Pass).await;
    lab.decide(Stage::Answered, Decision::Pass).await;
    assert_eq!(payments(&lab.sink.effects()), ["msg-0017"]);
}

#[tokio::test]
async fn requests_are_held_one_by_one() {
    let mut lab = Lab::open();
    let first = start(lab.post().body("msg-0001"));
    let asked = within("the first request", lab.questions.recv()).await;
    let (_, held) = asked.expect("the sink has the hook");
    let second = start(lab.post().body("msg-0002"));
    for stage in STAGES {
        let event = lab.decide(stage, Decision::Pass).await;
        // The path names another one, behind the body.
        assert_eq!(event.subjects, ["msg-0002", "msg-0017"]);
    }
    assert_eq!(status(second).await, Some(200));
    assert_eq!(payments(&lab.sink.effects()), ["msg-0002"]);
    held.send(Decision::Pass).unwrap();
    for stage in &STAGES[1..] {
        lab.decide(*stage, Decision::Pass).await;
    }
    assert_eq!(status(first).await, Some(200));
    assert_eq!(payments(&lab.sink.effects()), ["msg-0001", "msg-0002"]);
}
