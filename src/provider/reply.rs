//! Answers: what is saved under a key, and what goes out on the wire.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

use super::error::ApiError;
use crate::event::EventOutcome;

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const ORIGINAL_REQUEST: HeaderName = HeaderName::from_static("original-request");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("stripe-should-retry");

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saved {
    pub(super) status: u16,
    pub(super) body: String,
    /// `ch_…`, `card_declined`.
    pub(super) word: String,
    pub(super) effect: Option<String>,
    pub(super) request_id: String,
}

/// Before the headers that belong to the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    status: u16,
    body: String,
    word: String,
    result: EventOutcome,
    /// Of a replay.
    original_request: Option<String>,
    saved: bool,
    /// Whatever the status.
    retry: bool,
}

impl Reply {
    /// `word` names the object.
    pub(super) fn ok(word: &str, object: &Value) -> Self {
        Self {
            status: 200,
            body: object.to_string(),
            word: word.to_owned(),
            result: EventOutcome::DONE,
            original_request: None,
            saved: false,
            retry: false,
        }
    }

    pub(super) fn charging(self, charge: &str) -> Self {
        let effect = Some(charge.to_owned());
        Self {
            result: EventOutcome::Executed { effect },
            ..self
        }
    }

    pub(super) fn found(self, effect: Option<String>) -> Self {
        Self {
            result: EventOutcome::Found { effect },
            ..self
        }
    }

    pub(super) fn replay(saved: Saved) -> Self {
        Self {
            status: saved.status,
            body: saved.body,
            word: saved.word,
            result: EventOutcome::Replayed {
                effect: saved.effect,
            },
            original_request: Some(saved.request_id),
            saved: true,
            retry: false,
        }
    }

    pub(super) fn save(&mut self, request_id: &str) -> Saved {
        self.saved = true;
        Saved {
            status: self.status,
            body: self.body.clone(),
            word: self.word.clone(),
            effect: self.result.effect().map(str::to_owned),
            request_id: request_id.to_owned(),
        }
    }

    /// `200 ch_1 (replayed)`.
    pub(super) fn outcome(&self) -> String {
        let replayed = match self.original_request {
            Some(_) => " (replayed)",
            None => "",
        };
        format!("{} {}{replayed}", self.status, self.word)
    }

    pub(super) fn result(&self) -> EventOutcome {
        self.result.clone()
    }

    /// The key is echoed, as the real API does (stripe/stripe-mock, `server/server.go`); a replay
    /// has a `Request-Id` of its own and names the first one (stripe-stateful-mock,
    /// `idempotency.js`; undocumented).
    pub(super) fn into_response(
        self,
        request_id: &str,
        key: Option<HeaderValue>,
    ) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).expect("every status made here is one of HTTP's");
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(REQUEST_ID, ascii(request_id));
        if let Some(key) = key {
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        if let Some(original) = self.original_request {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
            headers.insert(ORIGINAL_REQUEST, ascii(&original));
        }
        // A retry would only get the same failure again: docs.stripe.com/error-low-level.
        if self.saved && self.status >= 500 {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        } else if self.retry {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("true"));
        }
        response
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        Self {
            status: error.status,
            body: error.body().to_string(),
            word: error.word().to_owned(),
            result: EventOutcome::failed(error.status, error.word()),
            original_request: None,
            saved: false,
            retry: error.asks_for_retry(),
        }
    }
}

fn ascii(made_here: &str) -> HeaderValue {
    HeaderValue::from_str(made_here).expect("ids are letters, digits and underscores")
}
