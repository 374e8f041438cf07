//! The armed fault, and how its window is recognised among the events of a run.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::chaos::Planned;
use crate::tap::BoundaryEvent;
use crate::window::{Follower, Matcher};

pub(super) struct ArmedFault {
    planned: Planned,
    matcher: Matcher,
}

impl ArmedFault {
    pub(super) fn new(planned: Planned, background: &Arc<BTreeSet<String>>) -> Self {
        let mut follower = Follower::new(&planned.payment);
        if planned.alone {
            follower = follower.alone(Arc::clone(background));
        }
        let matcher = Matcher::new(
            follower,
            planned.window.clone(),
            planned.prefix.clone(),
            planned.commits_anywhere,
        );
        Self { planned, matcher }
    }

    pub(super) fn into_planned(self) -> Planned {
        self.planned
    }

    pub(super) fn is_opened_by(&mut self, event: &BoundaryEvent) -> bool {
        self.matcher.is_opened_by(event)
    }
}
