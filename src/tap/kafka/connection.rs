//! One connection of the instance, and the connection to a broker behind it.
//!
//! ```text
//! client ─▶ receive ─▶ frames ─▶ forward ─▶ broker
//!                                 ╎  │ in flight, in order
//!                             received ▼
//! client ◀────────── answered ◀─ answers ◀─ broker
//! ```
//!
//! A hook that is late at `received` holds this request and those behind it; at `answered`, this
//! answer and those behind it. Other connections go on.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest};
use kafka_protocol::protocol::Message;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::answers::answers;
use super::frame::{self, RequestHead};
use super::reader::Malformed;
use super::receive::{Received, receive};
use super::tracker::{self, ApiTracker, EventReport, FetchPositions};
use super::{Broker, Shared, versions};
use crate::event::{Stage, Tap};
use crate::tap::Decision;
use crate::tap::budget::TooMuch;

/// Clients have a handful of requests in flight.
const IN_FLIGHT: usize = 1024;
/// Without the tap, a dead client's requests would have reached the broker. The local network takes
/// microseconds; a broker that does not read must not hold the connection open.
const LAST_WORDS: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub(super) enum Closed {
    #[error("the client is gone")]
    ByClient,
    #[error("the broker closed it")]
    ByBroker,
    #[error("as the hook decided")]
    ByHook,
    #[error("the client asked for TLS at the tap; use security.protocol=PLAINTEXT")]
    Tls,
    #[error("the client asked for SASL at the tap; use security.protocol=PLAINTEXT")]
    Sasl,
    #[error("the client asked for {0:?}: share groups (KIP-932) are not supported at the tap")]
    ShareGroup(ApiKey),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error(transparent)]
    Io(#[from] io::Error),
}

pub(super) enum InFlight {
    Opaque(RequestHead),
    Tracked {
        head: RequestHead,
        api: ApiKey,
        tracker: Box<dyn ApiTracker>,
    },
    Answered(Bytes),
}

pub(super) async fn serve(client: TcpStream, broker: Arc<Broker>, shared: Arc<Shared>) {
    let source = &shared.source;
    let ended = tokio::select! {
        ended = run(client, &broker, &shared) => ended,
        () = shared.gate.shutting() => Err(Closed::ByHook),
    };
    match ended {
        Ok(()) | Err(Closed::ByClient | Closed::ByBroker | Closed::ByHook) => {}
        Err(Closed::Io(reason)) => {
            tracing::debug!(%source, %reason, "a connection through the Kafka tap broke");
        }
        Err(reason) => {
            tracing::warn!(%source, %reason, "the Kafka tap closed a connection");
            shared.hook.refused(source, Tap::Kafka, &reason.to_string());
            if let Closed::ShareGroup(api) = reason {
                shared.hook.share_group(source, &format!("{api:?}"));
            }
        }
    }
}

async fn run(client: TcpStream, broker: &Broker, shared: &Arc<Shared>) -> Result<(), Closed> {
    client.set_nodelay(true)?;
    let addresses = broker.addresses();
    let upstream = shared.upstream.connect(&addresses).await?;
    let (from_client, to_client) = client.into_split();
    relay(from_client, to_client, upstream, shared).await
}

pub(super) async fn relay(
    from_client: impl AsyncRead + Unpin,
    to_client: impl AsyncWrite + Unpin,
    upstream: impl AsyncRead + AsyncWrite,
    shared: &Arc<Shared>,
) -> Result<(), Closed> {
    let (from_broker, to_broker) = tokio::io::split(upstream);
    let (frames, received) = mpsc::unbounded_channel();
    let (in_flight, answering) = mpsc::channel(IN_FLIGHT);
    let gone = CancellationToken::new();

    let receiving = receiving(from_client, frames, shared.frame_limit, &gone);
    let forward = Forward {
        shared,
        gone: &gone,
        to_broker,
        in_flight,
        positions: Arc::default(),
    };
    let forwarding = async {
        tokio::select! {
            forwarded = forward.run(received) => forwarded,
            () = async { gone.cancelled().await; tokio::time::sleep(LAST_WORDS).await } => Ok(()),
        }
    };
    tokio::select! {
        sent = async { tokio::try_join!(receiving, forwarding) } => sent.map(drop),
        answered = answers(from_broker, to_client, answering, shared) => answered,
    }
}

