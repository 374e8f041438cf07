//! The registry of outcomes.

use std::cmp::Ordering;

use super::{Guarantee, Verdict};
use crate::named::registry;

registry! {
    /// The greater is the worse.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Outcome ("outcome"): Facts {
        /// Recorded, offset committed.
        Once = Facts {
            name: "once",
            short: "once",
            word: "once",
            label: "{done} once",
            told: "{done} once",
            sentence: "took effect once",
            means: "every payment took effect once",
            legend: None,
            severity: 0,
            breaks: Breaks::Nothing,
        },
        Duplicated = Facts {
            name: "duplicated",
            short: "twice",
            word: "twice",
            label: "{done} {times}",
            told: "{done} {times}",
            sentence: "was {done} {times}",
            means: "took effect twice or more",
            legend: None,
            severity: 4,
            breaks: Breaks::Once,
        },
        /// The offset is committed: it will never be delivered again.
        Lost = Facts {
            name: "lost",
            short: "lost",
            word: "LOST",
            label: "lost",
            told: "lost",
            sentence: "was acknowledged and never took effect",
            means: "acknowledged, and never took effect",
            legend: None,
            severity: 5,
            breaks: Breaks::Never,
        },
        /// Offset committed, but the consumer's tables do not know it: nobody will ever finish it.
        HalfDone = Facts {
            name: "half_done",
            short: "half-done",
            word: "half",
            label: "half-done",
            told: "{done} but not recorded",
            sentence: "was {done} and acknowledged, but is not recorded",
            means: "took effect, but is not recorded",
            legend: Some("not recorded"),
            severity: 3,
            breaks: Breaks::Never,
        },
        Parked = Facts {
            name: "parked",
            short: "parked",
            word: "park",
            label: "parked",
            told: "parked",
            sentence: "was parked, as what cannot be done is meant to be",
            means: "put where an operator finds it, without an effect",
            legend: Some("put aside, not done"),
            severity: 1,
            breaks: Breaks::Nothing,
        },
        /// The offset is not committed: its last word has not been spoken.
        Unfinished = Facts {
            name: "unfinished",
            short: "unfinished",
            word: "open",
            label: "unfinished",
            told: "unfinished",
            sentence: "was not acknowledged when the cell ended",
            means: "not acknowledged when the cell ended",
            legend: Some("not acked"),
            severity: 2,
            breaks: Breaks::Undecided,
        },
    }
}

/// In the texts `{done}` stands for what is done (`charged`), and `{times}` for how often
/// (`twice`).
struct Facts {
    name: &'static str,
    short: &'static str,
    word: &'static str,
    label: &'static str,
    told: &'static str,
    sentence: &'static str,
    means: &'static str,
    legend: Option<&'static str>,
    /// 0 for what is wished; no two are alike.
    severity: u8,
    breaks: Breaks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breaks {
    Nothing,
    /// It takes effect once at the most.
    Once,
    /// It takes effect, to the end.
    Never,
    /// It may still come to another outcome.
    Undecided,
}

impl Outcome {
    /// Without what was done: `half-done`.
    #[must_use]
    pub fn short(self) -> &'static str {
        self.facts().short
    }

