//! Charges and payment intents with async-stripe: only the base address is changed.
//!
//! Expects PAYMENT_API_URL and PAYMENT_API_KEY, and a provider that does to the first request for
//! payments msg-1001 to msg-1012 what tests/provider_sdks.rs says. That also counts what arrived.
//!
//! That an answer is understood at all is an assertion here: async-stripe refuses an object in which
//! a field is missing that it requires.

use std::collections::HashMap;
use std::time::Duration;

use stripe::{
    ApiErrors, ApiErrorsCode, ApiErrorsType, Client, ClientBuilder, IdempotencyKey,
    RequestStrategy, StripeError, StripeRequest,
};
use stripe_core::charge::{CreateCharge, ListCharge, RetrieveCharge, UpdateCharge};
use stripe_core::payment_intent::{
    CancelPaymentIntent, CancelPaymentIntentCancellationReason, ConfirmPaymentIntent,
    CreatePaymentIntent, ListPaymentIntent, RetrievePaymentIntent, UpdatePaymentIntent,
};
use stripe_core::{Charge, PaymentIntent, PaymentIntentStatus};

const NOTE: (&str, &str) = ("note & sum", "a=b [1] ü");

fn metadata(payment: &str) -> HashMap<String, String> {
    let named = ("payment_id".to_owned(), payment.to_owned());
    [named, (NOTE.0.to_owned(), NOTE.1.to_owned())].into()
}

fn charge(payment: &str) -> CreateCharge {
    let charge = CreateCharge::new().amount(1000).currency(usd());
    charge.source("tok_visa").metadata(metadata(payment))
}

fn usd() -> stripe_types::Currency {
    stripe_types::Currency::USD
}

fn intent(payment: &str) -> CreatePaymentIntent {
    CreatePaymentIntent::new(1000, usd()).metadata(metadata(payment))
}

/// The error object of a failure with this status.
fn error<T: std::fmt::Debug>(result: Result<T, StripeError>, status: u16) -> Box<ApiErrors> {
    match result {
        Err(StripeError::Stripe(error, s)) if s == status => error,
        other => panic!("{status} was expected, got {other:?}"),
    }
}

