//! The payment wall: what is known of every payment while a run goes on, and in the end what the
//! verdict says of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::wire::live::{PaymentChange, Payments};
use crate::run::Finished;
use crate::tap::{Detail, Stage, Tap, kafka, payment_number};
use crate::timeline::{Entry, Happening};
use crate::verdict::{Outcome, outcome_of};

/// What is known of a payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PaymentState")]
#[serde(rename_all = "snake_case")]
pub(super) enum Known {
    /// Nobody has it.
    #[default]
    Waiting,
    /// An instance was given it.
    Delivered,
    /// It took effect once.
    Once,
    /// It took effect more than once.
    Duplicated,
    /// It never took effect and will not be delivered again.
    Lost,
    /// It took effect, and the consumer does not know.
    HalfDone,
    /// It was put where an operator finds it, and took no effect.
    Parked,
    /// It was not acknowledged when the run ended.
    Unfinished,
}

#[derive(Debug, Clone, Default)]
struct Cell {
    known: Known,
    deliveries: u32,
    effects: usize,
    /// The ledger's ids, so that a charge that is told at two stages counts once.
    charges: Vec<String>,
    changed: bool,
}

/// How many payments are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "LiveCounts")]
pub(super) struct Counts {
    pub produced: u32,
    pub delivered: u32,
    pub redelivered: u32,
    pub once: u32,
    pub duplicated: u32,
    pub lost: u32,
    pub half_done: u32,
    /// Put where an operator finds it.
    pub parked: u32,
    pub unfinished: u32,
    pub waiting: u32,
}

/// See the module. Payment `n` is in place `n - 1`.
#[derive(Debug, Default)]
pub(super) struct Wall {
    cells: Vec<Cell>,
    changed: Vec<usize>,
    counts: Counts,
    at_ms: f64,
    /// Whether what `counts` says was not told yet.
    stale: bool,
}

impl Wall {
    pub fn new(payments: u32) -> Self {
        Self {
            cells: vec![Cell::default(); payments as usize],
            stale: true,
            ..Self::default()
        }
    }

    /// What Kafka has acknowledged by now.
    pub fn produced(&mut self, payments: u32) {
        self.counts.produced = payments;
        self.stale = true;
    }

    /// Takes in what was recorded.
    pub fn saw(&mut self, entry: &Entry) {
        self.at_ms = entry.at_ms;
        let Happening::Boundary { event } = &entry.what else {
            return;
        };
        match (&event.detail, event.tap, event.stage) {
            (Some(Detail::Kafka(kafka::Detail::Fetch(deliveries))), _, Stage::Answered) => {
                let records = deliveries.iter().flat_map(|d| &d.records);
                for payment in records.filter_map(|record| record.payment.as_deref()) {
                    self.delivered(payment);
                }
            }
            (_, Tap::Provider, Stage::Executed | Stage::Answered) => {
                let is_charge = event.signature.starts_with("POST ");
                if let (true, Some(payment)) = (is_charge, event.payment()) {
                    let charges = event.outcome.split(' ').filter(|w| w.starts_with("ch_"));
                    for charge in charges {
                        self.charged(payment, charge);
                    }
                }
            }
            _ => {}
        }
    }

    fn delivered(&mut self, payment: &str) {
        let Some(cell) = self.cell(payment) else {
            return;
        };
        cell.deliveries += 1;
        if cell.known == Known::Waiting {
            cell.known = Known::Delivered;
        }
        self.change(payment);
    }

    fn charged(&mut self, payment: &str, charge: &str) {
        let Some(cell) = self.cell(payment) else {
            return;
        };
        if cell.charges.iter().any(|known| known == charge) {
            return;
        }
        cell.charges.push(charge.to_owned());
        cell.effects = cell.charges.len();
        cell.known = match cell.effects {
            1 => Known::Once,
            _ => Known::Duplicated,
        };
        self.change(payment);
    }

