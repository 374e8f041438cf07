//! `duplicate`: the workload, not an instance, is struck.

use super::fault::Facts;
use crate::window::FaultTarget;

pub(super) const FACTS: Facts = Facts {
    name: "duplicate",
    help: "the same payment is produced again at a new offset",
    finds: "dedup that is keyed on the offset",
    target: FaultTarget::Workload,
    can_wait: false,
    by_default: true,
    word: "sent again",
    told: "produced again at a new offset",
    strike: None,
};
