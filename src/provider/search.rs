//! Searching by metadata: <https://docs.stripe.com/search>.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::ApiError;
use super::form::Form;
use super::page::{self, Listed};

/// Newest first. As at Stripe, an object is found only once it is indexed, `lag` after it was made.
/// Only `metadata['KEY']:'VALUE'` is understood.
pub(super) fn search<T: Listed>(
    oldest_first: &[T],
    form: &Form,
    now: Duration,
    lag: Duration,
) -> Result<(Option<String>, Value), ApiError> {
    page::refuse_unknown(form, &["query", "limit"])?;
    let limit = page::limit(form)?;
    let query = form.get("query");
    let query = query.ok_or_else(|| ApiError::missing_parameter("query"))?;
    let (key, value) = clause(query).ok_or_else(|| {
        let message = format!("Only metadata['KEY']:'VALUE' is understood here, not: {query}");
        ApiError::invalid_parameter("query", message)
    })?;
    let indexed = |object: &&T| now.saturating_sub(object.created()) >= lag;
    let matches = |object: &&T| object.metadata().get(key).is_some_and(|v| v == value);
    let found: Vec<&T> = oldest_first
        .iter()
        .rev()
        .filter(|object| indexed(object) && matches(object))
        .collect();
    let latest = found.first().map(|object| object.id().to_owned());
    let shown = found.iter().take(limit);
    let result = json!({
        "object": "search_result",
        "data": shown.map(|object| object.object()).collect::<Vec<_>>(),
        "has_more": found.len() > limit,
        "next_page": null,
        "url": format!("{}/search", T::URL),
    });
    Ok((latest, result))
}

fn clause(query: &str) -> Option<(&str, &str)> {
    let (field, value) = query.trim().split_once(':')?;
    let key = field.strip_prefix("metadata[")?.strip_suffix(']')?;
    Some((unquote(key)?, unquote(value)?))
}

/// Between quotes of either kind.
fn unquote(text: &str) -> Option<&str> {
    ['\'', '"'].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    })
}

#[cfg(test)]
mod tests {
    use super::super::charge::{Charge, ChargeRequest};
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn charged(payment: &str, at: u64) -> Charge {
        let form = format!("amount=1&currency=usd&metadata[payment_id]={payment}");
        let form = Form::parse(form.as_bytes()).expect("a well-formed form");
        Charge::new(at, ChargeRequest::parse(&form).expect("a valid request"))
    }

    fn found(charges: &[Charge], query: &str, now: u64) -> Result<usize, u16> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("query", query);
        let form = Form::parse(form.finish().as_bytes()).expect("a well-formed query");
        let found = search(charges, &form, Duration::from_secs(now), MINUTE);
        let (_, result) = found.map_err(|e| e.status)?;
        Ok(result["data"].as_array().expect("a result has data").len())
    }

    #[test]
    fn a_charge_is_found_by_its_metadata_once_it_is_indexed() {
        let charges = [charged("msg-0001", 1000), charged("msg-0002", 1000)];
        let query = "metadata['payment_id']:'msg-0001'";
        assert_eq!(found(&charges, query, 1059), Ok(0));
        assert_eq!(found(&charges, query, 1060), Ok(1));
        let double = query.replace('\'', "\"");
        assert_eq!(found(&charges, &double, 1060), Ok(1));
        assert_eq!(
            found(&charges, "metadata['payment_id']:'msg-0003'", 1060),
            Ok(0)
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_and_finds_nothing() {
        for query in [
            "amount>1",
            "metadata['payment_id']:msg-0001",
            "metadata['a']:'1' AND metadata['b']:'2'",
        ] {
            assert_eq!(found(&[] as &[Charge], query, 0), Err(400), "{query}");
        }
    }
}
