use std::collections::BTreeMap;

use super::card;
use super::charge::{amount, currency};
use super::error::ApiError;
use super::form::Form;

/// Parameters that mean nothing to a delivery guarantee are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IntentRequest {
    pub(super) amount: u64,
    pub(super) currency: String,
    pub(super) customer: Option<String>,
    pub(super) description: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) payment_method: Option<String>,
    pub(super) payment_method_types: Vec<String>,
    pub(super) capture_method: String,
    pub(super) confirmation_method: String,
    /// The methods of the account's settings, instead of a list.
    pub(super) automatic: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Confirmation {
    /// Instead of the intent's own.
    pub(super) payment_method: Option<String>,
}

impl IntentRequest {
    pub(super) fn parse(form: &Form) -> Result<Self, ApiError> {
        let owned = |name| form.get(name).map(str::to_owned);
        let types = form.list("payment_method_types");
        let capture = capture_method(form)?;
        let confirmation = one_of(form, "confirmation_method", &["automatic", "manual"])?;
        Ok(Self {
            amount: amount(form)?,
            currency: currency(form)?,
            customer: owned("customer"),
            description: owned("description"),
            metadata: form.entries("metadata"),
            payment_method: payment_method(form)?,
            payment_method_types: match types.is_empty() {
                true => vec!["card".to_owned()],
                false => types,
            },
            capture_method: capture.to_owned(),
            confirmation_method: confirmation.to_owned(),
            automatic: form.get("automatic_payment_methods[enabled]") == Some("true"),
        })
    }
}

impl Confirmation {
    pub(super) fn parse(form: &Form) -> Result<Self, ApiError> {
        capture_method(form)?;
        Ok(Self {
            payment_method: payment_method(form)?,
        })
    }

    pub(super) fn at_once(form: &Form) -> Result<bool, ApiError> {
        one_of(form, "confirm", &["false", "true"]).map(|value| value == "true")
    }
}

pub(super) fn cancellation(form: &Form) -> Result<Option<String>, ApiError> {
    const REASONS: [&str; 4] = [
        "duplicate",
        "fraudulent",
        "requested_by_customer",
        "abandoned",
    ];
    let given = form.get("cancellation_reason").is_some();
    let reason = one_of(form, "cancellation_reason", &REASONS)?;
    Ok(given.then(|| reason.to_owned()))
}

/// Whatever the intent's state.
pub(super) fn check_update(form: &Form) -> Result<(), ApiError> {
    if form.get("amount").is_some() {
        amount(form)?;
    }
    if form.get("currency").is_some() {
        currency(form)?;
    }
    capture_method(form)?;
    payment_method(form).map(drop)
}

/// Nothing is captured later here: either way an intent succeeds at once.
fn capture_method(form: &Form) -> Result<&'static str, ApiError> {
    one_of(form, "capture_method", &["automatic_async", "automatic"])
}

/// By id, by a test card's token, or described: a described card always works.
pub(super) fn payment_method(form: &Form) -> Result<Option<String>, ApiError> {
    let token = "payment_method_data[card][token]";
    for name in ["payment_method", token] {
        if let Some(card) = form.get(name).filter(|card| !card.is_empty()) {
            card::check(card, name)?;
            return Ok(Some(card.to_owned()));
        }
    }
    let described = form.get("payment_method_data[type]") == Some("card");
    Ok(described.then(|| format!("pm_{:012x}", rand::random::<u64>() >> 16)))
}

/// The first is the default.
fn one_of(form: &Form, name: &str, allowed: &[&'static str]) -> Result<&'static str, ApiError> {
    let Some(given) = form.get(name) else {
        return Ok(allowed[0]);
    };
    let found = allowed.iter().find(|word| **word == given).copied();
    found.ok_or_else(|| {
        let allowed = allowed.join(" or ");
        let message = format!("Invalid {name}: {given} cannot be used here, only {allowed}.");
        ApiError::invalid_parameter(name, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(encoded: &str) -> Form {
        Form::parse(encoded.as_bytes()).expect("a well-formed form")
    }

    fn parse(encoded: &str) -> Result<IntentRequest, ApiError> {
        IntentRequest::parse(&form(&format!("amount=1&currency=usd&{encoded}")))
    }

    #[test]
    fn a_card_is_named_or_described() {
        let card = |encoded| parse(encoded).expect(encoded).payment_method;
        assert_eq!(card(""), None);
        assert_eq!(card("payment_method="), None);
        assert_eq!(
            card("payment_method=pm_card_visa").as_deref(),
            Some("pm_card_visa")
        );
        let token = "payment_method_data[type]=card&payment_method_data[card][token]=tok_visa";
        assert_eq!(card(token).as_deref(), Some("tok_visa"));
        let described = card("payment_method_data[type]=card&payment_method_data[card][cvc]=1");
        assert!(described.is_some_and(|id| id.starts_with("pm_")));
    }

    #[test]
    fn what_cannot_be_done_here_is_refused_and_not_done_otherwise() {
        for (encoded, param) in [
            ("capture_method=manual", "capture_method"),
            ("confirmation_method=later", "confirmation_method"),
            (
                "payment_method=pm_card_authenticationRequired",
                "payment_method",
            ),
        ] {
            let refused = parse(encoded).expect_err(encoded);
            assert_eq!(
                (refused.status, &refused.body()["error"]["param"]),
                (400, &param.into())
            );
        }
        assert!(Confirmation::at_once(&form("confirm=yes")).is_err());
        assert_eq!(Confirmation::at_once(&form("confirm=true")), Ok(true));
        assert!(cancellation(&form("cancellation_reason=because")).is_err());
        assert_eq!(cancellation(&form("")), Ok(None));
    }

    #[test]
    fn a_change_is_checked_before_anything_is_changed() {
        assert_eq!(check_update(&form("description=new")), Ok(()));
        for bad in [
            "amount=0",
            "currency=us",
            "payment_method=tok_threeDSecure2Required",
            "capture_method=manual",
        ] {
            assert!(check_update(&form(bad)).is_err(), "{bad}");
        }
    }
}
