//! A biography laid out as a sequence diagram: a lane for each party, a row for each line, and the
//! crash window as a band. Nothing but places, from the kinds of the lines: the template draws
//! them.

use super::matrix;
use crate::event::Tap;
use crate::report::Line;
use crate::timeline::{Kind, Mark};

/// The servers right of the instances: what they act on.
const RIGHT: [Tap; 3] = [Tap::Postgres, Tap::Provider, Tap::Sink];

/// The times are left of it.
const FIRST: i32 = 180;
/// Room for a statement's first words.
const SPACING: i32 = 260;
/// Right of the last lane: room for what is told there.
const MARGIN: i32 = 230;
/// Below the names of the lanes.
const TOP: i32 = 96;
/// Between two rows.
const ROW: i32 = 46;
/// Between a lane and the words beside it.
const BESIDE: i32 = 18;
/// How far from its goal an arrow ends that was held, at the least.
const SHORT: i32 = 100;
/// The width at the size that the style sheet gives it.
const CHARACTER: i32 = 9;
/// The same of what is told beside a mark, which is bold.
const BOLD: i32 = 11;

pub(super) struct Diagram {
    pub width: i32,
    pub height: i32,
    pub lanes: Vec<Lane>,
    pub windows: Vec<DiagramWindow>,
    pub steps: Vec<DiagramStep>,
}

pub(super) struct Lane {
    pub x: i32,
    pub name: String,
    pub instance: bool,
}

/// From the strike to where the instance goes on or is gone.
pub(super) struct DiagramWindow {
    pub y: i32,
    pub height: i32,
    pub ms: String,
}

pub(super) struct DiagramStep {
    pub y: i32,
    /// The milliseconds since the first line.
    pub at: String,
    pub shape: DiagramShape,
    /// Where the words begin; where they end if they stand left of the instance.
    pub words_x: i32,
    pub left: bool,
    pub words: String,
    pub whole: String,
}

pub(super) enum DiagramShape {
    Arrow {
        from: i32,
        to: i32,
        /// The corners of its head, or of the bar where it was held.
        end: String,
        answer: bool,
        held: bool,
    },
    Mark {
        x: i32,
        symbol: &'static str,
    },
}

impl Diagram {
    pub fn new(lines: &[Line]) -> Self {
        let lanes = lanes(lines);
        let place = |name: &str, instance: bool| {
            let mut all = lanes.iter();
            let lane = all.find(|l| l.instance == instance && l.name == name);
            lane.map_or(FIRST, |l| l.x)
        };
        let began = lines.first().map_or(0.0, |l| l.at_ms);
        // A biography of more rows than that could not be drawn anyway.
        let row = |at: usize| TOP + ROW * i32::from(u16::try_from(at).unwrap_or(u16::MAX));
        let width = lanes.last().map_or(FIRST, |l| l.x) + MARGIN;

        let steps = lines.iter().enumerate().map(|(at, line)| {
            let (x, y) = (place(&line.who, true), row(at));
            // A request or an answer that opened the window was held at the tap.
            let next = lines[at + 1..].iter().find(|l| l.who == line.who);
            let held = next.is_some_and(|l| l.kind.mark() == Some(Mark::Struck));
            let (shape, room, character, left) = match line.kind.party() {
                Some(party) => {
                    let other = place(name(party), false);
                    let shape = arrow((x, other), y, &line.kind, held, width_of(&words(line)));
                    let room = (other - x).abs() - 2 * BESIDE;
                    (shape, room, CHARACTER, other < x)
                }
                None => {
                    let symbol = symbol(line.kind.mark().unwrap_or_default());
                    let room = width - x - BESIDE - 8;
                    (DiagramShape::Mark { x, symbol }, room, BOLD, false)
                }
            };
            DiagramStep {
                y,
                at: format!("{:.1}", line.at_ms - began),
                shape,
                words_x: if left { x - BESIDE } else { x + BESIDE },
                left,
                words: matrix::shorten(
                    &words(line),
                    usize::try_from(room / character).unwrap_or(0),
                ),
                whole: format!("{} {}", line.who, line.what),
            }
        });
        Self {
            width,
            height: row(lines.len()),
            steps: steps.collect(),
            windows: windows(lines)
                .map(|(from, to)| DiagramWindow {
                    y: row(from) - ROW / 2,
                    height: row(to) - row(from) + ROW,
                    ms: format!("{:.1}", lines[to].at_ms - lines[from].at_ms),
                })
                .collect(),
            lanes,
        }
    }
}

