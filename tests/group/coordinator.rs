//! A coordinator that is not there yet, loads, and moves. A real cluster does so for milliseconds
//! at moments of its own, so these brokers follow a script.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};
use crashwindow::group::{Cluster, GroupState};
use crashwindow::stack::Security;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::{ApiVersion, ApiVersionsResponse};
use kafka_protocol::messages::describe_groups_response::{DescribeGroupsResponse, DescribedGroup};
use kafka_protocol::messages::{ApiKey, FindCoordinatorResponse, ResponseHeader};
use kafka_protocol::protocol::{Encodable, StrBytes, decode_request_header_from_buffer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One line of a broker's script; requests must come in this order.
enum Line {
    /// FindCoordinator: an error.
    Nobody(ResponseError),
    /// FindCoordinator: an address.
    At(std::net::SocketAddr),
    /// DescribeGroups: an error.
    NotMine(ResponseError),
    /// DescribeGroups: an empty group.
    Described,
    /// The request is read and the connection closed.
    Dies,
}

const VERSIONS: [(ApiKey, i16); 3] = [
    (ApiKey::ApiVersions, 3),
    (ApiKey::FindCoordinator, 3),
    (ApiKey::DescribeGroups, 6),
];

async fn play(listener: TcpListener, script: Vec<Line>) {
    let mut script = VecDeque::from(script);
    while !script.is_empty() {
        let (socket, _) = listener.accept().await.unwrap();
        serve(socket, &mut script).await;
    }
}

async fn serve(mut socket: TcpStream, script: &mut VecDeque<Line>) {
    while let Ok(size) = socket.read_u32().await {
        let mut request = vec![0; size as usize];
        socket.read_exact(&mut request).await.unwrap();
        let mut request = Bytes::from(request);
        let header = decode_request_header_from_buffer(&mut request).unwrap();
        let key = ApiKey::try_from(header.request_api_key).unwrap();
        let version = header.request_api_version;
        let mut answer = BytesMut::new();
        ResponseHeader::default()
            .with_correlation_id(header.correlation_id)
            .encode(&mut answer, key.response_header_version(version))
            .unwrap();
        if key == ApiKey::ApiVersions {
            api_versions().encode(&mut answer, version).unwrap();
        } else {
            let line = script.pop_front().expect("a line for each request");
            match (key, line) {
                (_, Line::Dies) => return,
                (ApiKey::FindCoordinator, Line::Nobody(error)) => {
                    FindCoordinatorResponse::default()
                        .with_error_code(error.code())
                        .encode(&mut answer, version)
                }
                (ApiKey::FindCoordinator, Line::At(address)) => FindCoordinatorResponse::default()
                    .with_host(StrBytes::from_string(address.ip().to_string()))
                    .with_port(i32::from(address.port()))
                    .encode(&mut answer, version),
                (ApiKey::DescribeGroups, Line::NotMine(error)) => {
                    described(error.code()).encode(&mut answer, version)
                }
                (ApiKey::DescribeGroups, Line::Described) => {
                    described(0).encode(&mut answer, version)
                }
                (key, _) => panic!("{key:?} is not what the script expects"),
            }
            .unwrap();
        }
        socket.write_u32(answer.remaining() as u32).await.unwrap();
        socket.write_all(&answer).await.unwrap();
    }
}

fn api_versions() -> ApiVersionsResponse {
    let all = VERSIONS.iter().map(|(key, max)| {
        ApiVersion::default()
            .with_api_key(*key as i16)
            .with_max_version(*max)
    });
    ApiVersionsResponse::default().with_api_keys(all.collect())
}

fn described(error: i16) -> DescribeGroupsResponse {
    let group = DescribedGroup::default()
        .with_error_code(error)
        .with_group_state(StrBytes::from_static_str("Empty"));
    DescribeGroupsResponse::default().with_groups(vec![group])
}

#[tokio::test]
async fn a_coordinator_that_loads_moves_and_dies_is_found_again() {
    let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let second = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (here, there) = (first.local_addr().unwrap(), second.local_addr().unwrap());
    let script = vec![
        Line::Nobody(ResponseError::CoordinatorNotAvailable),
        Line::Nobody(ResponseError::CoordinatorLoadInProgress),
        Line::At(here),
        Line::NotMine(ResponseError::CoordinatorLoadInProgress),
        Line::At(here),
        Line::NotMine(ResponseError::NotCoordinator),
        Line::At(there),
        Line::At(here),
        Line::Described,
    ];
    let first = tokio::spawn(play(first, script));
    // Twice: the request is tried on a new connection before the broker is given up.
    let second = tokio::spawn(play(second, vec![Line::Described, Line::Dies, Line::Dies]));

    let cluster = Cluster::new(&here.to_string(), Security::default()).unwrap();
    let client = cluster.group("g").await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.describe().await.unwrap().state, GroupState::Empty);
    }
    second.await.unwrap();
    drop((client, cluster));
    first.await.unwrap();
}

#[tokio::test]
async fn a_coordinator_that_never_comes_is_an_error_with_kafkas_name_for_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let never = || Line::Nobody(ResponseError::CoordinatorNotAvailable);
    tokio::spawn(play(listener, (0..10_000).map(|_| never()).collect()));
    let cluster = Cluster::new(&address, Security::default()).unwrap();
    // Long enough for one answer on any machine, as the deadline would be the error without one.
    let quick = cluster.with_deadline(std::time::Duration::from_secs(3));
    let error = quick.group("payments").await.err().unwrap().to_string();
    assert_eq!(
        error,
        format!(
            "finding the coordinator of group payments: broker {address} answered \
             COORDINATOR_NOT_AVAILABLE (15)"
        )
    );
}

#[tokio::test]
async fn a_broker_that_is_too_old_is_told_from_one_that_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    tokio::spawn(play(listener, vec![Line::At(here), Line::Described]));
    let cluster = Cluster::new(&here.to_string(), Security::default()).unwrap();
    let client = cluster.group("g").await.unwrap();
    let error = client.delete().await.unwrap_err().to_string();
    let expected =
        format!("broker {here} offers DeleteGroups in no version; needed is one of 0..2");
    assert_eq!(error, expected);
}
