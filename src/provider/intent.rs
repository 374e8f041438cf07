//! Payment intents: <https://docs.stripe.com/api/payment_intents/object>.
//!
//! ```text
//! requires_payment_method ─▶ requires_confirmation ─▶ succeeded
//!     ▲        ╎                    ╎        │
//!     ╎     canceled             canceled    │ declined
//!     └──────────────────────────────────────┘
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::charge::{Charge, ChargeRequest, amount, currency};
use super::error::ApiError;
use super::form::Form;
use super::intent_params::{Confirmation, IntentRequest, payment_method};
use super::page::Listed;

const NULL_FIELDS: [&str; 15] = [
    "amount_details",
    "application",
    "application_fee_amount",
    "next_action",
    "on_behalf_of",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
];

/// The last two are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    Succeeded,
    Canceled,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }

    fn is_open(self) -> bool {
        matches!(
            self,
            Self::RequiresPaymentMethod | Self::RequiresConfirmation
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Intent {
    pub(super) id: String,
    secret: String,
    /// Seconds since the Unix epoch by the provider's clock.
    created: u64,
    /// Of the request that created it.
    payment: Option<String>,
    request: IntentRequest,
    status: Status,
    /// Of the last attempt to charge, if that was declined.
    last_error: Option<Value>,
    latest_charge: Option<String>,
    /// When and why.
    canceled: Option<(u64, Option<String>)>,
}

impl Intent {
    pub(super) fn new(created: u64, request: IntentRequest, payment: Option<&str>) -> Self {
        let id = format!("pi_{:012x}", rand::random::<u64>() >> 16);
        let mut intent = Self {
            secret: format!("{id}_secret_{:016x}", rand::random::<u64>()),
            id,
            created,
            payment: payment.map(str::to_owned),
            request,
            status: Status::RequiresPaymentMethod,
            last_error: None,
            latest_charge: None,
            canceled: None,
        };
        intent.settle_on_method();
        intent
    }

    fn settle_on_method(&mut self) {
        if self.status.is_open() {
            self.status = match self.request.payment_method {
                Some(_) => Status::RequiresConfirmation,
                None => Status::RequiresPaymentMethod,
            };
        }
    }

    /// What its metadata says, as it is to be `told`, else what the request to create it was about.
    pub(super) fn payment(&self, told: impl Fn(&str) -> String) -> Option<String> {
        let named = self.request.metadata.get("payment_id");
        named.map(|id| told(id)).or_else(|| self.payment.clone())
    }

    /// A decline is remembered and takes the card away, so that the next attempt needs another.
    pub(super) fn confirm(
        &mut self,
        now: Duration,
        confirmation: Confirmation,
    ) -> Result<Charge, ApiError> {
        match self.status {
            Status::Succeeded => {
                let message = "You cannot confirm this PaymentIntent because it has already \
                               succeeded after being previously confirmed.";
                return Err(self.unexpected(message));
            }
            Status::Canceled => {
                let message = "You cannot confirm this PaymentIntent because it has a status of \
                               canceled. Only a PaymentIntent with one of the following statuses \
                               may be confirmed: requires_confirmation, requires_action.";
                return Err(self.unexpected(message));
            }
            Status::RequiresPaymentMethod | Status::RequiresConfirmation => {}
        }
        if confirmation.payment_method.is_some() {
            self.request.payment_method = confirmation.payment_method;
            self.settle_on_method();
        }
        let Some(card) = self.request.payment_method.clone() else {
            let message = "You cannot confirm this PaymentIntent because it's missing a payment \
                           method. You can either update the PaymentIntent with a payment method \
                           and then confirm it again, or confirm it again directly with a payment \
                           method.";
            return Err(self.unexpected(message));
        };
        if let Err(declined) = super::card::authorize(&card) {
            self.last_error = Some(declined.body()["error"].clone());
            self.request.payment_method = None;
            self.settle_on_method();
            return Err(declined.about_intent(self.object()));
        }
        let request = ChargeRequest::of_intent(
            self.request.amount,
            &self.request.currency,
            self.request.customer.clone(),
            self.request.description.clone(),
            self.request.metadata.clone(),
        );
        let charge = Charge::new(now.as_secs(), request).by_intent(&self.id, &card);
        self.status = Status::Succeeded;
        self.last_error = None;
        self.latest_charge = Some(charge.id.clone());
        Ok(charge)
    }

    pub(super) fn cancel(&mut self, now: Duration, reason: Option<String>) -> Result<(), ApiError> {
        if !self.status.is_open() {
            let message = format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a \
                 PaymentIntent with one of the following statuses may be canceled: \
                 requires_payment_method, requires_capture, requires_confirmation, \
                 requires_action, processing.",
                self.status.as_str()
            );
            return Err(self.unexpected(&message));
        }
        self.status = Status::Canceled;
        self.canceled = Some((now.as_secs(), reason));
        Ok(())
    }

    /// The parameters have been checked. Fails where it is too late for what would be charged, or
    /// on which card; nothing is changed then.
    pub(super) fn update(&mut self, form: &Form) -> Result<(), ApiError> {
        let card = payment_method(form)?;
        let late = ["amount", "currency", "payment_method"];
        let mut late = late.into_iter().filter(|name| form.get(name).is_some());
        let late = late.next().or(card.is_some().then_some("payment_method"));
        if let Some(name) = late.filter(|_| !self.status.is_open()) {
            let message = format!(
                "This PaymentIntent's {name} could not be updated because it has a status of {}. \
                 You may only update the {name} of a PaymentIntent with one of the following \
                 statuses: requires_payment_method, requires_confirmation, requires_action.",
                self.status.as_str()
            );
            return Err(self.unexpected(&message).param(name));
        }
        if form.get("amount").is_some() {
            self.request.amount = amount(form)?;
        }
        if form.get("currency").is_some() {
            self.request.currency = currency(form)?;
        }
        // An empty one takes the card away.
        if card.is_some() || form.get("payment_method").is_some() {
            self.request.payment_method = card;
            self.settle_on_method();
        }
        let request = &mut self.request;
        for (name, field) in [
            ("customer", &mut request.customer),
            ("description", &mut request.description),
        ] {
            if let Some(value) = form.get(name) {
                *field = Some(value.to_owned());
            }
        }
        form.merge_into(&mut self.request.metadata, "metadata");
        Ok(())
    }

    fn unexpected(&self, message: &str) -> ApiError {
        ApiError::unexpected_state(message).about_intent(self.object())
    }

    pub(super) fn latest_charge(&self) -> Option<&str> {
        self.latest_charge.as_deref()
    }

    /// Itself and its charge, for a boundary event.
    pub(super) fn word(&self) -> String {
        match &self.latest_charge {
            Some(charge) => format!("{} {charge}", self.id),
            None => self.id.clone(),
        }
    }
}

impl Listed for Intent {
    const KIND: &'static str = "payment_intent";
    const URL: &'static str = "/v1/payment_intents";

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
        let request = &self.request;
        let received = match self.status {
            Status::Succeeded => request.amount,
            _ => 0,
        };
        let (canceled_at, reason) = self.canceled.clone().unzip();
        let mut object = json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": request.amount,
            "amount_capturable": 0,
            "amount_received": received,
            "automatic_payment_methods": null,
            "canceled_at": canceled_at,
            "cancellation_reason": reason.flatten(),
            "capture_method": request.capture_method,
            "client_secret": self.secret,
            "confirmation_method": request.confirmation_method,
            "created": self.created,
            "currency": request.currency,
            "customer": request.customer,
            "description": request.description,
            "last_payment_error": self.last_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": request.metadata,
            "payment_method": request.payment_method,
            "payment_method_options": {},
            "payment_method_types": request.payment_method_types,
            "status": self.status.as_str(),
        });
        if request.automatic {
            object["automatic_payment_methods"] =
                json!({"allow_redirects": "always", "enabled": true});
        }
        for field in NULL_FIELDS {
            object[field] = Value::Null;
        }
        object
    }
}