    /// The word of a matrix: no two are alike, so that nobody needs a colour.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.facts().word
    }

    #[must_use]
    pub fn label_template(self) -> &'static str {
        self.facts().label
    }

    /// `charged twice`, `half-done`.
    #[must_use]
    pub fn label(self, effect_verb: &str) -> String {
        fill(self.facts().label, effect_verb, 2)
    }

    /// Within a sentence: `charged 3 times`.
    #[must_use]
    pub fn told(self, effect_verb: &str, effects: usize) -> String {
        fill(self.facts().told, effect_verb, effects)
    }

    /// The rest of a sentence about a payment: `was charged and acknowledged, but is not recorded`.
    #[must_use]
    pub fn sentence(self, effect_verb: &str, effects: usize) -> String {
        fill(self.facts().sentence, effect_verb, effects)
    }

    #[must_use]
    pub fn means(self) -> &'static str {
        self.facts().means
    }

    /// What the [word](Self::word) means; none where it explains itself.
    #[must_use]
    pub fn legend(self) -> Option<&'static str> {
        self.facts().legend
    }

    pub(super) fn breaks(self) -> Breaks {
        self.facts().breaks
    }

    /// Of a run in which this alone became of the struck payments, each in one record.
    #[must_use]
    pub fn verdict(self, guarantee: Guarantee) -> Verdict {
        match self.breaks() {
            Breaks::Nothing => Verdict::Held,
            Breaks::Undecided => Verdict::Unknown,
            part if guarantee.promises(part) => Verdict::Violated,
            Breaks::Once | Breaks::Never => Verdict::Held,
        }
    }
}

impl Ord for Outcome {
    fn cmp(&self, other: &Self) -> Ordering {
        self.facts().severity.cmp(&other.facts().severity)
    }
}

impl PartialOrd for Outcome {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `{times}` first: what was done comes from a manifest, and is no template.
fn fill(template: &str, effect_verb: &str, effects: usize) -> String {
    let times = match effects {
        ..=2 => "twice".to_owned(),
        n => format!("{n} times"),
    };
    template
        .replace("{times}", &times)
        .replace("{done}", effect_verb)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_outcomes_are_equally_bad_or_have_one_word() {
        let severities: BTreeSet<u8> = Outcome::ALL.map(|o| o.facts().severity).into();
        let words: BTreeSet<&str> = Outcome::ALL.map(Outcome::word).into();
        let short: BTreeSet<&str> = Outcome::ALL.map(Outcome::short).into();
        let all = Outcome::ALL.len();
        assert_eq!(
            (severities.len(), words.len(), short.len()),
            (all, all, all)
        );
        let worst = Outcome::ALL.into_iter().max();
        assert_eq!(worst, Some(Outcome::Lost));
    }

    #[test]
    fn each_is_told_with_the_word_of_the_lab() {
        let told = |outcome: Outcome, effects| outcome.told("marked paid", effects);
        assert_eq!(told(Outcome::Once, 1), "marked paid once");
        assert_eq!(told(Outcome::Duplicated, 2), "marked paid twice");
        assert_eq!(told(Outcome::Duplicated, 3), "marked paid 3 times");
        assert_eq!(told(Outcome::HalfDone, 1), "marked paid but not recorded");
        assert_eq!(Outcome::Duplicated.label("charged"), "charged twice");
        assert_eq!(Outcome::HalfDone.label("charged"), "half-done");
        for outcome in Outcome::ALL {
            for text in [
                outcome.told("x", 2),
                outcome.sentence("x", 2),
                outcome.label("x"),
            ] {
                assert!(!text.contains('{'), "{outcome}: {text}");
            }
        }
    }

    #[test]
    fn what_an_outcome_breaks_depends_on_what_was_promised() {
        use Guarantee::{AtLeastOnce, AtMostOnce, EffectivelyOnce};
        let verdicts = |outcome: Outcome| {
            [AtMostOnce, AtLeastOnce, EffectivelyOnce].map(|promise| outcome.verdict(promise))
        };
        let (held, violated) = (Verdict::Held, Verdict::Violated);
        assert_eq!(verdicts(Outcome::Once), [held; 3]);
        assert_eq!(verdicts(Outcome::Parked), [held; 3]);
        assert_eq!(verdicts(Outcome::Duplicated), [violated, held, violated]);
        assert_eq!(verdicts(Outcome::Lost), [held, violated, violated]);
        assert_eq!(verdicts(Outcome::HalfDone), [held, violated, violated]);
        assert_eq!(verdicts(Outcome::Unfinished), [Verdict::Unknown; 3]);
    }
}