    /// Replaces what was seen by what the verdict was made from.
    pub fn judged(&mut self, finished: &Finished) {
        for produced in &finished.history.produced {
            let outcome = outcome_of(&finished.history, &produced.payment);
            let effects = finished.history.effects_of(&produced.payment).len();
            if let Some(cell) = self.cell(&produced.payment) {
                cell.known = match outcome {
                    Outcome::Once => Known::Once,
                    Outcome::Duplicated(_) => Known::Duplicated,
                    Outcome::Lost => Known::Lost,
                    Outcome::Unfinished => Known::Unfinished,
                    Outcome::HalfDone => Known::HalfDone,
                    Outcome::Parked => Known::Parked,
                };
                cell.effects = effects;
                self.change(&produced.payment);
            }
        }
    }

    fn cell(&mut self, payment: &str) -> Option<&mut Cell> {
        let place = payment_number(payment)?.checked_sub(1)?;
        self.cells.get_mut(place as usize)
    }

    fn change(&mut self, payment: &str) {
        let place = payment_number(payment).map(|n| n as usize - 1);
        if let Some((place, cell)) = place.and_then(|p| Some((p, self.cells.get_mut(p)?)))
            && !cell.changed
        {
            cell.changed = true;
            self.changed.push(place);
        }
        self.stale = true;
    }

    /// What changed since this was asked last; none where nothing did.
    pub fn changes(&mut self) -> Option<Payments> {
        if !std::mem::take(&mut self.stale) {
            return None;
        }
        let places = std::mem::take(&mut self.changed);
        for place in &places {
            self.cells[*place].changed = false;
        }
        Some(self.tell(places.into_iter()))
    }

    /// Everything.
    pub fn whole(&self) -> Payments {
        self.tell(0..self.cells.len())
    }

    fn tell(&self, places: impl Iterator<Item = usize>) -> Payments {
        let cell = |place: usize| {
            let cell = &self.cells[place];
            PaymentChange(place + 1, cell.known, cell.effects)
        };
        Payments {
            at_ms: self.at_ms,
            changed: places.map(cell).collect(),
            counts: self.counts(),
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts {
            produced: self.counts.produced,
            ..Counts::default()
        };
        for cell in &self.cells {
            counts.redelivered += u32::from(cell.deliveries > 1);
            *match cell.known {
                Known::Waiting => &mut counts.waiting,
                Known::Delivered => &mut counts.delivered,
                Known::Once => &mut counts.once,
                Known::Duplicated => &mut counts.duplicated,
                Known::Lost => &mut counts.lost,
                Known::HalfDone => &mut counts.half_done,
                Known::Parked => &mut counts.parked,
                Known::Unfinished => &mut counts.unfinished,
            } += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::{BoundaryEvent, Source};

    fn charge(stage: Stage, id: &str) -> Entry {
        let event = BoundaryEvent {
            tap: Tap::Provider,
            stage,
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            signature: "POST /v1/charges".into(),
            subjects: vec!["msg-0002".into()],
            outcome: format!("200 {id}"),
            writes: true,
            detail: None,
        };
        Entry {
            at_ms: 1.0,
            payment: event.payment().map(str::to_owned),
            what: Happening::Boundary { event },
        }
    }

    #[test]
    fn a_charge_counts_once_however_often_it_is_told_and_two_are_a_duplicate() {
        let mut wall = Wall::new(2);
        wall.saw(&charge(Stage::Executed, "ch_1"));
        wall.saw(&charge(Stage::Answered, "ch_1"));
        let told = wall.changes().unwrap();
        assert_eq!(told.changed, [PaymentChange(2, Known::Once, 1)]);
        assert!(wall.changes().is_none());
        wall.saw(&charge(Stage::Executed, "ch_2"));
        let told = wall.changes().unwrap();
        assert_eq!(told.changed, [PaymentChange(2, Known::Duplicated, 2)]);
        assert_eq!(told.counts.waiting, 1);
    }
}
