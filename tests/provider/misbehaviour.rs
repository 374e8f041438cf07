//! What an account does wrong by itself, and what a search knows.

use std::sync::Arc;
use std::time::Duration;

use crashwindow::provider::{Behaviour, InjectedFailure};
use crashwindow::tap::PassAll;

use crate::support::{Lab, answer};

fn every_second(failure: InjectedFailure) -> Lab {
    let behaviour = Behaviour {
        failures: vec![(failure, 2)],
        ..Behaviour::default()
    };
    Lab::with(behaviour, Arc::new(PassAll))
}

#[tokio::test]
async fn a_failure_before_the_execution_charges_nobody_and_is_forgotten() {
    let lab = every_second(InjectedFailure::FailBefore);
    assert_eq!(answer(lab.charge("k1")).await.status, 200);
    assert_eq!(answer(lab.charge("k2")).await.status, 503);
    assert_eq!(lab.charged().len(), 1);

    let retried = answer(lab.charge("k2")).await;
    assert_eq!((retried.status, retried.is_replay()), (200, false));
    assert_eq!(lab.charged().len(), 2);
}

#[tokio::test]
async fn a_failure_after_the_execution_has_charged_and_is_remembered() {
    let lab = every_second(InjectedFailure::FailAfter);
    assert_eq!(answer(lab.charge("k1")).await.status, 200);
    assert_eq!(answer(lab.charge("k2")).await.status, 500);
    assert_eq!(lab.charged().len(), 2);

    let retried = answer(lab.charge("k2")).await;
    assert_eq!((retried.status, retried.is_replay()), (500, true));
    assert_eq!(lab.charged().len(), 2);
}

#[tokio::test]
async fn a_lost_answer_has_charged_and_is_replayed() {
    let lab = every_second(InjectedFailure::LoseAnswer);
    assert_eq!(answer(lab.charge("k1")).await.status, 200);
    let lost = lab.charge("k2").send().await;
    assert!(lost.is_err(), "the connection drops: {lost:?}");
    assert_eq!(lab.charged().len(), 2);

    let retried = answer(lab.charge("k2")).await;
    assert_eq!((retried.status, retried.is_replay()), (200, true));
    assert_eq!(lab.charged().len(), 2);
}

#[tokio::test]
async fn a_search_finds_a_charge_once_a_minute_has_passed() {
    let lab = Lab::open();
    let form = "amount=1000&currency=usd&metadata[payment_id]=msg-0001";
    let charged = answer(lab.post("/v1/charges", form)).await;
    let query = [("query", "metadata['payment_id']:'msg-0001'")];
    let search = || lab.get("/v1/charges/search").query(&query);

    let at_once = answer(search()).await;
    assert_eq!(at_once.body["data"].as_array().map(Vec::len), Some(0));
    lab.clock.advance(Duration::from_secs(60));
    let later = answer(search()).await;
    assert_eq!(later.body["object"], "search_result");
    assert_eq!(later.body["data"][0]["id"], charged.body["id"]);
}
