//! Connections: clients that die, connections that are closed on them, listeners that end.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Desk, Lab, answer, finished, http, source, start, unanswered, within};
use crashwindow::event::Stage;
use crashwindow::tap::{Decision, PassAll};

/// A client of which every byte is known.
struct RawClient(TcpStream);

impl RawClient {
    async fn charge(lab: &Lab, key: &str) -> Self {
        let url = lab.listener.url();
        let address = url.strip_prefix("http://").expect("the scheme is http");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let body = "amount=1000&currency=usd";
        let request = format!(
            "POST /v1/charges HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Idempotency-Key: {key}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            lab.account.api_key(),
            body.len(),
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("the request is sent");
        Self(stream)
    }

    /// What the server sends until it closes the connection.
    async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = within("the server to close", self.0.read_to_end(&mut bytes)).await;
        read.expect("a clean end");
        bytes
    }

    /// Goes away as a killed process does: the kernel sends FIN. Returns when the server has seen
    /// it and given the connection up, with the request still held.
    async fn die(mut self) {
        self.0.shutdown().await.expect("FIN is sent");
        assert_eq!(self.rest().await, b"", "the request is still held");
    }
}

const AFTER_RETRY: [Stage; 2] = [Stage::Received, Stage::Answered];

/// Retries the charge of a client that died and asserts that it had charged, once.
async fn assert_replayed(lab: &Lab, desk: &mut Desk) {
    let retried = start(lab.charge("k1"));
    desk.pass(&AFTER_RETRY).await;
    let retried = finished(retried).await;
    assert!(retried.is_replay(), "{retried:?}");
    assert_eq!(lab.charged(), [retried.id()]);
}

#[tokio::test]
async fn a_client_that_dies_while_held_when_received_is_charged_all_the_same() {
    let (lab, mut desk) = Lab::asking();
    let client = RawClient::charge(&lab, "k1").await;
    let held = desk.next(Stage::Received).await;

    client.die().await;
    assert_eq!(lab.charged().len(), 0);
    held.decide(Decision::Pass);
    desk.pass(&[Stage::Executed, Stage::Answered]).await;

    assert_replayed(&lab, &mut desk).await;
}

#[tokio::test]
async fn a_client_that_dies_while_held_when_executed_leaves_its_result_behind() {
    let (lab, mut desk) = Lab::asking();
    let client = RawClient::charge(&lab, "k1").await;
    desk.pass(&[Stage::Received]).await;
    let held = desk.next(Stage::Executed).await;

    client.die().await;
    held.decide(Decision::Pass);
    desk.pass(&[Stage::Answered]).await;

    assert_replayed(&lab, &mut desk).await;
}

#[tokio::test]
async fn a_client_that_dies_while_held_when_answered_leaves_its_result_behind() {
    let (lab, mut desk) = Lab::asking();
    let client = RawClient::charge(&lab, "k1").await;
    desk.pass(&[Stage::Received, Stage::Executed]).await;
    let held = desk.next(Stage::Answered).await;

    client.die().await;
    held.decide(Decision::Pass);

    assert_replayed(&lab, &mut desk).await;
}

#[tokio::test]
async fn a_dropped_request_gets_not_one_byte() {
    for stage in [Stage::Received, Stage::Executed, Stage::Answered] {
        let (lab, mut desk) = Lab::asking();
        let mut client = RawClient::charge(&lab, "k1").await;
        loop {
            let question = desk.any().await;
            if question.event.stage == stage {
                question.decide(Decision::Drop);
                break;
            }
            question.decide(Decision::Pass);
        }

        assert_eq!(client.rest().await, b"", "dropped at {stage:?}");
    }
}

#[tokio::test]
async fn a_dropped_request_closes_no_other_connection() {
    let (lab, mut desk) = Lab::asking();
    let other = start(lab.charge("k2"));
    let held = desk.next(Stage::Received).await;
    let mut client = RawClient::charge(&lab, "k1").await;

    desk.next(Stage::Received).await.decide(Decision::Drop);
    assert_eq!(client.rest().await, b"");
    held.decide(Decision::Pass);
    desk.pass(&[Stage::Executed, Stage::Answered]).await;

    assert_eq!(finished(other).await.status, 200);
}

#[tokio::test]
async fn a_listener_that_is_dropped_closes_its_connections_but_not_its_requests() {
    let (lab, mut desk) = Lab::asking();
    let request = start(lab.charge("k1"));
    desk.pass(&[Stage::Received]).await;
    let held = desk.next(Stage::Executed).await;
    let url = lab.listener.url();
    let Lab {
        provider,
        account,
        listener,
        ..
    } = lab;

    drop(listener);
    unanswered(request).await;
    let address = url.strip_prefix("http://").expect("the scheme is http");
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    within("the port to refuse connections", refused).await;

    held.decide(Decision::Pass);
    desk.pass(&[Stage::Answered]).await;
    // The key is complete, so the next incarnation gets a replay at its own listener.
    let listener = provider
        .listen(source("a"), Arc::new(PassAll))
        .expect("a free port");
    let url = format!("{}/v1/charges", listener.url());
    let form = [("amount", "1000"), ("currency", "usd")];
    let retried = http().post(url).bearer_auth(account.api_key());
    let retried = retried.header("Idempotency-Key", "k1").form(&form);
    assert!(answer(retried).await.is_replay());
    assert_eq!(account.ledger().len(), 1);
}

#[tokio::test]
async fn the_ledger_tells_incarnations_apart_by_their_listeners() {
    let lab = Lab::open();
    let mut second = source("a");
    second.incarnation = 2;
    let listener = lab
        .provider
        .listen(second.clone(), Arc::new(PassAll))
        .expect("a free port");
    answer(lab.charge("k1")).await;
    let url = format!("{}/v1/charges", listener.url());
    let request = http().post(url).bearer_auth(lab.account.api_key());
    let form = [("amount", "1000"), ("currency", "usd")];
    answer(request.form(&form)).await;

    let sources: Vec<_> = lab.account.ledger().into_iter().map(|e| e.source).collect();
    assert_eq!(sources, [source("a"), second]);
}
