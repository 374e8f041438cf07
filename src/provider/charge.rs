//! Charges: <https://docs.stripe.com/api/charges/object>.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::card;
use super::error::ApiError;
use super::form::Form;
use super::page::Listed;

/// Stripe: "up to eight digits", whatever the currency.
const MAX_AMOUNT: u64 = 99_999_999;

const NULL_FIELDS: [&str; 20] = [
    "application",
    "application_fee",
    "application_fee_amount",
    "calculated_statement_descriptor",
    "failure_balance_transaction",
    "failure_code",
    "failure_message",
    "on_behalf_of",
    "outcome",
    "payment_method_details",
    "receipt_email",
    "receipt_number",
    "receipt_url",
    "review",
    "shipping",
    "source",
    "source_transfer",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChargeRequest {
    pub(super) amount: u64,
    pub(super) currency: String,
    /// Stripe wants a source or a customer; here neither is needed, so that a consumer needs no
    /// set-up.
    source: Option<String>,
    customer: Option<String>,
    description: Option<String>,
    metadata: BTreeMap<String, String>,
}

impl ChargeRequest {
    /// Parameters that mean nothing to a delivery guarantee are accepted.
    pub(super) fn parse(form: &Form) -> Result<Self, ApiError> {
        let owned = |name| form.get(name).map(str::to_owned);
        if form.get("capture").is_some_and(|capture| capture != "true") {
            let message = "Only captured charges can be made here: leave out `capture`.";
            return Err(ApiError::invalid_parameter("capture", message));
        }
        if let Some(source) = form.get("source") {
            card::check(source, "source")?;
        }
        Ok(Self {
            amount: amount(form)?,
            currency: currency(form)?,
            source: owned("source"),
            customer: owned("customer"),
            description: owned("description"),
            metadata: form.entries("metadata"),
        })
    }

    pub(super) fn of_intent(
        amount: u64,
        currency: &str,
        customer: Option<String>,
        description: Option<String>,
        metadata: BTreeMap<String, String>,
    ) -> Self {
        Self {
            amount,
            currency: currency.to_owned(),
            source: None,
            customer,
            description,
            metadata,
        }
    }

    /// Asks the bank, so to speak.
    pub(super) fn authorize(&self) -> Result<(), ApiError> {
        self.source.as_deref().map_or(Ok(()), card::authorize)
    }
}

pub(super) fn amount(form: &Form) -> Result<u64, ApiError> {
    let text = form.get("amount");
    let text = text.ok_or_else(|| ApiError::missing_parameter("amount"))?;
    let refuse = |message: String| Err(ApiError::invalid_integer("amount", message));
    match text.parse::<i64>().map(u64::try_from) {
        Err(_) => refuse(format!("Invalid integer: {text}")),
        Ok(Err(_) | Ok(0)) => refuse("This value must be greater than or equal to 1.".to_owned()),
        Ok(Ok(amount)) if amount > MAX_AMOUNT => {
            refuse(format!("Amount must be no more than {MAX_AMOUNT}."))
        }
        Ok(Ok(amount)) => Ok(amount),
    }
}

pub(super) fn currency(form: &Form) -> Result<String, ApiError> {
    let text = form.get("currency");
    let text = text.ok_or_else(|| ApiError::missing_parameter("currency"))?;
    if text.len() == 3 && text.chars().all(|c| c.is_ascii_alphabetic()) {
        Ok(text.to_ascii_lowercase())
    } else {
        let message = format!("Invalid currency: {text}");
        Err(ApiError::invalid_parameter("currency", message))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) id: String,
    /// Seconds since the Unix epoch by the provider's clock.
    created: u64,
    pub(super) request: ChargeRequest,
    /// The intent that asked for it, and the card it named.
    intent: Option<(String, String)>,
}

impl Charge {
    pub(super) fn new(created: u64, request: ChargeRequest) -> Self {
        let id = format!("ch_{:012x}", rand::random::<u64>() >> 16);
        Self {
            id,
            created,
            request,
            intent: None,
        }
    }

    pub(super) fn by_intent(self, intent: &str, card: &str) -> Self {
        Self {
            intent: Some((intent.to_owned(), card.to_owned())),
            ..self
        }
    }

    pub(super) fn update(&mut self, form: &Form) {
        if let Some(description) = form.get("description") {
            self.request.description = Some(description.to_owned());
        }
        form.merge_into(&mut self.request.metadata, "metadata");
    }
}

impl Listed for Charge {
    const KIND: &'static str = "charge";
    const URL: &'static str = "/v1/charges";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Duration {
        Duration::from_secs(self.created)
    }

    fn metadata(&self) -> &BTreeMap<String, String> {
        &self.request.metadata
    }

    /// Every field that a strict client requires has a value.
    fn object(&self) -> Value {
        let (intent, card) = self.intent.clone().unzip();
        let Self {
            id,
            created,
            request,
            intent: _,
        } = self;
        let mut object = json!({
            "id": id,
            "object": "charge",
            "amount": request.amount,
            "amount_captured": request.amount,
            "amount_refunded": 0,
            "balance_transaction": id.replacen("ch_", "txn_", 1),
            "billing_details": {"address": null, "email": null, "name": null, "phone": null},
            "captured": true,
            "created": created,
            "currency": request.currency,
            "customer": request.customer,
            "description": request.description,
            "disputed": false,
            "fraud_details": {},
            "livemode": false,
            "metadata": request.metadata,
            "paid": true,
            "payment_intent": intent,
            "payment_method": card,
            "refunded": false,
            "status": "succeeded",
        });
        for field in NULL_FIELDS {
            object[field] = Value::Null;
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(form: &str) -> Result<ChargeRequest, ApiError> {
        ChargeRequest::parse(&Form::parse(form.as_bytes()).expect("a well-formed form"))
    }

    fn refusal(form: &str) -> Value {
        parse(form).expect_err(form).body()["error"].clone()
    }

    #[test]
    fn the_object_has_every_field_that_a_strict_client_requires() {
        // async-stripe 1.0.0-rc.10 fails if one of these is absent.
        let required = "id amount amount_captured amount_refunded billing_details captured created \
                        currency disputed livemode metadata paid refunded status";
        let request = parse("amount=1&currency=usd").expect("a valid request");
        let object = Charge::new(1, request).object();
        for field in required.split(' ') {
            assert!(!object[field].is_null(), "{field} of {object}");
        }
    }

    #[test]
    fn amount_and_currency_are_required() {
        let refused = refusal("currency=usd");
        assert_eq!(refused["code"], "parameter_missing");
        assert_eq!(refused["param"], "amount");
        assert_eq!(refusal("amount=1")["param"], "currency");
    }

    #[test]
    fn an_amount_is_a_whole_number_from_one_to_eight_digits() {
        for amount in ["0", "-1", "1.5", "ten", "", "100000000"] {
            let refused = refusal(&format!("amount={amount}&currency=usd"));
            assert_eq!(refused["code"], "parameter_invalid_integer", "{amount}");
        }
        let largest = parse("amount=99999999&currency=usd").map(|r| r.amount);
        assert_eq!(largest, Ok(MAX_AMOUNT));
    }

    #[test]
    fn a_currency_has_three_letters_of_any_case() {
        assert_eq!(refusal("amount=1&currency=us")["param"], "currency");
        assert_eq!(refusal("amount=1&currency=u5d")["param"], "currency");
        let upper = parse("amount=1&currency=USD").map(|r| r.currency);
        assert_eq!(upper, Ok("usd".to_owned()));
    }

    #[test]
    fn a_charge_without_capture_is_refused_and_not_captured_by_mistake() {
        let refused = refusal("amount=1&currency=usd&capture=false");
        assert_eq!(refused["param"], "capture");
    }

    #[test]
    fn an_update_changes_only_what_it_names() {
        let form = "amount=1&currency=usd&metadata[a]=1&metadata[b]=2&description=old";
        let mut charge = Charge::new(1, parse(form).expect("a valid request"));

        let update = Form::parse(b"metadata[a]=&metadata[c]=3").expect("a well-formed form");
        charge.update(&update);

        assert_eq!(charge.object()["metadata"], json!({"b": "2", "c": "3"}));
        assert_eq!(charge.object()["description"], "old");
    }
}
