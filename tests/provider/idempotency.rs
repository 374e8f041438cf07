//! The idempotency layer, rule by rule, as docs.stripe.com/api/idempotent_requests has it.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Lab, answer, finished, http, start};
use crashwindow::provider::Behaviour;
use crashwindow::tap::{Decision, PassAll, Stage};

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
async fn a_key_in_flight_is_in_use_until_its_result_is_saved() {
    let (lab, mut desk) = Lab::asking();
    let first = start(lab.charge("k1"));
    desk.pass(&[Stage::Received]).await;
    let executed = desk.next(Stage::Executed).await;
    let charged = lab.charged();
    assert_eq!(charged.len(), 1, "executed, though nobody has been told");

    let second = start(lab.charge("k1"));
    desk.pass(&[Stage::Received]).await;
    let refused = desk.next(Stage::Answered).await;
    assert_eq!(refused.event.outcome, "409 idempotency_key_in_use");
    refused.decide(Decision::Pass);
    let second = finished(second).await;
    let expected = (409, "invalid_request_error", Some("idempotency_key_in_use"));
    assert_eq!(second.error(), expected);
    let page = "https://stripe.com/docs/error-codes/idempotency-key-in-use";
    assert_eq!(second.body["error"]["doc_url"], page);
    let expected = "There is currently another in-progress request using this Idempotent Key \
                    (that probably means you submitted twice, and the other request is still \
                    going through): k1. Please try again later.";
    assert_eq!(second.message(), expected);

    executed.decide(Decision::Pass);
    // Saved, but not sent: a retry replays already.
    let answered = desk.next(Stage::Answered).await;
    let third = start(lab.charge("k1"));
    desk.pass(&[Stage::Received, Stage::Answered]).await;
    let third = finished(third).await;
    assert!(third.is_replay());
    answered.decide(Decision::Pass);
    assert_eq!(finished(first).await.id(), third.id());
    assert_eq!(lab.charged(), charged);
}

#[tokio::test]
async fn changed_parameters_are_told_so_even_in_flight() {
    let (lab, mut desk) = Lab::asking();
    let _first = start(lab.charge("k1"));
    desk.pass(&[Stage::Received]).await;
    let _executed = desk.next(Stage::Executed).await;

    let changed = start(lab.charge_of(2000, "k1"));
    desk.pass(&[Stage::Received, Stage::Answered]).await;

    assert_eq!(
        finished(changed).await.error(),
        (400, "idempotency_error", None)
    );
}

#[tokio::test]
async fn of_two_concurrent_requests_with_one_key_one_charges() {
    let (lab, mut desk) = Lab::asking();
    let requests = [start(lab.charge("k1")), start(lab.charge("k1"))];
    let both = [
        desk.next(Stage::Received).await,
        desk.next(Stage::Received).await,
    ];
    for held in both {
        held.decide(Decision::Pass);
    }
    // The two race for the key. The winner is held at `Executed`, so the loser cannot replay.
    let mut waiting = vec![desk.any().await, desk.any().await];
    waiting.sort_by_key(|question| question.event.stage == Stage::Answered);
    let outcomes: Vec<_> = waiting
        .iter()
        .map(|q| (q.event.stage, q.event.outcome.clone()))
        .collect();
    let charged = lab.charged();
    assert_eq!(charged.len(), 1);
    let expected = [
        (Stage::Executed, format!("200 {}", charged[0])),
        (Stage::Answered, "409 idempotency_key_in_use".to_owned()),
    ];
    assert_eq!(outcomes, expected);
    for question in waiting {
        question.decide(Decision::Pass);
    }
    desk.pass(&[Stage::Answered]).await;

    let [one, other] = requests;
    let mut statuses = [finished(one).await.status, finished(other).await.status];
    statuses.sort();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(lab.charged(), charged);
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
