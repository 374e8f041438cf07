//! A biography as the steps of a sequence diagram, for whoever draws it elsewhere.

use schemars::JsonSchema;
use serde::Serialize;

use super::reading::{self, KAFKA, POSTGRES, PROVIDER};
use crate::report::Line;

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
    /// Whose line it is.
    pub instance: String,
    /// `request`, `answer` or `mark`.
    #[schemars(extend("enum" = ["request", "answer", "mark"]))]
    pub kind: &'static str,
    /// Whether this is the strike.
    pub strike: bool,
    /// Whether it lies in a crash window.
    pub in_window: bool,
}

/// The lanes from left to right, and the steps from top to bottom.
#[must_use]
pub fn steps(lines: &[Line]) -> (Vec<String>, Vec<Step>) {
    let parties = reading::others(lines);
    let windows: Vec<(usize, usize)> = reading::windows(lines).collect();
    let steps = lines
        .iter()
        .zip(&parties)
        .enumerate()
        .map(|(at, (line, party))| {
            let (who, other) = (line.who.clone(), party.map(str::to_lowercase));
            let (towards, is_answer) = reading::direction(line);
            let (from, to, kind) = match other {
                None => (who.clone(), who, "mark"),
                Some(other) if towards => {
                    (other, who, if is_answer { "answer" } else { "request" })
                }
                Some(other) => (who, other, if is_answer { "answer" } else { "request" }),
            };
            Step {
                at_ms: line.at_ms,
                from,
                to,
                text: line.what.clone(),
                instance: line.who.clone(),
                kind,
                strike: line.what.starts_with("was struck"),
                in_window: windows.iter().any(|(from, to)| (*from..=*to).contains(&at)),
            }
        });
    let steps: Vec<Step> = steps.collect();
    let mut lanes = vec![KAFKA.to_lowercase()];
    for line in lines {
        if !lanes.contains(&line.who) {
            lanes.push(line.who.clone());
        }
    }
    lanes.extend([POSTGRES, PROVIDER].map(str::to_lowercase));
    (lanes, steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struck_charge_is_a_request_an_answer_and_a_window() {
        let line = |who: &str, what: &str| Line {
            at_ms: 1.0,
            who: who.into(),
            what: what.into(),
        };
        let (lanes, steps) = steps(&[
            line("a", "sent POST /v1/charges"),
            line("a", "charged ch_1"),
            line("a", "was struck after POST /v1/charges was answered"),
            line("a", "was killed"),
            line("b", "sent POST /v1/charges"),
        ]);
        assert_eq!(lanes, ["kafka", "a", "b", "postgres", "provider"]);
        let told: Vec<_> = steps
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
                ("b", "provider", "request", false),
            ]
        );
        assert!(steps[2].strike);
    }
}
