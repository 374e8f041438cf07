//! What the tap does not let pass: versions that it cannot read, TLS, SASL, and bytes that are no
//! Kafka.

use std::io;
use std::sync::{Arc, Mutex};

use crashwindow::tap::kafka::Options;
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, ResponseHeader, SaslHandshakeRequest,
    ShareAcknowledgeRequest, ShareFetchRequest, ShareGroupHeartbeatRequest,
};
use kafka_protocol::protocol::{Decodable, StrBytes};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing_subscriber::fmt::MakeWriter;

use crate::cluster::Cluster;
use crate::recorder::{Recorder, within};
use crate::sockets::{Sockets, commit, rest};
use crate::zombies::framed;

/// What is logged while it lives. The tests' runtime has one thread, so the tap logs on it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_ansi(false);
        let guard = tracing::subscriber::set_default(subscriber.finish());
        (log, guard)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no holder panics")).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no holder panics")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn closed_for(bytes: &[u8], options: Options) -> String {
    closed_and_told(bytes, options).await.0
}

/// What is on the log, and the requests of share groups of which the hook was told.
async fn closed_and_told(bytes: &[u8], options: Options) -> (String, Vec<String>) {
    let (log, _guard) = Log::start();
    let Sockets {
        tap: _tap,
        recorder,
        mut client,
        mut broker,
    } = Sockets::with(options).await;
    client.write_all(bytes).await.expect("it is sent");
    assert_eq!(rest("the client's side to close", &mut client).await, b"");
    assert_eq!(rest("the broker's side to close", &mut broker).await, b"");
    (log.text(), recorder.share_groups())
}

#[tokio::test]
async fn a_client_that_opens_tls_is_told_so_on_the_log() {
    let log = closed_for(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01], Options::default()).await;
    assert!(
        log.contains("asked for TLS at the tap; use security.protocol=PLAINTEXT"),
        "{log}"
    );
}

#[tokio::test]
async fn a_client_that_wants_sasl_is_told_so_on_the_log() {
    let handshake =
        SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str("PLAIN"));
    let log = closed_for(&framed(&handshake, 1, 1), Options::default()).await;
    assert!(
        log.contains("asked for SASL at the tap; use security.protocol=PLAINTEXT"),
        "{log}"
    );
}

#[tokio::test]
async fn a_member_of_a_share_group_is_told_by_each_of_its_requests() {
    let requests = [
        (
            "ShareGroupHeartbeat",
            framed(&ShareGroupHeartbeatRequest::default(), 1, 1),
        ),
        ("ShareFetch", framed(&ShareFetchRequest::default(), 1, 1)),
        (
            "ShareAcknowledge",
            framed(&ShareAcknowledgeRequest::default(), 1, 1),
        ),
    ];
    for (name, bytes) in requests {
        let (log, told) = closed_and_told(&bytes, Options::default()).await;
        let expected = format!("asked for {name}: share groups (KIP-932) are not supported");
        assert!(log.contains(&expected), "{log}");
        assert_eq!(told, [name]);
    }
    let (_, told) = closed_and_told(b"GET / HTTP/1.1\r\n\r\n", Options::default()).await;
    assert_eq!(told, [""; 0]);
}

#[tokio::test]
async fn bytes_that_are_no_kafka_close_the_connection() {
    let log = closed_for(b"GET / HTTP/1.1\r\n\r\n", Options::default()).await;
    assert!(
        log.contains("malformed frame: a size of 1195725856"),
        "{log}"
    );
}

#[tokio::test]
async fn a_request_above_the_limit_closes_the_connection() {
    let options = Options {
        frame_limit: 50,
        ..Options::default()
    };
    let log = closed_for(&commit(1), options).await;
    assert!(log.contains("and 8 to 50 are possible"), "{log}");
}

#[tokio::test]
async fn an_array_of_two_thousand_million_elements_takes_no_memory() {
    let mut frame = commit(1).to_vec();
    // The length of the array of topics, a varint behind the group's fields.
    let topics = frame
        .windows(9)
        .position(|w| w == b"\x09payments")
        .expect("its name")
        - 1;
    frame.splice(topics..=topics, [0xff, 0xff, 0xff, 0xff, 0x0f]);
    let size = u32::try_from(frame.len() - 4).expect("small").to_be_bytes();
    frame[..4].copy_from_slice(&size);
    let log = closed_for(&frame, Options::default()).await;
    assert!(
        log.contains("more elements announced than bytes there"),
        "{log}"
    );
}

#[tokio::test]
async fn an_answer_to_no_request_closes_the_connection() {
    let (log, _guard) = Log::start();
    let Sockets {
        tap: _tap,
        mut client,
        mut broker,
        ..
    } = Sockets::new().await;
    broker
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 9])
        .await
        .expect("it is sent");
    assert_eq!(rest("the client's side to close", &mut client).await, b"");
    assert!(log.text().contains("nothing was asked"), "{}", log.text());
}

