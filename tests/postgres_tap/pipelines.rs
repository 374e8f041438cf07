//! Several statements on their way at once.

use bytes::BytesMut;
use crashwindow::event::Stage;
use crashwindow::tap::{Decision, PassAll};
use postgres_protocol::message::frontend;
use std::sync::Arc;

use crate::lab::{Lab, server};
use crate::wire::{Wire, bind, statement};

const INSERT: &str = "INSERT INTO paid VALUES ($1, 1)";

#[tokio::test]
async fn answers_are_matched_in_order() {
    let (lab, recording) = Lab::recording().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    wire.send(|out| {
        statement("BEGIN", &[], out);
        statement("SELECT 1 FROM paid WHERE id = $1", &["msg-0001"], out);
        statement(INSERT, &["msg-0001"], out);
        statement("COMMIT", &[], out);
        frontend::sync(out);
        statement(INSERT, &["msg-0002"], out);
        frontend::sync(out);
    })
    .await;
    wire.until_ready(2).await;

    let expected = [
        "BEGIN = BEGIN | - -",
        "SELECT ? FROM paid WHERE id = $1 = SELECT 0 | msg-0001 -",
        "INSERT INTO paid VALUES ($1, ?) = INSERT 1 | msg-0001 - w",
        "COMMIT = COMMIT | msg-0001 idle w",
        "INSERT INTO paid VALUES ($1, ?) = INSERT 1 | msg-0002 idle w",
    ];
    assert_eq!(recording.answered(), expected);
}

#[tokio::test]
async fn an_error_skips_to_the_sync() {
    let (lab, recording) = Lab::recording().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    wire.send(|out| {
        statement(INSERT, &["msg-0001"], out);
        statement(INSERT, &["msg-0001"], out);
        statement(INSERT, &["msg-0002"], out);
        frontend::sync(out);
        statement("SELEC", &[], out);
        statement("SELECT 2", &[], out);
        frontend::sync(out);
        statement("SELECT 3", &[], out);
        frontend::sync(out);
    })
    .await;
    wire.until_ready(3).await;

    let expected = [
        "INSERT INTO paid VALUES ($1, ?) = INSERT 1 | msg-0001 - w",
        "INSERT INTO paid VALUES ($1, ?) = 23505 unique_violation | msg-0001 idle w",
        "INSERT INTO paid VALUES ($1, ?) = skipped | msg-0002 idle w",
        "SELEC = 42601 syntax_error | - idle w",
        "SELECT ? = skipped | - idle",
        "SELECT ? = SELECT 1 | - idle",
    ];
    assert_eq!(recording.answered(), expected);
    assert_eq!(lab.paid().await, [] as [&str; 0]);
}

#[tokio::test]
async fn a_flush_is_answered_without_a_sync() {
    let (lab, recording) = Lab::recording().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    wire.send(|out| {
        statement(INSERT, &["msg-0001"], out);
        frontend::flush(out);
    })
    .await;
    while wire.message().await.0 != b'C' {}
    let flushed = ["INSERT INTO paid VALUES ($1, ?) = INSERT 1 | msg-0001 - w"];
    assert_eq!(recording.answered(), flushed);
    wire.send(|out| {
        statement("SELECT 1 / 0", &[], out);
        frontend::flush(out);
    })
    .await;
    while wire.message().await.0 != b'E' {}
    let failed = ["SELECT ? / ? = 22012 division_by_zero | msg-0001 -"];
    assert_eq!(recording.answered(), failed);
    wire.send(|out| {
        statement("SELECT 1", &[], out);
        frontend::sync(out);
    })
    .await;
    wire.until_ready(1).await;
    assert_eq!(recording.answered(), ["SELECT ? = skipped | msg-0001 idle"]);
}

#[tokio::test]
async fn a_client_of_bytes_gets_the_same_bytes() {
    let lab = Lab::with(Arc::new(PassAll)).await;
    let mut script = BytesMut::new();
    for (text, parameters) in [
        ("SELECT generate_series(1, 3000), repeat('x', 100)", &[][..]),
        ("SELECT $1", &["a"]),
        ("SELEC", &[]),
        ("SELECT 1", &[]),
    ] {
        statement(text, parameters, &mut script);
        frontend::close(b'P', "", &mut script).expect("short");
    }
    frontend::sync(&mut script);
    frontend::parse("s", "SELECT $1::int", [], &mut script).expect("a text");
    frontend::describe(b'S', "s", &mut script).expect("short");
    for parameter in ["1", "x", "3"] {
        bind("s", &[parameter], &mut script);
        frontend::execute("", 0, &mut script).expect("short");
        frontend::sync(&mut script);
    }
    frontend::close(b'S', "s", &mut script).expect("short");
    frontend::sync(&mut script);
    let simple = "SELECT 1; DO $$ BEGIN RAISE NOTICE 'n'; END $$; SELECT 2";
    frontend::query(simple, &mut script).expect("a text");
    let talk = async |at| {
        let mut wire = Wire::open(at, &lab.config).await;
        wire.send(|out| out.extend_from_slice(&script)).await;
        wire.until_ready(6).await
    };

    let [tapped, direct] = [talk(lab.tap.address()).await, talk(server()).await];

    assert!(direct.len() > 3000, "there is something to compare");
    assert_eq!(tapped.len(), direct.len());
    for (tapped, direct) in tapped.iter().zip(&direct) {
        assert_eq!(tapped, direct);
    }
}

#[tokio::test]
async fn what_is_before_a_held_statement_is_executed_and_what_is_behind_waits() {
    let (lab, mut desk) = Lab::asking().await;
    let mut wire = Wire::open(lab.tap.address(), &lab.config).await;
    wire.send(|out| {
        for id in ["msg-0001", "msg-0002", "msg-0003"] {
            statement(INSERT, &[id], out);
            frontend::sync(out);
        }
    })
    .await;
    let signature = "INSERT INTO paid VALUES ($1, ?)";
    desk.until(Stage::Received, signature)
        .await
        .decide(Decision::Pass);
    let mut second = None;
    let mut first_answered = None;
    while second.is_none() || first_answered.is_none() {
        let question = desk.any().await;
        match question.event.stage {
            Stage::Received => second = Some(question),
            _ => first_answered = Some(question),
        }
    }
    let [second, first_answered] = [second, first_answered].map(|q| q.expect("it was asked"));
    assert_eq!(first_answered.event.message(), Some("msg-0001"));
    assert_eq!(second.event.message(), Some("msg-0002"));
    assert_eq!(lab.paid().await, ["msg-0001"]);
    first_answered.decide(Decision::Pass);
    wire.until_ready(1).await;
    desk.nothing_waits();

    second.decide(Decision::Pass);
    desk.open();
    wire.until_ready(2).await;
    assert_eq!(lab.paid().await, ["msg-0001", "msg-0002", "msg-0003"]);
}
