//! The events of a job, each with the name under which it is sent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::jobs::Done;
use crate::chaos::Fault;
use crate::chaos::storm::Cause;
use crate::dashboard::instance::InstanceState;
use crate::dashboard::payment_grid::{LiveCounts, PaymentState};
use crate::drill::Action;
use crate::storm::Ownership;
use crate::window::Edge;

pub trait LiveEvent: Serialize {
    const NAME: &'static str;
}

/// What is being done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Phase<'a> {
    pub text: &'a str,
}

/// A run begins. In a comparison there are several, one after the other; each plan clears the wall.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Plan {
    /// The run's number.
    pub run: String,
    /// The lab's id.
    pub lab: String,
    /// The consumer's name.
    pub consumer: String,
    /// How many; 0 in a storm, which has no wall.
    pub payments: u32,
    /// Of the topic.
    pub partitions: u32,
    /// Their names.
    pub instances: Vec<String>,
    /// What is to be done; nothing in a storm.
    pub faults: Vec<PlannedFault>,
    /// Whether the states of payments tell their effects as they happen, or only what is delivered
    /// until the run is over: charges pass a tap, anything else is looked for when nobody can change
    /// it any more.
    pub effects: Effects,
}

/// A fault, and where it is to strike.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PlannedFault {
    /// The fault.
    pub fault: Fault,
    /// The signature of the boundary event at the window's edge.
    pub at: String,
    /// On which side of the event.
    pub edge: Edge,
    /// In whose window.
    pub payment: String,
}

/// When effects are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Effects {
    /// As they happen.
    #[default]
    #[serde(rename = "live")]
    Live,
    /// When the run is over.
    #[serde(rename = "at the end")]
    AtTheEnd,
}

/// What changed on the wall; everything, where the buffer does not reach back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Payments {
    /// Milliseconds since the run began.
    #[schemars(range(min = 0))]
    pub at_ms: f64,
    pub changed: Vec<PaymentChange>,
    pub counts: LiveCounts,
}

/// [number of the payment from 1, state, effects]
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PaymentChange(
    #[schemars(range(min = 1))] pub usize,
    pub PaymentState,
    pub usize,
);

/// What an instance is about.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InstanceChange {
    /// Milliseconds since the run began; in a storm, after its first payment was due, by its last look.
    #[schemars(range(min = 0))]
    pub at_ms: f64,
    pub name: String,
    pub state: InstanceState,
    pub payment: Option<String>,
    /// The signature of its last boundary event.
    pub event: Option<String>,
    /// Where its source makes that event, from 1.
    #[schemars(range(min = 1))]
    pub line: Option<usize>,
}

/// A fault was carried out, or was not.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FaultEvent<'a> {
    /// Milliseconds since the run began; in a storm, after its first payment was due, by its last look.
    #[schemars(range(min = 0))]
    pub at_ms: f64,
    /// The fault's name, or that of a storm's strike; `failed` for one that could not be carried out.
    pub fault: &'a str,
    pub payment: Option<&'a str>,
    pub instance: Option<&'a str>,
    pub text: &'a str,
    /// Why it could not be carried out.
    pub problem: Option<&'a str>,
}

/// Who owns which partitions from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rebalance<'a> {
    /// Milliseconds since the run began; in a storm, after its first payment was due, by its last look.
    #[schemars(range(min = 0))]
    pub at_ms: f64,
    /// The group's; null before anybody was heard in one, and in a drill.
    #[schemars(range(min = 0))]
    pub generation: Option<i32>,
    /// By instance. In a run: as the group was when it was whole, and as faults moved them since.
    pub partitions: &'a BTreeMap<String, Vec<i32>>,
}

/// How many cells of an exploration are done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CellProgress {
    pub done: usize,
    pub of: usize,
}

/// A line that an instance of a storm has logged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogLine {
    /// Milliseconds after the storm's first payment was due, by its last look.
    pub at_ms: u64,
    pub instance: String,
    /// As the instance wrote it, or how many more there were.
    pub line: String,
}

/// A storm's rates over its last looks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rates {
    /// Milliseconds after the first payment was due.
    pub at_ms: u64,
    pub hit_rate: f64,
    pub hit_rate_redelivery: f64,
    pub hit_rate_republish: f64,
    /// Since the storm began.
    pub redeliveries: u64,
    /// Null where nothing took effect.
    pub effects_per_payment: Option<f64>,
    /// Records behind the end.
    pub lag: u64,
    /// Since the storm began.
    pub rebalances: u64,
    /// The group's; null before anybody was heard in one, and in a drill.
    #[schemars(range(min = 0))]
    pub generation: Option<i32>,
    pub produced_per_s: f64,
    pub checks_per_s: f64,
}

/// The incident of a drill is over: what was it?
#[derive(Debug, Serialize, JsonSchema)]
pub struct Diagnose {
    pub causes: Vec<CauseChoice>,
    pub actions: Vec<ActionChoice>,
    /// What the instances logged, summed up.
    pub logs: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct CauseChoice {
    pub cause: Cause,
    pub text: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ActionChoice {
    pub action: Action,
    pub text: &'static str,
}

macro_rules! named {
    ($($event:ty => $name:literal),+ $(,)?) => {
        $(impl LiveEvent for $event {
            const NAME: &'static str = $name;
        })+

        /// In the order in which a page meets them; of two types with one name, which are alike,
        /// the first.
        #[cfg(test)]
        pub(super) fn events(types: &mut schemars::SchemaGenerator) -> Vec<(&'static str, String)> {
            let mut events = Vec::new();
            $(
                types.subschema_for::<$event>();
                events.push(($name, <$event>::schema_name().into_owned()));
            )+
            events.dedup_by_key(|(name, _)| *name);
            events
        }
    };
}

named! {
    Phase<'_> => "phase",
    Plan => "plan",
    Payments => "payments",
    InstanceChange => "instance",
    FaultEvent<'_> => "fault",
    Rebalance<'_> => "rebalance",
    Ownership => "rebalance",
    CellProgress => "cell",
    LogLine => "log",
    Rates => "sample",
    Diagnose => "diagnose",
    Done => "done",
}
