//! The metrics of the lab: what it counts from outside, where no consumer can be wrong about it.

use super::{Kind, Label, Metric};

const LAB_LABEL: Label = Label {
    name: "lab",
    meaning: "the lab's number",
};

const CONSUMER_LABEL: Label = Label {
    name: "consumer",
    meaning: "which of the lab's consumers",
};

pub(crate) const RUNS: Metric = Metric {
    name: "crashwindow_runs_total",
    kind: Kind::Counter,
    help: "Runs and storms that have a verdict",
    labels: &[
        LAB_LABEL,
        CONSUMER_LABEL,
        Label {
            name: "verdict",
            meaning: "`held`, `violated` or `unknown`",
        },
    ],
};

pub(crate) const PAYMENTS: Metric = Metric {
    name: "crashwindow_payments_total",
    kind: Kind::Counter,
    help: "Payments of finished runs and storms, by what became of them",
    labels: &[
        LAB_LABEL,
        CONSUMER_LABEL,
        Label {
            name: "outcome",
            meaning: "`once`, `duplicated` (paid more than once), `lost`, `unfinished`, \
                      `half_done` (the effect without its record, or the record without its effect) \
                      or `parked` (put where an operator finds it)",
        },
    ],
};

pub(crate) const PRODUCED: Metric = Metric {
    name: "crashwindow_produced_payments_total",
    kind: Kind::Counter,
    help: "Payments that storms produced, each counted once however often it was sent",
    labels: &[LAB_LABEL, CONSUMER_LABEL],
};

pub(crate) const LEDGER_EFFECTS: Metric = Metric {
    name: "crashwindow_effects_total",
    kind: Kind::Counter,
    help: "Effects of storms, counted in the ledger while they go on",
    labels: &[LAB_LABEL, CONSUMER_LABEL],
};

pub(crate) const DUPLICATE_EFFECTS: Metric = Metric {
    name: "crashwindow_duplicate_effects_total",
    kind: Kind::Counter,
    help: "Effects of storms that were not the first of their payment, counted in the ledger",
    labels: &[LAB_LABEL, CONSUMER_LABEL],
};

pub(crate) const REDELIVERIES: Metric = Metric {
    name: "crashwindow_redeliveries_total",
    kind: Kind::Counter,
    help: "Payments that Kafka delivered again, counted at the taps; in a drill, the consumers' own count",
    labels: &[LAB_LABEL, CONSUMER_LABEL],
};

pub(crate) const FAULTS: Metric = Metric {
    name: "crashwindow_faults_total",
    kind: Kind::Counter,
    help: "Faults that were carried out; those of a drill only once it was diagnosed",
    labels: &[
        LAB_LABEL,
        CONSUMER_LABEL,
        Label {
            name: "fault",
            meaning: "the fault of a run, or the strike of a storm",
        },
    ],
};

/// In the order in which a page lists them.
pub const LAB: &[Metric] = &[
    RUNS,
    PAYMENTS,
    PRODUCED,
    LEDGER_EFFECTS,
    DUPLICATE_EFFECTS,
    REDELIVERIES,
    FAULTS,
];
