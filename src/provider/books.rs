//! What an account has done: its objects, its ledger, its keys.

use std::time::Duration;

use super::charge::Charge;
use super::clock::{millis, wall_time};
use super::error::ApiError;
use super::form::Form;
use super::idempotency::Keys;
use super::intent::Intent;
use super::intent_params::Confirmation;
use super::ledger::LedgerEntry;
use super::order::{Order, Orderer};
use super::page::{Listed, find, find_mut};
use super::reply::Reply;

#[derive(Debug, Default)]
pub(super) struct Books {
    /// Oldest first.
    pub(super) charges: Vec<Charge>,
    /// Oldest first.
    pub(super) intents: Vec<Intent>,
    pub(super) ledger: Vec<LedgerEntry>,
    pub(super) keys: Keys,
}

impl Books {
    pub(super) fn check(&self, order: &Order) -> Result<(), ApiError> {
        match order {
            Order::CreateCharge(_) | Order::CreateIntent { .. } => Ok(()),
            Order::UpdateCharge { id } => find(&self.charges, id).map(drop),
            Order::UpdateIntent { id }
            | Order::ConfirmIntent { id, .. }
            | Order::CancelIntent { id, .. } => find(&self.intents, id).map(drop),
        }
    }

    /// At `now` by the provider's clock. A charge is in the ledger when this returns; an error came
    /// once execution had begun, so a key remembers it.
    pub(super) fn execute(
        &mut self,
        order: Order,
        form: &Form,
        orderer: &Orderer<'_>,
        now: Duration,
    ) -> Result<Reply, ApiError> {
        match order {
            Order::CreateCharge(request) => {
                request.authorize()?;
                let charge = Charge::new(now.as_secs(), request);
                let reply = Reply::ok(&charge.id, &charge.object()).charging(&charge.id);
                self.enter(charge, orderer, now);
                Ok(reply)
            }
            Order::UpdateCharge { id } => {
                let charge = find_mut(&mut self.charges, &id)?;
                charge.update(form);
                Ok(Reply::ok(&charge.id, &charge.object()))
            }
            Order::CreateIntent {
                request,
                confirmation,
            } => {
                let intent = Intent::new(now.as_secs(), request, orderer.payment);
                let id = intent.id.clone();
                self.intents.push(intent);
                match confirmation {
                    Some(confirmation) => self.confirm(&id, confirmation, form, orderer, now),
                    None => self.show(&id, form),
                }
            }
            Order::UpdateIntent { id } => {
                find_mut(&mut self.intents, &id)?.update(form)?;
                self.show(&id, form)
            }
            Order::ConfirmIntent { id, confirmation } => {
                self.confirm(&id, confirmation, form, orderer, now)
            }
            Order::CancelIntent { id, reason } => {
                find_mut(&mut self.intents, &id)?.cancel(now, reason)?;
                self.show(&id, form)
            }
        }
    }

    fn confirm(
        &mut self,
        id: &str,
        confirmation: Confirmation,
        form: &Form,
        orderer: &Orderer<'_>,
        now: Duration,
    ) -> Result<Reply, ApiError> {
        let charge = find_mut(&mut self.intents, id)?.confirm(now, confirmation)?;
        let made = charge.id.clone();
        self.enter(charge, orderer, now);
        Ok(self.show(id, form)?.charging(&made))
    }

    fn enter(&mut self, charge: Charge, orderer: &Orderer<'_>, now: Duration) {
        self.ledger.push(LedgerEntry {
            charge: charge.id.clone(),
            payment: orderer.payment.map(str::to_owned),
            idempotency_key: orderer.key.map(str::to_owned),
            amount: charge.request.amount,
            currency: charge.request.currency.clone(),
            source: orderer.source.clone(),
            wall_unix_ms: millis(wall_time()),
            clock_unix_ms: millis(now),
        });
        self.charges.push(charge);
    }

    /// With its charge as an object where the request says `expand[]=latest_charge`:
    /// <https://docs.stripe.com/api/expanding_objects>.
    pub(super) fn show(&self, id: &str, form: &Form) -> Result<Reply, ApiError> {
        let intent = find(&self.intents, id)?;
        let mut object = intent.object();
        let expanded = form.list("expand").iter().any(|e| e == "latest_charge");
        if let Some(charge) = intent.latest_charge().filter(|_| expanded) {
            object["latest_charge"] = find(&self.charges, charge)?.object();
        }
        Ok(Reply::ok(&intent.word(), &object))
    }
}
