//! Asks a broker: does it answer, may we create topics, can groups begin at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    FindCoordinatorRequest, GroupId, OffsetFetchRequest, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::endpoints::Kafka;

/// Librdkafka's last complaint: its call only says "broker transport failure".
#[derive(Clone, Default)]
struct Complaint(Arc<Mutex<Option<String>>>);

impl ClientContext for Complaint {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if (level as u32) <= RDKafkaLogLevel::Error as u32 {
            let reason = message
                .rsplit_once("/bootstrap: ")
                .map_or(message, |(_, reason)| reason);
            let reason = reason.split(" (after ").next().unwrap_or(reason);
            // FAIL is the end of an attempt; what TLS logs beside it are details without a context.
            let mut last = self.0.lock().expect("no holder panics");
            if facility == "FAIL" || last.is_none() {
                *last = Some(reason.to_string());
            }
        }
    }

    // The same texts again, and "1/1 brokers are down".
    fn error(&self, _error: KafkaError, _reason: &str) {}
}

impl ConsumerContext for Complaint {}

/// The number of brokers that are up; an error has librdkafka's own reason.
pub async fn ask(kafka: &Kafka, patience: Duration) -> anyhow::Result<usize> {
    let mut config = kafka.client_config();
    config.set("reconnect.backoff.ms", "20");
    config.set("reconnect.backoff.max.ms", "200");
    // The default follows a logger that we do not have: nothing would be heard.
    config.set_log_level(RDKafkaLogLevel::Error);
    let complaint = Complaint::default();
    let context = complaint.clone();
    let answer = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer<Complaint> = config.create_with_context(context)?;
        let metadata = consumer.fetch_metadata(None, patience);
        if metadata.is_err() {
            // What the client complained of waits in a queue until it is polled.
            let _ = consumer.poll(Duration::from_millis(50));
        }
        metadata.map(|metadata| metadata.brokers().len())
    })
    .await?;
    answer.map_err(|error| {
        let reason = complaint.0.lock().expect("no holder panics").take();
        match (error, reason) {
            (KafkaError::MetadataFetch(_), Some(reason)) => anyhow::anyhow!(reason),
            (KafkaError::MetadataFetch(_), None) => {
                anyhow::anyhow!("no answer within {} s", patience.as_secs())
            }
            (error, _) => error.into(),
        }
    })
}

/// Creates none. An error is the broker's refusal, or its silence.
pub async fn may_create_topic(kafka: &Kafka, patience: Duration) -> anyhow::Result<()> {
    let admin: AdminClient<Complaint> = kafka
        .client_config()
        .create_with_context(Complaint::default())?;
    let options = AdminOptions::new()
        .request_timeout(Some(patience))
        .validate_only(true);
    // -1: as many replicas as the cluster's own default, which its policy allows.
    let topic = NewTopic::new("crashwindow-probe", 1, TopicReplication::Fixed(-1));
    let results = admin.create_topics([&topic], &options).await?;
    match results.into_iter().next() {
        Some(Err((_, rdkafka::types::RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
        Some(Err((_, code))) => bail!("creating a topic is refused: {code}"),
        _ => Ok(()),
    }
}

/// Internal topics are made and loaded, so that a run's first group waits no longer than any other
/// (3 s otherwise). Plaintext listeners only.
pub async fn warm(bootstrap: &str, patience: Duration) -> anyhow::Result<()> {
    timeout(patience, async {
        let mut stream = TcpStream::connect(bootstrap).await?;
        for key_type in [GROUP, TRANSACTION] {
            loop {
                let request = FindCoordinatorRequest::default()
                    .with_key(StrBytes::from_static_str(WARM_GROUP))
                    .with_key_type(key_type);
                let response = call(&mut stream, &request, 3).await?;
                match response.error_code {
                    0 => break,
                    COORDINATOR_NOT_AVAILABLE => sleep(RETRY).await,
                    code => bail!("FindCoordinator: error {code}"),
                }
            }
        }
        // Found is not loaded: a fetch of offsets is refused until the partition has been read.
        loop {
            let request = OffsetFetchRequest::default()
                .with_group_id(GroupId(StrBytes::from_static_str(WARM_GROUP)))
                .with_topics(Some(Vec::new()));
            let response = call(&mut stream, &request, 7).await?;
            match response.error_code {
                0 => return Ok(()),
                COORDINATOR_LOADING | COORDINATOR_NOT_AVAILABLE | NOT_COORDINATOR => {
                    sleep(RETRY).await
                }
                code => bail!("OffsetFetch: error {code}"),
            }
        }
    })
    .await
    .with_context(|| format!("no group coordinator within {} s", patience.as_secs()))?
}

/// Any name will do: no member joins.
const WARM_GROUP: &str = "crashwindow-warm";
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const COORDINATOR_LOADING: i16 = 14;
const COORDINATOR_NOT_AVAILABLE: i16 = 15;
const NOT_COORDINATOR: i16 = 16;
/// A question costs the broker next to nothing, and the first run waits for the answer.
const RETRY: Duration = Duration::from_millis(10);

/// Not by librdkafka: it decides by itself when to ask for a coordinator again, and that pace is
/// what warming is to spare the first group.
async fn call<R: Request>(
    stream: &mut TcpStream,
    request: &R,
    version: i16,
) -> anyhow::Result<R::Response> {
    let mut body = BytesMut::new();
    RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_client_id(Some(StrBytes::from_static_str("crashwindow")))
        .encode(&mut body, R::header_version(version))?;
    request.encode(&mut body, version)?;
    let mut frame = BytesMut::with_capacity(4 + body.len());
    frame.put_u32(u32::try_from(body.len())?);
    frame.put(body);
    stream.write_all(&frame).await?;

    let mut answer = vec![0; stream.read_u32().await? as usize];
    stream.read_exact(&mut answer).await?;
    let mut answer = Bytes::from(answer);
    ResponseHeader::decode(&mut answer, R::Response::header_version(version))?;
    R::Response::decode(&mut answer, version)
}
