//! What is reported of statements, one after the other.

use crate::desk::{detail, pid};
use crate::lab::Lab;
use crate::wire::{Wire, bind, statement};
use crashwindow::event::Stage;
use crashwindow::tap::postgres::Transaction;
use postgres_protocol::message::frontend;

#[tokio::test]
async fn a_transaction_tells_its_story() {
    let (lab, recording) = Lab::recording().await;
    let client = lab.connect().await;
    let insert = "INSERT INTO paid (id, amount) VALUES ($1, $2)";
    let insert = client.prepare(insert).await.expect("it is valid");
    assert_eq!(
        recording.told(),
        [] as [&str; 0],
        "to prepare is not to execute"
    );

    client.batch_execute("BEGIN").await.expect("BEGIN");
    let select = "SELECT 1 FROM paid WHERE id = $1";
    client.query(select, &[&"msg-0017"]).await.expect("SELECT");
    client
        .execute(&insert, &[&"msg-0017", &5])
        .await
        .expect("INSERT");
    client
        .batch_execute("UPDATE paid SET amount = 6")
        .await
        .expect("UPDATE");
    client.batch_execute("COMMIT").await.expect("COMMIT");
    client
        .query("SELECT count(*) FROM paid", &[])
        .await
        .expect("SELECT");

    let expected = [
        "? BEGIN | - idle",
        "! BEGIN = BEGIN | - open",
        "? SELECT ? FROM paid WHERE id = $1 | msg-0017 open",
        "! SELECT ? FROM paid WHERE id = $1 = SELECT 0 | msg-0017 open",
        "? INSERT INTO paid (id, amount) VALUES ($1, $2) | msg-0017 open w",
        "! INSERT INTO paid (id, amount) VALUES ($1, $2) = INSERT 1 | msg-0017 open w",
        "? UPDATE paid SET amount = ? | msg-0017 open w",
        "! UPDATE paid SET amount = ? = UPDATE 1 | msg-0017 open w",
        "? COMMIT | msg-0017 open w",
        "! COMMIT = COMMIT | msg-0017 idle w",
        "? SELECT count(*) FROM paid | - idle",
        "! SELECT count(*) FROM paid = SELECT 1 | - idle",
    ];
    assert_eq!(recording.told(), expected);
}

#[tokio::test]
async fn the_commit_of_a_failed_transaction_says_that_it_rolled_back() {
    let (lab, recording) = Lab::recording().await;
    let client = lab.connect().await;
    let insert = "INSERT INTO paid VALUES ('msg-0001', 1)";
    client.batch_execute(insert).await.expect("INSERT");

    client.batch_execute("BEGIN").await.expect("BEGIN");
    let duplicate = client.execute(insert, &[]).await;
    duplicate.expect_err("it is there");
    let dead = client.execute("SELECT 1", &[]).await;
    dead.expect_err("the transaction has failed");
    client.batch_execute("COMMIT").await.expect("COMMIT");

    let events = recording.events();
    let failed = events
        .iter()
        .find(|event| event.outcome == "23505 unique_violation")
        .expect("it failed");
    assert_eq!(detail(failed).sqlstate.as_deref(), Some("23505"));
    assert_eq!(detail(failed).transaction, Some(Transaction::Failed));
    assert_eq!((&detail(failed).tag, detail(failed).rows), (&None, None));
    let answered = events.iter().filter(|e| e.stage == Stage::Answered);
    let outcomes: Vec<_> = answered.map(|event| event.outcome.as_str()).collect();
    assert_eq!(
        outcomes[..3],
        ["INSERT 1", "BEGIN", "23505 unique_violation"]
    );
    // A SELECT that cannot even be parsed in a failed transaction is prepared and never executed.
    assert_eq!(outcomes.last(), Some(&"ROLLBACK"));
    let commit = events.last().expect("there are events");
    assert_eq!(commit.signature, "COMMIT");
    assert_eq!(commit.message(), Some("msg-0001"));
    assert_eq!(detail(commit).tag.as_deref(), Some("ROLLBACK"));
}

#[tokio::test]
async fn a_detail_holds_the_servers_own_words() {
    let (lab, recording) = Lab::recording().await;
    let client = lab.connect().await;
    let row = client.query_one("SELECT pg_backend_pid()", &[]).await;
    let own: i32 = row.expect("a row").get(0);
    let several =
        "INSERT INTO paid VALUES ('a', 1), ('b', 2); SELECT 1; UPDATE paid SET amount = 0";
    client
        .batch_execute(several)
        .await
        .expect("three statements");

    let events = recording.events();
    assert!(events.iter().all(|event| pid(event) == own), "{events:?}");
    let last = events.last().expect("there are events");
    assert_eq!(last.outcome, "INSERT 2; SELECT 1; UPDATE 2");
    let detail = detail(last);
    assert_eq!(
        detail.tag.as_deref(),
        Some("INSERT 0 2; SELECT 1; UPDATE 2")
    );
    assert_eq!(detail.rows, Some(5));
    let read = serde_json::from_value(serde_json::to_value(detail).expect("JSON"));
    assert_eq!(read.ok().as_ref(), Some(detail), "it survives a run folder");
}

