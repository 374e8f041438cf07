//! One account: its charges, its ledger, its idempotency keys.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::charge::{Charge, ChargeRequest};
use super::clock::{Clock, millis, wall_time};
use super::error::ApiError;
use super::form::Form;
use super::idempotency::{Fingerprint, Keys};
use super::ledger::LedgerEntry;
use super::page;
use super::reply::{Reply, Saved};
use super::search;
use crate::tap::{Decision, Source};

/// How an account misbehaves, and how fast it ages. What happens to one certain request is not here:
/// that is a decision of the [`Hook`](crate::tap::Hook).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// How long a key is remembered from its first use, by the provider's [`Clock`]; a later use
    /// executes again. Stripe promises 24 hours and no more:
    /// <https://docs.stripe.com/api/idempotent_requests>.
    pub key_lifetime: Duration,
    /// Takes keys and forgets them, as providers do that have no idempotency layer: every request
    /// executes.
    pub keys_ignored: bool,
    /// How long an execution takes, in real time. It is slept through, because it stands for the
    /// work of a bank; nothing in the lab synchronises on it.
    pub latency: Duration,
    /// How long after it was made a charge is found by a search. Stripe names a minute, and warns of
    /// searching for what was just written: <https://docs.stripe.com/search#data-freshness>.
    pub search_lag: Duration,
    /// What befalls each so-many-eth request to change something; the first that applies.
    pub mishaps: Vec<(Mishap, u32)>,
}

/// What a provider does to a request, now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Answers 503 and has done nothing.
    FailBefore,
    /// Does it, and answers 500; the request's key remembers the 500.
    FailAfter,
    /// Does it, and the connection drops instead of an answer.
    LoseAnswer,
}

impl Mishap {
    /// What becomes of a request that was executed.
    pub(super) fn decision(self) -> Decision {
        match self {
            Self::FailBefore => Decision::Fail(503),
            Self::FailAfter => Decision::Fail(500),
            Self::LoseAnswer => Decision::Drop,
        }
    }
}

impl Default for Behaviour {
    /// Stripe's: keys live for 24 hours; executions are instant.
    fn default() -> Self {
        Self {
            key_lifetime: Duration::from_secs(24 * 60 * 60),
            keys_ignored: false,
            latency: Duration::ZERO,
            search_lag: Duration::from_secs(60),
            mishaps: Vec::new(),
        }
    }
}

/// An account at the provider; clones are the same account. Accounts never see each other's charges
/// or keys, so each run opens one.
#[derive(Debug, Clone)]
pub struct Account(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    api_key: String,
    behaviour: Behaviour,
    clock: Clock,
    books: Mutex<Books>,
    /// Requests to change something, so far.
    changes: AtomicU32,
}

#[derive(Debug, Default)]
struct Books {
    /// Oldest first.
    charges: Vec<Charge>,
    ledger: Vec<LedgerEntry>,
    keys: Keys,
}

/// A validated request that changes something.
#[derive(Debug)]
pub(super) enum Order {
    Create(ChargeRequest),
    Update { charge: String, form: Form },
}

/// Who ordered it, for the ledger.
#[derive(Debug)]
pub(super) struct Orderer<'a> {
    pub(super) source: &'a Source,
    pub(super) payment: Option<&'a str>,
    pub(super) key: Option<&'a str>,
}

