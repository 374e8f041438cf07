//! How connections end: nothing of them is left, and nothing is undone that the server would do.

use std::sync::Arc;
use std::time::Duration;

use crashwindow::event::Stage;
use crashwindow::tap::PassAll;
use crashwindow::tap::postgres::{PostgresTap, Upstream};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::desk::{Desk, Question, pid};
use crate::lab::{Lab, Session, source, within};
use crate::wire::Wire;

const SIGNATURE: &str = "INSERT INTO paid VALUES (?, ?)";

/// A client whose open transaction holds a row lock, and whose next statement is held.
async fn locking(lab: &Lab, desk: &mut Desk, stage: Stage) -> (Session, Question) {
    let client = lab.connect().await;
    let working = Arc::clone(&client.client);
    tokio::spawn(async move {
        let insert = "BEGIN; INSERT INTO paid VALUES ('msg-0001', 1)";
        working.batch_execute(insert).await?;
        working.batch_execute("SELECT 1").await
    });
    let question = desk.until(stage, "SELECT ?").await;
    (client, question)
}

#[tokio::test]
async fn a_client_that_dies_while_it_is_held_frees_its_locks() {
    for stage in [Stage::Received, Stage::Answered] {
        let (lab, mut desk) = Lab::asking().await;
        let (client, question) = locking(&lab, &mut desk, stage).await;
        let pid = pid(&question.event);

        client.driver.abort();

        lab.gone(pid).await;
        question.abandoned().await;
        let direct = lab.direct().await;
        let insert = "INSERT INTO paid VALUES ('msg-0001', 1)";
        let inserted = within("the lock", direct.execute(insert, &[])).await;
        assert_eq!(inserted.expect("INSERT"), 1);
    }
}

#[tokio::test]
async fn a_client_that_dies_behind_data_that_is_held_too_is_noticed() {
    let (lab, mut desk) = Lab::asking().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    wire.send(|out| frontend::query("SELECT 1", out).expect("a text"))
        .await;
    let question = desk.until(Stage::Received, "SELECT ?").await;
    // More than the tap reads at once, so that the end is not where it reads next, and less than the
    // kernel takes in, or it would keep the end to itself.
    let more = [b'd'; 48 * 1024];
    let written = within("the kernel to take it", wire.stream.write_all(&more)).await;
    written.expect("it is connected");

    drop(wire);

    lab.gone(pid(&question.event)).await;
    question.abandoned().await;
}

#[tokio::test]
async fn the_end_of_a_tap_is_the_end_of_its_connections() {
    let (lab, mut desk) = Lab::asking().await;
    let (client, question) = locking(&lab, &mut desk, Stage::Answered).await;
    let address = lab.tap.address();
    let Lab { tap, config } = lab;

    drop(tap);

    let ended = within("the client to be told", client.driver).await;
    drop(ended);
    assert!(client.client.is_closed());
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    within("the port to be closed", refused).await;
    let direct = crate::lab::session(&config).await;
    let insert = "INSERT INTO paid VALUES ('msg-0001', 1)";
    let inserted = within("the lock", direct.execute(insert, &[])).await;
    assert_eq!(inserted.expect("INSERT"), 1);
    question.abandoned().await;
}

#[tokio::test]
async fn a_statement_outlives_its_client_as_it_does_without_a_tap() {
    let (lab, mut desk) = Lab::asking().await;
    let direct = lab.direct().await;
    let lock = "BEGIN; INSERT INTO paid VALUES ('msg-0001', 1)";
    direct.batch_execute(lock).await.expect("a lock");
    let client = lab.connect().await;
    let waiting = Arc::clone(&client.client);
    tokio::spawn(async move {
        let insert = "INSERT INTO paid VALUES ('msg-0001', 2)";
        waiting.batch_execute(insert).await
    });
    let question = desk.until(Stage::Received, SIGNATURE).await;
    let pid = pid(&question.event);
    question.decide(crashwindow::tap::Decision::Pass);
    let waits = async {
        let blocked = "SELECT cardinality(pg_blocking_pids($1)) > 0";
        let blocked = async || {
            let row = direct.query_one(blocked, &[&pid]).await;
            row.expect("it answers").get::<_, bool>(0)
        };
        while !blocked().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    within("the statement to wait for the lock", waits).await;

    client.driver.abort();
    let aborted = within("the client to die", client.driver).await;
    assert!(aborted.is_err());
    direct.batch_execute("ROLLBACK").await.expect("ROLLBACK");

    lab.gone(pid).await;
    assert_eq!(lab.paid().await, ["msg-0001"], "the ghost has committed");
}

#[tokio::test]
async fn the_server_is_left_at_once_while_it_executes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let upstream = Upstream::plain("127.0.0.1", port);
    let tap = PostgresTap::listen(source(), upstream, Arc::new(PassAll)).expect("a free port");
    let mut client = Wire::connect(tap.address()).await;
    client
        .send(|out| frontend::startup_message([("user", "u")], out).expect("short"))
        .await;
    let (mut server, _) = within("the tap", listener.accept())
        .await
        .expect("it connects");
    let greeting = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
    server.write_all(greeting).await.expect("it is connected");
    client.until_ready(1).await;
    client
        .send(|out| frontend::query("SELECT 1", out).expect("a text"))
        .await;
    let mut seen = Vec::new();
    while !seen.ends_with(b"SELECT 1\0") {
        within("the query", server.read_buf(&mut seen))
            .await
            .expect("it comes");
    }

    drop(client);

    let end = within("the tap to hang up", server.read(&mut [0; 64])).await;
    assert_eq!(end.ok(), Some(0));
}

#[tokio::test]
async fn the_last_words_of_a_server_reach_the_client() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    let suicide = "SELECT pg_terminate_backend(pg_backend_pid())";
    wire.send(|out| frontend::query(suicide, out).expect("a text"))
        .await;

    let words = wire.until_closed().await;

    let words = String::from_utf8_lossy(&words);
    assert!(words.contains("57P01"), "{words}");
}

#[tokio::test]
async fn a_server_that_gives_up_on_a_held_client_answers_no_statement() {
    let (lab, mut desk) = Lab::asking().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    let begin = "SET idle_in_transaction_session_timeout = '50ms'; BEGIN";
    wire.send(|out| frontend::query(begin, out).expect("a text"))
        .await;
    let begun = desk.until(
        Stage::Answered,
        "SET idle_in_transaction_session_timeout = ?; BEGIN",
    );
    begun.await.decide(crashwindow::tap::Decision::Pass);
    wire.until_ready(1).await;
    wire.send(|out| frontend::query("COMMIT", out).expect("a text"))
        .await;
    let held = desk.until(Stage::Received, "COMMIT").await;

    let words = wire.until_closed().await;

    assert!(String::from_utf8_lossy(&words).contains("25P03"));
    held.abandoned().await;
    desk.nothing_waits();
}
