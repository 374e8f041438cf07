//! What an instance is about, as the page lights it.

use serde_json::{Value, json};

use super::lines::{self, EventLine};

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
    pub fn tell(&self, name: &str, lines: &[EventLine]) -> Value {
        let event = self.event.as_deref();
        json!({
            "at_ms": self.at_ms,
            "name": name,
            "state": self.state,
            "payment": self.payment,
            "event": event,
            "line": event.and_then(|event| lines::find(lines, event)),
        })
    }

    /// Everything, if something of it changed since this was asked last.
    pub fn change(&mut self, name: &str, lines: &[EventLine]) -> Option<Value> {
        let told = std::mem::replace(&mut self.told, true);
        (!told).then(|| self.tell(name, lines))
    }
}
