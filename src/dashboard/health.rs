//! Whether the servers answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::App;
use super::wire::server::{Health, StackHealth, StackState};
use crate::stack;

/// Asked of the running stack; nothing is started.
pub(super) async fn show(State(app): State<Arc<App>>) -> Json<Health> {
    let (state, endpoints, error) = match stack::configured_endpoints(&app.settings.stack).await {
        Some(Ok(endpoints)) => (StackState::Up, Some(endpoints), None),
        Some(Err(e)) => (StackState::Down, None, Some(e.to_string())),
        None => match stack::status(&app.settings.stack).await {
            Ok(status) => {
                let state = match status.running {
                    true => StackState::Up,
                    false => StackState::Down,
                };
                (state, status.endpoints, status.reason)
            }
            Err(e) => (StackState::Down, None, Some(e.to_string())),
        },
    };
    let known = endpoints.as_ref();
    Json(Health {
        version: env!("CARGO_PKG_VERSION"),
        stack: StackHealth {
            state,
            kind: known.map(|e| e.kind),
            kafka: known.and_then(|e| e.versions.kafka.clone()),
            postgres: known.and_then(|e| e.versions.postgres.clone()),
            error,
        },
        job: app.jobs.running().map(|job| job.id.clone()),
    })
}
