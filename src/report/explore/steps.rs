//! A biography as the steps of a sequence diagram, for whoever draws it elsewhere.

use schemars::JsonSchema;
use serde::Serialize;

use super::diagram::{name, windows};
use crate::event::Tap;
use crate::report::Line;
use crate::timeline::{Kind, Mark};

/// One line of a biography: who told whom.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// Milliseconds since the run began.
    #[schemars(range(min = 0))]
    pub at_ms: f64,
    /// The lane it begins on.
    pub from: String,
    /// The lane it ends on; the same for what is done to an instance.
    pub to: String,
    /// The words.
    pub text: String,
    /// Of a request what it is, without words.
    pub event: Option<String>,
    /// Whose line it is.
    pub instance: String,
    /// `request`, `answer`, `move` or `mark`.
    #[schemars(extend("enum" = ["request", "answer", "move", "mark"]))]
    pub kind: &'static str,
    /// Of what is done to an instance.
    pub mark: Option<Mark>,
    /// The id of the effect that the answered request has made.
    pub effect: Option<String>,
    /// Whether it lies in a crash window.
    pub in_window: bool,
}

/// Lanes from left to right, steps from top to bottom.
#[must_use]
pub fn steps(lines: &[Line]) -> (Vec<String>, Vec<Step>) {
    let windows: Vec<(usize, usize)> = windows(lines).collect();
    let steps = lines.iter().enumerate().map(|(at, line)| {
        let who = line.who.clone();
        let (from, to) = match line.kind.party().map(lane) {
            None => (who.clone(), who),
            Some(other) if line.kind.is_towards() => (other, who),
            Some(other) => (who, other),
        };
        let (kind, event) = match &line.kind {
            Kind::Request { event, .. } => ("request", Some(event.clone())),
            Kind::Answer { .. } => ("answer", None),
            Kind::Move { .. } => ("move", None),
            Kind::Mark { .. } => ("mark", None),
        };
        Step {
            at_ms: line.at_ms,
            from,
            to,
            text: line.what.clone(),
            event,
            instance: line.who.clone(),
            kind,
            mark: line.kind.mark(),
            effect: line.kind.effect().map(str::to_owned),
            in_window: windows.iter().any(|(from, to)| (*from..=*to).contains(&at)),
        }
    });
    let steps: Vec<Step> = steps.collect();
    let mut lanes = vec![lane(Tap::Kafka)];
    for line in lines {
        if !lanes.contains(&line.who) {
            lanes.push(line.who.clone());
        }
    }
    lanes.push(lane(Tap::Postgres));
    // That nothing goes to the payment API is worth seeing, unless the effect is at the sink.
    let asked = |party| lines.iter().any(|l| l.kind.party() == Some(party));
    if asked(Tap::Provider) || !asked(Tap::Sink) {
        lanes.push(lane(Tap::Provider));
    }
    if asked(Tap::Sink) {
        lanes.push(lane(Tap::Sink));
    }
    (lanes, steps)
}

fn lane(party: Tap) -> String {
    name(party).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::event::EventOutcome;

    #[test]
    fn a_struck_charge_is_a_request_an_answer_and_a_window() {
        let report = fixture::report();
        let (lanes, steps) = steps(&report.cells[2].biography);
        assert_eq!(lanes, ["kafka", "a", "postgres", "provider"]);
        let told: Vec<_> = steps[2..8]
            .iter()
            .map(|s| (s.from.as_str(), s.to.as_str(), s.kind, s.in_window))
            .collect();
        assert_eq!(
            told,
            [
                ("a", "provider", "request", false),
                ("provider", "a", "answer", false),
                ("a", "a", "mark", true),
                ("a", "a", "mark", true),
                ("a", "a", "mark", false),
                ("a", "postgres", "request", false),
            ]
        );
        assert_eq!(steps[2].event.as_deref(), Some(fixture::CHARGE));
        assert_eq!(steps[3].effect.as_deref(), Some("ch_1"));
        assert_eq!(steps[4].mark, Some(Mark::Struck));
    }

    #[test]
    fn an_effect_at_the_sink_has_its_own_lane() {
        let line = |party| {
            let result = Some(EventOutcome::DONE);
            Line {
                kind: Kind::Answer { party, result },
                ..fixture::report().cells[0].biography[0].clone()
            }
        };
        let lanes = |party| steps(&[line(party)]).0;
        assert_eq!(lanes(Tap::Sink), ["kafka", "a", "postgres", "sink"]);
        assert_eq!(lanes(Tap::Postgres), ["kafka", "a", "postgres", "provider"]);
        let (_, steps) = steps(&[line(Tap::Sink)]);
        assert_eq!(
            (steps[0].from.as_str(), steps[0].to.as_str()),
            ("sink", "a")
        );
    }
}
