//! A cell and its replay are one run judged by one function: they say the same, held, violated or
//! unknown.

use std::collections::BTreeSet;

use crashwindow::report::explore::Cell;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::support::{self, explore};

/// The cells that are replayed: every one with `REPLAYS=all` (`make replays`), else one of each fault,
/// drawn with a seed that is printed and can be given as `REPLAYS`.
fn sample(mut cells: Vec<Cell>) -> Vec<Cell> {
    let asked = std::env::var("REPLAYS").unwrap_or_default();
    if asked == "all" {
        return cells;
    }
    let seed = asked.parse().unwrap_or_else(|_| rand::random());
    println!("REPLAYS={seed}");
    cells.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut faults = BTreeSet::new();
    cells.retain(|cell| faults.insert(cell.fault));
    cells
}

/// What the replays of this consumer's cells say otherwise than the cells.
fn disagreements(lab: &str, consumer: &str) -> Vec<String> {
    let report = explore(&[lab, "--consumer", consumer]);
    let mut disagreements = Vec::new();
    for cell in sample(report.cells) {
        let arguments: Vec<&str> = cell.replay.split(' ').skip(1).collect();
        let replayed = support::report(&arguments);
        let verdict = replayed.as_ref().map(|r| r.verdict);
        let told = replayed
            .as_ref()
            .map(|r| r.exceptions.first().map(|e| &e.payment));
        let agrees = verdict == Ok(cell.verdict)
            && told.is_ok_and(|told| {
                told.is_none_or(|payment| cell.hit != 1 || *payment == cell.payment)
            });
        if !agrees {
            let (fault, text) = (cell.fault, &cell.text);
            disagreements.push(format!(
                "{lab} {consumer}, cell {} ({fault}): {:?} for {text}; its replay: {replayed:?}",
                cell.cell, cell.verdict
            ));
        }
    }
    disagreements
}

#[test]
fn a_cell_and_its_replay_agree() {
    let consumers = match std::env::var("REPLAYS").as_deref() {
        Ok("all") => &[
            ("01", "broken"),
            ("01", "fixed"),
            ("02", "broken"),
            ("02", "marker-first"),
            ("02", "fixed"),
        ][..],
        _ => &[("01", "broken"), ("02", "fixed")],
    };
    let all: Vec<String> = consumers
        .iter()
        .flat_map(|(lab, consumer)| disagreements(lab, consumer))
        .collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}
