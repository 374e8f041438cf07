//! The registry of faults. A fault is a line here, and a file that says everything else of it.
//! Whatever names faults takes them from here; schemas and documents are compared with it.

use super::Strike;
use crate::named::{argument, registry};
use crate::window::FaultTarget;

registry! {
    /// From what every consumer meets to what is particular: also the order of a matrix's columns.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Fault ("fault"): Facts {
        Kill = super::kill::FACTS,
        Terminate = super::terminate::FACTS,
        Zombie = super::zombie::FACTS,
        LostResponse = super::lost_response::FACTS,
        Unavailable = super::unavailable::FACTS,
        StallKill = super::stall_kill::FACTS,
        Duplicate = super::duplicate::FACTS,
        Join = super::join::FACTS,
    }
}

argument!(Fault);

pub(super) struct Facts {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) finds: &'static str,
    pub(super) target: FaultTarget,
    pub(super) can_wait: bool,
    pub(super) by_default: bool,
    pub(super) word: &'static str,
    /// `{window}` stands for the gap of [`FaultTarget::Gap`], `{event}` for the event of the other
    /// targets.
    pub(super) told: &'static str,
    pub(super) strike: Option<&'static dyn Strike>,
}

impl Fault {
    /// What is done, in one sentence without its full stop.
    #[must_use]
    pub fn help(self) -> &'static str {
        self.facts().help
    }

    /// The mistakes of a consumer that it finds.
    #[must_use]
    pub fn finds(self) -> &'static str {
        self.facts().finds
    }

    #[must_use]
    pub fn target(self) -> FaultTarget {
        self.facts().target
    }

    /// Whether there is a moment at which nobody has the payment, so that it can be made to wait.
    #[must_use]
    pub fn can_wait(self) -> bool {
        self.facts().can_wait
    }

    /// Whether an exploration does it where nobody has named the faults. What costs seconds in each
    /// window, or asks for more than most consumers promise, is done when it is named.
    #[must_use]
    pub fn by_default(self) -> bool {
        self.facts().by_default
    }

    /// What was done, in few words: `answer lost`.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.facts().word
    }

    /// `window` is the gap in words, `event` the event that was struck.
    #[must_use]
    pub fn told(self, window: &str, event: &str) -> String {
        let (place, words) = match self.target() {
            FaultTarget::Gap { .. } => ("{window}", window),
            FaultTarget::Request(_) | FaultTarget::Answer(_) | FaultTarget::Workload => {
                ("{event}", event)
            }
        };
        self.facts()
            .told
            .replace(place, words)
            .trim_end()
            .to_owned()
    }

    /// None where no instance is struck.
    #[must_use]
    pub fn strike(self) -> Option<&'static dyn Strike> {
        self.facts().strike
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_an_instance_or_the_workload() {
        for fault in Fault::ALL {
            let strikes_nobody = fault.target() == FaultTarget::Workload;
            assert_eq!(fault.strike().is_none(), strikes_nobody, "{fault}");
        }
    }

    #[test]
    fn every_fault_tells_where_it_was_done() {
        for fault in Fault::ALL.into_iter().filter(|f| f.strike().is_some()) {
            let told = fault.told("after POST", "INSERT");
            let place = match fault.target() {
                FaultTarget::Gap { .. } => "after POST",
                _ => "INSERT",
            };
            assert!(told.contains(place), "{fault}: {told}");
            assert!(!told.contains('{'), "{fault}: {told}");
        }
    }

    #[test]
    fn what_an_event_is_called_is_no_template() {
        let told = Fault::LostResponse.told("", "SELECT '{window}{event}'");
        assert_eq!(told, "the answer to SELECT '{window}{event}' was lost");
    }

    #[test]
    fn no_text_of_a_fault_is_empty_or_ends_as_a_sentence_does() {
        for fault in Fault::ALL {
            for text in [fault.help(), fault.finds(), fault.word()] {
                assert!(
                    !text.is_empty() && !text.ends_with('.'),
                    "{fault}: {text:?}"
                );
            }
        }
    }
}
