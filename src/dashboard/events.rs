//! A job's events for a browser.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::App;
use super::live;
use super::problem::Problem;

#[derive(Deserialize)]
pub(super) struct From {
    after: Option<String>,
}

pub(super) async fn stream(
    State(app): State<Arc<App>>,
    Path(job): Path<String>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let job = app.jobs.find(&job)?;
    let sent = headers.get("last-event-id");
    let last = sent.and_then(|id| id.to_str().ok()?.parse().ok());
    let after = match (last, from.after) {
        (Some(last), _) => last,
        (None, Some(after)) => after.parse().map_err(|_| no_id(&after))?,
        (None, None) => 0,
    };
    // An `EventSource` would connect again and again.
    if after > 0 && job.live.is_over_at(after) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(read(&job.live, after, &app.over).into_response())
}

fn no_id(after: &str) -> Problem {
    let error = format!("{after:?} is the id of no event");
    let next = "give the id of the last event that was read, or none";
    Problem::new(StatusCode::BAD_REQUEST, error, next)
}

/// As far as and as fast as the reader reads it.
pub(super) fn read(
    live: &Arc<live::Live>,
    after: u64,
    over: &CancellationToken,
) -> impl IntoResponse {
    let reader = FeedReader {
        grown: live.follow(),
        live: Arc::clone(live),
        at: after,
        handful: VecDeque::new(),
        server_over: over.clone(),
    };
    let events = stream::unfold(reader, |mut reader| async {
        let event = reader.next().await?;
        let told = Event::default().id(event.id.to_string()).event(event.name);
        Some((Ok::<_, Infallible>(told.data(&*event.data)), reader))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// A handful of events at most, however slow the browser is.
struct FeedReader {
    live: Arc<live::Live>,
    grown: tokio::sync::watch::Receiver<u64>,
    at: u64,
    handful: VecDeque<live::Event>,
    server_over: CancellationToken,
}

impl FeedReader {
    async fn next(&mut self) -> Option<live::Event> {
        loop {
            if let Some(event) = self.handful.pop_front() {
                self.at = event.id;
                return Some(event);
            }
            self.grown.mark_unchanged();
            self.handful = self.live.after(self.at).into();
            if !self.handful.is_empty() {
                continue;
            }
            if self.live.is_over_at(self.at) {
                return None;
            }
            tokio::select! {
                changed = self.grown.changed() => changed.ok()?,
                () = self.server_over.cancelled() => return None,
            }
        }
    }
}
