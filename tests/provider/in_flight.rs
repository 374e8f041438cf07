//! What a second request is told while the first one with its key is still going through.

use crate::support::{Lab, finished, start};
use crashwindow::event::Stage;
use crashwindow::tap::Decision;

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
