//! Payment intents: their states, and that one of them charges once.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Answer, Desk, Lab, answer, finished, start, unanswered};
use crashwindow::event::{Marks, Stage};
use crashwindow::provider::Behaviour;
use crashwindow::tap::{Decision, PassAll};

const INTENTS: &str = "/v1/payment_intents";
const CARD: &str = "amount=1000&currency=usd&payment_method=pm_card_visa";
const UNEXPECTED: (u16, &str, Option<&str>) = (
    400,
    "invalid_request_error",
    Some("payment_intent_unexpected_state"),
);

async fn create(lab: &Lab, form: &str) -> Answer {
    answer(lab.post(INTENTS, form)).await
}

fn path(intent: &Answer, action: &str) -> String {
    format!("{INTENTS}/{}{action}", intent.id())
}

async fn confirm(lab: &Lab, intent: &Answer, form: &str) -> Answer {
    answer(lab.post(&path(intent, "/confirm"), form)).await
}

async fn status(lab: &Lab, intent: &Answer) -> Value {
    answer(lab.get(&path(intent, ""))).await.body["status"].clone()
}

#[tokio::test]
async fn an_intent_confirmed_later_charges_then_and_not_before() {
    let lab = Lab::open();
    let form = "amount=1000&currency=USD&metadata[payment_id]=msg-0001&description=a%20ride";
    let created = create(&lab, form).await;
    assert_eq!(created.status, 200);
    assert_eq!(created.body["object"], "payment_intent");
    assert_eq!(created.body["status"], "requires_payment_method");
    let secret = created.body["client_secret"].as_str().expect("a secret");
    assert!(secret.starts_with(&format!("{}_secret_", created.id())));

    let updated = answer(lab.post(&path(&created, ""), "payment_method=pm_card_visa")).await;
    assert_eq!(updated.body["status"], "requires_confirmation");
    assert_eq!(lab.charged().len(), 0, "nothing is charged yet");

    let confirm = lab.post(&path(&created, "/confirm"), "");
    let confirmed = answer(confirm.header("Idempotency-Key", "k1")).await;
    assert_eq!(confirmed.body["status"], "succeeded");
    assert_eq!(confirmed.body["amount_received"], 1000);
    let ledger = lab.account.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!(confirmed.body["latest_charge"], ledger[0].charge);
    assert_eq!(ledger[0].payment.as_deref(), Some("msg-0001"));
    assert_eq!(ledger[0].idempotency_key.as_deref(), Some("k1"));
    assert_eq!(
        (ledger[0].amount, ledger[0].currency.as_str()),
        (1000, "usd")
    );

    let charge = answer(lab.get(&format!("/v1/charges/{}", ledger[0].charge))).await;
    assert_eq!(charge.body["payment_intent"], created.id());
    assert_eq!(charge.body["payment_method"], "pm_card_visa");
    assert_eq!(charge.body["description"], "a ride");
    assert_eq!(charge.body["metadata"], json!({"payment_id": "msg-0001"}));
}

#[tokio::test]
async fn an_intent_confirmed_at_once_charges_and_shows_its_charge() {
    let lab = Lab::open();
    let form = format!("{CARD}&confirm=true&expand[]=latest_charge");

    let intent = create(&lab, &form).await;

    assert_eq!(intent.body["status"], "succeeded");
    assert_eq!(intent.body["latest_charge"]["object"], "charge");
    assert_eq!(
        json!(lab.charged()),
        json!([intent.body["latest_charge"]["id"]])
    );
}

#[tokio::test]
async fn a_key_replays_the_intent_and_without_one_each_request_is_another() {
    let lab = Lab::open();
    let form = format!("{CARD}&confirm=true");
    let keyed = || lab.post(INTENTS, &form).header("Idempotency-Key", "k1");
    let first = answer(keyed()).await;
    let again = answer(keyed()).await;

    assert!(again.is_replay());
    assert_eq!(again.body, first.body);
    assert_eq!(lab.charged().len(), 1);
    create(&lab, &form).await;
    assert_eq!(lab.charged().len(), 2);
}

#[tokio::test]
async fn a_succeeded_intent_is_confirmed_by_no_other_key() {
    let lab = Lab::open();
    let intent = create(&lab, &format!("{CARD}&confirm=true")).await;

    let second = confirm(&lab, &intent, "payment_method=pm_card_mastercard").await;

    assert_eq!(second.error(), UNEXPECTED);
    assert!(second.message().contains("it has already succeeded"));
    assert_eq!(second.body["error"]["payment_intent"]["id"], intent.id());
    let page = "https://stripe.com/docs/error-codes/payment-intent-unexpected-state";
    assert_eq!(second.body["error"]["doc_url"], page);
    assert_eq!(lab.charged().len(), 1);
}

