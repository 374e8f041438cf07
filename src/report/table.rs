//! Consumers of one lab side by side, under the same schedule.

use std::fmt::Write;

use super::RunReport;
use crate::verdict::Outcome;

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
    let done = &first.effect_verb;
    let mut row = |name: &str, cell: &dyn Fn(&RunReport) -> String| {
        let cells: String = reports.iter().map(|r| format!("{:>14}", cell(r))).collect();
        let _ = writeln!(out, "  {name:<28}{cells}");
    };
    row("", &|r| r.consumer.clone());
    for outcome in Outcome::ALL {
        let parks = || reports.iter().any(|r| r.counts.parked > 0);
        if outcome == Outcome::Parked && !parks() {
            continue;
        }
        let or_more = match outcome {
            Outcome::Duplicated => " or more",
            _ => "",
        };
        row(&format!("{}{or_more}", outcome.label(done)), &|r| {
            r.counts.of(outcome).to_string()
        });
    }
    row("redelivered", &|r| r.counts.redeliveries.to_string());
    row("  of these absorbed", &|r| r.absorbed().to_string());
    row("verdict", &|r| r.verdict.name().to_owned());
    row("payments/s", &|r| {
        format!("{:.0}", r.cost.payments_per_second)
    });
    row("ms per payment, median", &|r| {
        format!("{:.1}", r.cost.p50_ms)
    });
    row("  99th percentile", &|r| format!("{:.1}", r.cost.p99_ms));
    row("database commits per payment", &|r| {
        format!("{:.2}", r.cost.database_commits)
    });
    row("offset commits per payment", &|r| {
        format!("{:.2}", r.cost.offset_commits)
    });
    row("run", &|r| r.run.clone());
    out
}
