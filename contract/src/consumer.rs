//! The metrics that a consumer exports, as it would in production: nothing here needs the lab.

use crate::metric::{Kind, Label, Metric};

pub const DEDUP_CHECKS: Metric = Metric {
    name: "dedup_checks_total",
    kind: Kind::Counter,
    help: "Payments looked up before they were acted on, counted after the commit that decided it",
    labels: &[
        Label {
            name: "result",
            meaning: "`miss`: not seen before; `hit`: seen before, and not acted on again",
        },
        Label {
            name: "origin",
            meaning: "what a hit came from. `redelivery`: the stored row has the same topic, \
                      partition and offset, so Kafka delivered one record twice; `republish`: it has \
                      others, so somebody produced the payment twice; `new`: no hit",
        },
    ],
};

pub const PAYMENTS_PROCESSED: Metric = Metric {
    name: "payments_processed_total",
    kind: Kind::Counter,
    help: "Records with a payment, all deliveries",
    labels: &[],
};

pub const EFFECTS: Metric = Metric {
    name: "effects_total",
    kind: Kind::Counter,
    help: "Payments that took effect here, as this process believes",
    labels: &[],
};

pub const REBALANCES: Metric = Metric {
    name: "rebalances_total",
    kind: Kind::Counter,
    help: "Calls of the client's rebalance hook",
    labels: &[Label {
        name: "kind",
        meaning: "`assign`: partitions were given to this process; `revoke`: it was asked for some; \
                  `lost`: they went without asking, and somebody else may have had them for a while",
    }],
};

pub const COMMIT_FAILURES: Metric = Metric {
    name: "offset_commit_failures_total",
    kind: Kind::Counter,
    help: "Offset commits that the broker refused",
    labels: &[Label {
        name: "code",
        meaning: "Kafka's error, as librdkafka names it: `UnknownMemberId`, `IllegalGeneration`, \
                  `RebalanceInProgress` and others",
    }],
};

pub const POLL_GAP: Metric = Metric {
    name: "poll_gap_seconds",
    kind: Kind::Histogram,
    help: "Seconds from one poll to the next; past max.poll.interval.ms the group goes on without us",
    labels: &[],
};

pub const LAG: Metric = Metric {
    name: "consumer_lag_records",
    kind: Kind::Gauge,
    help: "Records behind the end, all partitions of this process",
    labels: &[],
};

pub const UNCOMMITTED: Metric = Metric {
    name: "consumer_uncommitted_records",
    kind: Kind::Gauge,
    help: "Processed and not committed: what a rebalance at this moment would deliver again",
    labels: &[],
};

pub const BUILD_INFO: Metric = Metric {
    name: "build_info",
    kind: Kind::Gauge,
    help: "1, with the program that runs: a release shows as a second one",
    labels: &[Label {
        name: "program",
        meaning: "the name of the program's file",
    }],
};

pub const CONSUMER: &[Metric] = &[
    DEDUP_CHECKS,
    EFFECTS,
    PAYMENTS_PROCESSED,
    REBALANCES,
    COMMIT_FAILURES,
    POLL_GAP,
    LAG,
    UNCOMMITTED,
    BUILD_INFO,
];
