//! Lists of objects: <https://docs.stripe.com/api/pagination>.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::error::ApiError;
use super::form::Form;

pub(super) trait Listed {
    /// What an error calls it.
    const KIND: &'static str;
    const URL: &'static str;

    fn id(&self) -> &str;

    /// Since the Unix epoch, by the provider's clock.
    fn created(&self) -> Duration;

    fn metadata(&self) -> &BTreeMap<String, String>;

    fn object(&self) -> Value;
}

pub(super) fn find<'a, T: Listed>(objects: &'a [T], id: &str) -> Result<&'a T, ApiError> {
    // From the newest: most requests are about what was just made.
    let found = objects.iter().rfind(|object| object.id() == id);
    found.ok_or_else(|| missing::<T>(id))
}

pub(super) fn find_mut<'a, T: Listed>(
    objects: &'a mut [T],
    id: &str,
) -> Result<&'a mut T, ApiError> {
    let found = objects.iter_mut().rfind(|object| object.id() == id);
    found.ok_or_else(|| missing::<T>(id))
}

/// Stripe names the parameter of an intent's path `intent` (stripe/stripe-terminal-js-demo#72).
fn missing<T: Listed>(id: &str) -> ApiError {
    let param = match T::KIND {
        "payment_intent" => "intent",
        _ => "id",
    };
    ApiError::no_such(T::KIND, 404, id, param)
}

/// Newest first. An unknown filter is refused: silently ignored, it would make a consumer that
/// looks its charge up believe in one that is not its own.
pub(super) fn list<T: Listed>(oldest_first: &[T], form: &Form) -> Result<Value, ApiError> {
    refuse_unknown(form, &["limit", "starting_after"])?;
    let limit = limit(form)?;
    let end = match form.get("starting_after") {
        None => oldest_first.len(),
        Some(id) => {
            let position = oldest_first.iter().position(|object| object.id() == id);
            position.ok_or_else(|| ApiError::no_such(T::KIND, 400, id, "starting_after"))?
        }
    };
    let page = oldest_first[..end].iter().rev().take(limit);
    Ok(json!({
        "object": "list",
        "data": page.map(T::object).collect::<Vec<_>>(),
        "has_more": end > limit,
        "url": T::URL,
    }))
}

pub(super) fn refuse_unknown(form: &Form, known: &[&str]) -> Result<(), ApiError> {
    let params = form.params();
    let mut names = params.keys();
    match names.find(|name| !known.contains(&name.as_str()) && !name.starts_with("expand[")) {
        Some(name) => Err(ApiError::unknown_parameter(name)),
        None => Ok(()),
    }
}

/// Stripe's default and bounds.
pub(super) fn limit(form: &Form) -> Result<usize, ApiError> {
    match form.get("limit").map(str::parse) {
        None => Ok(10),
        Some(Ok(limit @ 1..=100)) => Ok(limit),
        Some(_) => {
            let message = "Invalid limit: must be an integer from 1 to 100";
            Err(ApiError::invalid_integer("limit", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::charge::{Charge, ChargeRequest};
    use super::*;

    fn charges(count: u64) -> Vec<Charge> {
        let form = Form::parse(b"amount=1&currency=usd").expect("a well-formed form");
        let request = ChargeRequest::parse(&form).expect("a valid request");
        let charge = |created| Charge::new(created, request.clone());
        (1..=count).map(charge).collect()
    }

    fn page(charges: &[Charge], query: &str) -> (Vec<u64>, bool) {
        let form = Form::parse(query.as_bytes()).expect("a well-formed query");
        let list = list(charges, &form).expect("a page");
        let data = list["data"].as_array().expect("a list has data");
        let created = data.iter().map(|c| c["created"].as_u64().expect("a time"));
        (created.collect(), list["has_more"] == true)
    }

    #[test]
    fn pages_go_from_the_newest_to_the_oldest() {
        let charges = charges(5);

        assert_eq!(page(&charges, "limit=2"), (vec![5, 4], true));
        let after = format!("limit=2&starting_after={}", charges[3].id);
        assert_eq!(page(&charges, &after), (vec![3, 2], true));
        let last = format!("limit=2&starting_after={}", charges[1].id);
        assert_eq!(page(&charges, &last), (vec![1], false));
        assert_eq!(page(&charges, "limit=5"), (vec![5, 4, 3, 2, 1], false));
    }

    #[test]
    fn a_list_refuses_what_it_would_have_to_ignore() {
        for query in [
            "customer=cus_1",
            "limit=0",
            "limit=101",
            "starting_after=ch_x",
        ] {
            let form = Form::parse(query.as_bytes()).expect("a well-formed query");
            let refused = list(&charges(1), &form);
            assert_eq!(refused.map_err(|e| e.status), Err(400), "{query}");
        }
    }
}