#[tokio::test]
async fn an_answer_to_another_request_closes_the_connection() {
    let (log, _guard) = Log::start();
    let Sockets {
        tap: _tap,
        mut client,
        mut broker,
        ..
    } = Sockets::new().await;
    client.write_all(&commit(1)).await.expect("it is sent");
    let mut asked = vec![0; commit(1).len()];
    within("the request", broker.read_exact(&mut asked))
        .await
        .expect("the request");
    broker
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 9])
        .await
        .expect("it is sent");
    assert_eq!(rest("the client's side to close", &mut client).await, b"");
    assert!(
        log.text().contains("not to request 1, which is next"),
        "{}",
        log.text()
    );
}

async fn versions(tap: &str, version: i16, sent_as: i16) -> ApiVersionsResponse {
    let mut client = TcpStream::connect(tap).await.expect("the tap listens");
    let request = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("test"))
        .with_client_software_version(StrBytes::from_static_str("1"));
    let mut frame = framed(&request, version.min(3), 5).to_vec();
    frame[6..8].copy_from_slice(&sent_as.to_be_bytes());
    client.write_all(&frame).await.expect("it is sent");
    let size = within("the answer", client.read_u32())
        .await
        .expect("an answer") as usize;
    let mut answer = vec![0; size];
    client.read_exact(&mut answer).await.expect("an answer");
    let mut answer = bytes::Bytes::from(answer);
    let header = ResponseHeader::decode(&mut answer, 0).expect("a header");
    assert_eq!(header.correlation_id, 5);
    ApiVersionsResponse::decode(&mut answer, if sent_as > 4 { 0 } else { version })
        .expect("versions")
}

#[tokio::test]
async fn versions_are_lowered_to_what_the_tap_reads() {
    let cluster = Cluster::new("versions", 1).await;
    for (decoded, fetch) in [(true, 18), (false, 15)] {
        let tap = cluster.tap_with(&Recorder::new(), decoded);
        let offered = versions(&tap.bootstrap(), 3, 3).await;
        let max = |key| {
            offered
                .api_keys
                .iter()
                .find(|api| api.api_key == key)
                .map(|a| a.max_version)
        };
        // OffsetCommit, ApiVersions, OffsetFetch, TxnOffsetCommit: one below the broker's.
        assert_eq!([8, 18, 9, 28].map(max), [9, 4, 9, 5].map(Some));
        assert_eq!(max(1), Some(fetch));
        // SyncGroup and the heartbeat of KIP-848 are level.
        assert_eq!([14, 68].map(max), [5, 1].map(Some));
    }
}

#[tokio::test]
async fn a_client_that_opens_with_a_newer_version_gets_the_protocols_fallback() {
    let cluster = Cluster::new("fallback", 1).await;
    let tap = cluster.tap(&Recorder::new());
    let answer = versions(&tap.bootstrap(), 3, 5).await;
    assert_eq!(answer.error_code, 35);
    let [known] = answer.api_keys.as_slice() else {
        panic!("{answer:?}")
    };
    assert_eq!(
        (known.api_key, known.min_version, known.max_version),
        (18, 0, 4)
    );
}

/// Whatever is sent, the tap lives: each round uses a connection up, and the next one works.
#[tokio::test]
async fn no_bytes_end_the_tap() {
    let seed = std::env::var("FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rng().random());
    println!("FUZZ_SEED={seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let cluster = Cluster::new("fuzz", 1).await;
    let tap = cluster.tap(&Recorder::new());
    let metadata = framed(&MetadataRequest::default().with_topics(None), 9, 3);
    for round in 0..300 {
        let mut frame = if round % 3 == 0 {
            metadata.to_vec()
        } else {
            commit(1).to_vec()
        };
        if round % 2 == 0 {
            let body = &mut frame[4..];
            for _ in 0..rng.random_range(1..6) {
                let at = rng.random_range(0..body.len());
                body[at] = rng.random();
            }
        } else {
            let mut body = vec![0; rng.random_range(8..200)];
            rng.fill_bytes(&mut body);
            // An API that exists, so that something reads it.
            body[..4].copy_from_slice(&[0, rng.random_range(0..92), 0, rng.random_range(0..14)]);
            let size = u32::try_from(body.len()).expect("small").to_be_bytes();
            frame = [&size[..], &body].concat();
        }
        let mut client = TcpStream::connect(tap.bootstrap())
            .await
            .expect("the tap listens");
        client.write_all(&frame).await.expect("it is sent");
        client.shutdown().await.expect("no more is sent");
        rest(&format!("round {round} to end"), &mut client).await;
    }
    assert_eq!(versions(&tap.bootstrap(), 3, 3).await.error_code, 0);
}