async fn receiving(
    client: impl AsyncRead + Unpin,
    frames: mpsc::UnboundedSender<Received>,
    limit: usize,
    gone: &CancellationToken,
) -> Result<(), Closed> {
    let received = receive(client, frames, limit).await;
    gone.cancel();
    match received {
        // What the client has sent until then is still forwarded.
        Err(Closed::ByClient | Closed::Io(_)) => Ok(()),
        other => other,
    }
}

struct Forward<'a, W> {
    shared: &'a Arc<Shared>,
    gone: &'a CancellationToken,
    to_broker: W,
    in_flight: mpsc::Sender<InFlight>,
    positions: Arc<FetchPositions>,
}

impl<W: AsyncWrite + Unpin> Forward<'_, W> {
    async fn run(mut self, mut frames: mpsc::UnboundedReceiver<Received>) -> Result<(), Closed> {
        while let Some(received) = frames.recv().await {
            self.one(&received.frame).await?;
        }
        Ok(())
    }

    async fn one(&mut self, frame: &Bytes) -> Result<(), Closed> {
        let head = RequestHead::read(frame)?;
        let Ok(api) = ApiKey::try_from(head.api_key) else {
            return self.opaque(head, frame).await;
        };
        match api {
            ApiKey::SaslHandshake | ApiKey::SaslAuthenticate => return Err(Closed::Sasl),
            ApiKey::ShareGroupHeartbeat | ApiKey::ShareFetch | ApiKey::ShareAcknowledge => {
                return Err(Closed::ShareGroup(api));
            }
            ApiKey::ApiVersions if head.version > ApiVersionsRequest::VERSIONS.max => {
                let answer = frame::answer(api, &head, &versions::unsupported()?);
                return self.note(InFlight::Answered(answer)).await;
            }
            _ => {}
        }
        let body = head.body(api, frame)?;
        let positions = &mut self.positions;
        let tracker = tracker::read(api, head.version, &body, self.shared, positions)?;
        let Some(tracker) = tracker else {
            return self.opaque(head, frame).await;
        };
        if let Some(report) = tracker.received() {
            match ask(self.shared, self.gone, Stage::Received, report).await? {
                Decision::Pass => {}
                Decision::Drop => return Err(Closed::ByHook),
                Decision::Fail(_) | Decision::Unavailable if !tracker.expects_answer() => {
                    return Ok(());
                }
                Decision::Fail(_) | Decision::Unavailable => {
                    let answer = frame::answer(api, &head, &tracker.refusal()?);
                    return self.note(InFlight::Answered(answer)).await;
                }
            }
        }
        if tracker.expects_answer() {
            self.note(InFlight::Tracked { head, api, tracker }).await?;
            self.write(frame).await
        } else {
            self.write(frame).await?;
            self.unanswered(tracker).await
        }
    }

    async fn opaque(&mut self, head: RequestHead, frame: &[u8]) -> Result<(), Closed> {
        self.note(InFlight::Opaque(head)).await?;
        self.write(frame).await
    }

    /// Before the broker gets the request, so that no answer comes unexpected.
    async fn note(&mut self, in_flight: InFlight) -> Result<(), Closed> {
        self.in_flight
            .send(in_flight)
            .await
            .map_err(|_| Closed::ByBroker)
    }

    async fn write(&mut self, frame: &[u8]) -> Result<(), Closed> {
        self.to_broker.write_all(frame).await?;
        Ok(self.to_broker.flush().await?)
    }

    async fn unanswered(&mut self, mut tracker: Box<dyn ApiTracker>) -> Result<(), Closed> {
        let answer = tracker.answered(&Bytes::new(), self.shared)?;
        let Some(report) = answer.report else {
            return Ok(());
        };
        match ask(self.shared, self.gone, Stage::Answered, report).await? {
            Decision::Drop => Err(Closed::ByHook),
            Decision::Pass | Decision::Fail(_) | Decision::Unavailable => Ok(()),
        }
    }
}

/// A request that is held is lost with its client; others would have reached the broker anyway.
async fn ask(
    shared: &Shared,
    gone: &CancellationToken,
    stage: Stage,
    report: EventReport,
) -> Result<Decision, Closed> {
    tokio::select! {
        biased;
        decision = shared.ask(stage, report) => Ok(decision),
        () = gone.cancelled() => Err(Closed::ByClient),
    }
}
