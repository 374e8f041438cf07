//! One request to the sink, and the three stages at which the hook is asked.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use tokio_util::sync::CancellationToken;

use super::SinkEndpoint;
use super::request::SinkRequest;
use crate::event::{EventOutcome, Role, Stage, Tap};
use crate::tap::{BoundaryEvent, Decision};

/// Bytes: beyond any request about one payment; a consumer that sends more is told so.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

pub(super) async fn serve(
    State(endpoint): State<Arc<SinkEndpoint>>,
    request: HttpRequest,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return SinkReply::failure(413).into_response();
    };
    let request = SinkRequest::read(&parts, &body, &endpoint.sink.marks);
    // In a task of its own: a server does not stop half-way because its client was killed.
    match tokio::spawn(exchange(endpoint, request)).await {
        Ok(Some(reply)) => reply.into_response(),
        // Told to say nothing; or the task died, and a dead server says nothing either.
        Ok(None) | Err(_) => {
            let connection = parts.extensions.get::<CancellationToken>();
            connection.expect("every connection has its token").cancel();
            std::future::pending().await
        }
    }
}

/// No reply: the connection must close without another byte.
async fn exchange(endpoint: Arc<SinkEndpoint>, request: SinkRequest) -> Option<SinkReply> {
    let mut reply = SinkReply::read();
    match ask(&endpoint, &request, Stage::Received, None).await {
        Course::Drop => return None,
        Course::Fail(status) => return Some(SinkReply::failure(status)),
        Course::Pass => {}
    }
    if request.writes() {
        reply = SinkReply::acted(endpoint.sink.act(&request, &endpoint.source));
        match ask(&endpoint, &request, Stage::Executed, Some(&reply)).await {
            Course::Drop => return None,
            Course::Fail(status) => reply = SinkReply::failure(status),
            Course::Pass => {}
        }
    }
    match ask(&endpoint, &request, Stage::Answered, Some(&reply)).await {
        Course::Drop => None,
        Course::Fail(status) => Some(SinkReply::failure(status)),
        Course::Pass => Some(reply),
    }
}

async fn ask(
    endpoint: &SinkEndpoint,
    request: &SinkRequest,
    stage: Stage,
    reply: Option<&SinkReply>,
) -> Course {
    let event = BoundaryEvent {
        tap: Tap::Sink,
        stage,
        source: endpoint.source.clone(),
        signature: request.signature(),
        subjects: request.subjects.clone(),
        outcome: reply.map(SinkReply::outcome).unwrap_or_default(),
        writes: request.writes(),
        role: Role::Request,
        result: reply.map(|reply| reply.result.clone()),
        detail: None,
    };
    match endpoint.hook.at(event).await {
        Decision::Pass => Course::Pass,
        Decision::Drop => Course::Drop,
        Decision::Fail(status) => Course::Fail(status),
        Decision::Unavailable => Course::Fail(503),
    }
}

enum Course {
    Pass,
    Drop,
    Fail(u16),
}

struct SinkReply {
    status: u16,
    body: &'static str,
    word: String,
    result: EventOutcome,
}

impl SinkReply {
    fn read() -> Self {
        Self {
            status: 200,
            body: "{}",
            word: "read".to_owned(),
            result: EventOutcome::DONE,
        }
    }

    fn acted(id: String) -> Self {
        Self {
            word: id.clone(),
            result: EventOutcome::Executed { effect: Some(id) },
            ..Self::read()
        }
    }

    /// A status that is no failure is made one, as the provider does.
    fn failure(status: u16) -> Self {
        let status = match status {
            400..=599 => status,
            _ => 500,
        };
        let word = "error".to_owned();
        Self {
            status,
            body: r#"{"error":{"message":"An unknown error occurred."}}"#,
            result: EventOutcome::failed(status, &word),
            word,
        }
    }

    /// `200 post_1`.
    fn outcome(&self) -> String {
        format!("{} {}", self.status, self.word)
    }

    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).expect("every status made here is one of HTTP's");
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
