//! The cells: which window is struck with which fault.

use std::collections::BTreeMap;

use super::recording::{Recorded, Recording};
use crate::chaos::{Edge, Events, Fault, Planned, Target, Window};
use crate::report::explore::CellWindow;

/// One cell, before it is executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its number, from 1.
    pub number: usize,
    /// The window, as it is told.
    pub window: CellWindow,
    /// The fault, as it is done.
    pub planned: Planned,
    /// The same where others are in hand beside the struck payment; none if its event cannot be told
    /// there.
    pub in_company: Option<Planned>,
}

/// Where in the recording a fault strikes.
enum Place {
    /// When the request of this event has arrived.
    Before(usize),
    /// When the answer of this event is ready.
    After(usize),
}

/// A crash window that needs no run of its own: what survives is the same as in another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Same {
    /// The window.
    pub window: CellWindow,
    /// The fault that is the same in both.
    pub fault: Fault,
    /// The number of the cell that is run for both.
    pub cell: usize,
}

/// All cells of a recording, in the order of the windows, and the windows that they stand for beside
/// their own.
///
/// Between two events that only read, SIGKILL is the same crash: nothing that survives it is
/// different. No other fault is ever merged: SIGTERM runs the consumer's own code, which decides by
/// its memory, and after the rest somebody lives on.
#[must_use]
pub fn plan(recording: &Recording, faults: &[Fault], victim: &str) -> (Vec<Plan>, Vec<Same>) {
    let events = &recording.events;
    let (mut plans, mut same): (Vec<Plan>, Vec<Same>) = (Vec::new(), Vec::new());
    let (mut changed, mut last) = (true, BTreeMap::new());
    let push = |plans: &mut Vec<Plan>, fault, place: &Place| {
        let number = plans.len() + 1;
        plans.push(cell(recording, number, fault, place, victim));
        number
    };
    for (i, event) in events.iter().enumerate() {
        changed |= event.writes;
        for fault in faults {
            let place = match fault.target() {
                Target::Gap { merges: true } => {
                    let place = after(events, i);
                    match last.get(fault) {
                        Some(cell) if !changed => same.push(Same {
                            window: window(recording, &place),
                            fault: *fault,
                            cell: *cell,
                        }),
                        _ => {
                            let cell = push(&mut plans, *fault, &place);
                            last.insert(*fault, cell);
                        }
                    }
                    None
                }
                Target::Gap { merges: false } => Some(after(events, i)),
                Target::Answer(of) => includes(of, event).then_some(Place::After(i)),
                Target::Request(of) => includes(of, event).then_some(Place::Before(i)),
                Target::Workload => None,
            };
            if let Some(place) = place {
                push(&mut plans, *fault, &place);
            }
        }
        changed = false;
    }
    if let Some(last) = events.len().checked_sub(1) {
        let of_workload = |fault: &&Fault| fault.target() == Target::Workload;
        for fault in faults.iter().filter(of_workload) {
            push(&mut plans, *fault, &Place::After(last));
        }
    }
    (plans, same)
}

fn includes(events: Events, event: &Recorded) -> bool {
    match events {
        Events::ButDeliveries => !event.delivers,
        Events::Changes => event.writes,
        Events::Effects => event.writes && !event.acknowledges,
    }
}

/// The window after event `i`. It is struck when the next request arrives: then the consumer is
/// known to have heard the answer and to have gone on. After the last event there is no next.
fn after(events: &[Recorded], i: usize) -> Place {
    match events.get(i + 1) {
        Some(next) if !next.delivers => Place::Before(i + 1),
        _ => Place::After(i),
    }
}

/// The window as it is told: by the two events around it and where they stand in the recording.
fn window(recording: &Recording, place: &Place) -> CellWindow {
    let (after, before) = match *place {
        Place::Before(i) => (i.checked_sub(1), Some(i)),
        Place::After(i) => (Some(i), Some(i + 1)),
    };
    let of = |i: usize| recording.events.get(i);
    let begins = after.and_then(of);
    let before = before.filter(|i| of(*i).is_some());
    let name = |i: usize| of(i).map(|e| e.signature.clone());
    CellWindow {
        after: after.and_then(name),
        before: before.and_then(name),
        // It counts the event at which the window begins, or ends where it has no beginning.
        occurrence: begins
            .or_else(|| before.and_then(of))
            .map_or(1, |e| e.occurrence),
        after_event: after.map(|i| i + 1),
        before_event: before.map(|i| i + 1),
    }
}

