//! The idempotency layer of Stripe's API v1: <https://docs.stripe.com/api/idempotent_requests>.
//!
//! A key is reserved when execution begins and keeps that execution's status and body, success or
//! failure, until it expires. What is refused before leaves no trace, and may be sent again with
//! the same key.

use std::collections::HashMap;
use std::time::Duration;

use super::error::ApiError;
use super::form::Params;
use super::reply::Saved;

/// Stripe: "Keys are up to 255 characters long".
const MAX_KEY_LENGTH: usize = 255;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    /// The path; only POST takes keys.
    pub(super) endpoint: String,
    pub(super) params: Params,
}

#[derive(Debug)]
struct KeyRecord {
    fingerprint: Fingerprint,
    /// By the provider's clock.
    first_used: Duration,
    /// None while the first request is in flight.
    saved: Option<Saved>,
}

#[derive(Debug, Default)]
pub(super) struct Keys {
    records: HashMap<String, KeyRecord>,
}

pub(super) fn check(key: &str) -> Result<(), ApiError> {
    match key.chars().count() {
        length if length > MAX_KEY_LENGTH => Err(ApiError::key_too_long(length)),
        _ => Ok(()),
    }
}

impl Keys {
    /// A key in flight never expires: its request may still be held in a crash window.
    ///
    /// Fails for another request's key, or one in flight. A changed request is told so even while
    /// the first is in flight, as waiting would not help it (the order of
    /// brandur/rocket-rides-atomic).
    pub(super) fn find(
        &mut self,
        key: &str,
        fingerprint: &Fingerprint,
        now: Duration,
        lifetime: Duration,
    ) -> Result<Option<Saved>, ApiError> {
        let Some(record) = self.records.get(key) else {
            return Ok(None);
        };
        if record.saved.is_some() && now.saturating_sub(record.first_used) >= lifetime {
            self.records.remove(key);
            return Ok(None);
        }
        let first = &record.fingerprint;
        if first.endpoint != fingerprint.endpoint {
            let present = &fingerprint.endpoint;
            return Err(ApiError::other_endpoint(key, present, &first.endpoint));
        }
        if first.params != fingerprint.params {
            return Err(ApiError::other_parameters(key));
        }
        match &record.saved {
            Some(saved) => Ok(Some(saved.clone())),
            None => Err(ApiError::key_in_use(key)),
        }
    }

    pub(super) fn reserve(&mut self, key: &str, fingerprint: Fingerprint, now: Duration) {
        let record = KeyRecord {
            fingerprint,
            first_used: now,
            saved: None,
        };
        self.records.insert(key.to_owned(), record);
    }

    pub(super) fn save(&mut self, key: &str, result: Saved) {
        if let Some(record) = self.records.get_mut(key) {
            record.saved = Some(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::form::Form;
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
    const START: Duration = Duration::from_secs(1_700_000_000);

    fn request(endpoint: &str, form: &str) -> Fingerprint {
        let form = Form::parse(form.as_bytes()).expect("a well-formed form");
        Fingerprint {
            endpoint: endpoint.to_owned(),
            params: form.params(),
        }
    }

    fn charge(form: &str) -> Fingerprint {
        request("/v1/charges", form)
    }

    fn result(status: u16) -> Saved {
        Saved {
            status,
            body: format!("{{\"status\":{status}}}"),
            word: "ch_1".to_owned(),
            effect: Some("ch_1".to_owned()),
            request_id: "req_1".to_owned(),
        }
    }

    fn used(form: &str, status: u16) -> Keys {
        let mut keys = Keys::default();
        keys.reserve("k", charge(form), START);
        keys.save("k", result(status));
        keys
    }

    #[test]
    fn a_key_replays_what_its_first_request_got_success_or_failure() {
        for status in [200, 402, 500] {
            let mut keys = used("a=1&b=2", status);
            let found = keys.find("k", &charge("b=2&a=1"), START, LIFETIME);
            assert_eq!(found, Ok(Some(result(status))));
        }
    }

    #[test]
    fn an_unused_key_finds_nothing() {
        let found = used("a=1", 200).find("other", &charge("a=1"), START, LIFETIME);
        assert_eq!(found, Ok(None));
    }

    #[test]
    fn a_key_whose_request_is_in_flight_is_in_use() {
        let mut keys = Keys::default();
        keys.reserve("k", charge("a=1"), START);

        let found = keys.find("k", &charge("a=1"), START, LIFETIME);
        assert_eq!(found, Err(ApiError::key_in_use("k")));
    }

    #[test]
    fn changed_parameters_are_an_error_in_flight_or_saved() {
        let mut in_flight = Keys::default();
        in_flight.reserve("k", charge("a=1"), START);

        for mut keys in [in_flight, used("a=1", 200)] {
            let found = keys.find("k", &charge("a=2"), START, LIFETIME);
            assert_eq!(found, Err(ApiError::other_parameters("k")));
        }
    }

    #[test]
    fn another_endpoint_is_an_error_that_names_both() {
        let other = request("/v1/charges/ch_1", "a=1");
        let found = used("a=1", 200).find("k", &other, START, LIFETIME);

        let expected = ApiError::other_endpoint("k", "/v1/charges/ch_1", "/v1/charges");
        assert_eq!(found, Err(expected));
    }

    #[test]
    fn a_key_expires_at_its_lifetime_and_not_before() {
        let mut keys = used("a=1", 200);
        let just_before = START + LIFETIME - Duration::from_millis(1);

        let found = keys.find("k", &charge("a=1"), just_before, LIFETIME);
        assert_eq!(found, Ok(Some(result(200))));
        let found = keys.find("k", &charge("a=2"), START + LIFETIME, LIFETIME);
        assert_eq!(found, Ok(None));
    }

    #[test]
    fn a_key_in_flight_does_not_expire() {
        let mut keys = Keys::default();
        keys.reserve("k", charge("a=1"), START);

        let found = keys.find("k", &charge("a=1"), START + 2 * LIFETIME, LIFETIME);
        assert_eq!(found, Err(ApiError::key_in_use("k")));
    }

    #[test]
    fn a_key_has_up_to_255_characters() {
        assert_eq!(check(&"k".repeat(255)), Ok(()));
        assert_eq!(check(&"k".repeat(256)), Err(ApiError::key_too_long(256)));
    }
}
