//! What the lines of a biography mean, read from their words: who talked to whom, what was done to
//! an instance, and from where to where its crash window was open.
//!
//! A report holds words alone, so that what was stored last year can be drawn today. A line that
//! no table here knows is a mark with its words.

use crate::report::Line;

pub(super) const KAFKA: &str = "Kafka";
pub(super) const POSTGRES: &str = "Postgres";
pub(super) const PROVIDER: &str = "provider";

/// To whom a request goes, by the beginning of its signature. Everything else is SQL.
const SIGNATURES: [(&str, &str); 6] = [
    ("kafka ", KAFKA),
    ("GET /", PROVIDER),
    ("POST /", PROVIDER),
    ("PUT /", PROVIDER),
    ("PATCH /", PROVIDER),
    ("DELETE /", PROVIDER),
];

/// What is told of an instance as an answer, by its beginning, and by whom where the words alone
/// tell; else it is who was asked last.
const ANSWERS: [(&str, Option<&str>); 11] = [
    ("was answered ", None),
    ("read ", Some(POSTGRES)),
    ("inserted ", Some(POSTGRES)),
    ("updated ", Some(POSTGRES)),
    ("deleted ", Some(POSTGRES)),
    ("committed its transaction", Some(POSTGRES)),
    ("rolled its transaction back", Some(POSTGRES)),
    ("had its offset commit refused", Some(KAFKA)),
    ("charged ", Some(PROVIDER)),
    ("was given the first charge again", Some(PROVIDER)),
    ("searched for a charge", Some(PROVIDER)),
];

/// What is told of an instance that moves something between it and Kafka: whether towards it.
const MOVES: [(&str, bool); 3] = [
    ("committed offset ", false),
    ("put offset ", false),
    ("took over partition ", true),
];

/// The mark for what is done to an instance, by the beginning of the words; else a dot.
const MARKS: [(&str, &str); 8] = [
    ("was struck", "struck"),
    ("was killed", "dead"),
    ("was asked to end", "dead"),
    ("was frozen", "frozen"),
    ("was thawed", "thawed"),
    ("was evicted", "evicted"),
    ("met the row lock", "lock"),
    ("met the open transaction", "lock"),
];

/// The party at the other end of each line; none for what is a mark on the lane.
pub(super) fn others(lines: &[Line]) -> Vec<Option<&'static str>> {
    // Whom each instance asked last.
    let mut asked: Vec<(&str, &'static str)> = Vec::new();
    lines
        .iter()
        .map(|line| {
            if let Some(signature) = line.what.strip_prefix("sent ") {
                let party = party(signature);
                asked.push((&line.who, party));
                return Some(party);
            }
            if MOVES.iter().any(|(words, _)| line.what.starts_with(words)) {
                return Some(KAFKA);
            }
            let (_, by) = ANSWERS
                .iter()
                .find(|(words, _)| line.what.starts_with(words))?;
            by.or_else(|| {
                asked
                    .iter()
                    .rev()
                    .find(|(who, _)| *who == line.who)
                    .map(|(_, p)| *p)
            })
        })
        .collect()
}

fn party(signature: &str) -> &'static str {
    let known = SIGNATURES
        .iter()
        .find(|(start, _)| signature.starts_with(start));
    known.map_or(POSTGRES, |(_, party)| party)
}

/// Whether an arrow points at the instance, and whether it is an answer.
pub(super) fn direction(line: &Line) -> (bool, bool) {
    let moved = MOVES.iter().find(|(words, _)| line.what.starts_with(words));
    let answer = moved.is_none() && !line.what.starts_with("sent ");
    (moved.map_or(answer, |(_, towards)| *towards), answer)
}

/// The mark for what is done to an instance.
pub(super) fn mark(line: &Line) -> &'static str {
    let known = MARKS.iter().find(|(words, _)| line.what.starts_with(words));
    known.map_or("dot", |(_, mark)| mark)
}

/// The rows of each strike and of its end: where the struck instance goes on, or is gone. A window
/// that nobody closed lasts to the end.
pub(super) fn windows(lines: &[Line]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let struck = |(_, line): &(usize, &Line)| line.what.starts_with("was struck");
    lines
        .iter()
        .enumerate()
        .filter(struck)
        .map(|(from, strike)| {
            let ends = |line: &Line| {
                line.who == strike.who
                    && ["was killed", "was asked to end", "was thawed"]
                        .iter()
                        .any(|words| line.what.starts_with(words))
            };
            // The next that it does lies outside of the window.
            let goes_on = |line: &Line| {
                line.who == strike.who
                    && ["sent ", "was given the payment"]
                        .iter()
                        .any(|words| line.what.starts_with(words))
            };
            let rest = lines.iter().enumerate().skip(from + 1);
            let end = rest
                .filter(|(_, line)| ends(line) || goes_on(line))
                .map(|(at, line)| at - usize::from(goes_on(line)));
            (from, end.min().unwrap_or(lines.len() - 1))
        })
}
