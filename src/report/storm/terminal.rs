//! The report of a storm for a person at a terminal.

use std::fmt::Write;

use super::{Bucket, StormReport};
use crate::report::terminal::style;
use crate::storm::StormMark;

/// Characters, and the rate that fills them.
const BAR: usize = 10;
const FULL: f64 = 0.10;

/// The writer strips the colour codes where there is no terminal.
#[must_use]
pub fn render(report: &StormReport, next: &str) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "lab {} {}, {}: {} payments/s for {} s, {} instances, {} partitions, seed {}\n",
        report.lab,
        report.lab_name,
        report.cause,
        report.rate,
        report.seconds,
        report.instances,
        report.partitions,
        report.seed
    );
    out.push_str(&table(&report.series, Some(&report.marks)));
    let _ = writeln!(out);
    let phases = &report.phases;
    for (name, phase) in [
        ("before", &phases.before),
        ("incident", &phases.incident),
        ("after", &phases.after),
    ] {
        if let Some(phase) = phase {
            let _ = writeln!(
                out,
                "  {name:<12}{:>8}   of {} checks were hits: {} redelivered, {} republished",
                percent(phase.hit_rate),
                phase.checks,
                phase.redelivery_hits,
                phase.republish_hits
            );
        }
    }
    let (counts, twice) = (&report.counts, &report.redeliveries);
    if let Some(incident) = &counts.incident {
        let kept = if incident.is_kept() {
            "kept"
        } else {
            "not kept"
        };
        let _ = writeln!(
            out,
            "  {:<12}{kept:>8}   {}; {} strikes added, {} left out",
            "promise",
            incident.clause(),
            incident.added,
            incident.left_out
        );
    }
    let _ = writeln!(
        out,
        "  {:<12}{:>8}   effects for {} payments of {}, in the ledger",
        "effects", counts.effects, counts.paid, counts.payments
    );
    let truth = if twice.agree {
        "the metric told the truth"
    } else {
        "the metric did not tell the truth"
    };
    let _ = writeln!(
        out,
        "  {:<12}{:>8}   counted at the Postgres tap; the metric says {}: {} apart, {truth}",
        "redelivered",
        twice.outside,
        twice.metric,
        percent(twice.difference)
    );
    if twice.uncounted + twice.doubtful > 0 {
        let _ = writeln!(
            out,
            "  {:<12}{:>8}   checks of processes that died before they told of them, in neither number; {} \
             redeliveries that nobody can tell",
            "not compared", twice.uncounted, twice.doubtful
        );
    }
    for mark in &report.marks {
        if let Some(problem) = &mark.problem {
            let _ = writeln!(out, "  {} failed: {problem}", told(mark));
        }
    }
    for warning in &report.warnings {
        let _ = writeln!(out, "  warning: {warning}");
    }
    let style = style(report.verdict);
    let _ = writeln!(out, "\n{style}{}{style:#}", report.sentence());
    if let Some(expected) = report.expected.filter(|e| *e != report.verdict) {
        let _ = writeln!(out, "the lab's manifest expects {} here", expected.name());
    }
    let _ = writeln!(out, "next: {next}");
    out
}

/// What was done is a column only where it may be known.
#[must_use]
pub fn table(series: &[Bucket], marks: Option<&[StormMark]>) -> String {
    let mut out = String::new();
    let header = "   from  checks/s  hit rate              redel.  republ.  effects/  assign/revoke/lost  refused  late   behind";
    let second = "                                                          payment                      commits  polls";
    let done = if marks.is_some() { "  done" } else { "" };
    let _ = writeln!(out, "{header}{done}\n{second}");
    for bucket in series {
        let rebalances = format!("{}/{}/{}", bucket.assigned, bucket.revoked, bucket.lost);
        let line = format!(
            "{:>5.0} s {:>9.0} {:>9}  {:<BAR$} {:>7} {:>8} {:>9.4} {:>19} {:>8} {:>6} {:>8}  {}",
            bucket.from_s,
            super::ratio(bucket.checks, 1) / bucket.seconds,
            percent(bucket.hit_rate),
            bar(bucket.hit_rate),
            bucket.redelivery_hits,
            bucket.republish_hits,
            bucket.effects_per_payment,
            rebalances,
            bucket.commit_failures,
            bucket.late_polls,
            bucket.lag,
            marks.map_or_else(String::new, |marks| told_of(bucket, marks))
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn told_of(bucket: &Bucket, marks: &[StormMark]) -> String {
    let here = bucket.marks.iter().map(|n| told(&marks[*n]));
    here.collect::<Vec<_>>().join(", ")
}

/// `kill b`.
fn told(mark: &StormMark) -> String {
    let instance = mark.instance.as_ref();
    instance.map_or_else(
        || mark.action.name().to_owned(),
        |instance| format!("{} {instance}", mark.action.name()),
    )
}

fn bar(rate: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and ten"
    )]
    let filled = ((rate / FULL).min(1.0) * BAR as f64).round() as usize;
    "#".repeat(filled)
}

/// `8.13 %`.
fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
