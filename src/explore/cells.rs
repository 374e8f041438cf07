//! The cells: which window is struck with which fault.

use super::recording::{Recorded, Recording};
use crate::chaos::{Edge, Fault, Planned, Window};
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
}

/// Where in the recording a fault strikes.
enum Place {
    /// When the request of this event has arrived.
    Before(usize),
    /// When the answer of this event is ready.
    After(usize),
}

/// All cells of a recording, in the order of the windows.
#[must_use]
pub fn plan(recording: &Recording, faults: &[Fault]) -> Vec<Plan> {
    let events = &recording.events;
    let mut plans: Vec<Plan> = Vec::new();
    let mut changed = true;
    for (i, event) in events.iter().enumerate() {
        changed |= event.writes;
        for fault in faults {
            let place = match fault {
                // Between two events that only read, a crash is the same crash.
                Fault::Kill | Fault::Terminate => changed.then(|| after(events, i)),
                Fault::Zombie => Some(after(events, i)),
                Fault::LostResponse => event.writes.then_some(Place::After(i)),
                Fault::Unavailable => (!event.delivers).then_some(Place::Before(i)),
                Fault::StallKill => {
                    (event.writes && !event.acknowledges).then_some(Place::Before(i))
                }
                Fault::Duplicate => None,
            };
            if let Some(place) = place {
                plans.push(cell(recording, *fault, &place));
            }
        }
        changed = false;
    }
    if faults.contains(&Fault::Duplicate)
        && let Some(last) = events.len().checked_sub(1)
    {
        plans.push(cell(recording, Fault::Duplicate, &Place::After(last)));
    }
    for (number, plan) in (1..).zip(&mut plans) {
        plan.number = number;
    }
    plans
}

/// The window after event `i`. It is struck when the next request arrives: then the consumer is
/// known to have heard the answer and to have gone on. After the last event there is no next.
fn after(events: &[Recorded], i: usize) -> Place {
    match events.get(i + 1) {
        Some(next) if !next.delivers => Place::Before(i + 1),
        _ => Place::After(i),
    }
}

fn cell(recording: &Recording, fault: Fault, place: &Place) -> Plan {
    let events = &recording.events;
    let name = |i: usize| events.get(i).map(|e| e.signature.clone());
    let (i, edge, after, before) = match *place {
        Place::Before(i) => (i, Edge::Before, i.checked_sub(1).and_then(name), name(i)),
        Place::After(i) => (i, Edge::After, name(i), name(i + 1)),
    };
    let struck = &events[i];
    let window = Window {
        at: struck.signature.clone(),
        edge,
        occurrence: struck.occurrence,
    };
    Plan {
        number: 0,
        window: CellWindow {
            after,
            before,
            occurrence: struck.occurrence,
        },
        planned: Planned {
            fault,
            window,
            payment: recording.payment.clone(),
            instance: None,
            prefix: Some(recording.prefix(i)),
            wait_hours: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(events: &[(&str, bool)]) -> Recording {
        let event = |(signature, writes): &(&str, bool)| Recorded {
            signature: (*signature).to_owned(),
            occurrence: 1,
            writes: *writes,
            delivers: *signature == "kafka Fetch",
            acknowledges: *signature == "kafka OffsetCommit",
        };
        let events = events.iter().map(event).collect();
        Recording {
            payment: "msg-0002".into(),
            events,
            warnings: Vec::new(),
            taps: Vec::new(),
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
        let plans = plan(recording, &[fault]);
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
        assert_eq!(struck(&lab_1(), Fault::Terminate), crash);
        let zombie = [
            "Before SELECT",
            "Before POST",
            "Before INSERT",
            "Before kafka OffsetCommit",
            "After kafka OffsetCommit",
        ];
        assert_eq!(struck(&lab_1(), Fault::Zombie), zombie);
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
        let plans = plan(&lab_1(), &[Fault::Zombie]);
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
    fn a_recording_of_nothing_has_no_cells() {
        assert!(plan(&recording(&[]), &Fault::ALL).is_empty());
    }
}
