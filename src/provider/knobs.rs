//! What can be turned at an account while it runs, in numbers that people type.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::behaviour::{Behaviour, InjectedFailure};

/// Named as in the table `[provider]` of a lab's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Of real time.
    pub latency_ms: u64,
    /// By the provider's clock.
    pub key_lifetime_hours: f64,
    pub keys_ignored: bool,
    /// By the provider's clock.
    pub search_lag_seconds: f64,
    /// The last of so many requests to change something: 503, not executed.
    pub fail_before_every: Option<u32>,
    /// Executed, and 500, which its key remembers.
    pub fail_after_every: Option<u32>,
    /// Executed, and the connection drops.
    pub lose_answer_every: Option<u32>,
    /// 429 `lock_timeout` with `Stripe-Should-Retry: true`, not executed.
    pub lock_timeout_every: Option<u32>,
    /// 429 `rate_limit`, not executed.
    pub rate_limit_every: Option<u32>,
}

/// Past this a request is not slow but stuck, and clients differ in when they give up.
pub const MAX_LATENCY_MS: u64 = 10_000;

/// Ten years: more is a slip of the keyboard, and clocks have an end.
pub(super) const MAX_HOURS: f64 = 10.0 * 365.0 * 24.0;

impl Default for Knobs {
    fn default() -> Self {
        Self::of(&Behaviour::default())
    }
}

impl Knobs {
    #[must_use]
    pub fn of(behaviour: &Behaviour) -> Self {
        let every = |failure| {
            let mut set = behaviour.failures.iter();
            set.find(|(m, _)| *m == failure).map(|(_, every)| *every)
        };
        Self {
            latency_ms: behaviour.latency.as_millis().try_into().unwrap_or(u64::MAX),
            key_lifetime_hours: behaviour.key_lifetime.as_secs_f64() / 3600.0,
            keys_ignored: behaviour.keys_ignored,
            search_lag_seconds: behaviour.search_lag.as_secs_f64(),
            fail_before_every: every(InjectedFailure::FailBefore),
            fail_after_every: every(InjectedFailure::FailAfter),
            lose_answer_every: every(InjectedFailure::LoseAnswer),
            lock_timeout_every: every(InjectedFailure::LockTimeout),
            rate_limit_every: every(InjectedFailure::RateLimit),
        }
    }

    /// An error names the knob that cannot be turned so far, and what it takes.
    pub fn behaviour(&self) -> Result<Behaviour, String> {
        if self.latency_ms > MAX_LATENCY_MS {
            return Err(format!(
                "latency_ms is {}, more than the {MAX_LATENCY_MS} that clients wait for",
                self.latency_ms
            ));
        }
        let hours = self.key_lifetime_hours;
        // So that what is no number is refused too.
        if !(hours > 0.0 && hours <= MAX_HOURS) {
            return Err(format!(
                "key_lifetime_hours is {hours}: say more than 0, and no more than {MAX_HOURS}"
            ));
        }
        let lag = self.search_lag_seconds;
        if !(0.0..=MAX_HOURS * 3600.0).contains(&lag) {
            return Err(format!("search_lag_seconds is {lag}: say 0 or more"));
        }
        let mut failures = Vec::new();
        for (failure, name, every) in self.failures() {
            match every {
                Some(0) => return Err(format!("{name} is 0: say 1 or more, or null for never")),
                Some(every) => failures.push((failure, every)),
                None => {}
            }
        }
        Ok(Behaviour {
            key_lifetime: Duration::from_secs_f64(hours * 3600.0),
            keys_ignored: self.keys_ignored,
            latency: Duration::from_millis(self.latency_ms),
            search_lag: Duration::from_secs_f64(lag),
            failures,
        })
    }

    /// In the order in which they apply.
    fn failures(&self) -> [(InjectedFailure, &'static str, Option<u32>); 5] {
        use InjectedFailure::{FailAfter, FailBefore, LockTimeout, LoseAnswer, RateLimit};
        [
            (FailBefore, "fail_before_every", self.fail_before_every),
            (FailAfter, "fail_after_every", self.fail_after_every),
            (LoseAnswer, "lose_answer_every", self.lose_answer_every),
            (LockTimeout, "lock_timeout_every", self.lock_timeout_every),
            (RateLimit, "rate_limit_every", self.rate_limit_every),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knobs_and_behaviour_say_the_same() {
        let knobs = Knobs {
            latency_ms: 20,
            key_lifetime_hours: 0.5,
            keys_ignored: true,
            search_lag_seconds: 0.0,
            fail_before_every: Some(2),
            fail_after_every: Some(3),
            lose_answer_every: None,
            lock_timeout_every: Some(5),
            rate_limit_every: Some(7),
        };
        let behaviour = knobs.behaviour().expect("they can be turned so");
        assert_eq!(Knobs::of(&behaviour), knobs);
        assert_eq!(Knobs::default().behaviour(), Ok(Behaviour::default()));
    }

    #[test]
    fn a_knob_that_cannot_be_turned_so_far_is_named() {
        for (json, name) in [
            (r#"{"latency_ms": 10001}"#, "latency_ms"),
            (r#"{"key_lifetime_hours": 0}"#, "key_lifetime_hours"),
            (r#"{"key_lifetime_hours": 1e300}"#, "key_lifetime_hours"),
            (r#"{"search_lag_seconds": -1}"#, "search_lag_seconds"),
            (r#"{"lose_answer_every": 0}"#, "lose_answer_every"),
        ] {
            let knobs: Knobs = serde_json::from_str(json).expect(json);
            let problem = knobs.behaviour().expect_err(json);
            assert!(problem.starts_with(name), "{problem}");
        }
    }
}
