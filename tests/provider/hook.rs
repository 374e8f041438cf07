//! The stages of a request, and what each decision does at each of them.

use std::time::Duration;

use crate::support::{Answer, Desk, Lab, finished, http, source, start, unanswered};
use crashwindow::event::{EventOutcome, Stage, Tap};
use crashwindow::tap::Decision;
use reqwest::RequestBuilder;

const ALL: [Stage; 3] = [Stage::Received, Stage::Executed, Stage::Answered];
const READ: [Stage; 2] = [Stage::Received, Stage::Answered];

/// Retries with the same key, unhindered.
async fn retry(lab: &Lab, desk: &mut Desk, stages: &[Stage]) -> Answer {
    let request = start(lab.charge("k1"));
    desk.pass(stages).await;
    finished(request).await
}

#[tokio::test]
async fn a_request_passes_three_stages_that_tell_its_story() {
    let (lab, mut desk) = Lab::asking();
    let form = "amount=1000&currency=usd&metadata[payment_id]=msg-0007";
    let request = start(
        lab.post("/v1/charges", form)
            .header("Idempotency-Key", "k1"),
    );

    for stage in ALL {
        let question = desk.next(stage).await;
        let event = &question.event;
        assert_eq!(event.tap, Tap::Provider);
        assert_eq!(event.source, source("a"));
        assert_eq!(event.signature, "POST /v1/charges");
        assert_eq!(event.subjects.first().map(String::as_str), Some("msg-0007"));
        let expected = match stage {
            Stage::Received => {
                assert_eq!(lab.charged().len(), 0, "nothing is done yet");
                String::new()
            }
            Stage::Executed | Stage::Answered => format!("200 {}", lab.charged()[0]),
        };
        assert_eq!(event.outcome, expected);
        let effect = lab.charged().first().cloned();
        let result = (stage != Stage::Received).then_some(EventOutcome::Executed { effect });
        assert_eq!(event.result, result);
        question.decide(Decision::Pass);
    }

    assert_eq!(finished(request).await.status, 200);
    desk.nothing_waits();
}

#[tokio::test]
async fn a_replay_is_not_executed_and_says_so() {
    let (lab, mut desk) = Lab::asking();
    let first = retry(&lab, &mut desk, &ALL).await;

    let second = start(lab.charge("k1"));
    desk.pass(&[Stage::Received]).await;
    let answered = desk.next(Stage::Answered).await;

    let expected = format!("200 {} (replayed)", first.id());
    assert_eq!(answered.event.outcome, expected);
    let effect = Some(first.id().to_owned());
    let replayed = EventOutcome::Replayed { effect };
    assert_eq!(answered.event.result, Some(replayed));
    answered.decide(Decision::Pass);
    assert!(finished(second).await.is_replay());
}

#[tokio::test]
async fn reads_and_refusals_are_answered_without_execution() {
    let (lab, mut desk) = Lab::asking();
    let url = format!("{}/v1/charges", lab.listener.url());
    let cases = [
        (lab.get("/v1/charges"), "GET /v1/charges", "200 list"),
        (
            lab.get("/v1/charges/ch_x"),
            "GET /v1/charges/{id}",
            "404 resource_missing",
        ),
        (
            lab.post("/v1/charges/ch_x", ""),
            "POST /v1/charges/{id}",
            "404 resource_missing",
        ),
        (
            lab.post("/v1/charges", ""),
            "POST /v1/charges",
            "400 parameter_missing",
        ),
        (
            lab.get("/x/1"),
            "GET (unrecognized)",
            "404 invalid_request_error",
        ),
        (
            http().get(url),
            "GET /v1/charges",
            "401 invalid_request_error",
        ),
    ];
    for (request, signature, outcome) in cases {
        let request = start(request);
        for stage in [Stage::Received, Stage::Answered] {
            let question = desk.next(stage).await;
            assert_eq!(question.event.signature, signature);
            if stage == Stage::Answered {
                assert_eq!(question.event.outcome, outcome);
                let result = match outcome.split_once(' ') {
                    Some(("200", _)) => EventOutcome::DONE,
                    Some((_, code)) => EventOutcome::Refused { code: code.into() },
                    None => panic!("{outcome} is no status and word"),
                };
                assert_eq!(question.event.result, Some(result));
            }
            question.decide(Decision::Pass);
        }
        finished(request).await;
    }
}

