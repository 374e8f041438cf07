use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use crate::tap::Decision;

/// What happens to one certain request is a decision of the [`Hook`](crate::tap::Hook), or of
/// [`Account::inject`](super::Account::inject).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// From the first use, by the provider's [`Clock`](super::Clock); a later use executes again.
    /// Stripe promises 24 hours and no more: <https://docs.stripe.com/api/idempotent_requests>.
    pub key_lifetime: Duration,
    /// As of providers that have no idempotency layer: every request executes.
    pub keys_ignored: bool,
    /// Of an execution, in real time: slept through, for a bank's work; nothing synchronises on it.
    pub latency: Duration,
    /// Until a charge is found by a search. Stripe names a minute, and warns of searching for what
    /// was just written: <https://docs.stripe.com/search#data-freshness>.
    pub search_lag: Duration,
    /// For each so-many-eth request to change something; the first that applies.
    pub failures: Vec<(InjectedFailure, u32)>,
}

impl Default for Behaviour {
    /// Stripe's.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InjectedFailure {
    /// 503, and nothing done.
    FailBefore,
    /// Done, and 500; the request's key remembers the 500.
    FailAfter,
    /// Done, and the connection drops instead of an answer.
    LoseAnswer,
    /// 429 `lock_timeout`, and nothing done. With `Stripe-Should-Retry: true`, without which no SDK
    /// of Stripe's retries a 429: <https://docs.stripe.com/rate-limits#object-lock-timeouts>.
    LockTimeout,
    /// 429 `rate_limit`, and nothing done: limiters stand before the idempotency layer.
    RateLimit,
}

impl InjectedFailure {
    pub(super) fn refusal(self) -> Option<ApiError> {
        match self {
            Self::FailBefore => Some(ApiError::injected(503)),
            Self::LockTimeout => Some(ApiError::lock_timeout()),
            Self::RateLimit => Some(ApiError::injected(429)),
            Self::FailAfter | Self::LoseAnswer => None,
        }
    }

    pub(super) fn decision(self) -> Decision {
        match self {
            Self::FailAfter => Decision::Fail(500),
            Self::LoseAnswer => Decision::Drop,
            Self::FailBefore | Self::LockTimeout | Self::RateLimit => Decision::Pass,
        }
    }
}
