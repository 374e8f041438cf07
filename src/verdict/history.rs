//! What a verdict is made from.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Everything that is known of a settled run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The journal: what was produced and acknowledged, in order. A payment stands here once for
    /// each offset at which it was produced.
    pub produced: Vec<Produced>,
    /// The ledger: every charge that the provider executed, whenever it did.
    pub effects: Vec<Effect>,
    /// The ids that the consumer's own tables hold; none when the consumer keeps no record that
    /// the lab can read, and then no payment can be half-done.
    #[serde(rename = "recorded")]
    pub processed_ids: Option<BTreeSet<String>>,
    /// The ids of what ended where what cannot be done is meant to end: neither lost nor done.
    #[serde(default)]
    pub parked: BTreeSet<String>,
    /// The group's committed offset (the next one to read) for each partition that has one.
    pub committed: BTreeMap<i32, i64>,
    /// How often each payment was handed to an instance, as the Kafka taps saw it.
    #[serde(default)]
    pub deliveries: BTreeMap<String, usize>,
    /// The boundaries that the consumer is known to use and at which nothing of it was seen: what it
    /// did there went around the taps.
    #[serde(default)]
    pub silent: Vec<String>,
    /// How many boundary events were seen and not looked at, because there were too many before.
    #[serde(default)]
    pub unkept: u64,
    /// Every fault of the schedule, whether it fired or not.
    pub strikes: Vec<FaultEvidence>,
    /// The payments that came to their end only when every process was started anew: one that lived
    /// on after its fault had left them lying.
    #[serde(default)]
    pub revived: BTreeSet<String>,
}

impl History {
    /// The partition and the offset of each record of this payment.
    #[must_use]
    pub fn places_of(&self, payment: &str) -> Vec<(i32, i64)> {
        let of = |p: &&Produced| p.payment == payment;
        let records = self.produced.iter().filter(of);
        records.map(|p| (p.partition, p.offset)).collect()
    }

    /// Whether Kafka has handed the payment over more than once.
    #[must_use]
    pub fn redelivered(&self, payment: &str) -> bool {
        self.deliveries.get(payment).is_some_and(|times| *times > 1)
    }

    /// What is to be known of the payments that only a restart brought to their end; nothing where
    /// there are none.
    #[must_use]
    pub fn told_of_revived(&self) -> Option<String> {
        let number = self.revived.len();
        let payments = if number == 1 { "payment" } else { "payments" };
        (number > 0).then(|| {
            format!("{number} {payments} came to an end only after every process was started anew")
        })
    }

    /// Why a run with more events than can be kept proves nothing; nothing where all were.
    #[must_use]
    pub fn told_of_unkept(&self) -> Option<String> {
        let unkept = self.unkept;
        (unkept > 0).then(|| {
            format!("{unkept} events were more than can be kept; fewer payments make fewer")
        })
    }

    /// The effects of this payment, in the order in which they were counted.
    #[must_use]
    pub fn effects_of(&self, payment: &str) -> Vec<String> {
        let of = |e: &&Effect| e.payment.as_deref() == Some(payment);
        let effects = self.effects.iter().filter(of);
        effects.map(|e| e.charge.clone()).collect()
    }
}

/// A record that Kafka acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    /// The payment's id.
    pub payment: String,
    /// Where it is.
    pub partition: i32,
    /// Where it is.
    pub offset: i64,
}

/// A charge in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The charge's id.
    pub charge: String,
    /// The payment it was for, if the request said so.
    pub payment: Option<String>,
}

/// One fault of the schedule and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultEvidence {
    /// The payment in whose window it was to fire.
    pub payment: String,
    /// Whether an instance came to the window and the fault was carried out.
    pub fired: bool,
    /// Why this strike is no evidence, although it fired.
    pub problem: Option<String>,
    /// What is to be known of it beside, and changes no verdict.
    #[serde(default)]
    pub note: Option<String>,
}
