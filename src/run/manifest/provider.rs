//! The table `[provider]` of a manifest: how the payment provider behaves in the lab's runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::provider::{Behaviour, InjectedFailure, MAX_LATENCY_MS};

/// What is left out is as it is at Stripe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Of an execution, in real time.
    pub latency_ms: Option<u64>,
    /// Of an idempotency key, by the provider's clock.
    pub key_lifetime_hours: Option<u32>,
    /// How many hours pass for the provider in one real hour.
    pub clock_speed: Option<u32>,
    /// Idempotency keys are taken and forgotten: every request executes.
    #[serde(default)]
    pub keys_ignored: bool,
    /// Of so many requests to change something, the last is answered 503 and is not executed.
    pub fail_before_every: Option<u32>,
    /// The same, but it is executed, and answered 500; its key remembers the 500.
    pub fail_after_every: Option<u32>,
    /// The same, but it is executed, and the connection drops instead of an answer.
    pub lose_answer_every: Option<u32>,
    /// The same, but it is answered 429 `lock_timeout`, `Stripe-Should-Retry: true`, and not
    /// executed.
    pub lock_timeout_every: Option<u32>,
    /// The same, but it is answered 429 `rate_limit`, and is not executed.
    pub rate_limit_every: Option<u32>,
}

impl Provider {
    #[must_use]
    pub fn behaviour(&self) -> Behaviour {
        let stripe = Behaviour::default();
        let hours = |hours: u32| Duration::from_secs(u64::from(hours) * 60 * 60);
        let failures = self.failures().filter_map(|(failure, _, every)| {
            let every = every?;
            Some((failure, every))
        });
        Behaviour {
            key_lifetime: self.key_lifetime_hours.map_or(stripe.key_lifetime, hours),
            keys_ignored: self.keys_ignored,
            latency: self
                .latency_ms
                .map_or(stripe.latency, Duration::from_millis),
            failures: failures.collect(),
            ..stripe
        }
    }

    /// How many times faster than ours.
    #[must_use]
    pub fn clock_speed(&self) -> u32 {
        self.clock_speed.unwrap_or(1)
    }

    fn failures(&self) -> impl Iterator<Item = (InjectedFailure, &'static str, Option<u32>)> {
        [
            (
                InjectedFailure::FailBefore,
                "fail_before_every",
                self.fail_before_every,
            ),
            (
                InjectedFailure::FailAfter,
                "fail_after_every",
                self.fail_after_every,
            ),
            (
                InjectedFailure::LoseAnswer,
                "lose_answer_every",
                self.lose_answer_every,
            ),
            (
                InjectedFailure::LockTimeout,
                "lock_timeout_every",
                self.lock_timeout_every,
            ),
            (
                InjectedFailure::RateLimit,
                "rate_limit_every",
                self.rate_limit_every,
            ),
        ]
        .into_iter()
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let hours = ("key_lifetime_hours", self.key_lifetime_hours);
        let speed = ("clock_speed", self.clock_speed);
        let failures = self.failures().map(|(_, name, every)| (name, every));
        for (name, value) in [hours, speed].into_iter().chain(failures) {
            if value == Some(0) {
                problems.push(format!(
                    "provider.{name} is 0: leave it out, or say 1 or more"
                ));
            }
        }
        // The retry of a request that failed would be the next to fail, for ever.
        for (_, name, every) in self.failures() {
            if every == Some(1) {
                problems.push(format!(
                    "provider.{name} is 1, so that no request would ever succeed: say 2 or more"
                ));
            }
        }
        if let Some(ms) = self.latency_ms.filter(|ms| *ms > MAX_LATENCY_MS) {
            problems.push(format!(
                "provider.latency_ms is {ms}, more than the {MAX_LATENCY_MS} that clients wait for"
            ));
        }
        problems
    }
}
