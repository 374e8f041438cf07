//! Connections as the broker sees them: a listener that is no broker stands in for it here, as only
//! the sockets are in question.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use crashwindow::event::Stage;
use crashwindow::stack::{Kafka, Security};
use crashwindow::tap::Decision;
use crashwindow::tap::kafka::{KafkaTap, Options};
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    GroupId, MetadataRequest, MetadataResponse, OffsetCommitRequest, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::cluster::source;
use crate::recorder::{Recorder, within};
use crate::zombies::framed;

pub struct Sockets {
    pub tap: KafkaTap,
    pub recorder: Arc<Recorder>,
    pub client: TcpStream,
    pub broker: TcpStream,
}

impl Sockets {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let bootstrap = listener.local_addr().expect("an address").to_string();
        let kafka = Kafka {
            bootstrap,
            security: Security::default(),
        };
        let recorder = Recorder::new();
        let tap = KafkaTap::listen(source(), &kafka, recorder.clone(), options);
        let tap = tap.expect("a free port");
        let client = TcpStream::connect(tap.bootstrap())
            .await
            .expect("the tap listens");
        let (broker, _) = within("the broker's side", listener.accept())
            .await
            .expect("a peer");
        Self {
            tap,
            recorder,
            client,
            broker,
        }
    }
}

/// Everything that still comes, until the other side closes.
pub async fn rest(what: &str, stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is a close too: what is unread on the other side makes the difference.
    let _ = within(what, stream.read_to_end(&mut rest)).await;
    rest
}

pub fn commit(correlation_id: i32) -> Bytes {
    let partition = OffsetCommitRequestPartition::default()
        .with_committed_offset(17)
        .with_committed_metadata(Some(StrBytes::default()));
    let topic = OffsetCommitRequestTopic::default()
        .with_name(TopicName(StrBytes::from_static_str("payments")))
        .with_partitions(vec![partition]);
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(StrBytes::from_static_str("group")))
        .with_topics(vec![topic]);
    framed(&request, 8, correlation_id)
}

#[tokio::test]
async fn the_brokers_side_closes_when_the_client_dies() {
    let Sockets {
        tap: _tap,
        client,
        mut broker,
        ..
    } = Sockets::new().await;
    drop(client);
    assert_eq!(rest("the broker's side to close", &mut broker).await, b"");
}

#[tokio::test]
async fn the_brokers_side_closes_when_the_client_dies_while_it_is_held() {
    let Sockets {
        tap: _tap,
        recorder,
        mut client,
        mut broker,
    } = Sockets::new().await;
    let mut held = recorder.hold("kafka OffsetCommit", Stage::Received);
    client.write_all(&commit(1)).await.expect("it is sent");
    held.reached().await;
    drop(client);
    assert_eq!(rest("the broker's side to close", &mut broker).await, b"");
    // Whoever struck the client must be able to finish what it does.
    assert!(held.is_pending());
    held.release(Decision::Pass);
}

#[tokio::test]
async fn what_a_client_sent_before_it_died_reaches_the_broker() {
    let Sockets {
        tap: _tap,
        mut client,
        mut broker,
        ..
    } = Sockets::new().await;
    // So many that the tap sees the end before it has forwarded them all.
    let sent: Vec<u8> = (0..1000).flat_map(commit).collect();
    client.write_all(&sent).await.expect("it is sent");
    drop(client);
    let reached = rest("the broker's side to close", &mut broker).await;
    assert_eq!((reached.len(), reached == sent), (sent.len(), true));
}

#[tokio::test]
async fn the_clients_side_closes_when_the_broker_does() {
    let Sockets {
        tap: _tap,
        mut client,
        broker,
        ..
    } = Sockets::new().await;
    drop(broker);
    assert_eq!(rest("the client's side to close", &mut client).await, b"");
}

#[tokio::test]
async fn both_sides_close_when_the_tap_is_dropped() {
    let Sockets {
        tap,
        recorder,
        mut client,
        mut broker,
    } = Sockets::new().await;
    let mut held = recorder.hold("kafka OffsetCommit", Stage::Received);
    client.write_all(&commit(1)).await.expect("it is sent");
    held.reached().await;
    let address = tap.bootstrap();
    drop(tap);
    assert_eq!(rest("the broker's side to close", &mut broker).await, b"");
    assert_eq!(rest("the client's side to close", &mut client).await, b"");
    assert!(held.is_pending());
    let refused = async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    within("the listener to close", refused).await;
}

#[tokio::test]
async fn requests_behind_a_held_one_wait_for_it_and_keep_their_order() {
    let Sockets {
        tap: _tap,
        recorder,
        mut client,
        mut broker,
    } = Sockets::new().await;
    let mut held = recorder.hold("kafka OffsetCommit", Stage::Received);
    client
        .write_all(&[commit(1), commit(2)].concat())
        .await
        .expect("it is sent");
    held.reached().await;
    assert_eq!(recorder.events().len(), 1);
    held.release(Decision::Pass);
    let mut both = vec![0; commit(1).len() + commit(2).len()];
    within("both", broker.read_exact(&mut both))
        .await
        .expect("both");
    assert_eq!(both, [commit(1), commit(2)].concat());
}

