//! A provider with one account and one listener, and a hook whose every question is a test's to
//! answer.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crashwindow::event::{Marks, Source, Stage};
use crashwindow::provider::{Account, Behaviour, Clock, Listener, Provider};
use crashwindow::tap::{BoundaryEvent, Decision, DecisionFuture, Hook, PassAll};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// Far beyond what anything here takes; only a test that fails waits for it.
const DEADLINE: Duration = Duration::from_secs(20);

/// Waits for `future`, and names what it waited for if that does not come.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(DEADLINE, future).await;
    waited.unwrap_or_else(|_| panic!("waited {DEADLINE:?} for {what}"))
}

pub fn source(instance: &str) -> Source {
    Source {
        instance: instance.to_owned(),
        incarnation: 1,
    }
}

/// A client without an account, which no proxy of the machine stands in front of.
pub fn http() -> Client {
    let client = Client::builder().no_proxy().build();
    client.expect("a client")
}

/// A running provider.
pub struct Lab {
    pub clock: Clock,
    pub provider: Arc<Provider>,
    pub account: Account,
    pub listener: Listener,
    http: Client,
}

impl Lab {
    pub fn open() -> Self {
        Self::with(Behaviour::default(), Arc::new(PassAll))
    }

    /// A provider that asks at the desk, and the desk.
    pub fn asking() -> (Self, Desk) {
        let (questions, desk) = mpsc::unbounded_channel();
        let lab = Self::with(Behaviour::default(), Arc::new(Asking(questions)));
        (lab, Desk(desk))
    }

    pub fn with(behaviour: Behaviour, hook: Arc<dyn Hook>) -> Self {
        Self::of_run(Marks::default(), behaviour, hook)
    }

    /// The provider of a run whose payments have these marks.
    pub fn of_run(marks: Marks, behaviour: Behaviour, hook: Arc<dyn Hook>) -> Self {
        let clock = Clock::new();
        let provider = Provider::of_run(clock.clone(), marks);
        let account = provider.open_account(behaviour);
        let listener = provider.listen(source("a"), hook).expect("a free port");
        Self {
            clock,
            provider,
            account,
            listener,
            http: http(),
        }
    }

    pub fn post(&self, path: &str, form: &str) -> RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.listener.url()));
        request
            .bearer_auth(self.account.api_key())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.to_owned())
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        let request = self.http.get(format!("{}{path}", self.listener.url()));
        request.bearer_auth(self.account.api_key())
    }

    /// A charge of 10 dollars, by an idempotency key.
    pub fn charge(&self, key: &str) -> RequestBuilder {
        self.charge_of(1000, key)
    }

    pub fn charge_of(&self, amount: u64, key: &str) -> RequestBuilder {
        let form = format!("amount={amount}&currency=usd");
        self.post("/v1/charges", &form)
            .header("Idempotency-Key", key)
    }

    /// The ids of all executed charges.
    pub fn charged(&self) -> Vec<String> {
        let ledger = self.account.ledger();
        ledger.into_iter().map(|entry| entry.charge).collect()
    }
}

/// What came back: enough of it to be compared.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    headers: reqwest::header::HeaderMap,
}

impl Answer {
    pub async fn read(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.json().await.expect("every answer is JSON"),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("headers are text"))
    }

    pub fn id(&self) -> &str {
        self.body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id in {self:?}"))
    }

    pub fn is_replay(&self) -> bool {
        self.header("Idempotent-Replayed") == Some("true")
    }

    /// The status with the type and code of the error.
    pub fn error(&self) -> (u16, &str, Option<&str>) {
        let error = &self.body["error"];
        let kind = error["type"].as_str();
        let kind = kind.unwrap_or_else(|| panic!("no error in {self:?}"));
        (self.status, kind, error["code"].as_str())
    }

    pub fn message(&self) -> &str {
        self.body["error"]["message"]
            .as_str()
            .expect("an error has a message")
    }
}

/// Sends a request and reads its answer.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = within("an answer", request.send()).await;
    Answer::read(response.expect("an answer, not a closed connection")).await
}

/// Sends a request and returns at once; the result is awaited with [`within`].
pub fn start(request: RequestBuilder) -> oneshot::Receiver<reqwest::Result<Response>> {
    let (done, result) = oneshot::channel();
    tokio::spawn(async move {
        // Nobody listens when a test only wanted the request to be on its way.
        let _ = done.send(request.send().await);
    });
    result
}

/// The answer to a request that was started.
pub async fn finished(request: oneshot::Receiver<reqwest::Result<Response>>) -> Answer {
    let result = within("the answer to a started request", request).await;
    let response = result.expect("the request runs");
    Answer::read(response.expect("an answer, not a closed connection")).await
}

/// Asserts that a request which was started found its connection closed.
pub async fn unanswered(request: oneshot::Receiver<reqwest::Result<Response>>) {
    let result = within("a started request to fail", request).await;
    let result = result.expect("the request runs");
    assert!(
        result.is_err(),
        "answered, though it was to be dropped: {result:?}"
    );
}

struct Asking(mpsc::UnboundedSender<Question>);

impl Hook for Asking {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        let (answer, decision) = oneshot::channel();
        let question = Question { event, answer };
        // A test that has ended asks for nothing more.
        let asked = self.0.send(question).is_ok();
        Box::pin(async move {
            match asked {
                true => decision.await.unwrap_or(Decision::Pass),
                false => Decision::Pass,
            }
        })
    }
}

/// A request that waits for a decision.
pub struct Question {
    pub event: BoundaryEvent,
    answer: oneshot::Sender<Decision>,
}

impl Question {
    pub fn decide(self, decision: Decision) {
        let waiting = self.answer.send(decision).is_ok();
        assert!(
            waiting,
            "nobody waits for {decision:?}: the request was lost"
        );
    }
}

/// Where the questions of the hook arrive.
pub struct Desk(mpsc::UnboundedReceiver<Question>);

impl Desk {
    /// The next request to reach any stage.
    pub async fn any(&mut self) -> Question {
        let question = within("a request at any stage", self.0.recv()).await;
        question.expect("the provider has the hook")
    }

    /// The next request to reach a stage, which must be `stage`.
    pub async fn next(&mut self, stage: Stage) -> Question {
        let what = format!("a request at {stage:?}");
        let question = within(&what, self.0.recv()).await;
        let question = question.expect("the provider has the hook");
        assert_eq!(question.event.stage, stage, "{:?}", question.event);
        question
    }

    /// Lets the next request pass the stages given, which must be those it reaches.
    pub async fn pass(&mut self, stages: &[Stage]) {
        for stage in stages {
            self.next(*stage).await.decide(Decision::Pass);
        }
    }

    /// Asserts that no request is at any stage.
    pub fn nothing_waits(&mut self) {
        if let Ok(question) = self.0.try_recv() {
            panic!("unexpected: {:?}", question.event);
        }
    }
}
