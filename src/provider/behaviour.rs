//! How an account behaves: what of it differs from Stripe, and how fast it ages.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use crate::tap::Decision;

/// How an account misbehaves, and how fast it ages. What happens to one certain request is not here:
/// that is a decision of the [`Hook`](crate::tap::Hook), or of [`Account::inject`].
///
/// [`Account::inject`]: super::Account::inject
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// How long a key is remembered from its first use, by the provider's
    /// [`Clock`](super::Clock); a later use executes again. Stripe promises 24 hours and no more:
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
    pub failures: Vec<(InjectedFailure, u32)>,
}

impl Default for Behaviour {
    /// Stripe's: keys live for 24 hours; executions are instant.
    fn default() -> Self {
        Self {
            key_lifetime: Duration::from_secs(24 * 60 * 60),
            keys_ignored: false,
            latency: Duration::ZERO,
            search_lag: Duration::from_secs(60),
            failures: Vec::new(),
        }
    }
}

/// What a provider does to a request, now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InjectedFailure {
    /// Answers 503 and has done nothing.
    FailBefore,
    /// Does it, and answers 500; the request's key remembers the 500.
    FailAfter,
    /// Does it, and the connection drops instead of an answer.
    LoseAnswer,
    /// Answers 429 `lock_timeout` and has done nothing: another request holds the object. The one
    /// case in which the answer asks for a retry, `Stripe-Should-Retry: true`, because without it
    /// no SDK of Stripe's retries a 429: <https://docs.stripe.com/rate-limits#object-lock-timeouts>.
    LockTimeout,
    /// Answers 429 `rate_limit` and has done nothing. Limiters stand before the idempotency layer.
    RateLimit,
}

impl InjectedFailure {
    /// The refusal of a request that does not get as far as the idempotency layer.
    pub(super) fn refusal(self) -> Option<ApiError> {
        match self {
            Self::FailBefore => Some(ApiError::injected(503)),
            Self::LockTimeout => Some(ApiError::lock_timeout()),
            Self::RateLimit => Some(ApiError::injected(429)),
            Self::FailAfter | Self::LoseAnswer => None,
        }
    }

    /// What becomes of a request that was executed.
    pub(super) fn decision(self) -> Decision {
        match self {
            Self::FailAfter => Decision::Fail(500),
            Self::LoseAnswer => Decision::Drop,
            Self::FailBefore | Self::LockTimeout | Self::RateLimit => Decision::Pass,
        }
    }
}