fn charge_of(intent: &PaymentIntent) -> Option<String> {
    let charge = intent.latest_charge.as_ref()?;
    Some(charge.id().to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StripeError> {
    let [url, key] = ["PAYMENT_API_URL", "PAYMENT_API_KEY"]
        .map(|name| std::env::var(name).expect("the test sets it"));
    // The version is in a path that the SDK adds to this, so the slash must be there.
    let builder = ClientBuilder::new(key).url(format!("{url}/"));
    let once = builder.clone().build()?;
    let client = builder
        .request_strategy(RequestStrategy::Retry(3))
        .build()?;

    charges(&client).await?;
    retries(&client, &once).await?;
    intents(&client).await
}

async fn charges(client: &Client) -> Result<(), StripeError> {
    let keyed = |request: CreateCharge| {
        let key = IdempotencyKey::new("rust-1").expect("a key");
        let strategy = RequestStrategy::Idempotent(key);
        request.customize().request_strategy(strategy).send(client)
    };
    let first: Charge = keyed(charge("msg-1000")).await?;
    assert!(first.paid && first.amount == 1000, "{first:?}");
    assert_eq!(first.metadata[NOTE.0], NOTE.1);
    assert_eq!(keyed(charge("msg-1000")).await?.id, first.id);
    let changed = error(keyed(charge("msg-1000").amount(2000)).await, 400);
    assert_eq!(changed.type_, ApiErrorsType::IdempotencyError);

    let declined = charge("msg-1000").source("tok_chargeDeclined");
    let declined = error(declined.send(client).await, 402);
    assert_eq!(declined.type_, ApiErrorsType::CardError);
    assert_eq!(declined.code, Some(ApiErrorsCode::CardDeclined));
    let missing = error(CreateCharge::new().currency(usd()).send(client).await, 400);
    assert_eq!(missing.param.as_deref(), Some("amount"));
    let missing = error(RetrieveCharge::new("ch_x").send(client).await, 404);
    assert_eq!(missing.code, Some(ApiErrorsCode::ResourceMissing));

    let retrieved = RetrieveCharge::new(first.id.clone()).send(client).await?;
    assert_eq!(retrieved.id, first.id);
    let renamed = UpdateCharge::new(first.id.clone()).description("a ride");
    let renamed = renamed.send(client).await?;
    assert_eq!(renamed.description.as_deref(), Some("a ride"));
    let listed = ListCharge::new().limit(1).send(client).await?;
    assert_eq!(listed.data[0].id, first.id);
    Ok(())
}

async fn retries(client: &Client, once: &Client) -> Result<(), StripeError> {
    // 503 before execution; then a lost answer: the retry carries the same key of the SDK's own, or
    // the ledger would have two charges.
    charge("msg-1001").send(client).await?;
    charge("msg-1002").send(client).await?;
    // No answer in time, then 409 while the first is in flight, then its result.
    let patient = charge("msg-1003").customize();
    patient.timeout(Duration::from_secs(5)).send(client).await?;
    // 500 after execution says Stripe-Should-Retry: false.
    let failed = error(charge("msg-1004").send(client).await, 500);
    assert_eq!(failed.type_, ApiErrorsType::ApiError);
    // Both 429, of which Stripe's own SDKs retry only the first.
    charge("msg-1005").send(client).await?;
    charge("msg-1006").send(client).await?;
    // Told nothing of retries, it does none.
    error(charge("msg-1007").send(once).await, 503);
    let lost = charge("msg-1008").send(once).await;
    assert!(matches!(lost, Err(StripeError::ClientError(_))), "{lost:?}");
    Ok(())
}

async fn intents(client: &Client) -> Result<(), StripeError> {
    use PaymentIntentStatus::{Canceled, RequiresConfirmation, RequiresPaymentMethod, Succeeded};
    let created = intent("msg-1009").send(client).await?;
    assert_eq!(created.status, RequiresPaymentMethod);
    let id = created.id;
    let changed = UpdatePaymentIntent::new(id.clone()).payment_method("pm_card_visa");
    assert_eq!(changed.send(client).await?.status, RequiresConfirmation);
    let confirm = || ConfirmPaymentIntent::new(id.clone());
    let expand = vec!["latest_charge".to_owned()];
    let paid = confirm().expand(expand).send(client).await?;
    assert_eq!((&paid.status, paid.amount_received), (&Succeeded, 1000));
    let expanded = paid.latest_charge.as_ref().and_then(|c| c.as_object());
    assert!(expanded.is_some_and(|charge| charge.paid), "{paid:?}");
    let retrieved = RetrievePaymentIntent::new(id.clone()).send(client).await?;
    assert_eq!(charge_of(&retrieved), charge_of(&paid));
    let again = error(confirm().send(client).await, 400);
    assert_eq!(
        again.code,
        Some(ApiErrorsCode::PaymentIntentUnexpectedState)
    );
    assert_eq!(
        again.payment_intent.map(|intent| intent.id),
        Some(id.clone())
    );

    // Confirmed at once; the answer is lost.
    let lost = intent("msg-1010")
        .payment_method("pm_card_visa")
        .confirm(true);
    let lost = lost.send(client).await?;
    assert_eq!(lost.status, Succeeded);

    let card = "pm_card_visa_chargeDeclinedInsufficientFunds";
    let declined = intent("msg-1011").payment_method(card).confirm(true);
    let declined = error(declined.send(client).await, 402);
    assert_eq!(declined.decline_code.as_deref(), Some("insufficient_funds"));
    let kept = declined
        .payment_intent
        .expect("the intent that was declined");
    assert_eq!(kept.status, RequiresPaymentMethod);
    let last = kept.last_payment_error.expect("why");
    assert_eq!(last.code, Some(ApiErrorsCode::CardDeclined));
    assert_eq!(kept.metadata[NOTE.0], NOTE.1);
    let paid = ConfirmPaymentIntent::new(kept.id.clone()).payment_method("pm_card_visa");
    assert_eq!(paid.send(client).await?.status, Succeeded);

    let open = intent("msg-1012")
        .payment_method("pm_card_visa")
        .send(client)
        .await?;
    let cancel = CancelPaymentIntent::new(open.id.clone());
    let cancel = cancel.cancellation_reason(CancelPaymentIntentCancellationReason::Duplicate);
    assert_eq!(cancel.send(client).await?.status, Canceled);

    let listed = ListPaymentIntent::new().limit(4).send(client).await?;
    let listed: Vec<_> = listed.data.into_iter().map(|intent| intent.id).collect();
    assert_eq!(listed, [open.id, kept.id, lost.id, id]);
    Ok(())
}
