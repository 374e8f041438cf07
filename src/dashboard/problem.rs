//! A request that is refused, as every refusal is told: what is wrong, and what to do next.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What was refused or went wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Problem {
    #[serde(skip)]
    pub status: StatusCode,
    /// What is wrong.
    pub error: String,
    /// What to do next.
    pub next: String,
    /// The job that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

impl Problem {
    pub fn new(status: StatusCode, error: impl Into<String>, next: impl Into<String>) -> Self {
        let (error, next, job) = (error.into(), next.into(), None);
        Self {
            status,
            error,
            next,
            job,
        }
    }

    /// The error's line `next: …` is the next step.
    pub fn told(status: StatusCode, error: &dyn std::fmt::Display) -> Self {
        let text = error.to_string();
        let (error, next) = split(&text);
        Self::new(status, error, next)
    }

    pub fn missing(error: &dyn std::fmt::Display) -> Self {
        Self::told(StatusCode::NOT_FOUND, error)
    }

    pub fn bad(error: &dyn std::fmt::Display) -> Self {
        Self::told(StatusCode::BAD_REQUEST, error)
    }
}

pub(super) fn split(text: &str) -> (String, String) {
    match text.split_once("\nnext: ") {
        Some((error, next)) => (error.to_owned(), next.to_owned()),
        None => (text.to_owned(), "crashwindow doctor".to_owned()),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

pub(super) struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let told = |rejection: JsonRejection| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                rejection.body_text(),
                "send JSON as /openapi.json describes it",
            )
        };
        let json = Json::from_request(request, state).await.map_err(told)?;
        Ok(Self(json.0))
    }
}
