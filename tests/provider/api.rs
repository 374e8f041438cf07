//! Requests, objects and errors.

use std::collections::HashSet;

use serde_json::json;

use crate::support::{Lab, answer, http, source};
use crashwindow::provider::Behaviour;

#[tokio::test]
async fn a_charge_is_created_and_stands_in_the_ledger() {
    let lab = Lab::open();
    let form = "amount=1000&currency=USD&source=tok_visa&metadata[order]=o1&\
                metadata[payment_id]=msg-0001&description=a%20ride";
    let before = lab.clock.now().as_millis();

    let charge = answer(
        lab.post("/v1/charges", form)
            .header("Idempotency-Key", "k1"),
    )
    .await;

    assert_eq!(charge.status, 200);
    assert_eq!(charge.body["object"], "charge");
    assert_eq!(charge.body["amount"], 1000);
    assert_eq!(charge.body["currency"], "usd");
    assert_eq!(charge.body["description"], "a ride");
    assert_eq!(
        charge.body["metadata"],
        json!({"order": "o1", "payment_id": "msg-0001"})
    );
    let ledger = lab.account.ledger();
    assert_eq!(ledger.len(), 1);
    let entry = &ledger[0];
    assert_eq!(entry.charge, charge.id());
    assert_eq!(entry.payment.as_deref(), Some("msg-0001"));
    assert_eq!(entry.idempotency_key.as_deref(), Some("k1"));
    assert_eq!((entry.amount, entry.currency.as_str()), (1000, "usd"));
    assert_eq!(entry.source, source("a"));
    let executed = u128::from(entry.clock_unix_ms);
    assert!((before..=lab.clock.now().as_millis()).contains(&executed));
}

#[tokio::test]
async fn a_charge_is_retrieved_by_its_id() {
    let lab = Lab::open();
    let created = answer(lab.charge("k1")).await;

    let retrieved = answer(lab.get(&format!("/v1/charges/{}", created.id()))).await;

    assert_eq!(retrieved.status, 200);
    assert_eq!(retrieved.body, created.body);
}

#[tokio::test]
async fn a_charge_that_does_not_exist_is_missing() {
    let lab = Lab::open();
    let expected = (404, "invalid_request_error", Some("resource_missing"));

    assert_eq!(answer(lab.get("/v1/charges/ch_x")).await.error(), expected);
    assert_eq!(
        answer(lab.post("/v1/charges/ch_x", "")).await.error(),
        expected
    );
}

#[tokio::test]
async fn charges_are_listed_from_the_newest() {
    let lab = Lab::open();
    let mut created = Vec::new();
    for key in ["k1", "k2", "k3"] {
        created.push(answer(lab.charge(key)).await.body);
    }

    let first = answer(lab.get("/v1/charges?limit=2")).await.body;
    assert_eq!(first["object"], "list");
    assert_eq!(first["url"], "/v1/charges");
    assert_eq!(first["has_more"], true);
    assert_eq!(first["data"], json!([created[2], created[1]]));

    let last = first["data"][1]["id"].as_str().expect("an id");
    let path = format!("/v1/charges?limit=2&starting_after={last}");
    let second = answer(lab.get(&path)).await.body;
    assert_eq!(second["has_more"], false);
    assert_eq!(second["data"], json!([created[0]]));
}

#[tokio::test]
async fn a_charge_is_updated_and_nothing_is_charged_by_that() {
    let lab = Lab::open();
    let created = answer(lab.charge("k1")).await;
    let path = format!("/v1/charges/{}", created.id());

    let updated = answer(lab.post(&path, "metadata[order]=o2")).await;

    assert_eq!(updated.body["metadata"], json!({"order": "o2"}));
    assert_eq!(answer(lab.get(&path)).await.body, updated.body);
    assert_eq!(lab.charged().len(), 1);
}

#[tokio::test]
async fn a_declined_card_is_a_card_error_and_charges_nothing() {
    let lab = Lab::open();
    let form = "amount=1000&currency=usd&source=tok_chargeDeclined";

    let declined = answer(lab.post("/v1/charges", form)).await;

    assert_eq!(declined.error(), (402, "card_error", Some("card_declined")));
    assert_eq!(declined.body["error"]["decline_code"], "generic_decline");
    assert_eq!(lab.charged(), Vec::<String>::new());
    assert_eq!(answer(lab.get("/v1/charges")).await.body["data"], json!([]));
}

#[tokio::test]
async fn a_missing_or_unknown_secret_key_is_401() {
    let lab = Lab::open();
    let expected = (401, "invalid_request_error", None);
    let url = format!("{}/v1/charges", lab.listener.url());
    let bare = || http().get(&url);

    let missing = answer(bare()).await;
    assert_eq!(missing.error(), expected);
    assert!(
        missing
            .message()
            .starts_with("You did not provide an API key.")
    );
    let unknown = answer(bare().bearer_auth("sk_test_unknown")).await;
    assert_eq!(unknown.error(), expected);
    assert!(unknown.message().starts_with("Invalid API Key"));
}