pub(super) fn name(party: Tap) -> &'static str {
    match party {
        Tap::Kafka => "Kafka",
        Tap::Postgres => "Postgres",
        Tap::Provider => "provider",
        Tap::Sink => "sink",
    }
}

fn symbol(mark: Mark) -> &'static str {
    match mark {
        Mark::Struck => "struck",
        Mark::Dead | Mark::Terminated => "dead",
        Mark::Frozen => "frozen",
        Mark::Thawed => "thawed",
        Mark::Evicted => "evicted",
        Mark::Lock => "lock",
        Mark::Dot => "dot",
    }
}

/// Of each strike and of the end of its window.
pub(super) fn windows(lines: &[Line]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let window = |(from, line): (usize, &Line)| {
        let ends = line.window_ends?.checked_sub(1)?;
        // A stored report may say anything.
        (from..lines.len()).contains(&ends).then_some((from, ends))
    };
    lines.iter().enumerate().filter_map(window)
}

/// Of a request only what tells it from its neighbours: the list below the drawing has all of it.
fn words(line: &Line) -> String {
    match &line.kind {
        Kind::Request { event, .. } => format!("sent {}", matrix::brief(event)),
        _ => line.what.clone(),
    }
}

fn width_of(words: &str) -> i32 {
    CHARACTER * i32::from(u16::try_from(words.chars().count()).unwrap_or(u16::MAX))
}

/// Kafka hands the payments over, so it stands left of the instances; what they act on is right.
fn lanes(lines: &[Line]) -> Vec<Lane> {
    let occurs = |party: &Tap| lines.iter().any(|l| l.kind.party() == Some(*party));
    let mut instances: Vec<&str> = Vec::new();
    for line in lines {
        if !instances.contains(&line.who.as_str()) {
            instances.push(&line.who);
        }
    }
    let server = |party| (name(party), false);
    let left = [Tap::Kafka].into_iter().filter(occurs).map(server);
    let right = RIGHT.into_iter().filter(occurs).map(server);
    let all = left
        .chain(instances.iter().map(|n| (*n, true)))
        .chain(right);
    let place = |((name, instance), x): ((&str, bool), i32)| Lane {
        x,
        name: name.to_owned(),
        instance,
    };
    all.zip((FIRST..).step_by(usize::try_from(SPACING).unwrap_or(1)))
        .map(place)
        .collect()
}

fn arrow(
    (instance, other): (i32, i32),
    y: i32,
    kind: &Kind,
    held: bool,
    words: i32,
) -> DiagramShape {
    let (towards, answer) = (kind.is_towards(), matches!(kind, Kind::Answer { .. }));
    let (from, to) = if towards {
        (other, instance)
    } else {
        (instance, other)
    };
    let towards_from = (from - to).signum();
    // The words stand at the instance, where a held answer must not end in the midst of them.
    let room = if towards { words + 2 * BESIDE } else { 0 };
    let short = room.max(SHORT).min((from - to).abs() * 3 / 5);
    let to = to + if held { towards_from * short } else { 0 };
    let back = towards_from * 12;
    let end = if held {
        format!("{to},{} {to},{}", y - 12, y + 12)
    } else {
        format!("{to},{y} {},{} {},{}", to + back, y - 7, to + back, y + 7)
    };
    DiagramShape::Arrow {
        from,
        to,
        end,
        answer,
        held,
    }
}

#[cfg(test)]
mod tests;
