//! Who and what is not let in.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::server::Server;
use crate::support;

async fn refused(response: reqwest::Response, status: u16) {
    assert_eq!(response.status(), status);
    let body: Value = response.json().await.unwrap();
    assert!(
        body["error"].as_str().is_some_and(|e| !e.is_empty()),
        "{body}"
    );
    assert!(
        body["next"].as_str().is_some_and(|n| !n.is_empty()),
        "{body}"
    );
}

#[tokio::test]
async fn a_foreign_host_or_origin_no_token_and_too_large_a_body_are_refused() {
    let server = Server::start().await;
    let url = |path: &str| format!("{}{path}", server.url);
    let host = server
        .http
        .get(url("/api/health"))
        .header("host", "evil.example");
    refused(host.send().await.unwrap(), 403).await;
    let origin = server
        .http
        .get(url("/api/health"))
        .header("origin", "http://evil.example");
    refused(origin.send().await.unwrap(), 403).await;
    let own = server
        .http
        .get(url("/api/health"))
        .header("origin", &server.url);
    assert_eq!(own.send().await.unwrap().status(), 200);

    let start = |token: Option<&str>, body: String| {
        let request = server.http.post(url("/api/jobs")).body(body);
        let request = request.header("content-type", "application/json");
        match token {
            Some(token) => request.header("x-crashwindow-token", token),
            None => request,
        }
    };
    let run = json!({ "kind": "run", "lab": "01", "consumer": "broken" }).to_string();
    refused(start(None, run.clone()).send().await.unwrap(), 401).await;
    let wrong = "0".repeat(server.token.len());
    refused(start(Some(&wrong), run.clone()).send().await.unwrap(), 401).await;
    let foreign = start(Some(&server.token), run).header("origin", "http://evil.example");
    refused(foreign.send().await.unwrap(), 403).await;
    let large = start(Some(&server.token), " ".repeat(64 * 1024 + 1));
    refused(large.send().await.unwrap(), 413).await;

    let nobody = start(Some(&server.token), "{}".into()).header("origin", "null");
    refused(nobody.send().await.unwrap(), 403).await;
    // One that does not say how large it is.
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let (host, token) = (server.address(), &server.token);
    let head = format!(
        "POST /api/jobs HTTP/1.1\r\nHost: {host}\r\nX-Crashwindow-Token: {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    let spaces = " ".repeat(64 * 1024 + 1);
    let body = format!("{:x}\r\n{spaces}\r\n0\r\n\r\n", spaces.len());
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\"next\":"), "{answer}");

    // Nothing of all that has started anything.
    assert_eq!(server.json("/api/health").await["job"], Value::Null);
}

#[tokio::test]
async fn nothing_that_changes_something_is_done_without_the_token() {
    let server = Server::start().await;
    let api = include_str!("../../docs/openapi.json");
    let api: Value = serde_json::from_str(api).unwrap();
    let mut asked = 0;
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|m| *m != "get") {
            let method = method.to_uppercase().parse().unwrap();
            let request = server.http.request(method, format!("{}{path}", server.url));
            refused(request.json(&json!({})).send().await.unwrap(), 401).await;
            asked += 1;
        }
    }
    assert!(asked > 4, "{asked}");
}

#[tokio::test]
async fn what_is_not_there_or_not_well_formed_is_refused_with_the_next_step() {
    let server = Server::start().await;
    for (body, status) in [
        (json!({ "kind": "sudo" }), 400),
        (
            json!({ "kind": "run", "lab": "99", "consumer": "broken" }),
            400,
        ),
        (
            json!({ "kind": "run", "lab": "../..", "consumer": "broken" }),
            400,
        ),
        (
            json!({ "kind": "run", "lab": "01", "consumer": "; true" }),
            400,
        ),
        (
            json!({ "kind": "run", "lab": "01", "consumer": "broken", "payments": 0 }),
            400,
        ),
        (
            json!({ "kind": "run", "lab": "01", "consumer": "broken", "shell": "true" }),
            400,
        ),
        (json!({ "kind": "replay", "run": "../../etc" }), 404),
        (json!({ "kind": "storm", "lab": "01" }), 400),
    ] {
        let response = server.post("/api/jobs", &body).await;
        assert_eq!(response.status(), status, "{body}");
        refused(response, status).await;
    }
    for path in [
        "/api/labs/99",
        "/api/jobs/0",
        "/api/jobs/0/events",
        "/api/runs/99999999",
        "/api/runs/..%2f..",
        "/api/runs/0001/cells/..",
        "/api/nothing",
    ] {
        refused(server.get(path).await, 404).await;
    }
    let job = server.start_job(&crate::server::run("fixed")).await;
    let after = format!("/api/jobs/{job}/events?after=soon");
    refused(server.get(&after).await, 400).await;
    let answer = json!({ "question": "none", "option": "a" });
    refused(server.post("/api/labs/01/quiz", &answer).await, 400).await;
}

#[tokio::test]
async fn one_job_goes_on_at_a_time_and_can_be_stopped() {
    let server = Server::start().await;
    let job = server
        .start_job(&json!({ "kind": "compare", "lab": "01" }))
        .await;
    let second = server.post("/api/jobs", &crate::server::run("fixed")).await;
    assert_eq!(second.status(), 409);
    let second: Value = second.json().await.unwrap();
    assert_eq!(second["job"], json!(job));
    let strike = json!({ "what": "kill", "instance": "a" });
    refused(
        server
            .post(&format!("/api/jobs/{job}/strike"), &strike)
            .await,
        409,
    )
    .await;

    let stopped = server
        .post(&format!("/api/jobs/{job}/stop"), &json!({}))
        .await;
    let stopped: Value = stopped.json().await.unwrap();
    assert_eq!(stopped["state"], "stopped");
    assert_eq!(server.json("/api/health").await["job"], Value::Null);
    refused(
        server
            .post(&format!("/api/jobs/{job}/stop"), &json!({}))
            .await,
        409,
    )
    .await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_one_clear_error() {
    let server = Server::start().await;
    let port = server.address().rsplit_once(':').unwrap().1;
    let output = support::crashwindow(&["serve", "--stack", "native", "--port", port]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(port) && said.contains("next: "), "{said}");
}
