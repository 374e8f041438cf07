use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use super::behaviour::{Behaviour, InjectedFailure};
use super::books::Books;
use super::clock::Clock;
use super::error::ApiError;
use super::form::Form;
use super::idempotency::Fingerprint;
use super::ledger::LedgerEntry;
use super::operation::Read;
use super::order::{Order, Orderer};
use super::page::{self, Listed};
use super::reply::{Reply, Saved};
use super::search;

const UNPOISONED: &str = "no holder of this lock panics";

/// Clones are the same account. Accounts never see each other's charges or keys: each run opens
/// one.
#[derive(Debug, Clone)]
pub struct Account(Arc<AccountState>);

#[derive(Debug)]
struct AccountState {
    api_key: String,
    behaviour: RwLock<Behaviour>,
    clock: Clock,
    books: Mutex<Books>,
    changes: AtomicU32,
    next: Mutex<VecDeque<InjectedFailure>>,
}

impl Account {
    pub(super) fn open(behaviour: Behaviour, clock: Clock) -> Self {
        Self(Arc::new(AccountState {
            api_key: format!("sk_test_{:032x}", rand::random::<u128>()),
            behaviour: RwLock::new(behaviour),
            clock,
            books: Mutex::default(),
            changes: AtomicU32::new(0),
            next: Mutex::default(),
        }))
    }

    pub fn api_key(&self) -> &str {
        &self.0.api_key
    }

    /// In the order of execution.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.books().ledger.clone()
    }

    pub fn behaviour(&self) -> Behaviour {
        let behaviour = self.0.behaviour.read();
        behaviour.expect(UNPOISONED).clone()
    }

    /// From the next request on: what is under way goes on as it began.
    pub fn change_behaviour<T>(&self, change: impl FnOnce(&mut Behaviour) -> T) -> T {
        change(&mut self.0.behaviour.write().expect(UNPOISONED))
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Of requests to change something, after those ordered before; takes precedence over
    /// [`Behaviour::failures`].
    pub fn inject(&self, failure: InjectedFailure, times: u32) {
        let mut next = self.0.next.lock().expect(UNPOISONED);
        next.extend((0..times).map(|_| failure));
    }

    pub fn awaited(&self) -> Vec<InjectedFailure> {
        let next = self.0.next.lock().expect(UNPOISONED);
        next.iter().copied().collect()
    }

    pub(super) fn next_failure(&self) -> Option<InjectedFailure> {
        let number = self
            .0
            .changes
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(1);
        let ordered = self.0.next.lock().expect(UNPOISONED).pop_front();
        ordered.or_else(|| {
            let behaviour = self.behaviour();
            let mut failures = behaviour.failures.iter();
            let (failure, _) = failures.find(|(_, every)| number.is_multiple_of(*every))?;
            Some(*failure)
        })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.books.lock().expect(UNPOISONED)
    }

    /// Reserves the key in the same step, so that of two requests with one key only one gets in. An
    /// error is the reply to a request that must not execute, a replay or a refusal, and leaves no
    /// trace.
    pub(super) fn admit(
        &self,
        key: Option<&str>,
        fingerprint: Fingerprint,
        validate: impl FnOnce() -> Result<Order, ApiError>,
    ) -> Result<Order, Reply> {
        let now = self.0.clock.now();
        let lifetime = self.behaviour().key_lifetime;
        let mut books = self.books();
        if let Some(key) = key {
            let found = books.keys.find(key, &fingerprint, now, lifetime)?;
            if let Some(saved) = found {
                return Err(Reply::replay(saved));
            }
        }
        let order = validate()?;
        books.check(&order)?;
        if let Some(key) = key {
            books.keys.reserve(key, fingerprint, now);
        }
        Ok(order)
    }

    /// A charge is in the ledger when this returns.
    pub(super) fn execute(&self, order: Order, form: &Form, orderer: &Orderer<'_>) -> Reply {
        let now = self.0.clock.now();
        let executed = self.books().execute(order, form, orderer, now);
        executed.unwrap_or_else(Reply::from)
    }

    /// From here on the key replays.
    pub(super) fn save(&self, key: &str, result: Saved) {
        self.books().keys.save(key, result);
    }

    pub(super) fn payment_of(&self, intent: &str, told: impl Fn(&str) -> String) -> Option<String> {
        let books = self.books();
        let intent = page::find(&books.intents, intent).ok()?;
        intent.payment(told)
    }

    pub(super) fn read(&self, read: Read, id: &str, form: &Form) -> Result<Reply, ApiError> {
        let books = self.books();
        match read {
            Read::RetrieveCharge => {
                let charge = page::find(&books.charges, id)?;
                Ok(Reply::ok(&charge.id, &charge.object()))
            }
            Read::RetrieveIntent => books.show(id, form),
            Read::ListCharges => Ok(Reply::ok("list", &page::list(&books.charges, form)?)),
            Read::ListIntents => Ok(Reply::ok("list", &page::list(&books.intents, form)?)),
            Read::SearchCharges => {
                let (reply, found) = self.search(&books.charges, form)?;
                Ok(reply.found(found))
            }
            Read::SearchIntents => Ok(self.search(&books.intents, form)?.0),
        }
    }

    /// And the id of the latest that was found.
    fn search<T: Listed>(
        &self,
        objects: &[T],
        form: &Form,
    ) -> Result<(Reply, Option<String>), ApiError> {
        let (now, lag) = (self.0.clock.now(), self.behaviour().search_lag);
        let (found, result) = search::search(objects, form, now, lag)?;
        let word = found.as_deref().unwrap_or("none");
        Ok((Reply::ok(word, &result), found))
    }
}
