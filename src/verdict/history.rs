//! What a verdict is made from.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The journal, in order: a payment stands here once for each offset at which it was produced.
    pub produced: Vec<Produced>,
    pub effects: Vec<Effect>,
    /// From the consumer's own tables; none when it keeps no record that the lab can read, and then
    /// no payment can be half-done.
    #[serde(rename = "recorded")]
    pub processed_ids: Option<BTreeSet<String>>,
    /// What ended where what cannot be done is meant to end: neither lost nor done.
    #[serde(default)]
    pub parked: BTreeSet<String>,
    /// The next offset to read.
    pub committed: BTreeMap<i32, i64>,
    /// How often each payment was handed to an instance, as the Kafka taps saw it.
    #[serde(default)]
    pub deliveries: BTreeMap<String, usize>,
    /// Boundaries that the consumer is known to use and where nothing was seen: it went around the
    /// taps.
    #[serde(default)]
    pub silent: Vec<String>,
    /// Boundary events that were seen and not looked at, because there were too many before.
    #[serde(default)]
    pub unkept: u64,
    pub strikes: Vec<FaultEvidence>,
    /// They came to their end only when every process was started anew: one that lived on after its
    /// fault had left them lying.
    #[serde(default)]
    pub revived: BTreeSet<String>,
}

impl History {
    #[must_use]
    pub fn places_of(&self, payment: &str) -> Vec<(i32, i64)> {
        let of = |p: &&Produced| p.payment == payment;
        let records = self.produced.iter().filter(of);
        records.map(|p| (p.partition, p.offset)).collect()
    }

    #[must_use]
    pub fn redelivered(&self, payment: &str) -> bool {
        self.deliveries.get(payment).is_some_and(|times| *times > 1)
    }

    #[must_use]
    pub fn told_of_revived(&self) -> Option<String> {
        let number = self.revived.len();
        let payments = if number == 1 { "payment" } else { "payments" };
        (number > 0).then(|| {
            format!("{number} {payments} came to an end only after every process was started anew")
        })
    }

    /// Why a run with more events than can be kept proves nothing.
    #[must_use]
    pub fn told_of_unkept(&self) -> Option<String> {
        let unkept = self.unkept;
        (unkept > 0).then(|| {
            format!("{unkept} events were more than can be kept; fewer payments make fewer")
        })
    }

    #[must_use]
    pub fn effects_of(&self, payment: &str) -> Vec<String> {
        let of = |e: &&Effect| e.payment.as_deref() == Some(payment);
        let effects = self.effects.iter().filter(of);
        effects.map(|e| e.charge.clone()).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    pub payment: String,
    pub partition: i32,
    pub offset: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub charge: String,
    /// If the request said so.
    pub payment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultEvidence {
    pub payment: String,
    pub fired: bool,
    /// Why this strike is no evidence, although it fired.
    pub problem: Option<String>,
    /// Changes no verdict.
    #[serde(default)]
    pub note: Option<String>,
}
