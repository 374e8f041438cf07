//! Writes what the pages know of faults and outcomes: `web/src/lib/registry.ts`.

use std::fmt::Write;
use std::path::Path;

use super::wall::PaymentState;
use crate::chaos::Fault;
use crate::named::Named;
use crate::report::explore::CellOutcome;
use crate::verdict::Outcome;

const FILE: &str = "src/dashboard/web/src/lib/registry.ts";

const COMMAND: &str = "UPDATE=1 cargo test --lib generated";

fn words() -> String {
    let mut out = format!(
        "/** Faults and outcomes as the program has them. Written by `{COMMAND}`. */\n\n\
         /** Every fault, in the order of a matrix's columns. */\nexport const FAULTS = {{\n"
    );
    for fault in Fault::ALL {
        let _ = writeln!(out, "  {}: {{", key(fault.name()));
        entry(&mut out, 4, "word", fault.word());
        entry(&mut out, 4, "help", fault.help());
        entry(&mut out, 4, "finds", fault.finds());
        out.push_str("  },\n");
    }
    out.push_str("};\n\nexport type Fault = keyof typeof FAULTS;\n");

    out.push_str("\n/** What may become of a payment. */\nexport const OUTCOMES = {\n");
    for outcome in Outcome::ALL {
        entry(&mut out, 2, outcome.name(), outcome.short());
    }
    out.push_str("};\n\nexport type Outcome = keyof typeof OUTCOMES;\n");

    out.push_str("\n/** What may become of the payments of a cell. */\n");
    out.push_str("export const CELL_OUTCOMES = {\n  ...OUTCOMES,\n");
    let only_of_cells = |outcome: &CellOutcome| !matches!(outcome, CellOutcome::Of(_));
    for outcome in CellOutcome::every().filter(only_of_cells) {
        entry(&mut out, 2, outcome.name(), outcome.short());
    }
    out.push_str("};\n\nexport type CellOutcome = keyof typeof CELL_OUTCOMES;\n");

    out.push_str(
        "\n/**\n * What is known of a payment, in the order in which it comes to it. `{done}` stands for \
         what is done\n * to a payment that takes effect, `{times}` for how often.\n */\n\
         export const PAYMENT_STATES = {\n",
    );
    for known in PaymentState::every() {
        let label = match known {
            PaymentState::Of(outcome) => outcome.label_template(),
            PaymentState::Waiting | PaymentState::Delivered => known.name(),
        };
        entry(&mut out, 2, known.name(), label);
    }
    out.push_str("};\n\nexport type PaymentState = keyof typeof PAYMENT_STATES;\n");
    out
}

fn entry(out: &mut String, indent: usize, name: &str, text: &str) {
    let _ = writeln!(out, "{:indent$}{}: {},", "", key(name), quoted(text));
}

fn key(name: &str) -> String {
    match name.contains('-') {
        true => quoted(name),
        false => name.to_owned(),
    }
}

/// With the quotes of which it holds none.
fn quoted(text: &str) -> String {
    let quote = match text.contains('\'') {
        true => '"',
        false => '\'',
    };
    assert!(
        !text.contains([quote, '\\', '\n']),
        "{text:?} needs escapes"
    );
    format!("{quote}{text}{quote}")
}

/// What a kept text lacks of a new one, and what it has besides; none where they are the same.
fn difference(kept: &str, new: &str) -> Option<String> {
    if kept == new {
        return None;
    }
    let mut besides: Vec<&str> = kept.lines().map(str::trim).collect();
    let mut lacks = Vec::new();
    for line in new.lines().map(str::trim) {
        match besides.iter().position(|kept| *kept == line) {
            Some(place) => drop(besides.remove(place)),
            None => lacks.push(line),
        }
    }
    let tell = |what: &str, lines: Vec<&str>| {
        (!lines.is_empty()).then(|| format!("{what}:\n{}", lines.join("\n")))
    };
    let (lacks, besides) = (tell("it lacks", lacks), tell("it has besides", besides));
    let told: Vec<String> = lacks.into_iter().chain(besides).collect();
    Some(match told.is_empty() {
        true => "its lines are in another order".to_owned(),
        false => told.join("\n"),
    })
}

#[test]
fn generated_words_are_those_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let new = words();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &new).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some(difference) = difference(&kept, &new) {
        panic!("{FILE} is not what the program says; {difference}\nnext: {COMMAND}");
    }
}

#[test]
fn a_generated_file_that_lacks_a_fault_or_an_outcome_is_not_the_same_and_the_name_is_told() {
    let new = words();
    let names = Fault::ALL.into_iter().map(Fault::name);
    let names = names.chain(PaymentState::every().map(PaymentState::name));
    for name in names.chain(CellOutcome::every().map(CellOutcome::name)) {
        let is_of = |line: &str| line.trim().starts_with(&format!("{}:", key(name)));
        let spoilt: Vec<&str> = new.lines().filter(|line| !is_of(line)).collect();
        let told = difference(&(spoilt.join("\n") + "\n"), &new).expect("a line is missing");
        assert!(
            told.starts_with("it lacks") && told.contains(name),
            "{told}"
        );
    }
    let once_less = new.replacen("  parked: 'parked',\n", "", 1);
    let told = difference(&once_less, &new).expect("one of two lists is shorter");
    assert!(told.contains("parked"), "{told}");
    let reversed: String = new.lines().rev().map(|line| format!("{line}\n")).collect();
    let told = difference(&reversed, &new).expect("the order is another");
    assert!(told.contains("order"), "{told}");
}
