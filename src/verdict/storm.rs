//! The verdict on a storm: too many payments for one outcome each, so it is made of counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Guarantee, Incident, Verdict};

/// What is known of a storm when it has settled, all of it from outside the consumers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StormFacts {
    /// Payments that Kafka acknowledged, each counted once.
    pub payments: u64,
    /// Payments that took effect at least once.
    pub paid: u64,
    /// Effects, of all payments.
    pub effects: u64,
    /// Effects of payments that nobody produced.
    #[serde(rename = "strangers")]
    pub unattributed_effects: u64,
    /// Records that were checked again after their check was completed.
    pub redelivered: u64,
    /// Dedup statements whose coordinates could not be read at the tap.
    pub unread: u64,
    /// Records of payments that the producer had sent before.
    #[serde(default)]
    pub republished: u64,
    /// Strikes that were made, whether they could be carried out or not.
    pub planned: u64,
    /// Strikes that were carried out.
    pub fired: u64,
    /// Whether the group came to the end of everything that was produced.
    pub drained: bool,
    /// What the incident was to have and what it had; none where the strikes came by hand.
    #[serde(default)]
    pub incident: Option<Incident>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormJudgement {
    pub verdict: Verdict,
    pub reasons: Vec<String>,
}

#[must_use]
pub fn judge_storm(facts: &StormFacts, guarantee: Guarantee) -> StormJudgement {
    let judged = |verdict, reasons| StormJudgement { verdict, reasons };
    let mut broken = Vec::new();
    let repeated = facts.effects.saturating_sub(facts.paid);
    if repeated > 0 && guarantee != Guarantee::AtLeastOnce {
        broken.push(format!(
            "{repeated} effects were one too many for their payment"
        ));
    }
    let missing = facts.payments.saturating_sub(facts.paid);
    if missing > 0 && facts.drained && guarantee != Guarantee::AtMostOnce {
        broken.push(format!("{missing} payments never took effect"));
    }
    if !broken.is_empty() {
        return judged(Verdict::Violated, broken);
    }
    let mut doubts = Vec::new();
    for (is_doubt, doubt) in [
        (facts.payments == 0, "no payment was produced".to_owned()),
        (facts.fired == 0, "no strike was carried out".to_owned()),
        (
            facts.fired > 0 && facts.fired < facts.planned,
            format!(
                "{} of {} strikes failed",
                facts.planned.saturating_sub(facts.fired),
                facts.planned
            ),
        ),
        (
            facts.redelivered + facts.republished == 0,
            "no payment was delivered again".to_owned(),
        ),
        (
            facts.unread > 0,
            format!(
                "{} dedup statements could not be read at the tap",
                facts.unread
            ),
        ),
        (
            facts.unattributed_effects > 0,
            format!(
                "{} effects are of payments that nobody produced",
                facts.unattributed_effects
            ),
        ),
        (
            !facts.drained,
            "the group never came to the end of its partitions".to_owned(),
        ),
    ] {
        if is_doubt {
            doubts.push(doubt);
        }
    }
    // A storm that did not do what it promises has shown nothing of its lesson.
    doubts.extend(facts.incident.filter(|i| !i.is_kept()).map(|i| i.clause()));
    if !doubts.is_empty() {
        return judged(Verdict::Unknown, doubts);
    }
    let stood = format!(
        "{} strikes, {} payments delivered again, {} payments with one effect each",
        facts.fired, facts.redelivered, facts.paid
    );
    judged(Verdict::Held, vec![stood])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Promise;

    fn facts() -> StormFacts {
        StormFacts {
            payments: 1_000,
            paid: 1_000,
            effects: 1_000,
            redelivered: 80,
            planned: 5,
            fired: 5,
            drained: true,
            ..StormFacts::default()
        }
    }

    fn incident(records: u64) -> Option<Incident> {
        Some(Incident {
            promise: Promise::Redelivered { from: 60, to: 100 },
            records,
            of: 1_000,
            added: 1,
            left_out: 2,
        })
    }

    fn verdict(facts: StormFacts) -> Verdict {
        judge_storm(&facts, Guarantee::EffectivelyOnce).verdict
    }

    #[test]
    fn a_storm_is_held_only_with_evidence() {
        assert_eq!(verdict(facts()), Verdict::Held);
        for doubtful in [
            StormFacts {
                fired: 0,
                ..facts()
            },
            StormFacts {
                fired: 4,
                ..facts()
            },
            StormFacts {
                redelivered: 0,
                ..facts()
            },
            StormFacts {
                unread: 1,
                ..facts()
            },
            StormFacts {
                unattributed_effects: 1,
                ..facts()
            },
            StormFacts {
                drained: false,
                ..facts()
            },
            StormFacts {
                payments: 0,
                paid: 0,
                effects: 0,
                ..facts()
            },
        ] {
            assert_eq!(verdict(doubtful), Verdict::Unknown, "{doubtful:?}");
        }
    }

    #[test]
    fn one_effect_too_many_or_too_few_is_a_violation() {
        assert_eq!(
            verdict(StormFacts {
                effects: 1_001,
                ..facts()
            }),
            Verdict::Violated
        );
        let lost = StormFacts {
            paid: 999,
            effects: 999,
            ..facts()
        };
        assert_eq!(verdict(lost), Verdict::Violated);
        let late = StormFacts {
            drained: false,
            ..lost
        };
        assert_eq!(verdict(late), Verdict::Unknown, "it may only be late");
    }

    #[test]
    fn what_the_guarantee_allows_is_no_violation() {
        let twice = StormFacts {
            effects: 1_001,
            ..facts()
        };
        let judgement = judge_storm(&twice, Guarantee::AtLeastOnce);
        assert_eq!(judgement.verdict, Verdict::Held);
    }

    #[test]
    fn a_storm_that_did_what_it_promised_is_held() {
        let kept = StormFacts {
            incident: incident(80),
            ..facts()
        };
        assert_eq!(verdict(kept), Verdict::Held);
    }

    #[test]
    fn a_storm_that_did_not_do_what_it_promised_has_shown_nothing_and_says_so() {
        for records in [6, 59, 101] {
            let facts = StormFacts {
                incident: incident(records),
                ..facts()
            };
            let judgement = judge_storm(&facts, Guarantee::EffectivelyOnce);
            assert_eq!(judgement.verdict, Verdict::Unknown, "{records}");
            let [reason] = &judgement.reasons[..] else {
                panic!("{judgement:?}")
            };
            assert!(reason.contains("6.0 % to 10.0 %"), "{reason}");
            assert!(reason.contains(&format!("({records} of 1000)")), "{reason}");
        }
    }

    #[test]
    fn a_promise_that_was_not_kept_excuses_no_second_effect() {
        let twice = StormFacts {
            effects: 1_001,
            incident: incident(6),
            ..facts()
        };
        assert_eq!(verdict(twice), Verdict::Violated);
    }

    #[test]
    fn payments_that_were_sent_again_are_evidence_as_well_as_redeliveries() {
        let republished = StormFacts {
            redelivered: 0,
            republished: 86,
            ..facts()
        };
        assert_eq!(verdict(republished), Verdict::Held);
    }
}
