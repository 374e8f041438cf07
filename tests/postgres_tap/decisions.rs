//! What the hook decides, and when.

use crashwindow::event::Stage;
use crashwindow::tap::postgres::{PostgresTap, Upstream};
use crashwindow::tap::{Decision, PassAll};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_postgres::Error;

use crate::desk::pid;
use crate::lab::{Lab, Session, server, source, within};

const INSERT: &str = "INSERT INTO paid VALUES ('msg-0001', 1)";
const SIGNATURE: &str = "INSERT INTO paid VALUES (?, ?)";

/// Executes in the background, by the extended protocol as an application does.
fn start(session: &Session, text: &'static str) -> JoinHandle<Result<u64, Error>> {
    let client = Arc::clone(&session.client);
    tokio::spawn(async move { client.execute(text, &[]).await })
}

async fn result(started: JoinHandle<Result<u64, Error>>) -> Result<u64, Error> {
    within("a started statement", started)
        .await
        .expect("no panic")
}

#[track_caller]
fn code(result: Result<u64, Error>) -> String {
    let error = result.expect_err("it was refused");
    error
        .code()
        .map_or_else(|| error.to_string(), |code| code.code().to_owned())
}

#[tokio::test]
async fn what_is_held_when_received_has_not_reached_the_server() {
    let (lab, mut desk) = Lab::asking().await;
    let client = lab.connect().await;
    let inserting = start(&client, INSERT);
    let question = desk.until(Stage::Received, SIGNATURE).await;

    let direct = lab.direct().await;
    let activity = "SELECT state, query FROM pg_stat_activity WHERE pid = $1";
    let row = direct.query_one(activity, &[&pid(&question.event)]).await;
    let row = row.expect("the backend is there");
    assert_eq!(row.get::<_, &str>(0), "idle");
    assert_eq!(lab.paid().await, [] as [&str; 0]);
    let locks = "SELECT count(*) FROM pg_locks WHERE pid = $1";
    let locks = direct.query_one(locks, &[&pid(&question.event)]).await;
    assert_eq!(locks.expect("a count").get::<_, i64>(0), 0);
    assert!(!inserting.is_finished());

    question.decide(Decision::Pass);
    desk.open();
    assert_eq!(result(inserting).await.expect("INSERT"), 1);
    assert_eq!(lab.paid().await, ["msg-0001"]);
}

#[tokio::test]
async fn a_commit_that_is_held_when_answered_is_visible_to_all_but_its_client() {
    let (lab, mut desk) = Lab::asking().await;
    let client = lab.connect().await;
    let text = "BEGIN; INSERT INTO paid VALUES ('msg-0001', 1)";
    let other = Arc::clone(&client.client);
    let beginning = tokio::spawn(async move { other.batch_execute(text).await });
    let begun = desk
        .until(Stage::Answered, &format!("BEGIN; {SIGNATURE}"))
        .await;
    begun.decide(Decision::Pass);
    within("BEGIN", beginning)
        .await
        .expect("no panic")
        .expect("BEGIN");
    let committing = start(&client, "COMMIT");
    let question = desk.until(Stage::Answered, "COMMIT").await;

    assert_eq!(question.event.message(), Some("msg-0001"));
    assert_eq!(lab.paid().await, ["msg-0001"]);
    assert!(!committing.is_finished());

    question.decide(Decision::Pass);
    result(committing).await.expect("COMMIT");
}

#[tokio::test]
async fn a_held_connection_holds_no_other() {
    let (lab, mut desk) = Lab::asking().await;
    let [held, other] = [lab.connect().await, lab.connect().await];
    let inserting = start(&held, INSERT);
    let question = desk.until(Stage::Received, SIGNATURE).await;
    desk.open();

    let row = within("another connection", other.query_one("SELECT 1", &[])).await;

    assert!(row.is_ok());
    assert!(!inserting.is_finished());
    question.decide(Decision::Pass);
    result(inserting).await.expect("INSERT");
}

#[tokio::test]
async fn dropped_when_received_it_was_never_executed() {
    let (lab, mut desk) = Lab::asking().await;
    let client = lab.connect().await;
    let inserting = start(&client, INSERT);
    let question = desk.until(Stage::Received, SIGNATURE).await;
    let pid = pid(&question.event);

    question.decide(Decision::Drop);

    assert!(
        result(inserting)
            .await
            .expect_err("it was dropped")
            .is_closed()
    );
    lab.gone(pid).await;
    assert_eq!(lab.paid().await, [] as [&str; 0]);
}

#[tokio::test]
async fn a_commit_dropped_when_answered_is_ambiguous_to_its_client_alone() {
    let (lab, mut desk) = Lab::asking().await;
    let client = lab.connect().await;
    let inserting = start(&client, INSERT);
    let question = desk.until(Stage::Answered, SIGNATURE).await;
    let pid = pid(&question.event);

    question.decide(Decision::Drop);

    assert!(
        result(inserting)
            .await
            .expect_err("it was dropped")
            .is_closed()
    );
    lab.gone(pid).await;
    assert_eq!(lab.paid().await, ["msg-0001"]);
}

#[tokio::test]
async fn an_unavailable_server_says_so_and_hangs_up() {
    for (stage, decision, paid) in [
        (Stage::Received, Decision::Unavailable, &[][..]),
        (Stage::Received, Decision::Fail(500), &[]),
        (Stage::Answered, Decision::Unavailable, &["msg-0001"]),
    ] {
        let (lab, mut desk) = Lab::asking().await;
        let client = lab.connect().await;
        let inserting = start(&client, INSERT);
        let question = desk.until(stage, SIGNATURE).await;
        let pid = pid(&question.event);

        question.decide(decision);

        assert_eq!(code(result(inserting).await), "57P03");
        let ended = within("the connection to end", client.driver).await;
        drop(ended);
        lab.gone(pid).await;
        assert_eq!(lab.paid().await, paid, "{stage:?} {decision:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let upstream = Upstream::plain("127.0.0.1", port);
    let tap = PostgresTap::listen(source(), upstream, Arc::new(PassAll)).expect("a free port");
    let mut config = tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(tap.address().port())
        .user("u");

    let refused = within("a refusal", config.connect(tokio_postgres::NoTls)).await;

    let error = refused.err().expect("there is no server");
    assert_eq!(error.code().map(|code| code.code()), Some("57P03"));
    assert_ne!(server().port(), port);
}
