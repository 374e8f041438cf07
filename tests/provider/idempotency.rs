//! The idempotency layer, rule by rule, as docs.stripe.com/api/idempotent_requests has it.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Lab, answer, http};
use crashwindow::provider::Behaviour;
use crashwindow::tap::PassAll;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn a_repeated_request_is_replayed_and_charges_once() {
    let lab = Lab::open();
    let first = answer(lab.charge("k1")).await;

    let second = answer(lab.charge("k1")).await;

    assert!(!first.is_replay());
    assert!(second.is_replay());
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert_eq!(
        second.header("Original-Request"),
        first.header("Request-Id")
    );
    assert_eq!(second.header("Stripe-Should-Retry"), None);
    assert_eq!(lab.charged(), [first.id()]);
}

#[tokio::test]
async fn the_order_of_the_parameters_is_no_difference() {
    let lab = Lab::open();
    let send = |form| {
        let request = lab.post("/v1/charges", form);
        answer(request.header("Idempotency-Key", "k1"))
    };
    send("amount=1000&currency=usd&metadata[a]=1").await;

    assert!(
        send("metadata%5Ba%5D=1&currency=usd&amount=1000")
            .await
            .is_replay()
    );
}

#[tokio::test]
async fn other_keys_and_no_keys_charge_again() {
    let lab = Lab::open();
    answer(lab.charge("k1")).await;
    answer(lab.charge("k2")).await;
    for _ in 0..2 {
        answer(lab.post("/v1/charges", "amount=1000&currency=usd")).await;
    }

    assert_eq!(lab.charged().len(), 4);
}

#[tokio::test]
async fn a_decline_is_replayed_too() {
    let lab = Lab::open();
    let send = || {
        let form = "amount=1000&currency=usd&source=tok_chargeDeclined";
        answer(
            lab.post("/v1/charges", form)
                .header("Idempotency-Key", "k1"),
        )
    };
    let first = send().await;

    let second = send().await;

    assert_eq!(second.error(), (402, "card_error", Some("card_declined")));
    assert!(second.is_replay());
    assert_eq!(second.body, first.body);
}

#[tokio::test]
async fn changed_parameters_are_an_idempotency_error() {
    let lab = Lab::open();
    let first = answer(lab.charge("k1")).await;

    let changed = answer(lab.charge_of(2000, "k1")).await;

    assert_eq!(changed.error(), (400, "idempotency_error", None));
    let expected = "Keys for idempotent requests can only be used with the same parameters they \
                    were first used with. Try using a key other than 'k1' if you meant to execute \
                    a different request.";
    assert_eq!(changed.message(), expected);
    assert!(!changed.is_replay());
    assert_eq!(lab.charged(), [first.id()]);
    assert!(
        answer(lab.charge("k1")).await.is_replay(),
        "the first result is kept"
    );
}

#[tokio::test]
async fn another_endpoint_is_an_error_that_names_both() {
    let lab = Lab::open();
    let first = answer(lab.charge("k1")).await;
    let path = format!("/v1/charges/{}", first.id());

    let form = "amount=1000&currency=usd";
    let other = answer(lab.post(&path, form).header("Idempotency-Key", "k1")).await;

    assert_eq!(other.error(), (400, "idempotency_error", None));
    let expected = format!(
        "Keys for idempotent requests can only be used for the same endpoint they were first used \
         for ('{path}' vs '/v1/charges'). Try using a key other than 'k1' if you meant to execute \
         a different request."
    );
    assert_eq!(other.message(), expected);
}

#[tokio::test]
async fn what_is_refused_before_execution_is_not_saved() {
    let lab = Lab::open();
    let invalid = lab.post("/v1/charges", "amount=ten&currency=usd");
    let invalid = answer(invalid.header("Idempotency-Key", "k1")).await;
    assert_eq!(invalid.status, 400);
    let url = format!("{}/v1/charges", lab.listener.url());
    let stranger = http().post(url).bearer_auth("sk_test_unknown");
    let stranger = stranger
        .header("Idempotency-Key", "k1")
        .form(&[("amount", "7")]);
    assert_eq!(answer(stranger).await.status, 401);

    let valid = answer(lab.charge("k1")).await;

    assert_eq!(valid.status, 200);
    assert!(!valid.is_replay());
}

#[tokio::test]
async fn a_key_longer_than_255_characters_is_refused() {
    let lab = Lab::open();

    let refused = answer(lab.charge(&"k".repeat(256))).await;
    assert_eq!(refused.error(), (400, "invalid_request_error", None));
    assert_eq!(lab.charged(), Vec::<String>::new());
    assert_eq!(answer(lab.charge(&"k".repeat(255))).await.status, 200);
}

#[tokio::test]
async fn a_key_means_nothing_on_get() {
    let lab = Lab::open();
    let created = answer(lab.charge("k1")).await;
    let read = |path: &str| answer(lab.get(path).header("Idempotency-Key", "k1"));

    let list = read("/v1/charges").await;
    assert_eq!(list.status, 200);
    assert!(!list.is_replay());
    answer(lab.charge("k2")).await;
    let later = read("/v1/charges").await;
    assert_eq!(later.body["data"].as_array().map(Vec::len), Some(2));
    let retrieved = read(&format!("/v1/charges/{}", created.id())).await;
    assert_eq!(retrieved.status, 200);
    assert!(!retrieved.is_replay());
}

#[tokio::test]
async fn a_key_is_forgotten_at_24_hours_and_the_next_use_charges_again() {
    let lab = Lab::open();
    let first = answer(lab.charge("k1")).await;

    lab.clock.advance(DAY - Duration::from_secs(60));
    assert!(answer(lab.charge("k1")).await.is_replay());
    lab.clock.advance(Duration::from_secs(60));
    let again = answer(lab.charge("k1")).await;

    assert_eq!(again.status, 200);
    assert!(!again.is_replay());
    assert_eq!(lab.charged(), [first.id(), again.id()]);
    let ledger = lab.account.ledger();
    let [old, new] = &ledger[..] else {
        panic!("two charges: {ledger:?}")
    };
    let day = DAY.as_millis() as u64;
    assert!(new.clock_unix_ms - old.clock_unix_ms >= day);
    assert!(new.wall_unix_ms - old.wall_unix_ms < day);
}

#[tokio::test]
async fn an_account_can_forget_keys_sooner() {
    let behaviour = Behaviour {
        key_lifetime: Duration::from_secs(3600),
        ..Behaviour::default()
    };
    let lab = Lab::with(behaviour, Arc::new(PassAll));
    answer(lab.charge("k1")).await;

    lab.clock.advance(Duration::from_secs(3600));
    answer(lab.charge_of(2000, "k1")).await;

    assert_eq!(lab.charged().len(), 2);
}

#[tokio::test]
async fn an_account_that_ignores_keys_charges_every_time() {
    let behaviour = Behaviour {
        keys_ignored: true,
        ..Behaviour::default()
    };
    let lab = Lab::with(behaviour, Arc::new(PassAll));
    for _ in 0..2 {
        let charged = answer(lab.charge("k1")).await;
        assert_eq!(charged.status, 200);
        assert!(!charged.is_replay());
    }

    let ledger = lab.account.ledger();
    assert_eq!(ledger.len(), 2);
    assert!(
        ledger
            .iter()
            .all(|e| e.idempotency_key.as_deref() == Some("k1"))
    );
}
