//! What the sink counts, and by which payment.

use std::sync::Arc;

use crashwindow::effects::Sink;
use crashwindow::event::{Marks, Source};
use crashwindow::tap::{Listener, PassAll};
use reqwest::{Client, Method, RequestBuilder};

use crate::{assert_told_apart, payments, within};

pub fn source(instance: &str) -> Source {
    Source {
        instance: instance.to_owned(),
        incarnation: 1,
    }
}

/// A client that no proxy of the machine stands in front of.
pub fn http() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

fn open() -> (Arc<Sink>, Listener) {
    let sink = Sink::new(Marks::default());
    let listener = sink.listen(source("a"), Arc::new(PassAll)).unwrap();
    (sink, listener)
}

async fn send(request: RequestBuilder) {
    let response = within("an answer", request.send())
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.unwrap(), "{}");
}

#[tokio::test]
async fn a_payment_is_found_in_body_header_query_and_path_in_this_order() {
    let (sink, listener) = open();
    let to = |path: &str| http().post(format!("{}{path}", listener.url()));
    let everywhere = "/p/msg-0004?q=msg-0003";
    send(
        to(everywhere)
            .header("X-Id", "msg-0002")
            .body(r#"{"id":"msg-0001"}"#),
    )
    .await;
    send(to(everywhere).header("X-Id", "msg-0002").body("order-0009")).await;
    send(to(everywhere)).await;
    send(to("/p/msg-0004/done")).await;
    send(to("/p").body("a=1&reference=order-0005")).await;
    send(to("/p").body(vec![0xff, 0xfe, b'm'])).await;
    assert_eq!(
        payments(&sink.effects()),
        [
            "-", "msg-0001", "msg-0003", "msg-0004", "msg-0005", "msg-0009"
        ]
    );
}

#[tokio::test]
async fn a_batch_is_an_effect_of_each_payment_in_it() {
    let (sink, listener) = open();
    let to = || http().post(listener.url());
    send(to().body(r#"["msg-0001", "msg-0002", "msg-0003"]"#)).await;
    send(to().body("msg-0002")).await;
    let effects = sink.effects();
    assert_eq!(
        payments(&effects),
        ["msg-0001", "msg-0002", "msg-0002", "msg-0003"]
    );
    assert_told_apart(&effects);
    assert_eq!(sink.records().len(), 2);
}

#[tokio::test]
async fn a_duplicate_is_counted_whatever_key_it_carries() {
    let (sink, listener) = open();
    for _ in 0..2 {
        let url = format!("{}/mail/send", listener.url());
        let request = http().post(url).header("Idempotency-Key", "k1");
        send(request.body("msg-0001")).await;
    }
    let effects = sink.effects();
    assert_eq!(payments(&effects), ["msg-0001", "msg-0001"]);
    assert_told_apart(&effects);
    let records = sink.records();
    let record = &records[1];
    assert_eq!(record.id, "post_2");
    assert_eq!(record.idempotency_key.as_deref(), Some("k1"));
    assert_eq!((&*record.method, &*record.path), ("POST", "/mail/send"));
    assert_eq!(record.source, source("a"));
    assert!(records[0].wall_unix_ms <= record.wall_unix_ms);
    assert!(records[0].wall_unix_ms > 1_600_000_000_000);
}

#[tokio::test]
async fn reads_are_answered_and_no_effects() {
    let (sink, listener) = open();
    let url = format!("{}/orders/msg-0001", listener.url());
    for method in [Method::GET, Method::OPTIONS] {
        send(http().request(method, &url).body("msg-0001")).await;
    }
    let head = within("an answer", http().head(&url).send()).await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(sink.records(), []);
    let custom = Method::from_bytes(b"NOTIFY").unwrap();
    for method in [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        custom,
    ] {
        send(http().request(method, &url)).await;
    }
    assert_eq!(payments(&sink.effects()), ["msg-0001"; 5]);
}

#[tokio::test]
async fn many_requests_at_once_are_each_counted_once() {
    let (sink, listener) = open();
    let client = http();
    let url = listener.url();
    let sends = (0..100).map(|n| {
        let payment = crashwindow::event::message_id(n % 50 + 1);
        send(client.post(format!("{url}/{payment}")))
    });
    futures::future::join_all(sends).await;
    let effects = sink.effects();
    assert_eq!(effects.len(), 100);
    assert_told_apart(&effects);
    for n in 1..=50 {
        let payment = crashwindow::event::message_id(n);
        let count = effects
            .iter()
            .filter(|e| e.payment.as_ref() == Some(&payment));
        assert_eq!(count.count(), 2, "{payment}");
    }
}

#[tokio::test]
async fn listeners_of_one_sink_count_together_and_know_who_sent() {
    let (sink, a) = open();
    let b = sink.listen(source("b"), Arc::new(PassAll)).unwrap();
    send(http().post(a.url()).body("msg-0001")).await;
    send(http().post(b.url()).body("msg-0001")).await;
    let senders: Vec<Source> = sink.records().into_iter().map(|r| r.source).collect();
    assert_eq!(senders, [source("a"), source("b")]);
    assert_eq!(payments(&sink.effects()), ["msg-0001", "msg-0001"]);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_and_no_effect() {
    let (sink, listener) = open();
    let body = "x".repeat(8 * 1024 * 1024 + 1);
    let request = http().post(listener.url()).body(body).send();
    // The client may still be writing when the answer and the end of the connection arrive.
    if let Ok(response) = within("the refusal", request).await {
        assert_eq!(response.status(), 413);
    }
    assert_eq!(sink.records(), []);
}
