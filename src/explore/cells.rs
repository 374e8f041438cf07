//! The cells of an exploration, as they are run and told.

use crate::chaos::{Fault, Planned};
use crate::report::explore::{CellWindow, Merged};
use crate::window::{self, Recording, WindowCell};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellPlan {
    /// From 1.
    pub number: usize,
    pub window: CellWindow,
    pub planned: Planned,
    /// Where others are in hand beside the struck payment; none if its event cannot be told there.
    pub in_company: Option<Planned>,
}

/// In the order of the windows, with the windows that they stand for beside their own.
#[must_use]
pub fn plan(recording: &Recording, faults: &[Fault], victim: &str) -> (Vec<CellPlan>, Vec<Merged>) {
    let targets: Vec<_> = faults.iter().map(|f| (*f, f.target())).collect();
    let (cells, same) = window::cells(&recording.events, &targets);
    let numbered = cells.iter().zip(1..);
    let plans = numbered.map(|(cell, number)| of(recording, number, cell, victim));
    let merged = same.into_iter().map(|same| Merged {
        window: CellWindow::of(recording, same.gap),
        fault: same.fault,
        cell: same.cell + 1,
    });
    (plans.collect(), merged.collect())
}

fn of(recording: &Recording, number: usize, cell: &WindowCell<Fault>, victim: &str) -> CellPlan {
    let prefix = recording.prefix(cell.event);
    let planned = Planned {
        fault: cell.fault,
        window: recording.window(cell.event, cell.edge),
        payment: victim.to_owned(),
        instance: None,
        prefix: Some(prefix.clone()),
        alone: recording.alone,
        commits_anywhere: false,
        wait_hours: None,
    };
    let marked = recording.marked_window(cell.event, cell.edge);
    CellPlan {
        number,
        window: CellWindow::of(recording, cell.gap),
        in_company: marked.map(|window| Planned {
            window,
            // A payment recorded alone does not tell the order in which a batch is done.
            prefix: (!recording.alone).then_some(prefix),
            alone: false,
            ..planned.clone()
        }),
        planned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Recorded;

    fn recording(events: &[(&str, bool)]) -> Recording {
        let event = |(signature, writes): &(&str, bool)| Recorded {
            signature: (*signature).to_owned(),
            occurrence: 1,
            writes: *writes,
            delivers: *signature == "kafka Fetch",
            acknowledges: *signature == "kafka OffsetCommit",
            marked: true,
        };
        Recording {
            events: events.iter().map(event).collect(),
            ..Recording::default()
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
