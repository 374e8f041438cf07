//! One request from its arrival to its answer, and the three stages at which the hook is asked.
//!
//! ```text
//! received ─▶ authenticate ─▶ key ─▶ validate ─▶ execute ─▶ executed ─▶ save ─▶ answered ─▶ send
//!     ╎                        └──────── replay or refusal ──────────────────────▲   ╎
//!   hook                                                    hook                   hook
//! ```

use std::sync::Arc;

use super::account::Account;
use super::api::Endpoint;
use super::behaviour::InjectedFailure;
use super::error::ApiError;
use super::form::Form;
use super::idempotency::{self, Fingerprint};
use super::operation::{Change, Operation, object_id};
use super::order::{Order, Orderer};
use super::reply::Reply;
use crate::event::{Role, Stage, Tap};
use crate::tap::{BoundaryEvent, Decision};

pub(super) struct Exchange {
    pub(super) endpoint: Arc<Endpoint>,
    /// None if the URL is not one of the API's.
    pub(super) operation: Option<Operation>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) api_key: Option<String>,
    pub(super) key: Option<Result<String, ApiError>>,
    pub(super) form: Result<Form, ApiError>,
    pub(super) request_id: String,
}

impl Exchange {
    /// No reply: the connection must close without another byte.
    pub(super) async fn serve(self) -> Option<Reply> {
        let subjects = self.subjects();
        let reply = match self.ask(Stage::Received, &subjects, None).await {
            Decision::Drop => return None,
            Decision::Fail(status) => return Some(ApiError::injected(status).into()),
            Decision::Unavailable => return Some(ApiError::injected(503).into()),
            Decision::Pass => self.act(&subjects).await?,
        };
        match self.ask(Stage::Answered, &subjects, Some(&reply)).await {
            Decision::Drop => None,
            Decision::Fail(status) => Some(ApiError::injected(status).into()),
            Decision::Unavailable => Some(ApiError::injected(503).into()),
            Decision::Pass => Some(reply),
        }
    }

    async fn ask(&self, stage: Stage, subjects: &[String], reply: Option<&Reply>) -> Decision {
        let event = BoundaryEvent {
            tap: Tap::Provider,
            stage,
            source: self.endpoint.source.clone(),
            signature: self.signature(),
            subjects: subjects.to_vec(),
            outcome: reply.map(Reply::outcome).unwrap_or_default(),
            writes: self.method == "POST",
            role: Role::Request,
            result: reply.map(Reply::result),
            detail: None,
        };
        self.endpoint.hook.at(event).await
    }

    /// Unrecognized paths are left out: they may hold ids, and a signature is equal in every run.
    fn signature(&self) -> String {
        match self.operation {
            Some(operation) => operation.signature().to_owned(),
            None => format!("{} (unrecognized)", self.method),
        }
    }

    async fn act(&self, subjects: &[String]) -> Option<Reply> {
        // Before the key is looked at, as the real API does.
        let Some(operation) = self.operation else {
            return Some(ApiError::unrecognized_url(&self.method, &self.path).into());
        };
        let (account, form) = match self.authenticated() {
            Ok(authenticated) => authenticated,
            Err(refusal) => return Some(refusal.into()),
        };
        let id = object_id(&self.path);
        match operation {
            Operation::Read(read) => {
                let answered = account.read(read, id, form);
                Some(answered.unwrap_or_else(Reply::from))
            }
            Operation::Change(change) => self.change(&account, change, form, subjects).await,
        }
    }

    fn authenticated(&self) -> Result<(Account, &Form), ApiError> {
        let api_key = self.api_key.as_deref().ok_or_else(ApiError::no_api_key)?;
        let account = self.endpoint.provider.account(api_key);
        let account = account.ok_or_else(ApiError::unknown_api_key)?;
        Ok((account, self.form.as_ref().map_err(ApiError::clone)?))
    }

    async fn change(
        &self,
        account: &Account,
        change: Change,
        form: &Form,
        subjects: &[String],
    ) -> Option<Reply> {
        let failure = account.next_failure();
        if let Some(refusal) = failure.and_then(InjectedFailure::refusal) {
            return Some(refusal.into());
        }
        let sent_key = match self.key.as_ref().map(Result::as_ref).transpose() {
            Ok(key) => key.map(String::as_str),
            Err(unreadable) => return Some(unreadable.clone().into()),
        };
        let key = sent_key.filter(|_| !account.behaviour().keys_ignored);
        if let Err(refusal) = key.map_or(Ok(()), idempotency::check) {
            return Some(refusal.into());
        }
        let fingerprint = Fingerprint {
            endpoint: self.path.clone(),
            params: form.params(),
        };
        let order = || Order::parse(change, object_id(&self.path), form);
        let order = match account.admit(key, fingerprint, order) {
            Ok(order) => order,
            Err(reply) => return Some(reply),
        };

        // The simulated service time; nothing waits for it to synchronise.
        tokio::time::sleep(account.behaviour().latency).await;
        let orderer = Orderer {
            source: &self.endpoint.source,
            payment: subjects.first().map(String::as_str),
            key: sent_key,
        };
        let executed = account.execute(order, form, &orderer);

        let decision = match self.ask(Stage::Executed, subjects, Some(&executed)).await {
            Decision::Pass => failure.map_or(Decision::Pass, InjectedFailure::decision),
            decision => decision,
        };
        let mut reply = match decision {
            Decision::Pass | Decision::Drop => executed,
            Decision::Fail(status) => ApiError::injected(status).into(),
            Decision::Unavailable => ApiError::injected(503).into(),
        };
        // Also when the connection is about to close: the server has finished, so a retry replays.
        if let Some(key) = key {
            account.save(key, reply.save(&self.request_id));
        }
        (decision != Decision::Drop).then_some(reply)
    }

    /// Named in the metadata, then found in a parameter, then of the intent in the path, then found
    /// in the idempotency key. The first is the one that is charged.
    fn subjects(&self) -> Vec<String> {
        let marks = &self.endpoint.provider.marks;
        let form = self.form.as_ref().ok();
        let named = form.and_then(|form| form.get("metadata[payment_id]"));
        // An id that is none of this run's is told as it is.
        let told = |id: &str| {
            let found = marks.subjects_in(id.as_bytes()).into_iter().next();
            found.unwrap_or_else(|| marks.stranger(id))
        };
        let of_intent = || {
            let account = self.endpoint.provider.account(self.api_key.as_deref()?)?;
            account.payment_of(object_id(&self.path), told)
        };
        let key = self.key.as_ref().and_then(|key| key.as_deref().ok());
        let in_text = |text: &str| marks.subjects_in(text.as_bytes());
        let in_form = form.into_iter().flat_map(Form::values).flat_map(in_text);
        let mut subjects = Vec::new();
        let all = named.map(told).into_iter().chain(in_form);
        for payment in all
            .chain(of_intent())
            .chain(key.into_iter().flat_map(in_text))
        {
            if !subjects.contains(&payment) {
                subjects.push(payment);
            }
        }
        subjects
    }
}
