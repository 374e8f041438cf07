//! As stored: events of earlier versions are without a role, and have an outcome in words alone.

use serde::Deserialize;

use super::{BoundaryEvent, Detail, EventOutcome, Role, Source, Stage, Tap};

#[derive(Deserialize)]
pub(super) struct Stored<D> {
    tap: Tap,
    stage: Stage,
    source: Source,
    signature: String,
    #[serde(default)]
    subjects: Vec<String>,
    outcome: String,
    writes: bool,
    /// Every version that types outcomes says it.
    role: Option<Role>,
    result: Option<EventOutcome>,
    detail: Option<D>,
}

impl<D: Detail> From<Stored<D>> for BoundaryEvent<D> {
    fn from(stored: Stored<D>) -> Self {
        let (role, result) = match (stored.role, &stored.detail) {
            (Some(role), _) => (role, stored.result),
            (None, Some(detail)) => {
                let answered = stored.stage == Stage::Answered;
                (detail.role(), detail.result().filter(|_| answered))
            }
            (None, None) => (
                Role::Request,
                D::in_words(&stored.signature, &stored.outcome),
            ),
        };
        Self {
            tap: stored.tap,
            stage: stored.stage,
            source: stored.source,
            signature: stored.signature,
            subjects: stored.subjects,
            outcome: stored.outcome,
            writes: stored.writes,
            role,
            result,
            detail: stored.detail,
        }
    }
}
