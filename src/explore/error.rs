//! Why an exploration comes to nothing.

use std::path::PathBuf;

use crate::report::explore::ExploreReport;
use crate::run::Finished;
use crate::session::{RunError, cause};
use crate::timeline::missed_topics;
use crate::verdict::Outcome;
use crate::window::Recording;

/// It has a report all the same.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    pub error: ExploreError,
    /// Unknown, with the reason; none if there is no folder for it.
    pub report: Option<Box<ExploreReport>>,
}

impl From<RunError> for Failed {
    fn from(error: RunError) -> Self {
        Self {
            error: error.into(),
            report: None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    #[error("without any fault, {payment} was {}{}, so there is nothing to compare with{}\nnext: read {}", outcome.told(effect_verb, *effects), hints(warnings), caused(cause.as_deref()), log.display())]
    Baseline {
        payment: String,
        outcome: Outcome,
        effects: usize,
        effect_verb: String,
        warnings: Vec<String>,
        /// The first line of the consumer's output that names a cause, and where it stands.
        cause: Option<Box<(PathBuf, String)>>,
        log: PathBuf,
    },
    #[error(transparent)]
    Run(#[from] RunError),
}

fn hints(warnings: &[String]) -> String {
    warnings.iter().map(|w| format!(" ({w})")).collect()
}

fn caused(cause: Option<&(PathBuf, String)>) -> String {
    let told = |(log, line): &(PathBuf, String)| format!("; {} says:\n  {line}", log.display());
    cause.map_or_else(String::new, told)
}

/// A consumer that fails without a fault cannot be judged by what it does with one.
pub(super) fn check_baseline(
    recorded: &Finished,
    recording: &Recording,
) -> Result<(), ExploreError> {
    let exceptions = recorded.judgement.exceptions.iter();
    let mut failed = exceptions.filter(|(_, outcome)| *outcome != Outcome::Parked);
    match failed.next() {
        None => Ok(()),
        Some((payment, outcome)) => Err(ExploreError::Baseline {
            payment: payment.clone(),
            outcome: *outcome,
            effects: recorded.history.effects_of(payment).len(),
            effect_verb: recorded.spec.effect_verb.clone(),
            warnings: [recording.warnings.clone(), missed(recorded)].concat(),
            cause: cause::named_in(&recorded.run_dir.join("logs")).map(Box::new),
            log: recorded.run_dir.join("logs"),
        }),
    }
}

/// What the consumer asked Kafka for in vain.
fn missed(recorded: &Finished) -> Vec<String> {
    let missed = missed_topics(&recorded.timeline).into_iter();
    missed
        .map(|topic| format!("it asked for topic {topic}, which was not there"))
        .collect()
}
