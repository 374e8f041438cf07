//! Nothing of it becomes a command: labs, consumers and scenarios are looked up by name, runs by
//! number.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chaos::storm::Cause;
use crate::dashboard::App;
use crate::dashboard::problem::Problem;
use crate::dashboard::runs;
use crate::dashboard::wire::jobs::JobKind;
use crate::run::manifest::Manifest;
use crate::run::{Changes, FaultChoice, Spec};
use crate::stack;
use crate::storm::{StormChanges, StormSpec};
use crate::usecase::{self, Drill, saved};

/// What a job is to do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(in crate::dashboard) enum JobRequest {
    /// One run.
    Run {
        lab: String,
        consumer: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        scenario: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        fault: Option<FaultChoice>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        payments: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        replay: Option<String>,
    },
    /// Every consumer of a lab under one schedule.
    Compare {
        lab: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        scenario: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
    },
    /// Every crash window of a consumer.
    Explore { lab: String, consumer: String },
    /// A saved run, once more.
    Replay {
        /// `0007`, or a cell: `0007/cells/12`.
        run: String,
    },
    /// Many strikes over a loaded group.
    Storm {
        lab: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        scenario: Option<Cause>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        seconds: Option<u64>,
        /// No planned strikes, only the buttons.
        #[serde(default)]
        free: bool,
    },
    /// An incident to be told from its metrics.
    Drill {
        #[serde(skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        seconds: Option<u64>,
    },
}

/// What a wall can show.
const MOST_PAYMENTS: u32 = 10_000;

/// In seconds.
const LONGEST_STORM: u64 = 3_600;

impl JobRequest {
    pub fn kind(&self) -> JobKind {
        match self {
            Self::Run { .. } => JobKind::Run,
            Self::Compare { .. } => JobKind::Compare,
            Self::Explore { .. } => JobKind::Explore,
            Self::Replay { .. } => JobKind::Replay,
            Self::Storm { .. } => JobKind::Storm,
            Self::Drill { .. } => JobKind::Drill,
        }
    }

    pub fn check(&self, app: &App) -> Result<(), Problem> {
        match self {
            Self::Storm { .. } => self.storm_spec(app).map(drop),
            Self::Drill { seed, seconds } => decide_drill(app, *seed, *seconds).map(drop),
            _ => self.specs(app).map(drop),
        }
    }

    /// One after the other; for an exploration the recording.
    pub fn specs(&self, app: &App) -> Result<(Option<Manifest>, Vec<Spec>), Problem> {
        let find = |lab: &str| app.lab(lab).map_err(|e| Problem::bad(&e));
        let decide = |lab: &Manifest, consumer: &str, changes: &Changes| {
            Spec::decide(lab, consumer, changes).map_err(|e| Problem::bad(&e))
        };
        match self {
            Self::Run {
                lab,
                consumer,
                scenario,
                fault,
                payments,
                seed,
                replay,
            } => {
                if payments.is_some_and(|n| n == 0 || n > MOST_PAYMENTS) {
                    return Err(too_many(&format!("1 to {MOST_PAYMENTS} payments")));
                }
                let mut changes = Changes {
                    scenario: scenario.clone(),
                    fault: *fault,
                    payments: *payments,
                    seed: *seed,
                    ..Changes::default()
                };
                if let Some(run) = replay {
                    let earlier = earlier(app, run)?;
                    changes.take(&earlier);
                }
                let lab = find(lab)?;
                let spec = decide(&lab, consumer, &changes)?;
                Ok((Some(lab), vec![spec]))
            }
            Self::Compare {
                lab,
                scenario,
                seed,
            } => {
                let lab = find(lab)?;
                let mut changes = Changes {
                    scenario: scenario.clone(),
                    seed: *seed,
                    ..Changes::default()
                };
                let mut specs = Vec::new();
                for consumer in lab.lineup() {
                    let spec = decide(&lab, consumer, &changes)?;
                    changes.schedule = Some(spec.schedule.clone());
                    specs.push(spec);
                }
                Ok((Some(lab), specs))
            }
            Self::Explore { lab, consumer } => {
                let lab = find(lab)?;
                let spec = usecase::unstruck(&lab, consumer).map_err(|e| Problem::bad(&e))?;
                Ok((Some(lab), vec![spec]))
            }
            Self::Replay { run } => {
                let spec = earlier(app, run)?;
                // A consumer of no lab has no lines to show.
                let lab = app.lab(&spec.lab).ok();
                Ok((lab, vec![spec]))
            }
            Self::Storm { .. } | Self::Drill { .. } => Ok((None, Vec::new())),
        }
    }

    pub fn storm_spec(&self, app: &App) -> Result<StormSpec, Problem> {
        let Self::Storm {
            lab,
            scenario,
            seed,
            seconds,
            free,
        } = self
        else {
            return Err(too_many("a storm"));
        };
        let changes = StormChanges {
            cause: *scenario,
            seed: *seed,
            seconds: not_too_long(*seconds)?,
            brokers: stack::switches(&app.settings.stack),
            ..StormChanges::default()
        };
        let lab = app.lab(lab).map_err(|e| Problem::bad(&e))?;
        let mut spec = StormSpec::decide(&lab, &changes).map_err(|e| Problem::bad(&e))?;
        if *free {
            spec.plan.strikes.clear();
            // What the manifest expects is of its own strikes.
            spec.expected = None;
        }
        Ok(spec)
    }
}

pub(super) fn decide_drill(
    app: &App,
    seed: Option<u64>,
    seconds: Option<u64>,
) -> Result<Drill, Problem> {
    let lab = app.lab(Drill::LAB).map_err(|e| Problem::bad(&e))?;
    let changes = StormChanges {
        seed,
        seconds: not_too_long(seconds)?,
        ..StormChanges::default()
    };
    Drill::decide(&lab, changes).map_err(|e| Problem::bad(&e))
}

fn not_too_long(seconds: Option<u64>) -> Result<Option<u64>, Problem> {
    if seconds.is_some_and(|seconds| seconds > LONGEST_STORM) {
        return Err(too_many(&format!("up to {LONGEST_STORM} seconds")));
    }
    Ok(seconds)
}

fn earlier(app: &App, run: &str) -> Result<Spec, Problem> {
    let found = runs::folder_of(app, run)?;
    saved::run(&found).map_err(|e| Problem::bad(&e))
}

fn too_many(what: &str) -> Problem {
    let next = format!("ask for {what}");
    Problem::new(StatusCode::BAD_REQUEST, "this cannot be asked for", next)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_names_a_fault_or_none_and_an_unknown_one_is_refused_with_the_list() {
        let asked = |fault: &str| {
            let run = json!({ "kind": "run", "lab": "01", "consumer": "fixed", "fault": fault });
            serde_json::from_value::<JobRequest>(run.clone()).map(|request| {
                assert_eq!(serde_json::to_value(request).unwrap(), run);
            })
        };
        assert!(asked("none").is_ok() && asked("stall-kill").is_ok());
        let error = asked("gremlin").unwrap_err().to_string();
        assert!(
            error.contains("\"gremlin\"") && error.contains("stall-kill"),
            "{error}"
        );
    }
}
