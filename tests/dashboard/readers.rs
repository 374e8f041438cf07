//! Readers that are slow, or gone.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use crate::server::{Server, last, run};

#[tokio::test]
async fn readers_that_never_read_and_readers_that_vanish_do_not_keep_a_run_from_its_end() {
    let server = Server::start().await;
    let job = server.start_job(&run("fixed")).await;
    let connect = || {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let host = server.address();
        let request = format!("GET /api/jobs/{job}/events HTTP/1.1\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let never_read: Vec<TcpStream> = (0..50).map(|_| connect()).collect();
    for _ in 0..50 {
        drop(connect());
    }
    let events = server.events(&job, 0).await;
    let report = &last(&events, "done")["report"];
    assert_eq!(report["counts"]["once"], json!(40), "{report}");
    drop(never_read);
}

#[tokio::test]
async fn the_end_of_the_server_is_the_end_of_its_job_and_of_its_streams() {
    let mut server = Server::start().await;
    let job = server
        .start_job(&json!({ "kind": "storm", "lab": "04", "free": true }))
        .await;
    let mut follow = server.follow(&job, 0).await;
    let plan = follow.until("plan", |_| true).await;
    let run = plan["run"].as_str().unwrap().to_owned();
    server.stop();
    let marker = format!("/runs/{run}/");
    let alive = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            let text = String::from_utf8_lossy(&environment);
            text.contains("CONSUMER_ID=") && text.contains(&marker)
        });
    assert_eq!(alive.count(), 0);
}
