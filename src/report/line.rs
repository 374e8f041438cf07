//! The lines of a biography: what happened, typed and in words.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::biography::{clauses, is_delivery};
use crate::timeline::{Clause, Entry, Kind, Mark};

/// One line of a biography.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BiographyLine")]
pub struct Line {
    /// Milliseconds since the run began.
    #[schemars(range(min = 0))]
    pub at_ms: f64,
    /// Who it happened to: an instance's name.
    pub who: String,
    /// What happened to it, to be read by a person.
    pub what: String,
    /// The same, for whoever draws it.
    #[serde(flatten, deserialize_with = "kind_or_dot")]
    pub kind: Kind,
    /// Of a strike: the place in the biography, from 1, of the line with which its crash window ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub window_ends: Option<usize>,
}

/// A report of schema 1 has words alone.
fn kind_or_dot<'de, D: Deserializer<'de>>(line: D) -> Result<Kind, D::Error> {
    let rest = Map::deserialize(line)?;
    if !rest.contains_key("kind") {
        return Ok(Kind::default());
    }
    Kind::deserialize(Value::Object(rest)).map_err(D::Error::custom)
}

#[must_use]
pub fn lines(entries: &[Entry], payment: &str) -> Vec<Line> {
    let told: Vec<(&Entry, Clause)> = clauses(entries, payment).collect();
    let line = |(at, (entry, clause)): (usize, &(&Entry, Clause))| Line {
        at_ms: entry.at_ms,
        who: clause.who.clone(),
        what: clause.what.clone(),
        kind: clause.kind.clone(),
        window_ends: (clause.kind.mark() == Some(Mark::Struck)).then(|| window_ends(&told, at) + 1),
    };
    told.iter().enumerate().map(line).collect()
}

/// Where the struck instance is gone or thawed, or before the next that it does. A window that
/// nobody closed lasts to the end.
fn window_ends(told: &[(&Entry, Clause)], strike: usize) -> usize {
    let who = &told[strike].1.who;
    let its = told.iter().enumerate().skip(strike + 1);
    let end =
        its.filter(|(_, (_, clause))| clause.who == *who)
            .find_map(|(at, (entry, clause))| match clause.kind {
                Kind::Mark {
                    mark: Mark::Dead | Mark::Terminated | Mark::Thawed,
                } => Some(at),
                Kind::Request { .. } => Some(at - 1),
                _ if is_delivery(entry) => Some(at - 1),
                _ => None,
            });
    end.unwrap_or(told.len() - 1)
}

#[cfg(test)]
mod tests;