#[tokio::test]
async fn only_what_charges_has_an_effect_and_a_search_tells_what_it_found() {
    let (lab, mut desk) = Lab::asking();
    let executed = |effect: Option<&str>| EventOutcome::Executed {
        effect: effect.map(str::to_owned),
    };
    let found = |effect: Option<&str>| EventOutcome::Found {
        effect: effect.map(str::to_owned),
    };
    let search = "/v1/charges/search?query=metadata[%27payment_id%27]:%27msg-0001%27";
    let intent = "amount=1000&currency=usd&metadata[payment_id]=msg-0001";

    let made = answered(&mut desk, lab.post("/v1/payment_intents", intent), &ALL).await;
    assert_eq!(made.1, executed(None), "an intent is no charge");
    assert!(lab.charged().is_empty());
    let path = format!("/v1/payment_intents/{}", made.0.id());
    assert_eq!(
        answered(&mut desk, lab.get(search), &READ).await.1,
        found(None)
    );

    let confirm = lab.post(&format!("{path}/confirm"), "payment_method=pm_card_visa");
    let confirmed = answered(&mut desk, confirm, &ALL).await;
    let [charge] = lab.charged().try_into().expect("it has charged once");
    assert_eq!(confirmed.1, executed(Some(&charge)));
    assert_eq!(
        answered(&mut desk, lab.get(&path), &READ).await.1,
        executed(None)
    );

    let form = "amount=1000&currency=usd&metadata[payment_id]=msg-0001";
    let charged = answered(&mut desk, lab.post("/v1/charges", form), &ALL).await;
    assert_eq!(charged.1, executed(Some(charged.0.id())));
    lab.clock.advance(Duration::from_secs(60));
    let later = answered(&mut desk, lab.get(search), &READ).await;
    assert_eq!(later.1, found(Some(charged.0.id())));
}

/// What a request is answered, and what its event says that came of it.
async fn answered(
    desk: &mut Desk,
    request: RequestBuilder,
    stages: &[Stage],
) -> (Answer, EventOutcome) {
    let request = start(request);
    let (last, before) = stages.split_last().expect("there is a stage");
    desk.pass(before).await;
    let question = desk.next(*last).await;
    let result = question.event.result.clone();
    question.decide(Decision::Pass);
    let result = result.expect("an answer has an outcome");
    (finished(request).await, result)
}

#[tokio::test]
async fn a_payment_is_named_by_metadata_then_by_any_value_then_by_the_key() {
    let (lab, mut desk) = Lab::asking();
    let cases = [
        (
            "description=msg-0001&metadata[payment_id]=p-9",
            "a-msg-0003",
            Some("p-9"),
        ),
        (
            "description=for%20msg-0001&metadata[x]=msg-0002",
            "b-msg-0003",
            Some("msg-0001"),
        ),
        ("description=nothing", "c-msg-0003", Some("msg-0003")),
        ("description=nothing", "k1", None),
    ];
    for (form, key, payment) in cases {
        let form = format!("amount=1000&currency=usd&{form}");
        let request = start(
            lab.post("/v1/charges", &form)
                .header("Idempotency-Key", key),
        );
        for stage in ALL {
            let question = desk.next(stage).await;
            assert_eq!(
                question.event.subjects.first().map(String::as_str),
                payment,
                "{form} {key}"
            );
            question.decide(Decision::Pass);
        }
        finished(request).await;
        let ledger = lab.account.ledger();
        let last = ledger.last().expect("a charge");
        assert_eq!(last.payment.as_deref(), payment);
    }
}

#[tokio::test]
async fn dropped_when_received_it_never_executes_and_leaves_its_key_free() {
    let (lab, mut desk) = Lab::asking();
    let request = start(lab.charge("k1"));

    desk.next(Stage::Received).await.decide(Decision::Drop);

    unanswered(request).await;
    assert_eq!(lab.charged().len(), 0);
    let retried = retry(&lab, &mut desk, &ALL).await;
    assert_eq!(retried.status, 200);
    assert!(!retried.is_replay());
    assert_eq!(lab.charged(), [retried.id()]);
}

