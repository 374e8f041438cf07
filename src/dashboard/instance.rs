//! What an instance is about, as the page lights it.

use super::lines::{self, EventLine};
use super::wire::live::InstanceChange;
use crate::named::registry;

registry! {
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub enum InstanceState ("state of an instance"): Facts {
        #[default]
        Starting = Facts { name: "starting" },
        Joined = Facts { name: "joined" },
        Frozen = Facts { name: "frozen" },
        Killed = Facts { name: "killed" },
        Evicted = Facts { name: "evicted" },
        Thawed = Facts { name: "thawed" },
        Ended = Facts { name: "ended" },
    }
}

struct Facts {
    name: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct InstanceView {
    at_ms: f64,
    state: InstanceState,
    payment: Option<String>,
    event: Option<String>,
    told: bool,
}

impl InstanceView {
    pub fn is(&mut self, state: InstanceState, at_ms: f64) {
        (self.state, self.at_ms, self.told) = (state, at_ms, false);
    }

    pub fn state(&self) -> InstanceState {
        self.state
    }

    pub fn is_at(&mut self, event: Option<&str>, payment: Option<&str>) {
        let take = |there: &mut Option<String>, now: Option<&str>| match (there.as_mut(), now) {
            (Some(there), Some(now)) => now.clone_into(there),
            (_, now) => *there = now.map(str::to_owned),
        };
        take(&mut self.event, event);
        take(&mut self.payment, payment);
    }

    pub fn tell(&self, name: &str, lines: &[EventLine]) -> InstanceChange {
        let event = self.event.as_deref();
        InstanceChange {
            at_ms: self.at_ms,
            name: name.to_owned(),
            state: self.state,
            payment: self.payment.clone(),
            event: self.event.clone(),
            line: event.and_then(|event| lines::find(lines, event)),
        }
    }

    pub fn change(&mut self, name: &str, lines: &[EventLine]) -> Option<InstanceChange> {
        let told = std::mem::replace(&mut self.told, true);
        (!told).then(|| self.tell(name, lines))
    }
}