/// The answer to the first commit, in version 8.
fn accepted() -> Vec<u8> {
    // The correlation id and no tags, no throttling, one topic of one partition without error.
    [
        &[0, 0, 0, 29, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 9][..],
        b"payments",
        &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

#[tokio::test]
async fn an_answer_that_is_dropped_closes_both_sides_without_a_byte() {
    let Sockets {
        tap: _tap,
        recorder,
        mut client,
        mut broker,
    } = Sockets::new().await;
    recorder.strike("kafka OffsetCommit", Stage::Answered, Decision::Drop);
    client.write_all(&commit(1)).await.expect("it is sent");
    broker.write_all(&accepted()).await.expect("it is sent");
    assert_eq!(rest("the client's side to close", &mut client).await, b"");
    // The broker had been asked, and is not told what became of its answer.
    assert_eq!(
        rest("the broker's side to close", &mut broker).await,
        commit(1)
    );
    assert_eq!(
        recorder.answer("kafka OffsetCommit").await.outcome,
        "offset 17"
    );
}

#[tokio::test]
async fn a_refusal_waits_for_the_answers_before_it() {
    let Sockets {
        tap: _tap,
        recorder,
        mut client,
        mut broker,
    } = Sockets::new().await;
    client.write_all(&commit(1)).await.expect("it is sent");
    let mut first = vec![0; commit(1).len()];
    within("the first", broker.read_exact(&mut first))
        .await
        .expect("the first");
    recorder.strike("kafka OffsetCommit", Stage::Received, Decision::Unavailable);
    client.write_all(&commit(2)).await.expect("it is sent");
    let second = |e: &crashwindow::tap::BoundaryEvent| e.stage == Stage::Received;
    recorder.wait_for("the second to be refused", second).await;

    let accepted = accepted();
    broker.write_all(&accepted).await.expect("it is sent");
    let mut answers = vec![0; 2 * accepted.len()];
    within("both answers", client.read_exact(&mut answers))
        .await
        .expect("both answers");
    let (one, two) = answers.split_at(accepted.len());
    assert_eq!(one, accepted);
    assert_eq!(&two[4..8], &[0, 0, 0, 2]);
    assert_eq!(
        recorder.answer("kafka OffsetCommit").await.outcome,
        "offset 17"
    );
    // COORDINATOR_NOT_AVAILABLE, in the same form.
    assert!(two.windows(2).any(|code| code == [0, 15]), "{two:?}");
}

/// The brokers of an answer to a Metadata request through the tap, by node id.
async fn brokers(sockets: &mut Sockets, named: &[(i32, u16)]) -> BTreeMap<i32, String> {
    let request = framed(&MetadataRequest::default(), 9, 4);
    sockets
        .client
        .write_all(&request)
        .await
        .expect("it is sent");
    let mut asked = vec![0; request.len()];
    within("the request", sockets.broker.read_exact(&mut asked))
        .await
        .expect("the request");
    let named = named.iter().map(|&(id, port)| {
        let broker = MetadataResponseBroker::default().with_node_id(id.into());
        broker
            .with_host(StrBytes::from_static_str("127.0.0.1"))
            .with_port(port.into())
    });
    let mut body = BytesMut::new();
    // The correlation id, and a header without tags.
    body.put_slice(&[0, 0, 0, 4, 0]);
    let response = MetadataResponse::default().with_brokers(named.collect());
    response.encode(&mut body, 9).expect("an answer");
    sockets
        .broker
        .write_u32(u32::try_from(body.len()).expect("small"))
        .await
        .expect("it is sent");
    sockets.broker.write_all(&body).await.expect("it is sent");

    let size = within("the answer", sockets.client.read_u32())
        .await
        .expect("an answer") as usize;
    let mut answer = vec![0; size];
    sockets
        .client
        .read_exact(&mut answer)
        .await
        .expect("an answer");
    let response = MetadataResponse::decode(&mut Bytes::from(answer).slice(5..), 9);
    let brokers = response.expect("an answer").brokers.into_iter();
    brokers
        .map(|b| (b.node_id.0, format!("{}:{}", b.host, b.port)))
        .collect()
}

#[tokio::test]
async fn each_broker_has_an_address_of_its_own_and_keeps_it_when_it_moves() {
    let mut sockets = Sockets::new().await;
    let first = sockets.broker.local_addr().expect("an address").port();
    let second = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let moved = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let [second_port, moved_port] = [&second, &moved].map(|l| l.local_addr().expect("one").port());

    let told = brokers(&mut sockets, &[(1, first), (2, second_port)]).await;
    assert_eq!(told[&1], sockets.tap.bootstrap());
    assert_ne!(told[&2], sockets.tap.bootstrap());
    assert!(!told[&2].ends_with(&format!(":{second_port}")), "{told:?}");
    let _client = TcpStream::connect(&told[&2])
        .await
        .expect("the tap listens");
    within("a connection to node 2", second.accept())
        .await
        .expect("a connection");

    let again = brokers(&mut sockets, &[(1, first), (2, moved_port)]).await;
    assert_eq!(again, told);
    let _client = TcpStream::connect(&told[&2])
        .await
        .expect("the tap listens");
    within("a connection to where node 2 is now", moved.accept())
        .await
        .expect("a connection");
}
