//! Lab 1's broken consumer with every outcome, and what a hostile payload could put into it.

pub(super) mod biographies;

use clap::ValueEnum;

use biographies::{
    a_fenced_zombie, a_zombie, charges, commits, dies_and, killed_after_the_charge, read_nothing,
    sends_what_is_hostile,
};

use super::{Cell, CellOutcome, CellWindow, ExploreReport, Merged, SCHEMA};
use crate::chaos::Fault;
use crate::report::{Line, Phase, Stack, Times};
use crate::verdict::{Guarantee, LogFinding, Outcome, Verdict};

pub(super) const SELECT: &str = "SELECT 1 FROM processed WHERE msg_id = $1";
pub(super) const CHARGE: &str = "POST /v1/charges";
pub(super) const INSERT: &str = "INSERT INTO processed (msg_id) VALUES ($1)";
pub(super) const COMMIT: &str = "kafka OffsetCommit";

/// What a payment id or a statement could carry into a page.
pub(super) const HOSTILE: &str = r#"</text><script>alert("1")</script><img onerror='x'>&amp;"#;

const FETCH: &str = "kafka Fetch";

const RECORDING: [&str; 6] = [FETCH, SELECT, CHARGE, INSERT, INSERT, COMMIT];

fn window(number: usize) -> CellWindow {
    let after = RECORDING[number - 1];
    let alike = RECORDING[..number].iter().filter(|event| **event == after);
    let before = RECORDING.get(number);
    CellWindow {
        after: Some(after.into()),
        before: before.map(|event| (*event).into()),
        occurrence: u32::try_from(alike.count()).expect("few events"),
        after_event: Some(number),
        before_event: before.map(|_| number + 1),
    }
}

fn cell(at: CellWindow, fault: Fault, outcome: CellOutcome, biography: Vec<Line>) -> Cell {
    let verdict = outcome.verdict(Guarantee::EffectivelyOnce);
    Cell {
        cell: 0,
        window: at,
        fault,
        outcome,
        verdict,
        payment: "msg-0001".into(),
        hit: 1,
        text: format!("msg-0001 was struck by {fault} and is {}.", outcome.name()),
        log: Vec::new(),
        biography,
        replay: "crashwindow replay".into(),
    }
}

fn not_made(at: CellWindow, fault: Fault) -> Cell {
    Cell {
        hit: 0,
        text: "frozen: no run could be made of it: the consumer did not join in 30 s".into(),
        replay: String::new(),
        ..cell(at, fault, CellOutcome::NotReached, Vec::new())
    }
}

pub(super) fn report_of(cells: Vec<Cell>) -> ExploreReport {
    let numbered = cells.into_iter().zip(1..).map(|(cell, number)| Cell {
        cell: number,
        replay: match cell.was_run() {
            true => format!("crashwindow replay runs/0007/cells/{number:04}"),
            false => String::new(),
        },
        ..cell
    });
    let cells: Vec<Cell> = numbered.collect();
    let phase = |name: &str, seconds| Phase {
        name: name.into(),
        seconds,
    };
    ExploreReport {
        schema: SCHEMA,
        command: vec![
            "target/debug/lab-01-broken".into(),
            "--name".into(),
            HOSTILE.into(),
        ],
        guarantee: Guarantee::EffectivelyOnce,
        verdict: Verdict::Violated,
        headline: "Charges twice when killed after POST /v1/charges, before INSERT processed."
            .into(),
        reasons: vec![
            "2 of 10 cells charge a customer twice".into(),
            "1 loses a payment".into(),
        ],
        recording: RECORDING.map(Into::into).to_vec(),
        warnings: vec!["the idle recording was 2 s long".into()],
        unreached: cells
            .iter()
            .filter(|c| c.outcome == CellOutcome::NotReached)
            .count(),
        cells,
        merged: Vec::new(),
        unattributed: Vec::new(),
        stack: Stack {
            kind: "native".into(),
            kafka: Some("4.1.0".into()),
            postgres: Some("17.6".into()),
        },
        seconds: Times {
            total: 41.24,
            phases: vec![phase("record", 3.0), phase("strike", 38.24)],
        },
        run: "0007".into(),
        run_dir: "runs/0007".into(),
    }
}

/// Every outcome, a window that needs no run of its own, and a cell of which none could be made.
pub(super) fn report() -> ExploreReport {
    use CellOutcome::{Fenced, NotReached};
    use Fault::{Kill, Zombie};
    use Outcome::{Duplicated, HalfDone, Lost, Once, Parked, Unfinished};
    fn cell(number: usize, fault: Fault, outcome: impl Into<CellOutcome>, told: Vec<Line>) -> Cell {
        self::cell(window(number), fault, outcome.into(), told)
    }
    let mut report = report_of(vec![
        cell(1, Kill, Once, dies_and(read_nothing())),
        cell(2, Zombie, Duplicated, a_zombie()),
        Cell {
            hit: 3,
            ..cell(3, Kill, Duplicated, killed_after_the_charge())
        },
        cell(3, Zombie, HalfDone, dies_and(charges())),
        cell(4, Kill, Unfinished, dies_and(sends_what_is_hostile())),
        cell(4, Zombie, Fenced, a_fenced_zombie()),
        cell(5, Kill, Parked, dies_and(commits("msg-0001"))),
        cell(5, Zombie, NotReached, Vec::new()),
        Cell {
            log: vec![committed_ahead()],
            ..cell(6, Kill, Lost, dies_and(commits("msg-0005")))
        },
        not_made(window(6), Zombie),
    ]);
    report.merged = vec![Merged {
        window: window(2),
        fault: Kill,
        cell: 1,
    }];
    report
}

fn committed_ahead() -> LogFinding {
    LogFinding::CommittedAhead {
        payment: "msg-0001".into(),
        partition: 0,
        offset: 0,
        by: "a#1".into(),
        position: 5,
        committed_ms: 12.0,
        done_ms: None,
    }
}

/// Nothing is broken, and something was done that nobody can say whose it is.
pub(super) fn unattributed() -> ExploreReport {
    let once = |number| {
        cell(
            window(number),
            Fault::Kill,
            CellOutcome::Of(Outcome::Once),
            Vec::new(),
        )
    };
    ExploreReport {
        verdict: Verdict::Unknown,
        headline: "nobody can say which payment this is about".into(),
        reasons: vec!["nobody can say which payment this is about".into()],
        unattributed: vec!["INSERT INTO journal (n) VALUES (?) (3 times)".into()],
        ..report_of([1, 3, 4].map(once).into())
    }
}

pub(super) fn every_fault() -> ExploreReport {
    let cells = [2, 3, 4].into_iter().flat_map(|number| {
        let one = move |f: &Fault| {
            cell(
                window(number),
                *f,
                CellOutcome::Of(Outcome::Duplicated),
                a_zombie(),
            )
        };
        Fault::value_variants().iter().map(one)
    });
    report_of(cells.collect())
}
