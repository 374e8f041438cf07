use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::event::Stage::{self, Answered, Received};
use crate::tap::BoundaryEvent;
use crate::window::fixture::{PAYMENT, alone, commit, delivery, event, recorded, statement};
use crate::window::{Edge, Events, FaultTarget, Recording, WindowCell, cells};

fn matcher(at: &str, edge: Edge, occurrence: u32, prefix: Option<&[&str]>) -> Matcher {
    let window = Window {
        occurrence,
        ..Window::first(at, edge)
    };
    let prefix = prefix.map(|p| p.iter().map(|s| (*s).to_owned()).collect());
    Matcher::new(Follower::new(PAYMENT), window, prefix, false)
}

fn opened(mut matcher: Matcher, events: &[BoundaryEvent]) -> Vec<usize> {
    let places = 0..events.len();
    places
        .filter(|i| matcher.is_opened_by(&events[*i]))
        .collect()
}

fn all(events: &[(Stage, &str, &str)]) -> Vec<BoundaryEvent> {
    let of = |(stage, signature, message): &(_, &str, &str)| event(*stage, signature, message);
    events.iter().map(of).collect()
}

#[test]
fn only_the_right_message_stage_and_occurrence_open_the_window() {
    let events = all(&[
        (Received, "A", "msg-0001"),
        (Answered, "A", "msg-0001"),
        (Received, "A", "msg-0002"),
        (Answered, "A", "msg-0002"),
        (Received, "A", "msg-0002"),
        (Answered, "A", "msg-0002"),
    ]);
    for (at, edge, occurrence, opens) in [
        ("A", Edge::Before, 1, &[2][..]),
        ("A", Edge::After, 1, &[3]),
        ("A", Edge::Before, 2, &[4]),
        ("A", Edge::After, 2, &[5]),
        ("B", Edge::After, 1, &[]),
    ] {
        assert_eq!(opened(matcher(at, edge, occurrence, None), &events), opens);
    }
}

#[test]
fn a_run_that_did_something_else_before_is_not_struck() {
    let events = all(&[
        (Received, "X", "msg-0002"),
        (Received, "A", "msg-0002"),
        (Answered, "A", "msg-0002"),
    ]);
    for (edge, prefix, opens) in [
        (Edge::Before, &["X"][..], &[1][..]),
        (Edge::After, &["X"], &[2]),
        (Edge::Before, &["Y"], &[]),
        (Edge::Before, &[], &[]),
    ] {
        assert_eq!(opened(matcher("A", edge, 1, Some(prefix)), &events), opens);
    }
}

#[test]
fn a_timers_commit_may_stand_anywhere_only_where_that_is_said() {
    let run = [
        delivery(),
        event(Received, "POST", PAYMENT),
        event(Answered, "POST", PAYMENT),
        commit(Received),
        commit(Answered),
        event(Received, "UPDATE", PAYMENT),
    ];
    // In the recording it came before POST.
    let recorded = ["kafka Fetch", "kafka OffsetCommit", "POST"];
    let exact = matcher("UPDATE", Edge::Before, 1, Some(&recorded));
    assert_eq!(opened(exact, &run), [0; 0]);
    let mut anywhere = matcher("UPDATE", Edge::Before, 1, Some(&["kafka Fetch", "POST"]));
    anywhere.steps.passes_over_commits = true;
    assert_eq!(opened(anywhere, &run), [5]);
}

const TARGETS: [(u8, FaultTarget); 5] = [
    (0, FaultTarget::Gap { merges: true }),
    (1, FaultTarget::Gap { merges: false }),
    (2, FaultTarget::Answer(Events::Changes)),
    (3, FaultTarget::Request(Events::ButDeliveries)),
    (4, FaultTarget::Workload),
];

