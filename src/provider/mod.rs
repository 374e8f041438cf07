//! The Stripe-compatible payment provider and its ledger.
//!
//! It runs in the controller's process and answers the official SDKs unmodified: charges, payment
//! intents, and the idempotency layer of Stripe's API v1. Each incarnation of an instance has a
//! [`Listener`] whose [`Hook`] is asked at every [stage](crate::event::Stage) of a request. A
//! client that goes away changes nothing in what is done with its request.

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

#[derive(Debug)]
pub struct Provider {
    clock: Clock,
    marks: Marks,
    /// By secret key.
    accounts: Mutex<HashMap<String, Account>>,
}

impl Provider {
    pub fn new(clock: Clock) -> Arc<Self> {
        Self::of_run(clock, Marks::default())
    }

    pub fn of_run(clock: Clock, marks: Marks) -> Arc<Self> {
        Arc::new(Self {
            clock,
            marks,
            accounts: Mutex::default(),
        })
    }

    pub fn open_account(&self, behaviour: Behaviour) -> Account {
        let account = Account::open(behaviour, self.clock.clone());
        let mut accounts = self.accounts.lock().expect("no holder of this lock panics");
        accounts.insert(account.api_key().to_owned(), account.clone());
        account
    }

    /// On a free port of 127.0.0.1, else an error; within a Tokio runtime. A request's secret key
    /// decides the account.
    pub fn listen(self: &Arc<Self>, source: Source, hook: Arc<dyn Hook>) -> io::Result<Listener> {
        self.listen_on(0, source, hook)
    }

    /// For clients whose configuration names the port; 0 is a free one.
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
