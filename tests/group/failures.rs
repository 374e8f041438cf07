//! Brokers that are not there, are silent, talk nonsense, or say "not here".

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crashwindow::group::{Cluster, GroupClient, GroupError, GroupState};
use crashwindow::stack::{Security, SecurityProtocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::endpoints;
use crate::{PATIENCE, Scene};

/// For who never answers.
const DEADLINE: Duration = Duration::from_millis(300);

/// A listener that reads one request and answers each connection with `answer`, and stays open.
async fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let size = socket.read_u32().await.unwrap() as usize;
            socket.read_exact(&mut vec![0; size]).await.unwrap();
            socket.write_all(answer).await.unwrap();
            open.push(socket);
        }
    });
    address
}

async fn error_from(bootstrap: &str, deadline: Duration) -> GroupError {
    let cluster = Cluster::new(bootstrap, Security::default()).unwrap();
    match cluster.with_deadline(deadline).group("g").await {
        Ok(_) => panic!("{bootstrap} cannot have answered"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    match GroupClient::connect(&address, Security::default(), "g").await {
        Err(GroupError::Connect { broker, source }) => {
            assert_eq!(broker, address);
            assert_eq!(source.kind(), ErrorKind::ConnectionRefused);
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nobody listens there"),
    }
}

#[tokio::test]
async fn a_silent_broker_is_given_up_with_its_address_and_the_request() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let start = Instant::now();
    let error = error_from(&address, DEADLINE).await.to_string();
    assert!(start.elapsed() >= DEADLINE);
    let expected = format!("broker {address}: no answer to FindCoordinator within 300ms");
    assert_eq!(error, expected);
}

#[tokio::test]
async fn the_second_bootstrap_address_is_asked_when_the_first_is_silent() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = silent.local_addr().unwrap();
    let real = endpoints().kafka;
    let bootstrap = format!("{silent}, {}", real.bootstrap);
    let cluster = Cluster::new(&bootstrap, real.security).unwrap();
    // The first is waited for so long; the second may take it as well.
    let client = cluster.with_deadline(Duration::from_secs(8));
    let group = client.group("no-such-group").await.unwrap();
    assert_eq!(group.describe().await.unwrap().state, GroupState::Dead);
}

#[tokio::test]
async fn nonsense_is_an_error_that_says_what_does_not_fit() {
    let cases: [(&[u8], &str); 5] = [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "a frame of 1213486160 bytes",
        ),
        (&[0, 0, 0, 2, 7, 7], "Not enough bytes"),
        (
            &[0, 0, 0, 6, 0, 0, 0, 9, 0, 0],
            "correlation id 9 instead of 1",
        ),
        (&[0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 9, 9], "Not enough bytes"),
        (
            &[
                0, 0, 0, 17, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 8, 8, 8, 8, 8,
            ],
            "bytes too many",
        ),
    ];
    for (answer, expected) in cases {
        let address = answering(answer).await;
        let error = error_from(&address, PATIENCE).await;
        assert!(matches!(error, GroupError::Garbled { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains(&address), "{text}");
        assert!(text.contains("ApiVersions"), "{text}");
    }
}

#[tokio::test]
async fn half_an_answer_is_waited_for_and_then_given_up() {
    let address = answering(&[0, 0, 0, 100, 0, 0, 0, 1]).await;
    let error = error_from(&address, DEADLINE).await;
    assert!(matches!(error, GroupError::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn tls_to_a_plain_listener_is_an_error() {
    let security = Security {
        protocol: SecurityProtocol::Ssl,
        ..Security::default()
    };
    let address = answering(b"").await;
    let cluster = Cluster::new(&address, security).unwrap();
    let error = cluster.with_deadline(DEADLINE).group("g").await.err();
    let error = error.expect("no TLS there");
    assert!(error.to_string().contains(&address), "{error}");
}

#[test]
fn what_is_no_address_is_refused_before_anything_is_sent() {
    for given in ["", " , ", "kafka", "kafka:http", ":9092"] {
        let Err(error) = Cluster::new(given, Security::default()) else {
            panic!("{given:?} was taken");
        };
        assert!(
            error.to_string().contains("is no bootstrap address"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_broke_in_between_is_opened_again() {
    let real = endpoints().kafka;
    let scene = Scene::new(1).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (cut, mut cuts) = tokio::sync::mpsc::channel::<()>(1);
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = TcpStream::connect(&real.bootstrap).await.unwrap();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                _ = cuts.recv() => {}
            }
        }
    });
    let cluster = Cluster::new(&address, real.security).unwrap();
    for _ in 0..3 {
        let ends = cluster.end_offsets(&scene.topic, &[0]).await.unwrap();
        assert_eq!(ends[&0], 0);
        cut.send(()).await.unwrap();
    }
}
