//! The grid of payments: what is known of every payment while a run goes on, and in the end what the
//! verdict says of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::wire::live::{PaymentChange, Payments};
use crate::event::{EventOutcome, Stage, Tap, message_number};
use crate::named::{Named, by_name};
use crate::run::Finished;
use crate::tap::{Detail, kafka};
use crate::timeline::{Entry, TimelineEvent};
use crate::verdict::{Outcome, outcome_of};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum PaymentState {
    #[default]
    Waiting,
    Delivered,
    Of(Outcome),
}

impl Named for PaymentState {
    const KIND: &'static str = "state of a payment";

    fn every() -> impl Iterator<Item = Self> {
        let outcomes = Outcome::ALL.into_iter().map(Self::Of);
        [Self::Waiting, Self::Delivered].into_iter().chain(outcomes)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Of(outcome) => outcome.name(),
        }
    }
}

by_name!(PaymentState);

#[derive(Debug, Clone, Default)]
struct GridCell {
    known: PaymentState,
    deliveries: u32,
    effects: usize,
    /// Of the ledger: a charge that is told at two stages counts once.
    charges: Vec<String>,
    changed: bool,
}

/// How many payments are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct LiveCounts {
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

/// Payment `n` is in place `n - 1`.
#[derive(Debug, Default)]
pub(super) struct PaymentGrid {
    cells: Vec<GridCell>,
    changed: Vec<usize>,
    counts: LiveCounts,
    at_ms: f64,
    stale: bool,
}

impl PaymentGrid {
    pub fn new(payments: u32) -> Self {
        Self {
            cells: vec![GridCell::default(); payments as usize],
            stale: true,
            ..Self::default()
        }
    }

    pub fn produced(&mut self, payments: u32) {
        self.counts.produced = payments;
        self.stale = true;
    }

    pub fn apply(&mut self, entry: &Entry) {
        self.at_ms = entry.at_ms;
        let TimelineEvent::Boundary { event } = &entry.what else {
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
                let charge = event.result.as_ref().and_then(EventOutcome::effect);
                if let (Some(charge), Some(payment)) = (charge, event.message()) {
                    self.charged(payment, charge);
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
        if cell.known == PaymentState::Waiting {
            cell.known = PaymentState::Delivered;
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
            1 => PaymentState::Of(Outcome::Once),
            _ => PaymentState::Of(Outcome::Duplicated),
        };
        self.change(payment);
    }

    pub fn judged(&mut self, finished: &Finished) {
        for produced in &finished.history.produced {
            let outcome = outcome_of(&finished.history, &produced.payment);
            let effects = finished.history.effects_of(&produced.payment).len();
            if let Some(cell) = self.cell(&produced.payment) {
                cell.known = PaymentState::Of(outcome);
                cell.effects = effects;
                self.change(&produced.payment);
            }
        }
    }

    fn cell(&mut self, payment: &str) -> Option<&mut GridCell> {
        let place = message_number(payment)?.checked_sub(1)?;
        self.cells.get_mut(place as usize)
    }

    fn change(&mut self, payment: &str) {
        let place = message_number(payment).map(|n| n as usize - 1);
        if let Some((place, cell)) = place.and_then(|p| Some((p, self.cells.get_mut(p)?)))
            && !cell.changed
        {
            cell.changed = true;
            self.changed.push(place);
        }
        self.stale = true;
    }

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

    fn counts(&self) -> LiveCounts {
        let mut counts = LiveCounts {
            produced: self.counts.produced,
            ..LiveCounts::default()
        };
        for cell in &self.cells {
            counts.redelivered += u32::from(cell.deliveries > 1);
            *match cell.known {
                PaymentState::Waiting => &mut counts.waiting,
                PaymentState::Delivered => &mut counts.delivered,
                PaymentState::Of(Outcome::Once) => &mut counts.once,
                PaymentState::Of(Outcome::Duplicated) => &mut counts.duplicated,
                PaymentState::Of(Outcome::Lost) => &mut counts.lost,
                PaymentState::Of(Outcome::HalfDone) => &mut counts.half_done,
                PaymentState::Of(Outcome::Parked) => &mut counts.parked,
                PaymentState::Of(Outcome::Unfinished) => &mut counts.unfinished,
            } += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Role, Source};
    use crate::tap::BoundaryEvent;

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
            outcome: "in words".into(),
            writes: true,
            role: Role::Request,
            result: Some(EventOutcome::Executed {
                effect: Some(id.to_owned()),
            }),
            detail: None,
        };
        Entry {
            at_ms: 1.0,
            payment: event.message().map(str::to_owned),
            what: TimelineEvent::Boundary { event },
        }
    }

    #[test]
    fn a_charge_counts_once_however_often_it_is_told_and_two_are_a_duplicate() {
        let mut grid = PaymentGrid::new(2);
        grid.apply(&charge(Stage::Executed, "ch_1"));
        grid.apply(&charge(Stage::Answered, "ch_1"));
        let told = grid.changes().unwrap();
        assert_eq!(
            told.changed,
            [PaymentChange(2, PaymentState::Of(Outcome::Once), 1)]
        );
        assert!(grid.changes().is_none());
        grid.apply(&charge(Stage::Executed, "ch_2"));
        let told = grid.changes().unwrap();
        assert_eq!(
            told.changed,
            [PaymentChange(2, PaymentState::Of(Outcome::Duplicated), 2)]
        );
        assert_eq!(told.counts.waiting, 1);
    }

    #[test]
    fn words_charge_nobody_and_a_charge_that_is_only_found_is_none() {
        let mut grid = PaymentGrid::new(2);
        grid.changes();
        let effect = || Some("ch_1".to_owned());
        for result in [
            None,
            Some(EventOutcome::DONE),
            Some(EventOutcome::Found { effect: effect() }),
        ] {
            let mut entry = charge(Stage::Answered, "ch_1");
            if let TimelineEvent::Boundary { event } = &mut entry.what {
                event.outcome = "200 ch_1".into();
                event.result = result;
            }
            grid.apply(&entry);
        }
        assert!(grid.changes().is_none());
    }
}
