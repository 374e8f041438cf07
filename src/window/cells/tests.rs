use super::*;

const KILL: FaultTarget = FaultTarget::Gap { merges: true };
const ZOMBIE: FaultTarget = FaultTarget::Gap { merges: false };

fn recorded(events: &[(&str, bool)]) -> Vec<Recorded> {
    let event = |(signature, writes): &(&str, bool)| Recorded {
        signature: (*signature).to_owned(),
        occurrence: 1,
        writes: *writes,
        delivers: *signature == "kafka Fetch",
        acknowledges: *signature == "kafka OffsetCommit",
        marked: true,
    };
    events.iter().map(event).collect()
}

fn lab_1() -> Vec<Recorded> {
    recorded(&[
        ("kafka Fetch", false),
        ("SELECT", false),
        ("POST", true),
        ("INSERT", true),
        ("kafka OffsetCommit", true),
    ])
}

fn struck(events: &[Recorded], target: FaultTarget) -> Vec<String> {
    let (cells, _) = cells(events, &[(0, target)]);
    let tell = |cell: WindowCell<u8>| format!("{:?} {}", cell.edge, events[cell.event].signature);
    cells.into_iter().map(tell).collect()
}

#[test]
fn a_read_gives_no_window_where_crashes_merge_and_one_for_a_zombie() {
    let crash = [
        "Before SELECT",
        "Before INSERT",
        "Before kafka OffsetCommit",
        "After kafka OffsetCommit",
    ];
    assert_eq!(struck(&lab_1(), KILL), crash);
    let every = [
        "Before SELECT",
        "Before POST",
        "Before INSERT",
        "Before kafka OffsetCommit",
        "After kafka OffsetCommit",
    ];
    assert_eq!(struck(&lab_1(), ZOMBIE), every);
}

#[test]
fn a_window_that_needs_no_run_of_its_own_is_told_with_the_one_that_stands_for_it() {
    let (cells, same) = cells(&lab_1(), &[("zombie", ZOMBIE), ("kill", KILL)]);
    let [same] = same.as_slice() else {
        panic!("{same:?}");
    };
    let gap = |after, before| Gap {
        after: Some(after),
        before: Some(before),
    };
    assert_eq!((same.gap, same.fault), (gap(1, 2), "kill"));
    let stands = cells[same.cell];
    assert_eq!((stands.gap, stands.fault), (gap(0, 1), "kill"));
}

#[test]
fn two_events_alike_are_two_windows() {
    let twice = recorded(&[
        ("kafka Fetch", false),
        ("INSERT", true),
        ("INSERT", true),
        ("kafka OffsetCommit", true),
    ]);
    let (cells, _) = cells(&twice, &[(0, ZOMBIE)]);
    let gaps: Vec<_> = cells.iter().map(|c| (c.gap.after, c.gap.before)).collect();
    let expected = [
        (Some(0), Some(1)),
        (Some(1), Some(2)),
        (Some(2), Some(3)),
        (Some(3), None),
    ];
    assert_eq!(gaps, expected);
}

#[test]
fn only_what_was_written_can_lose_its_answer_and_only_what_is_asked_can_be_refused() {
    assert_eq!(
        struck(&lab_1(), FaultTarget::Answer(Events::Changes)),
        ["After POST", "After INSERT", "After kafka OffsetCommit"]
    );
    assert_eq!(
        struck(&lab_1(), FaultTarget::Request(Events::ButDeliveries)),
        [
            "Before SELECT",
            "Before POST",
            "Before INSERT",
            "Before kafka OffsetCommit"
        ]
    );
    assert_eq!(
        struck(&lab_1(), FaultTarget::Request(Events::Effects)),
        ["Before POST", "Before INSERT"]
    );
    assert_eq!(
        struck(&lab_1(), FaultTarget::Workload),
        ["After kafka OffsetCommit"]
    );
}