impl Account {
    pub(super) fn open(behaviour: Behaviour, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            api_key: format!("sk_test_{:032x}", rand::random::<u128>()),
            behaviour,
            clock,
            books: Mutex::default(),
            changes: AtomicU32::new(0),
        }))
    }

    /// The secret key by which requests reach this account: `sk_test_…`.
    pub fn api_key(&self) -> &str {
        &self.0.api_key
    }

    /// Every executed charge so far, in the order of execution.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.books().ledger.clone()
    }

    pub(super) fn behaviour(&self) -> &Behaviour {
        &self.0.behaviour
    }

    /// What befalls the request to change something that has just come.
    pub(super) fn next_mishap(&self) -> Option<Mishap> {
        let number = self.0.changes.fetch_add(1, Ordering::Relaxed) + 1;
        let mut mishaps = self.behaviour().mishaps.iter();
        let (mishap, _) = mishaps.find(|(_, every)| number.is_multiple_of(*every))?;
        Some(*mishap)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        let books = self.0.books.lock();
        books.expect("nothing panics while it holds the books")
    }

    /// Lets a request that changes something in, or answers it. Reserves its key in the same step,
    /// so that of two requests with one key only one gets in.
    ///
    /// # Errors
    /// The reply to a request that must not execute: a replay or a refusal. Neither leaves a trace.
    pub(super) fn admit(
        &self,
        key: Option<&str>,
        fingerprint: Fingerprint,
        validate: impl FnOnce() -> Result<Order, ApiError>,
    ) -> Result<Order, Reply> {
        let now = self.0.clock.now();
        let mut books = self.books();
        if let Some(key) = key {
            let lifetime = self.behaviour().key_lifetime;
            let found = books.keys.find(key, &fingerprint, now, lifetime)?;
            if let Some(saved) = found {
                return Err(Reply::replay(saved));
            }
        }
        let order = validate()?;
        if let Order::Update { charge, .. } = &order {
            find(&books.charges, charge)?;
        }
        if let Some(key) = key {
            books.keys.reserve(key, fingerprint, now);
        }
        Ok(order)
    }

    /// Does what was ordered. A charge is in the ledger when this returns.
    pub(super) fn execute(&self, order: Order, orderer: &Orderer<'_>) -> Reply {
        let now = self.0.clock.now();
        let mut books = self.books();
        match order {
            Order::Create(request) => match request.authorize() {
                Ok(()) => {
                    let charge = Charge::new(now.as_secs(), request);
                    books.ledger.push(LedgerEntry {
                        charge: charge.id.clone(),
                        payment: orderer.payment.map(str::to_owned),
                        idempotency_key: orderer.key.map(str::to_owned),
                        amount: charge.request.amount,
                        currency: charge.request.currency.clone(),
                        source: orderer.source.clone(),
                        wall_unix_ms: millis(wall_time()),
                        clock_unix_ms: millis(now),
                    });
                    let reply = Reply::ok(&charge.id, &charge.object());
                    books.charges.push(charge);
                    reply
                }
                Err(declined) => declined.into(),
            },
            Order::Update { charge, form } => {
                match books.charges.iter_mut().find(|c| c.id == charge) {
                    Some(charge) => {
                        charge.update(&form);
                        Reply::ok(&charge.id, &charge.object())
                    }
                    None => ApiError::no_such_charge(404, &charge, "id").into(),
                }
            }
        }
    }

    /// Completes a key: from here on it replays.
    pub(super) fn save(&self, key: &str, result: Saved) {
        self.books().keys.save(key, result);
    }

    pub(super) fn retrieve(&self, id: &str) -> Result<Reply, ApiError> {
        let books = self.books();
        let charge = find(&books.charges, id)?;
        Ok(Reply::ok(&charge.id, &charge.object()))
    }

    pub(super) fn search(&self, form: &Form) -> Result<Reply, ApiError> {
        let (now, lag) = (self.0.clock.now(), self.behaviour().search_lag);
        let (word, result) = search::search(&self.books().charges, form, now, lag)?;
        Ok(Reply::ok(&word, &result))
    }

    pub(super) fn list(&self, form: &Form) -> Result<Reply, ApiError> {
        let list = page::list(&self.books().charges, form)?;
        Ok(Reply::ok("list", &list))
    }
}

fn find<'a>(charges: &'a [Charge], id: &str) -> Result<&'a Charge, ApiError> {
    let found = charges.iter().find(|charge| charge.id == id);
    found.ok_or_else(|| ApiError::no_such_charge(404, id, "id"))
}
