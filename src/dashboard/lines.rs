//! Which line of a consumer's source makes a boundary event, derived from its text: the call of the
//! SDK, or the first words of a statement. The lines of comments are not looked at.

use schemars::JsonSchema;
use serde::Serialize;

use crate::run::manifest::Manifest;

/// Of what is no statement, by how the signature begins; the longest first.
const CALLS: [(&str, &str); 6] = [
    ("GET /v1/charges/search", ".find_charge("),
    ("POST /v1/charges", ".charge("),
    ("kafka Fetch", ".recv()"),
    ("kafka OffsetCommit", ".commit_message("),
    ("COMMIT", ".commit()"),
    ("ROLLBACK", ".rollback()"),
];

/// Sent by labs' consumers; further ones come from the manifest.
const STATEMENTS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

/// A boundary event and its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct EventLine {
    /// How the event's signature begins.
    pub event: String,
    /// From 1.
    #[schemars(range(min = 1))]
    pub line: usize,
}

pub(super) fn lines(lab: &Manifest, consumer: &str, text: &str) -> Vec<EventLine> {
    let declared = lab.explore.get(consumer).into_iter().flatten();
    let declared = declared.map(|row| row.event.as_str());
    let windows = lab.scenarios.iter().map(|scenario| scenario.at.as_str());
    let mut events: Vec<&str> = CALLS.iter().map(|(event, _)| *event).collect();
    events.extend(STATEMENTS);
    events.extend(declared.chain(windows));
    events.sort_unstable();
    events.dedup();
    let found = events.into_iter().filter_map(|event| {
        let line = line_of(event, text)?;
        Some(EventLine {
            event: event.to_owned(),
            line,
        })
    });
    found.collect()
}

pub(super) fn find(lines: &[EventLine], signature: &str) -> Option<usize> {
    let begins = lines.iter().filter(|l| signature.starts_with(&l.event));
    begins.max_by_key(|l| l.event.len()).map(|l| l.line)
}

fn line_of(event: &str, text: &str) -> Option<usize> {
    let call = CALLS.iter().find(|(start, _)| event.starts_with(start));
    let looked_for = match call {
        Some((_, call)) => (*call).to_owned(),
        // A placeholder of the signature, or of the statement, ends what can be compared.
        None => {
            let words = event.split(['?', '$', '=']).next().unwrap_or(event);
            format!("\"{}", words.trim_end())
        }
    };
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| is_code(line));
    lines
        .find(|(_, line)| line.contains(&looked_for))
        .map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::manifest;

    #[test]
    fn every_event_of_labs_one_to_three_has_the_line_that_makes_it() {
        let labs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("labs");
        for id in ["01", "02", "03"] {
            let lab = manifest::find(&labs, id).unwrap();
            for (name, consumer) in &lab.consumers {
                let text = std::fs::read_to_string(lab.folder.join(&consumer.source)).unwrap();
                let lines = lines(&lab, name, &text);
                for row in lab.explore.get(name).into_iter().flatten() {
                    let line = find(&lines, &row.event);
                    let line = line.unwrap_or_else(|| panic!("{id} {name}: {}", row.event));
                    let words = text.lines().nth(line - 1).unwrap();
                    let call = CALLS.iter().find(|(event, _)| row.event == *event);
                    let shows = call.map_or(row.event.as_str(), |(_, call)| call);
                    assert!(words.contains(shows), "{id} {name} {}: {words}", row.event);
                }
            }
        }
    }

    #[test]
    fn an_event_without_a_line_has_none() {
        assert_eq!(
            line_of("POST /v1/charges", "// stripe.charge(&payment)\n"),
            None
        );
        assert_eq!(
            line_of("POST /v1/charges", "let x;\nstripe.charge(1)\n"),
            Some(2)
        );
        assert_eq!(
            line_of("UPDATE b SET c = ?", "\"UPDATE a\"\n\"UPDATE b SET c = 1\""),
            Some(2)
        );
    }
}
