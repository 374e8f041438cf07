//! The incident drill: what metrics and logs tell of, a diagnosis, a first action, and the truth.

mod evidence;
mod logs;

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::chaos::storm::Cause;
use crate::named::{argument, registry};

pub use evidence::{correction, evidence};
pub(crate) use logs::{digest, is_message};

#[must_use]
pub fn hidden(seed: u64) -> Cause {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    *Cause::ALL.choose(&mut rng).expect("there are causes")
}

registry! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Action ("action of a drill"): Facts {
        Restart = Facts {
            name: "restart",
            help: "Restart all consumers",
            text: "Restart all consumers.",
        },
        FindWhatMoves = Facts {
            name: "find-what-moves",
            help: "Find out what moves the partitions; leave the consumers alone",
            text: "Nothing to the consumers: find out what moves the partitions, and look at effects per payment.",
        },
        RollBack = Facts {
            name: "roll-back",
            help: "Roll back the release, and stop paying twice",
            text: "Roll the release back at once, and count who paid twice.",
        },
        AskTheProducer = Facts {
            name: "ask-the-producer",
            help: "Ask the producer's owners what they send again",
            text: "Nothing to the consumers: ask the producer's owners what they send again.",
        },
        FewerPerPoll = Facts {
            name: "fewer-per-poll",
            help: "Take fewer records per poll, and find what is slow",
            text: "Take fewer records per poll, so that one fits into max.poll.interval.ms; then find what is slow.",
        },
    }
}

argument!(Action);

struct Facts {
    name: &'static str,
    help: &'static str,
    text: &'static str,
}

impl Action {
    #[must_use]
    pub fn right_for(cause: Cause) -> Self {
        match cause {
            Cause::Rebalances => Self::FindWhatMoves,
            Cause::Release => Self::RollBack,
            Cause::Republish => Self::AskTheProducer,
            Cause::Slow => Self::FewerPerPoll,
        }
    }

    #[must_use]
    pub fn help(self) -> &'static str {
        self.facts().help
    }

    #[must_use]
    pub fn text(self) -> &'static str {
        self.facts().text
    }
}

#[must_use]
pub fn diagnosis(cause: Cause) -> &'static str {
    match cause {
        Cause::Rebalances => {
            "Partitions keep moving, and what was processed since the last commit comes again."
        }
        Cause::Release => "A release broke dedup.",
        Cause::Republish => "The producer sends payments again, as new records.",
        Cause::Slow => "Consumers are too slow for max.poll.interval.ms.",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillReport {
    pub schema: u32,
    pub seed: u64,
    pub cause: Cause,
    pub answer: Cause,
    pub right_action: Action,
    pub action: Action,
    pub right: bool,
    pub evidence: Vec<String>,
    pub run: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_cause_is_hidden_by_some_small_seed() {
        let causes: BTreeSet<Cause> = (1..20).map(hidden).collect();
        assert_eq!(causes.len(), Cause::ALL.len());
        assert_eq!(hidden(5), hidden(5));
    }

    #[test]
    fn no_action_is_right_for_two_causes_and_a_restart_for_none() {
        let right: BTreeSet<Action> = Cause::ALL.map(Action::right_for).into();
        assert_eq!(right.len(), Cause::ALL.len());
        assert!(!right.contains(&Action::Restart));
    }
}
