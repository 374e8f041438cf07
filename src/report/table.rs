//! Consumers of one lab side by side, under the same schedule.

use std::fmt::Write;

use super::RunReport;

/// The table: a column for each report, a row for each count.
#[must_use]
pub fn render(reports: &[RunReport]) -> String {
    let mut out = String::new();
    let Some(first) = reports.first() else {
        return out;
    };
    let _ = writeln!(
        out,
        "lab {} {}, {}: {} payments, the same {} faults, seed {}\n",
        first.lab,
        first.lab_name,
        first.scenario,
        first.counts.payments,
        first.faults.len(),
        first.seed
    );
    let mut row = |name: &str, cell: &dyn Fn(&RunReport) -> String| {
        let cells: String = reports.iter().map(|r| format!("{:>12}", cell(r))).collect();
        let _ = writeln!(out, "  {name:<24}{cells}");
    };
    row("", &|r| r.consumer.clone());
    row("charged once", &|r| r.counts.once.to_string());
    row("charged twice or more", &|r| {
        r.counts.duplicated.to_string()
    });
    row("lost", &|r| r.counts.lost.to_string());
    row("half-done", &|r| r.counts.half_done.to_string());
    row("unfinished", &|r| r.counts.unfinished.to_string());
    row("redelivered", &|r| r.counts.redeliveries.to_string());
    row("verdict", &|r| r.verdict.name().to_owned());
    row("run", &|r| r.run.clone());
    out
}
