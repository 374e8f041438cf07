use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response};
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use super::Provider;
use super::error::ApiError;
use super::exchange::Exchange;
use super::form::Form;
use super::operation::{Change, Operation, Read};
use super::reply::{IDEMPOTENCY_KEY, Reply};
use crate::event::Source;
use crate::tap::Hook;

/// All the metadata that Stripe allows (50 entries of 40 + 500 characters), percent encoded, stays
/// below.
const MAX_BODY_BYTES: usize = 128 * 1024;

pub(super) struct Endpoint {
    pub(super) provider: Arc<Provider>,
    pub(super) source: Source,
    pub(super) hook: Arc<dyn Hook>,
}

pub(super) fn router(endpoint: Arc<Endpoint>) -> Router {
    use Operation::{Change as C, Read as R};
    let unrecognized = |State(e), r| serve(e, None, r);
    let on = |operation: Operation| move |State(e), r| serve(e, Some(operation), r);
    let intents = "/v1/payment_intents";
    Router::new()
        .route(
            "/v1/charges",
            get(on(R(Read::ListCharges))).post(on(C(Change::CreateCharge))),
        )
        .route("/v1/charges/search", get(on(R(Read::SearchCharges))))
        .route(
            "/v1/charges/{id}",
            get(on(R(Read::RetrieveCharge))).post(on(C(Change::UpdateCharge))),
        )
        .route(
            intents,
            get(on(R(Read::ListIntents))).post(on(C(Change::CreateIntent))),
        )
        .route(
            &format!("{intents}/search"),
            get(on(R(Read::SearchIntents))),
        )
        .route(
            &format!("{intents}/{{id}}"),
            get(on(R(Read::RetrieveIntent))).post(on(C(Change::UpdateIntent))),
        )
        .route(
            &format!("{intents}/{{id}}/confirm"),
            post(on(C(Change::ConfirmIntent))),
        )
        .route(
            &format!("{intents}/{{id}}/cancel"),
            post(on(C(Change::CancelIntent))),
        )
        .fallback(unrecognized)
        .method_not_allowed_fallback(unrecognized)
        .with_state(endpoint)
}

async fn serve(
    endpoint: Arc<Endpoint>,
    operation: Option<Operation>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let request_id = format!("req_{:016x}", rand::random::<u64>());
    let echoed = parts.headers.get(IDEMPOTENCY_KEY).cloned();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        let refusal = Reply::from(ApiError::body_too_large(MAX_BODY_BYTES));
        return refusal.into_response(&request_id, echoed);
    };
    let exchange = Exchange {
        endpoint,
        operation,
        api_key: api_key(&parts.headers),
        key: idempotency_key(&parts.headers),
        form: parameters(&parts, &body),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        request_id: request_id.clone(),
    };
    // In a task of its own: this future is dropped when the client disconnects, and a server does
    // not stop half-way through a charge because the customer's process was killed.
    match tokio::spawn(exchange.serve()).await {
        Ok(Some(reply)) => reply.into_response(&request_id, echoed),
        // Told to say nothing; or the task died, and a dead server says nothing either.
        Ok(None) | Err(_) => {
            let connection = parts.extensions.get::<CancellationToken>();
            connection.expect("every connection has its token").cancel();
            std::future::pending().await
        }
    }
}

/// Bearer, or Basic with the key as the user name: <https://docs.stripe.com/api/authentication>.
fn api_key(headers: &HeaderMap) -> Option<String> {
    let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = openssl::base64::decode_block(credentials).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let user = decoded.split(':').next();
    user.map(str::to_owned)
}

/// An empty key is no key.
fn idempotency_key(headers: &HeaderMap) -> Option<Result<String, ApiError>> {
    let key = headers.get(IDEMPOTENCY_KEY)?;
    let key = key.to_str().map_err(|_| ApiError::key_unreadable());
    key.map(|key| (!key.is_empty()).then(|| key.to_owned()))
        .transpose()
}

fn parameters(parts: &Parts, body: &[u8]) -> Result<Form, ApiError> {
    if parts.method != Method::POST {
        return Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
    }
    let content_type = parts.headers.get(CONTENT_TYPE);
    let is_form = content_type.is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if is_form || body.is_empty() {
        Form::parse(body)
    } else {
        Err(ApiError::not_a_form())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key_of(authorization: &'static str) -> Option<String> {
        let value = HeaderValue::from_static(authorization);
        api_key(&HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }

    #[test]
    fn the_secret_key_is_a_bearer_token_or_a_user_name() {
        assert_eq!(key_of("Bearer sk_test_1").as_deref(), Some("sk_test_1"));
        assert_eq!(
            key_of("Basic c2tfdGVzdF8xOg==").as_deref(),
            Some("sk_test_1")
        );
        assert_eq!(
            key_of("basic c2tfdGVzdF8xOng=").as_deref(),
            Some("sk_test_1")
        );
    }

    #[test]
    fn anything_else_is_no_secret_key() {
        assert_eq!(key_of("Digest sk_test_1"), None);
        assert_eq!(key_of("sk_test_1"), None);
        assert_eq!(key_of("Basic !!!"), None);
        assert_eq!(api_key(&HeaderMap::new()), None);
    }
}
