//! The report of a run for a person at a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::RunReport;
use super::run::Witness;
use crate::chaos::Fault;
use crate::run::Spec;
use crate::verdict::{Outcome, Verdict};

const MAX_IDS: usize = 6;

/// A projector shows about this much.
const WIDTH: usize = 96;

/// A cell's consumer belongs to no lab.
fn who(report: &RunReport) -> String {
    let consumer = &report.consumer;
    if report.lab == Spec::NO_LAB {
        return consumer.clone();
    }
    format!("lab {} {}, {consumer}", report.lab, report.lab_name)
}

/// The writer strips the colour codes where there is no terminal.
#[must_use]
pub fn render(report: &RunReport, next: &str) -> String {
    let mut out = String::new();
    let counts = &report.counts;
    let _ = writeln!(
        out,
        "{}: {} payments, {} instances, seed {}",
        who(report),
        counts.payments,
        report.instances,
        report.seed
    );
    for line in struck(report) {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out);
    let labels = Outcome::ALL.map(|outcome| (outcome, outcome.label(&report.effect_verb)));
    // The columns stay where they are for the shortest words.
    let width = labels.iter().map(|(_, label)| label.chars().count());
    let width = width.max().unwrap_or_default().max(14);
    for (outcome, label) in labels {
        let count = counts.of(outcome);
        // What did not happen needs a line only where people look for it.
        let sought = matches!(outcome, Outcome::Once | Outcome::Duplicated | Outcome::Lost);
        if count == 0 && !sought {
            continue;
        }
        let ids = ids(report, outcome);
        let _ = writeln!(
            out,
            "{}",
            format!("  {label:<width$} {count:>5}   {ids}").trim_end()
        );
    }
    let _ = writeln!(
        out,
        "  {:<width$} {:>5}   known from outside",
        "redelivered", counts.redeliveries
    );
    if let Some(witness) = report.witnesses.first() {
        let _ = write!(out, "\n{}", wrap(&witness.text));
        let _ = writeln!(out, "counted from outside: {}", effects(witness));
    }
    let style = style(report.verdict);
    let _ = writeln!(out, "\n{style}{}{style:#}", report.sentence());
    if let Some(expected) = report.expected.filter(|e| *e != report.verdict) {
        let _ = writeln!(out, "the lab's manifest expects {} here", expected.name());
    }
    let _ = writeln!(out, "time: {}", report.seconds);
    let _ = writeln!(out, "kept: {}", report.run_dir.display());
    let _ = writeln!(out, "next: {next}");
    out
}

/// `struck 3 times: zombie before POST /v1/charges was executed`, a line for each kind.
fn struck(report: &RunReport) -> Vec<String> {
    let mut kinds: Vec<(Fault, String, usize, usize)> = Vec::new();
    for f in &report.faults {
        let window = f.window.to_string();
        let fired = usize::from(f.fired);
        match kinds
            .iter_mut()
            .find(|(fault, w, ..)| *fault == f.fault && *w == window)
        {
            Some((.., planned, done)) => {
                *planned += 1;
                *done += fired;
            }
            None => kinds.push((f.fault, window, 1, fired)),
        }
    }
    if kinds.is_empty() {
        return vec!["struck by nothing".to_owned()];
    }
    let times = |n: usize| {
        if n == 1 {
            "once".to_owned()
        } else {
            format!("{n} times")
        }
    };
    let tell = |(fault, window, planned, done): (Fault, String, usize, usize)| match done {
        0 => format!(
            "never struck: {planned} planned, {fault} {window}, and nobody came to that window"
        ),
        _ if done < planned => format!("struck {} of {planned}: {fault} {window}", times(done)),
        _ => format!("struck {}: {fault} {window}", times(done)),
    };
    kinds.into_iter().map(tell).collect()
}

fn ids(report: &RunReport, outcome: Outcome) -> String {
    let of = report.exceptions.iter().filter(|e| e.outcome == outcome);
    let all: Vec<&str> = of.map(|e| e.payment.as_str()).collect();
    let named = all
        .iter()
        .take(MAX_IDS)
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    match all.len().saturating_sub(MAX_IDS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// `ch_1 and ch_2`, or that there is none.
#[must_use]
pub fn effects(witness: &Witness) -> String {
    match witness.effects.as_slice() {
        [] => "nothing".to_owned(),
        effects => effects.join(" and "),
    }
}

/// Its word says the same.
pub(super) fn style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Held => AnsiColor::Green,
        Verdict::Violated => AnsiColor::Red,
        Verdict::Unknown => AnsiColor::Yellow,
    };
    colour.on_default().bold()
}

/// At spaces; the last line is ended.
#[must_use]
pub fn wrap(text: &str) -> String {
    indent(text, 0)
}

#[must_use]
pub fn indent(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    let (mut out, mut width) = (margin.clone(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && by + width + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&margin);
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out.push('\n');
    out
}