fn cell(recording: &Recording, number: usize, fault: Fault, place: &Place, victim: &str) -> Plan {
    let (i, edge) = match *place {
        Place::Before(i) => (i, Edge::Before),
        Place::After(i) => (i, Edge::After),
    };
    let struck = &recording.events[i];
    let planned = |occurrence, prefix, alone| Planned {
        fault,
        window: Window {
            at: struck.signature.clone(),
            edge,
            occurrence,
        },
        payment: victim.to_owned(),
        instance: None,
        prefix,
        alone,
        commits_anywhere: false,
        wait_hours: None,
    };
    let in_company = struck.marked.then(|| {
        let before = recording.events[..i].iter();
        let same = before.filter(|e| e.marked && e.signature == struck.signature);
        let occurrence = same.count() as u32 + 1;
        // What was recorded of a payment that was alone is not the order in which a batch is done.
        let prefix = (!recording.alone).then(|| recording.prefix(i));
        planned(occurrence, prefix, false)
    });
    Plan {
        number,
        window: window(recording, place),
        planned: planned(
            struck.occurrence,
            Some(recording.prefix(i)),
            recording.alone,
        ),
        in_company,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn recording(events: &[(&str, bool)]) -> Recording {
        let event = |(signature, writes): &(&str, bool)| Recorded {
            signature: (*signature).to_owned(),
            occurrence: 1,
            writes: *writes,
            delivers: *signature == "kafka Fetch",
            acknowledges: *signature == "kafka OffsetCommit",
            marked: true,
        };
        let events = events.iter().map(event).collect();
        Recording {
            events,
            alone: false,
            several: false,
            background: BTreeSet::new(),
            unattributed: Vec::new(),
            cut_off: None,
            warnings: Vec::new(),
            taps: Vec::new(),
            join_seconds: 0.0,
        }
    }

    fn lab_1() -> Recording {
        recording(&[
            ("kafka Fetch", false),
            ("SELECT", false),
            ("POST", true),
            ("INSERT", true),
            ("kafka OffsetCommit", true),
        ])
    }

    fn struck(recording: &Recording, fault: Fault) -> Vec<String> {
        let (plans, _) = plan(recording, &[fault], "msg-0002");
        let tell = |p: Plan| format!("{:?} {}", p.planned.window.edge, p.planned.window.at);
        plans.into_iter().map(tell).collect()
    }

    #[test]
    fn a_read_gives_no_window_for_a_crash_and_one_for_a_zombie() {
        let crash = [
            "Before SELECT",
            "Before INSERT",
            "Before kafka OffsetCommit",
            "After kafka OffsetCommit",
        ];
        assert_eq!(struck(&lab_1(), Fault::Kill), crash);
        let every = [
            "Before SELECT",
            "Before POST",
            "Before INSERT",
            "Before kafka OffsetCommit",
            "After kafka OffsetCommit",
        ];
        assert_eq!(struck(&lab_1(), Fault::Zombie), every);
        assert_eq!(struck(&lab_1(), Fault::Terminate), every);
    }

    #[test]
    fn a_kill_that_needs_no_run_of_its_own_is_shown_with_the_one_that_stands_for_it() {
        let (plans, same) = plan(&lab_1(), &Fault::ALL, "msg-0002");
        let [same] = same.as_slice() else {
            panic!("{same:?}");
        };
        assert_eq!(same.window.after.as_deref(), Some("SELECT"));
        let stands = &plans[same.cell - 1];
        assert_eq!(stands.planned.fault, Fault::Kill);
        assert_eq!(stands.window.after.as_deref(), Some("kafka Fetch"));
    }

    #[test]
    fn two_events_alike_are_two_windows() {
        let mut twice = recording(&[
            ("kafka Fetch", false),
            ("INSERT", true),
            ("INSERT", true),
            ("kafka OffsetCommit", true),
        ]);
        twice.events[2].occurrence = 2;
        let (plans, _) = plan(&twice, &[Fault::Zombie], "msg-0002");
        let told: Vec<_> = plans
            .iter()
            .map(|p| {
                (
                    p.window.occurrence,
                    p.window.after_event,
                    p.window.before_event,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, Some(1), Some(2)),
                (1, Some(2), Some(3)),
                (2, Some(3), Some(4)),
                (1, Some(4), None)
            ]
        );
    }

    #[test]
    fn only_what_was_written_can_lose_its_answer_and_only_what_is_asked_can_be_refused() {
        assert_eq!(
            struck(&lab_1(), Fault::LostResponse),
            ["After POST", "After INSERT", "After kafka OffsetCommit"]
        );
        assert_eq!(
            struck(&lab_1(), Fault::Unavailable),
            [
                "Before SELECT",
                "Before POST",
                "Before INSERT",
                "Before kafka OffsetCommit"
            ]
        );
        assert_eq!(
            struck(&lab_1(), Fault::StallKill),
            ["Before POST", "Before INSERT"]
        );
        assert_eq!(
            struck(&lab_1(), Fault::Duplicate),
            ["After kafka OffsetCommit"]
        );
    }

    #[test]
    fn a_cell_knows_what_must_have_happened_before_it() {
        let (plans, _) = plan(&lab_1(), &[Fault::Zombie], "msg-0002");
        assert_eq!(
            plans[1].planned.prefix.as_ref().unwrap(),
            &["kafka Fetch", "SELECT"]
        );
        assert_eq!(plans[1].window.after.as_deref(), Some("SELECT"));
        assert_eq!(plans[1].window.before.as_deref(), Some("POST"));
        assert_eq!(plans[4].window.before, None);
        assert_eq!(
            plans.iter().map(|p| p.number).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5]
        );
    }

    #[test]
    fn what_carries_a_mark_can_be_struck_in_company_too() {
        let mut sealed = recording(&[
            ("kafka Fetch", false),
            ("UPDATE", true),
            ("POST", true),
            ("UPDATE", true),
            ("kafka OffsetCommit", true),
        ]);
        sealed.alone = true;
        sealed.events[1].marked = false;
        sealed.events[3].occurrence = 2;
        let (plans, _) = plan(&sealed, &[Fault::Unavailable], "msg-0003");
        let [first, post, second, _] = plans.as_slice() else {
            panic!("{plans:?}");
        };
        assert_eq!(first.in_company, None);
        assert!(post.planned.alone);
        let company = second.in_company.as_ref().expect("it carries a mark");
        assert!(!company.alone);
        assert_eq!(company.window.occurrence, 1);
        assert_eq!(company.prefix, None);
    }

    #[test]
    fn a_recording_of_nothing_has_no_cells() {
        assert!(plan(&recording(&[]), &Fault::ALL, "msg-0002").0.is_empty());
    }
}