#[tokio::test]
async fn dropped_when_executed_it_has_charged_and_a_retry_replays() {
    let (lab, mut desk) = Lab::asking();
    let request = start(lab.charge("k1"));

    desk.pass(&[Stage::Received]).await;
    desk.next(Stage::Executed).await.decide(Decision::Drop);

    unanswered(request).await;
    let retried = retry(&lab, &mut desk, &[Stage::Received, Stage::Answered]).await;
    assert!(retried.is_replay());
    assert_eq!(lab.charged(), [retried.id()]);
}

#[tokio::test]
async fn dropped_when_answered_it_has_charged_and_a_retry_replays() {
    let (lab, mut desk) = Lab::asking();
    let request = start(lab.charge("k1"));

    desk.pass(&[Stage::Received, Stage::Executed]).await;
    desk.next(Stage::Answered).await.decide(Decision::Drop);

    unanswered(request).await;
    let retried = retry(&lab, &mut desk, &[Stage::Received, Stage::Answered]).await;
    assert!(retried.is_replay());
    assert_eq!(lab.charged(), [retried.id()]);
}

#[tokio::test]
async fn failed_when_received_it_never_executes_and_a_retry_charges() {
    for (status, expected) in [
        (503, (503, "api_error", None)),
        (429, (429, "invalid_request_error", Some("rate_limit"))),
    ] {
        let (lab, mut desk) = Lab::asking();
        let request = start(lab.charge("k1"));

        desk.next(Stage::Received)
            .await
            .decide(Decision::Fail(status));

        let failed = finished(request).await;
        assert_eq!(failed.error(), expected);
        assert_eq!(failed.header("Stripe-Should-Retry"), None);
        assert_eq!(lab.charged().len(), 0);
        let retried = retry(&lab, &mut desk, &ALL).await;
        assert_eq!(retried.status, 200);
        assert!(!retried.is_replay());
    }
}

#[tokio::test]
async fn failed_when_executed_the_failure_is_replayed_though_it_has_charged() {
    let (lab, mut desk) = Lab::asking();
    let request = start(lab.charge("k1"));

    desk.pass(&[Stage::Received]).await;
    desk.next(Stage::Executed).await.decide(Decision::Fail(500));
    let answered = desk.next(Stage::Answered).await;
    assert_eq!(answered.event.outcome, "500 api_error");
    let code = "api_error".to_owned();
    let uncertain = EventOutcome::Uncertain { code };
    assert_eq!(answered.event.result, Some(uncertain), "it has charged");
    answered.decide(Decision::Pass);

    let failed = finished(request).await;
    assert_eq!(failed.error(), (500, "api_error", None));
    assert_eq!(failed.header("Stripe-Should-Retry"), Some("false"));
    assert!(!failed.is_replay());
    let retried = retry(&lab, &mut desk, &[Stage::Received, Stage::Answered]).await;
    assert_eq!(retried.error(), (500, "api_error", None));
    assert_eq!(retried.header("Stripe-Should-Retry"), Some("false"));
    assert!(retried.is_replay());
    assert_eq!(lab.charged().len(), 1, "the customer has paid all the same");
}

#[tokio::test]
async fn failed_when_answered_only_this_answer_is_replaced() {
    let (lab, mut desk) = Lab::asking();
    let request = start(lab.charge("k1"));

    desk.pass(&[Stage::Received, Stage::Executed]).await;
    desk.next(Stage::Answered).await.decide(Decision::Fail(502));

    let failed = finished(request).await;
    assert_eq!(failed.error(), (502, "api_error", None));
    assert_eq!(
        failed.header("Stripe-Should-Retry"),
        None,
        "a retry will help"
    );
    let retried = retry(&lab, &mut desk, &[Stage::Received, Stage::Answered]).await;
    assert_eq!(retried.status, 200);
    assert!(retried.is_replay());
    assert_eq!(lab.charged(), [retried.id()]);
}