#[tokio::test]
async fn an_id_is_found_in_a_parameter_of_either_format_and_in_the_text() {
    let (lab, recording) = Lab::recording().await;
    let client = lab.connect().await;
    let binary: &[u8] = b"\0\xff{\"id\": \"msg-0002\"}";
    client
        .query("SELECT $1::bytea", &[&binary])
        .await
        .expect("SELECT");
    client
        .query("SELECT 'msg-0003'", &[])
        .await
        .expect("SELECT");
    client
        .batch_execute("SELECT 'msg-0004'")
        .await
        .expect("SELECT");
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    let parameters = ["1", "x msg-0005"];
    wire.send(|out| {
        statement("SELECT $1, $2, 'msg-0006'", &parameters, out);
        frontend::sync(out);
    })
    .await;
    wire.until_ready(1).await;

    let answered = recording.events().into_iter();
    let answered = answered.filter(|event| event.stage == Stage::Answered);
    let payments: Vec<_> = answered.flat_map(|event| event.subjects).collect();
    assert_eq!(
        payments,
        ["msg-0002", "msg-0003", "msg-0004", "msg-0005", "msg-0006"]
    );
}

#[tokio::test]
async fn copy_is_one_event_in_either_direction() {
    let (lab, recording) = Lab::recording().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    let copy = "COPY paid FROM STDIN";
    // As libpq does it: a Sync with the statement, which the server ignores, and one with the end.
    wire.send(|out| {
        statement(copy, &[], out);
        frontend::sync(out);
    })
    .await;
    let mut before = Vec::new();
    while before.last() != Some(&b'G') {
        before.push(wire.message().await.0);
    }
    assert_eq!(before, *b"12nG");
    let data = frontend::CopyData::new(&b"msg-0001\t1\n"[..]).expect("short data");
    wire.send(|out| {
        data.write(out);
        frontend::copy_done(out);
        frontend::sync(out);
        frontend::query("COPY paid TO STDOUT", out).expect("a text");
    })
    .await;
    wire.until_ready(2).await;
    wire.send(|out| frontend::query("COPY paid FROM STDIN", out).expect("a text"))
        .await;
    assert_eq!(wire.message().await.0, b'G');
    wire.send(|out| frontend::copy_fail("no", out).expect("a text"))
        .await;
    wire.until_ready(1).await;

    let expected = [
        "COPY paid FROM STDIN = COPY 1 | - idle w",
        "COPY paid TO STDOUT = COPY 1 | - idle",
        "COPY paid FROM STDIN = 57014 query_canceled | - idle w",
    ];
    assert_eq!(recording.answered(), expected);
}

#[tokio::test]
async fn what_is_no_ordinary_answer_has_a_word_too() {
    let (lab, recording) = Lab::recording().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    let schema = "CREATE TABLE later (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)";
    let now: i32 = 1299; // The oid of now().
    wire.send(|out| {
        frontend::query(schema, out).expect("a text");
        frontend::query("", out).expect("a text");
        // Three rows, two at a time.
        frontend::parse("s", "SELECT generate_series(1, 3)", [], out).expect("a text");
        bind("s", &[], out);
        frontend::execute("", 2, out).expect("short");
        frontend::execute("", 2, out).expect("short");
        frontend::sync(out);
        // The implicit transaction fails when it commits.
        statement("INSERT INTO later VALUES (1), (1)", &[], out);
        frontend::sync(out);
        // A function call without arguments.
        let call = [b"F\0\0\0\x0e", &now.to_be_bytes()[..], b"\0\0\0\0\0\0"].concat();
        out.extend_from_slice(&call);
        frontend::execute("nowhere", 0, out).expect("short");
        frontend::sync(out);
    })
    .await;
    wire.until_ready(6).await;

    let expected = [
        "CREATE TABLE later (id int UNIQUE DEFERRABLE INITIALLY DEFERRED) = CREATE TABLE | - idle w",
        " = empty | - idle",
        "SELECT generate_series(?, ?) = suspended | - -",
        "SELECT generate_series(?, ?) = SELECT 1 | - idle",
        "INSERT INTO later VALUES (?) = INSERT 2; 23505 unique_violation | - idle w",
        "(function call) = returned | - idle w",
        "(unknown portal) = 34000 invalid_cursor_name | - idle w",
    ];
    assert_eq!(recording.answered(), expected);
}