/// Statements of few names in transactions of which some are rolled back, then the message's
/// commit. Between them polls, which are nobody's, and another message's statements.
fn consumer(rng: &mut impl Rng) -> Vec<BoundaryEvent> {
    let mut events = vec![delivery()];
    let mut ask = |text: &str, marked, open: [bool; 2]| {
        events.push(statement(Received, text, marked, open[0]));
        events.push(statement(Answered, text, marked, open[1]));
    };
    for _ in 0..rng.random_range(1..4) {
        ask("BEGIN", true, [false, true]);
        for _ in 0..rng.random_range(1..5) {
            let names = ["SELECT a", "INSERT a", "INSERT a", "UPDATE b"];
            let name = names.choose(rng).expect("there are some");
            ask(name, rng.random_bool(0.5), [true, true]);
        }
        let end = ["COMMIT", "ROLLBACK"].choose(rng).expect("there are some");
        ask(end, false, [true, false]);
        if rng.random_bool(0.5) {
            ask("SELECT poll", false, [false, false]);
        }
    }
    events.extend([commit(Received), commit(Answered)]);
    let others = [Received, Answered].map(|stage| event(stage, "INSERT a", "msg-0001"));
    for other in others {
        events.insert(rng.random_range(1..events.len()), other);
    }
    events
}

/// Of the event that is recorded at this place, at the stage of this edge.
fn stands_at(events: &[BoundaryEvent], cell: &WindowCell<u8>) -> usize {
    let polls = |e: &BoundaryEvent| e.signature == "SELECT poll";
    let own = |e: &BoundaryEvent| !polls(e) && !e.subjects.contains(&"msg-0001".to_owned());
    let mut begun = (0..events.len()).filter(|i| own(&events[*i]) && events[*i].begins());
    let begins = begun.nth(cell.event).expect("it was recorded");
    if cell.edge == Edge::Before || events[begins].delivers() {
        return begins;
    }
    let mut later = begins + 1..events.len();
    let answer = later.find(|i| own(&events[*i]) && events[*i].stage == Answered);
    answer.expect("one at a time, each is answered")
}

fn windows(events: &[BoundaryEvent]) -> (Recording, Vec<WindowCell<u8>>) {
    let recording = Recording {
        events: recorded(events, alone()),
        ..Recording::default()
    };
    let (mut windows, same) = cells(&recording.events, &TARGETS);
    // A window that is merged with another is found at its own place all the same.
    windows.extend(same.iter().map(|same| WindowCell {
        fault: same.fault,
        gap: same.gap,
        event: same.gap.before.or(same.gap.after).expect("it has an end"),
        edge: same.gap.before.map_or(Edge::After, |_| Edge::Before),
    }));
    (recording, windows)
}

#[test]
fn what_the_recording_numbers_the_matcher_finds_there_and_nowhere_else() {
    let (mut found, mut twice, mut merged) = (0, 0, 0);
    for seed in 0..300 {
        let events = consumer(&mut ChaCha8Rng::seed_from_u64(seed));
        let (recording, windows) = windows(&events);
        merged += cells(&recording.events, &TARGETS).1.len();
        for cell in &windows {
            let window = recording.window(cell.event, cell.edge);
            twice += usize::from(window.occurrence > 1);
            let place = stands_at(&events, cell);
            for prefix in [Some(recording.prefix(cell.event)), None] {
                let matcher = Matcher::new(alone(), window.clone(), prefix, false);
                assert_eq!(opened(matcher, &events), [place], "seed {seed}: {cell:?}");
                found += 1;
            }
        }
    }
    // It was about something.
    assert!(
        found > 10_000 && twice > 1_000 && merged > 300,
        "{found} {twice} {merged}"
    );
}

#[test]
fn a_number_or_a_prefix_that_is_off_by_one_finds_another_place_or_none() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..50 {
        let events = consumer(&mut rng);
        let (recording, windows) = windows(&events);
        for cell in windows.iter().filter(|cell| cell.event > 0) {
            let window = recording.window(cell.event, cell.edge);
            let place = stands_at(&events, cell);
            let short = Some(recording.prefix(cell.event - 1));
            let matcher = Matcher::new(alone(), window.clone(), short, false);
            assert!(!opened(matcher, &events).contains(&place), "{cell:?}");
            let next = Window {
                occurrence: window.occurrence + 1,
                ..window
            };
            let matcher = Matcher::new(alone(), next, None, false);
            assert!(!opened(matcher, &events).contains(&place), "{cell:?}");
        }
    }
}