#[tokio::test]
async fn two_confirmations_at_once_charge_once() {
    let (lab, mut desk) = Lab::asking();
    let created = start(lab.post(INTENTS, CARD));
    desk.pass(&[Stage::Received, Stage::Executed, Stage::Answered])
        .await;
    let intent = finished(created).await;
    let send = |key: &str| {
        let confirm = lab.post(&path(&intent, "/confirm"), "");
        start(confirm.header("Idempotency-Key", key))
    };
    let requests = [send("k1"), send("k2")];
    for _ in 0..6 {
        desk.any().await.decide(Decision::Pass);
    }

    let [one, other] = requests;
    let mut statuses = [finished(one).await.status, finished(other).await.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(lab.charged().len(), 1);
}

#[tokio::test]
async fn a_decline_is_402_and_takes_the_card_away() {
    let lab = Lab::open();
    let card = "payment_method=pm_card_visa_chargeDeclinedInsufficientFunds";
    let form = format!("amount=1000&currency=usd&confirm=true&{card}");

    let declined = create(&lab, &form).await;

    assert_eq!(declined.error(), (402, "card_error", Some("card_declined")));
    assert_eq!(declined.body["error"]["decline_code"], "insufficient_funds");
    let intent = &declined.body["error"]["payment_intent"];
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["payment_method"], Value::Null);
    assert_eq!(intent["last_payment_error"]["code"], "card_declined");
    assert_eq!(lab.charged().len(), 0);

    let path = format!(
        "{INTENTS}/{}/confirm",
        intent["id"].as_str().expect("an id")
    );
    assert_eq!(answer(lab.post(&path, "")).await.error(), UNEXPECTED);
    let paid = answer(lab.post(&path, "payment_method=pm_card_visa")).await;
    assert_eq!(paid.body["status"], "succeeded");
    assert_eq!(paid.body["last_payment_error"], Value::Null);
    assert_eq!(lab.charged().len(), 1);
}

#[tokio::test]
async fn a_canceled_intent_charges_nobody() {
    let lab = Lab::open();
    let intent = create(&lab, CARD).await;
    let cancel = path(&intent, "/cancel");

    let canceled = answer(lab.post(&cancel, "cancellation_reason=duplicate")).await;

    assert_eq!(canceled.body["status"], "canceled");
    assert_eq!(canceled.body["cancellation_reason"], "duplicate");
    assert!(canceled.body["canceled_at"].is_u64());
    assert_eq!(confirm(&lab, &intent, "").await.error(), UNEXPECTED);
    assert_eq!(answer(lab.post(&cancel, "")).await.error(), UNEXPECTED);
    assert_eq!(lab.charged().len(), 0);
}

#[tokio::test]
async fn what_has_succeeded_can_neither_be_canceled_nor_made_dearer() {
    let lab = Lab::open();
    let intent = create(&lab, &format!("{CARD}&confirm=true")).await;

    let cancel = answer(lab.post(&path(&intent, "/cancel"), "")).await;
    assert_eq!(cancel.error(), UNEXPECTED);
    let dearer = answer(lab.post(&path(&intent, ""), "amount=2000&description=x")).await;
    assert_eq!(dearer.error(), UNEXPECTED);
    assert_eq!(dearer.body["error"]["param"], "amount");
    let now = answer(lab.get(&path(&intent, ""))).await.body;
    assert_eq!(
        (&now["amount"], &now["description"]),
        (&json!(1000), &Value::Null)
    );
    let renamed = answer(lab.post(&path(&intent, ""), "metadata[order]=o2")).await;
    assert_eq!(renamed.body["metadata"], json!({"order": "o2"}));
}

#[tokio::test]
async fn what_is_refused_before_execution_leaves_the_key_free() {
    let lab = Lab::open();
    let keyed = |form: &str| lab.post(INTENTS, form).header("Idempotency-Key", "k1");
    for form in [
        "currency=usd",
        "amount=1&currency=usd&capture_method=manual",
    ] {
        assert_eq!(answer(keyed(form)).await.status, 400, "{form}");
    }
    let missing = (404, "invalid_request_error", Some("resource_missing"));
    for action in ["", "/confirm", "/cancel"] {
        let path = format!("{INTENTS}/pi_x{action}");
        let request = lab.post(&path, "").header("Idempotency-Key", "k1");
        let missed = answer(request).await;
        assert_eq!(missed.error(), missing, "{path}");
        assert_eq!(missed.message(), "No such payment_intent: 'pi_x'");
    }
    assert_eq!(
        answer(keyed(CARD)).await.body["status"],
        "requires_confirmation"
    );
}

#[tokio::test]
async fn a_refusal_by_state_is_remembered_by_its_key() {
    let lab = Lab::open();
    let intent = create(&lab, "amount=1000&currency=usd").await;
    let path = path(&intent, "/confirm");
    let keyed = || lab.post(&path, "").header("Idempotency-Key", "k1");
    assert_eq!(answer(keyed()).await.error(), UNEXPECTED);

    let update = format!("{INTENTS}/{}", intent.id());
    answer(lab.post(&update, "payment_method=pm_card_visa")).await;

    let again = answer(keyed()).await;
    assert!(again.is_replay());
    assert_eq!(again.error(), UNEXPECTED);
    assert_eq!(status(&lab, &intent).await, "requires_confirmation");
}

