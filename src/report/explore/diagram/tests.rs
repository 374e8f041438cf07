use super::*;
use crate::report::explore::fixture;

fn drawn(cell: usize) -> Diagram {
    Diagram::new(&fixture::report().cells[cell - 1].biography)
}

fn names(diagram: &Diagram) -> Vec<&str> {
    diagram.lanes.iter().map(|l| l.name.as_str()).collect()
}

#[test]
fn the_lanes_are_the_parties_that_occur() {
    assert_eq!(
        names(&drawn(2)),
        ["Kafka", "a", "b", "Postgres", "provider"]
    );
    assert_eq!(names(&drawn(3)), ["Kafka", "a", "Postgres", "provider"]);
    assert_eq!(names(&drawn(4)), ["a", "provider"]);
    assert!(names(&Diagram::new(&[])).is_empty());
}

#[test]
fn a_request_goes_to_its_server_and_the_answer_comes_back() {
    let zombie = drawn(2);
    let x = |name: &str| zombie.lanes.iter().find(|l| l.name == name).unwrap().x;
    let ends = |step: usize| match zombie.steps[step].shape {
        DiagramShape::Arrow {
            from,
            to,
            answer,
            held,
            ..
        } => (from, to, answer, held),
        DiagramShape::Mark { .. } => panic!("step {step} is a mark"),
    };
    assert_eq!(ends(0), (x("a"), x("Postgres"), false, false));
    assert_eq!(ends(1), (x("Postgres"), x("a"), true, false));
    assert_eq!(ends(6), (x("Kafka"), x("b"), false, false), "took over");
    assert_eq!(ends(13), (x("b"), x("Kafka"), false, false), "committed");
    assert_eq!(ends(15), (x("provider"), x("a"), true, false), "charged");
    let (from, to, answer, held) = ends(2);
    assert_eq!(
        (from, answer, held),
        (x("a"), false, true),
        "held by the strike"
    );
    assert!(to < x("provider"), "a held request does not arrive");
}

#[test]
fn what_is_done_to_an_instance_is_a_mark_on_its_lane() {
    let marks = |cell| {
        let of = |s: DiagramStep| match s.shape {
            DiagramShape::Mark { symbol, .. } => Some(symbol),
            DiagramShape::Arrow { .. } => None,
        };
        drawn(cell)
            .steps
            .into_iter()
            .filter_map(of)
            .collect::<Vec<_>>()
    };
    assert_eq!(marks(2), ["struck", "frozen", "evicted", "thawed"]);
    assert_eq!(marks(3), ["struck", "dead", "evicted"]);
    assert_eq!(marks(6), ["struck", "frozen", "lock", "thawed", "dot"]);
}

#[test]
fn the_window_is_open_from_the_strike_to_its_end() {
    let rows = |cell: usize| {
        let biography = &fixture::report().cells[cell - 1].biography;
        windows(biography).collect::<Vec<_>>()
    };
    assert_eq!(rows(2), [(3, 14)], "until thawed");
    assert_eq!(rows(3), [(4, 5)], "until killed");
}

#[test]
fn a_window_that_a_stored_report_makes_up_is_none() {
    let mut lines = fixture::report().cells[2].biography.clone();
    for ends in [0, 3, lines.len() + 1] {
        lines[4].window_ends = Some(ends);
        assert_eq!(windows(&lines).count(), 0, "{ends}");
        Diagram::new(&lines);
    }
}

#[test]
fn a_line_of_which_only_the_words_are_known_is_a_mark_with_them() {
    let mut stored = serde_json::to_value(&fixture::report().cells[1].biography).unwrap();
    for line in stored.as_array_mut().unwrap() {
        let line = line.as_object_mut().unwrap();
        line.retain(|name, _| ["at_ms", "who", "what"].contains(&name.as_str()));
    }
    let lines: Vec<Line> = serde_json::from_value(stored).unwrap();
    let diagram = Diagram::new(&lines);
    assert_eq!(names(&diagram), ["a", "b"]);
    assert_eq!((diagram.steps.len(), diagram.windows.len()), (16, 0));
    let dot = |s: &DiagramStep| matches!(s.shape, DiagramShape::Mark { symbol: "dot", .. });
    assert!(diagram.steps.iter().all(dot));
    assert_eq!(diagram.steps[4].whole, "a was frozen");
}