#[tokio::test]
async fn the_secret_key_may_be_the_user_name_of_basic_authentication() {
    let lab = Lab::open();
    let url = format!("{}/v1/charges", lab.listener.url());
    let request = http().get(url);

    let list = answer(request.basic_auth(lab.account.api_key(), Some(""))).await;

    assert_eq!(list.status, 200);
}

#[tokio::test]
async fn an_unknown_url_or_method_is_unrecognized() {
    let lab = Lab::open();

    let unknown = answer(lab.get("/x")).await;
    assert_eq!(unknown.error(), (404, "invalid_request_error", None));
    let expected = "Unrecognized request URL (GET: /x).";
    assert!(
        unknown.message().starts_with(expected),
        "{}",
        unknown.message()
    );

    let url = format!("{}/v1/charges", lab.listener.url());
    let unknown = answer(http().delete(url)).await;
    assert_eq!(unknown.error(), (404, "invalid_request_error", None));
    let expected = "Unrecognized request URL (DELETE: /v1/charges).";
    assert!(
        unknown.message().starts_with(expected),
        "{}",
        unknown.message()
    );
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own_and_echoes_the_key() {
    let lab = Lab::open();
    let huge = format!("amount=1&currency=usd&description={}", "x".repeat(200_000));
    let requests = [
        lab.post("/v1/charges", "amount=1000&currency=usd"),
        lab.post("/v1/charges", "amount=1000&currency=usd"),
        lab.post("/v1/charges", ""),
        lab.post("/v1/charges", &huge),
        lab.get("/v1/charges"),
        lab.get("/x"),
    ];
    let count = requests.len();

    let mut ids = HashSet::new();
    for request in requests {
        let answer = answer(request.header("Idempotency-Key", "k1")).await;
        assert_eq!(answer.header("Idempotency-Key"), Some("k1"), "{answer:?}");
        let id = answer.header("Request-Id").expect("a request id");
        assert!(id.starts_with("req_"), "{id}");
        ids.insert(id.to_owned());
    }
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn an_oversized_body_is_refused() {
    let lab = Lab::open();
    let huge = format!("amount=1&currency=usd&description={}", "x".repeat(200_000));

    let refused = answer(lab.post("/v1/charges", &huge)).await;

    assert_eq!(refused.error(), (413, "invalid_request_error", None));
    assert_eq!(lab.charged(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_that_is_not_a_form_is_refused_with_the_reason() {
    let lab = Lab::open();
    let url = format!("{}/v1/charges", lab.listener.url());
    let request = http().post(url);
    let request = request.json(&json!({"amount": 1000, "currency": "usd"}));

    let refused = answer(request.bearer_auth(lab.account.api_key())).await;

    assert_eq!(refused.status, 400);
    assert!(
        refused
            .message()
            .contains("application/x-www-form-urlencoded")
    );
}

#[tokio::test]
async fn accounts_see_neither_charges_nor_keys_of_each_other() {
    let lab = Lab::open();
    let mine = answer(lab.charge("k1")).await;
    let other = lab.provider.open_account(Behaviour::default());
    // The secret key decides, not the listener: the same one is used for both accounts.
    let url = lab.listener.url();
    let http = http();
    let get = |path: &str| {
        http.get(format!("{url}{path}"))
            .bearer_auth(other.api_key())
    };

    let retrieved = answer(get(&format!("/v1/charges/{}", mine.id()))).await;
    assert_eq!(retrieved.status, 404);
    assert_eq!(answer(get("/v1/charges")).await.body["data"], json!([]));

    let form = [("amount", "5"), ("currency", "eur")];
    let post = http
        .post(format!("{url}/v1/charges"))
        .bearer_auth(other.api_key());
    let theirs = answer(post.header("Idempotency-Key", "k1").form(&form)).await;
    assert_eq!(theirs.status, 200);
    assert!(!theirs.is_replay());
    assert_eq!(other.ledger().len(), 1);
    assert_eq!(lab.charged(), [mine.id()]);
}

#[tokio::test]
async fn an_execution_takes_as_long_as_the_account_says() {
    let latency = std::time::Duration::from_millis(120);
    let behaviour = Behaviour {
        latency,
        ..Behaviour::default()
    };
    let lab = Lab::with(behaviour, std::sync::Arc::new(crashwindow::tap::PassAll));

    let start = std::time::Instant::now();
    answer(lab.charge("k1")).await;
    assert!(start.elapsed() >= latency);
}
