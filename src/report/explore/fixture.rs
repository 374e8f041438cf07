//! A literal report for the tests of the renderers: lab 1's broken consumer with every outcome,
//! and what a hostile payload could put into it.

use clap::ValueEnum;

use super::{Cell, CellOutcome, CellWindow, ExploreReport, SCHEMA};
use crate::chaos::Fault;
use crate::report::{Line, Phase, Stack, Times};
use crate::verdict::{Guarantee, Verdict};

pub(super) const SELECT: &str = "SELECT 1 FROM processed WHERE msg_id = $1";
pub(super) const CHARGE: &str = "POST /v1/charges";
pub(super) const INSERT: &str = "INSERT INTO processed (msg_id) VALUES ($1)";
pub(super) const COMMIT: &str = "kafka OffsetCommit";

/// What a payment id or a statement could carry into a page.
pub(super) const HOSTILE: &str = r#"</text><script>alert("1")</script><img onerror='x'>&amp;"#;

pub(super) fn window(after: Option<&str>, before: Option<&str>, occurrence: u32) -> CellWindow {
    let at = |name: Option<&str>| {
        let of_it = |recorded: &&str| Some(*recorded) == name;
        RECORDING.iter().position(|r| of_it(&r)).map(|at| at + 1)
    };
    CellWindow {
        after_event: at(after),
        before_event: at(before),
        after: after.map(Into::into),
        before: before.map(Into::into),
        occurrence,
    }
}

const RECORDING: [&str; 4] = [SELECT, CHARGE, INSERT, COMMIT];

fn lines(told: &[(f64, &str, &str)]) -> Vec<Line> {
    let line = |(at_ms, who, what): &(f64, &str, &str)| Line {
        at_ms: *at_ms,
        who: (*who).to_owned(),
        what: (*what).to_owned(),
    };
    told.iter().map(line).collect()
}

fn killed_after_the_charge() -> Vec<Line> {
    lines(&[
        (1204.1, "a", &format!("sent {SELECT}")),
        (1205.0, "a", "was answered 0 rows"),
        (1206.2, "a", &format!("sent {CHARGE}")),
        (1231.7, "a", "charged ch_1"),
        (
            1231.8,
            "a",
            "was struck after POST /v1/charges was executed, before its answer",
        ),
        (1240.0, "a", "was killed"),
        (1241.3, "a", "was evicted from the group"),
        (1388.5, "a", &format!("sent {SELECT}")),
        (1389.0, "a", "was answered 0 rows"),
        (1390.9, "a", &format!("sent {CHARGE}")),
        (1415.2, "a", "charged ch_2"),
        (1416.0, "a", &format!("sent {INSERT}")),
        (1417.4, "a", "was answered INSERT 0 1"),
        (1418.0, "a", &format!("sent {COMMIT}")),
        (1419.9, "a", "was answered offset 18"),
    ])
}

fn a_zombie() -> Vec<Line> {
    lines(&[
        (2204.1, "a", &format!("sent {SELECT}")),
        (2205.0, "a", "was answered 0 rows"),
        (2206.2, "a", &format!("sent {CHARGE}")),
        (
            2206.3,
            "a",
            "was struck before POST /v1/charges was executed",
        ),
        (2206.9, "a", "was frozen"),
        (2210.4, "a", "was evicted from the group"),
        (2260.0, "b", "took over partition 3 from offset 17"),
        (2262.5, "b", &format!("sent {SELECT}")),
        (2263.0, "b", "was answered 0 rows"),
        (2264.1, "b", &format!("sent {CHARGE}")),
        (2289.9, "b", "charged ch_3"),
        (2291.0, "b", &format!("sent {INSERT}")),
        (2292.4, "b", "was answered INSERT 0 1"),
        (2293.3, "b", "committed offset 18"),
        (2294.0, "a", "was thawed"),
        (2319.6, "a", "charged ch_4"),
    ])
}

fn a_fenced_zombie() -> Vec<Line> {
    lines(&[
        (3100.0, "a", &format!("sent {INSERT}")),
        (3100.9, "a", "was struck after the insert"),
        (3101.5, "a", "was frozen"),
        (3102.0, "b", &format!("sent {INSERT}")),
        (3103.0, "b", "met the row lock that a holds"),
        (3104.0, "a", "was thawed"),
        (
            3105.0,
            "the fault",
            "could not be carried out: no such member",
        ),
    ])
}

fn cell(at: CellWindow, fault: Fault, outcome: CellOutcome, biography: Vec<Line>) -> Cell {
    let verdict = match outcome {
        CellOutcome::Once | CellOutcome::Fenced => Verdict::Held,
        CellOutcome::NotReached | CellOutcome::Unfinished => Verdict::Unknown,
        _ => Verdict::Violated,
    };
    Cell {
        cell: 0,
        window: at,
        fault,
        outcome,
        verdict,
        payment: "msg-0001".into(),
        hit: 1,
        text: format!("msg-0001 was struck by {fault} and is {}.", outcome.name()),
        biography,
        replay: String::new(),
    }
}

/// A report with these cells, numbered.
pub(super) fn report_of(cells: Vec<Cell>) -> ExploreReport {
    let numbered = cells.into_iter().zip(1..).map(|(cell, number)| Cell {
        cell: number,
        replay: format!("crashwindow replay 0007 --cell {number}"),
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
            "2 of 8 cells charge a customer twice".into(),
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

/// Lab 1's broken consumer, killed and frozen in every window: every outcome once or more.
pub(super) fn report() -> ExploreReport {
    use CellOutcome::{Duplicated, Fenced, HalfDone, Lost, NotReached, Once, Unfinished};
    use Fault::{Kill, Zombie};
    let select = window(Some(SELECT), Some(CHARGE), 1);
    let charge = window(Some(CHARGE), Some(INSERT), 1);
    let insert = window(Some(INSERT), Some(COMMIT), 1);
    let commit = window(Some(COMMIT), None, 1);
    let second = window(Some(SELECT), Some(INSERT), 2);
    let told = |what: &str| lines(&[(10.0, "a", "was killed"), (11.5, "a", what)]);
    report_of(vec![
        cell(select.clone(), Kill, Once, told("was answered 0 rows")),
        cell(select, Zombie, Duplicated, a_zombie()),
        cell(charge.clone(), Kill, Duplicated, killed_after_the_charge()),
        cell(charge, Zombie, HalfDone, told("charged ch_7")),
        cell(
            insert.clone(),
            Kill,
            Unfinished,
            told(&format!("sent {HOSTILE}")),
        ),
        cell(insert, Zombie, Fenced, a_fenced_zombie()),
        cell(commit, Kill, Lost, told("committed offset 18")),
        cell(second, Kill, NotReached, Vec::new()),
    ])
}

/// The widest matrix: every fault there is in every window.
pub(super) fn every_fault() -> ExploreReport {
    let windows = [(SELECT, CHARGE), (CHARGE, INSERT), (INSERT, COMMIT)];
    let cells = windows.iter().flat_map(|(after, before)| {
        let at = window(Some(after), Some(before), 1);
        let one = move |f: &Fault| cell(at.clone(), *f, CellOutcome::Duplicated, a_zombie());
        Fault::value_variants().iter().map(one)
    });
    report_of(cells.collect())
}