#[tokio::test]
async fn intents_are_listed_and_found_by_their_metadata() {
    let lab = Lab::open();
    let form = format!("{CARD}&metadata[payment_id]=msg-0001");
    let (one, other) = (create(&lab, &form).await, create(&lab, CARD).await);

    let list = answer(lab.get(&format!("{INTENTS}?limit=1"))).await.body;
    assert_eq!(list["data"], json!([other.body]));
    assert_eq!(
        (&list["has_more"], &list["url"]),
        (&json!(true), &json!(INTENTS))
    );

    let query = format!("{INTENTS}/search?query=metadata[%27payment_id%27]:%27msg-0001%27");
    assert_eq!(answer(lab.get(&query)).await.body["data"], json!([]));
    lab.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(
        answer(lab.get(&query)).await.body["data"],
        json!([one.body])
    );
}

#[tokio::test]
async fn a_confirmation_is_about_the_payment_of_its_intent() {
    let (lab, mut desk) = Lab::asking();
    let form = format!("{CARD}&metadata[payment_id]=msg-0007");
    let created = start(lab.post(INTENTS, &form));
    told(&mut desk, "POST /v1/payment_intents", &lab).await;
    let intent = finished(created).await;

    // The key names another payment: the intent knows better.
    let confirm = lab.post(&path(&intent, "/confirm"), "");
    let confirmed = start(confirm.header("Idempotency-Key", "confirm-msg-0099"));
    told(&mut desk, "POST /v1/payment_intents/{id}/confirm", &lab).await;
    finished(confirmed).await;

    let read = start(lab.get(&path(&intent, "")));
    for stage in [Stage::Received, Stage::Answered] {
        let question = desk.next(stage).await;
        assert_eq!(question.event.signature, "GET /v1/payment_intents/{id}");
        assert_eq!(
            question.event.subjects.first().map(String::as_str),
            Some("msg-0007")
        );
        question.decide(Decision::Pass);
    }
    finished(read).await;
    assert_eq!(lab.account.ledger()[0].payment.as_deref(), Some("msg-0007"));
}

#[tokio::test]
async fn only_an_id_with_the_runs_word_is_one_of_its_payments() {
    let marks = Marks::of_run("topic", "group", "k3f9");
    let lab = Lab::of_run(marks, Behaviour::default(), Arc::new(PassAll));
    let named = |id: &str| format!("amount=1000&currency=usd&metadata[payment_id]={id}");
    for id in [
        "msg-0001-k3f9",
        "msg-0001-zzzz",
        "msg-0001",
        "order-20240001",
    ] {
        answer(lab.post("/v1/charges", &named(id))).await;
    }
    // The confirmation says nothing: the intent does, in its metadata.
    let form = format!("{CARD}&metadata[payment_id]=msg-0002-k3f9");
    let intent = answer(lab.post(INTENTS, &form)).await;
    answer(lab.post(&path(&intent, "/confirm"), "")).await;

    let ledger = lab.account.ledger();
    let charged: Vec<_> = ledger.iter().flat_map(|entry| &entry.payment).collect();
    assert_eq!(charged[0], "msg-0001");
    assert_eq!(charged.iter().filter(|p| **p == "msg-0001").count(), 1);
    assert_eq!(charged[4], "msg-0002");
}

/// Lets a request through, whose story must be about payment msg-0007, its intent and its charge.
async fn told(desk: &mut Desk, signature: &str, lab: &Lab) {
    for stage in [Stage::Received, Stage::Executed, Stage::Answered] {
        let question = desk.next(stage).await;
        assert_eq!(question.event.signature, signature);
        assert_eq!(
            question.event.subjects.first().map(String::as_str),
            Some("msg-0007")
        );
        if stage != Stage::Received {
            let outcome = question.event.outcome.clone();
            let words: Vec<&str> = outcome.split(' ').collect();
            assert!(words[1].starts_with("pi_"), "{outcome}");
            assert_eq!(words[2..], lab.charged(), "{outcome}");
        }
        question.decide(Decision::Pass);
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_confirmation_has_charged_and_a_retry_replays() {
    let (lab, mut desk) = Lab::asking();
    let all = [Stage::Received, Stage::Executed, Stage::Answered];
    let created = start(lab.post(INTENTS, CARD));
    desk.pass(&all).await;
    let intent = finished(created).await;
    let send = || {
        let confirm = lab.post(&path(&intent, "/confirm"), "");
        start(confirm.header("Idempotency-Key", "k1"))
    };
    let lost = send();
    desk.pass(&all[..2]).await;
    desk.next(Stage::Answered).await.decide(Decision::Drop);
    unanswered(lost).await;

    let retried = send();
    desk.pass(&[Stage::Received, Stage::Answered]).await;
    let retried = finished(retried).await;
    assert!(retried.is_replay());
    assert_eq!(json!(lab.charged()), json!([retried.body["latest_charge"]]));
}
