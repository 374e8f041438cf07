//! What an instance is about, as the page lights it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::lines::{self, EventLine};
use super::wire::live::InstanceChange;

/// The words for what an instance is doing.
pub(super) const STATES: [&str; 7] = [
    "starting", "joined", "frozen", "killed", "evicted", "thawed", "ended",
];

/// One of [`STATES`].
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct InstanceState(pub &'static str);

impl JsonSchema for InstanceState {
    fn schema_name() -> Cow<'static, str> {
        "InstanceState".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": STATES })
    }
}

/// What an instance is about.
#[derive(Debug, Default)]
pub(super) struct Instance {
    at_ms: f64,
    state: &'static str,
    payment: Option<String>,
    event: Option<String>,
    told: bool,
}

impl Instance {
    /// It is in another state, or in the same one still.
    pub fn is(&mut self, state: &'static str, at_ms: f64) {
        debug_assert!(
            STATES.contains(&state),
            "{state} is no state of an instance"
        );
        (self.state, self.at_ms, self.told) = (state, at_ms, false);
    }

    /// The word for what it is doing.
    pub fn state(&self) -> &'static str {
        self.state
    }

    /// Where it is in its source; nowhere when it is at no event.
    pub fn is_at(&mut self, event: Option<&str>, payment: Option<&str>) {
        let take = |there: &mut Option<String>, now: Option<&str>| match (there.as_mut(), now) {
            (Some(there), Some(now)) => now.clone_into(there),
            (_, now) => *there = now.map(str::to_owned),
        };
        take(&mut self.event, event);
        take(&mut self.payment, payment);
    }

    /// Everything.
    pub fn tell(&self, name: &str, lines: &[EventLine]) -> InstanceChange {
        let event = self.event.as_deref();
        InstanceChange {
            at_ms: self.at_ms,
            name: name.to_owned(),
            state: InstanceState(self.state),
            payment: self.payment.clone(),
            event: self.event.clone(),
            line: event.and_then(|event| lines::find(lines, event)),
        }
    }

    /// Everything, if something of it changed since this was asked last.
    pub fn change(&mut self, name: &str, lines: &[EventLine]) -> Option<InstanceChange> {
        let told = std::mem::replace(&mut self.told, true);
        (!told).then(|| self.tell(name, lines))
    }
}
