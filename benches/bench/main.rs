//! What the taps cost, what it costs to be watched, and how fast windows are explored: `make bench`.
//!
//! Prints ratios of interleaved rounds within one run, which are all that a shared machine can tell.
//! `BENCH_QUICK=1` measures next to nothing and prints the same lines. `cargo bench --bench bench page`
//! measures one part, of those in `PARTS`.

mod measure;

use std::process::ExitCode;

use measure::{PARTS, Scale, measure};

/// Some five minutes.
const FULL: Scale = Scale {
    rounds: 9,
    records: 40_000,
    single_records: 1_500,
    transactions: 1_000,
    watched_events: 20_000,
    payments: 1_000,
    page_payments: 20_000,
    all_faults: true,
    part: None,
};

fn main() -> ExitCode {
    let mut scale = if std::env::var_os("BENCH_QUICK").is_some() {
        Scale::QUICK
    } else {
        FULL
    };
    // Cargo adds a flag of its own.
    if let Some(asked) = std::env::args()
        .skip(1)
        .find(|word| !word.starts_with("--"))
    {
        scale.part = PARTS.into_iter().find(|part| *part == asked);
        if scale.part.is_none() {
            eprintln!("error: the bench has no part {asked:?}\nnext: one of {PARTS:?}");
            return ExitCode::from(2);
        }
    }
    let program = env!("CARGO_BIN_EXE_crashwindow");
    match measure(program, scale, true, &mut |line| println!("{line}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
