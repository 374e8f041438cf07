//! The Stripe-compatible payment provider and its ledger.
//!
//! It runs in the process of the controller and answers the official SDKs unmodified: charges, payment
//! intents, form-encoded requests, error objects, and the idempotency layer of Stripe's API v1. Each
//! incarnation of an instance is given a [`Listener`] of its own, whose [`Hook`] is asked at every
//! [stage](crate::event::Stage) of a request what is to become of it; a request that the hook holds
//! is in a crash window.
//!
//! A client that goes away changes nothing in what the provider does with its request.

mod account;
mod admin;
mod api;
mod behaviour;
mod books;
mod card;
mod charge;
mod clock;
mod error;
mod exchange;
mod form;
mod idempotency;
mod intent;
mod intent_params;
mod knobs;
mod ledger;
mod operation;
mod order;
mod page;
mod reply;
mod search;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

pub use account::Account;
pub use admin::{Admin, AdminObserver};
pub use behaviour::{Behaviour, InjectedFailure};
pub use clock::Clock;
pub use knobs::Knobs;
pub(crate) use knobs::MAX_LATENCY_MS;
pub use ledger::LedgerEntry;

use crate::event::{Marks, Source};
use crate::tap::Hook;
pub use crate::tap::Listener;

/// The payment provider: its accounts and its clock.
#[derive(Debug)]
pub struct Provider {
    clock: Clock,
    /// How a request is seen to be about a payment.
    marks: Marks,
    /// By secret key.
    accounts: Mutex<HashMap<String, Account>>,
}

impl Provider {
    /// A provider without accounts. The clock says how old an idempotency key is.
    pub fn new(clock: Clock) -> Arc<Self> {
        Self::of_run(clock, Marks::default())
    }

    /// The provider of a run, whose payments have these marks.
    pub fn of_run(clock: Clock, marks: Marks) -> Arc<Self> {
        Arc::new(Self {
            clock,
            marks,
            accounts: Mutex::default(),
        })
    }

    /// Opens an account with a secret key of its own; a run opens one.
    pub fn open_account(&self, behaviour: Behaviour) -> Account {
        let account = Account::open(behaviour, self.clock.clone());
        let mut accounts = self.accounts.lock().expect("no holder of this lock panics");
        accounts.insert(account.api_key().to_owned(), account.clone());
        account
    }

    /// Listens on a free port of 127.0.0.1 for `source`, and asks `hook` about its requests. Any
    /// account can be reached there: the secret key of a request decides.
    ///
    /// # Errors
    /// The port could not be bound.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn listen(self: &Arc<Self>, source: Source, hook: Arc<dyn Hook>) -> io::Result<Listener> {
        self.listen_on(0, source, hook)
    }

    /// The same on a port of one's choice, for clients whose configuration names it; 0 is a free one.
    ///
    /// # Errors
    /// The port could not be bound: something else listens there, most likely.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn listen_on(
        self: &Arc<Self>,
        port: u16,
        source: Source,
        hook: Arc<dyn Hook>,
    ) -> io::Result<Listener> {
        let endpoint = api::Endpoint {
            provider: Arc::clone(self),
            source,
            hook,
        };
        Listener::start_on(port, api::router(Arc::new(endpoint)))
    }

    fn account(&self, api_key: &str) -> Option<Account> {
        let accounts = self.accounts.lock().expect("no holder of this lock panics");
        accounts.get(api_key).cloned()
    }
}
