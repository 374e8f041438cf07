use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::Answered;
use super::frame::Malformed;
use super::hangup::Hangup;
use super::message;
use super::reply::StatementReply;
use super::session::{ConnectionState, PendingStatement, Unserved};
use super::startup::{self, Opening};
use super::upstream::{Stream, Upstream, UpstreamError};
use super::{Options, Transaction, backend, frontend};
use crate::event::{Role, Source, Stage, Tap};
use crate::tap::budget::TooMuch;
use crate::tap::{BoundaryEvent, Decision, Detail, Hook};

/// A socket that is closed over unread bytes is reset, and takes the last words with it.
const LAST_WORDS: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the client closed it")]
    ClientClosed,
    #[error("the server closed it")]
    ServerClosed,
    #[error("the client asked for TLS at the tap, which speaks plaintext (sslmode=disable)")]
    AskedForTls,
    #[error("what came is not the protocol of Postgres: {0}")]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error("the server cannot be reached: {0}")]
    Unreachable(#[from] UpstreamError),
    #[error("it was dropped")]
    Dropped,
    #[error("it was refused")]
    Refused,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<Unserved> for Ended {
    fn from(unserved: Unserved) -> Self {
        match unserved {
            Unserved::Malformed(malformed) => malformed.into(),
            Unserved::TooMuch(too_much) => too_much.into(),
        }
    }
}

pub(super) struct Shared {
    pub(super) source: Source,
    pub(super) upstream: Upstream,
    pub(super) hook: Arc<dyn Hook>,
    pub(super) options: Options,
    pub(super) plaintext: Plaintext,
}

#[derive(Default)]
pub(super) struct Plaintext {
    refused: AtomicBool,
    spoken: AtomicBool,
}

pub(super) struct Connection<'a> {
    pub(super) shared: &'a Shared,
    hangup: &'a Hangup,
    session: Mutex<ConnectionState>,
    pub(super) between_messages: AtomicBool,
}

pub(super) async fn serve(mut client: TcpStream, shared: Arc<Shared>) {
    let ended = tokio::select! {
        ended = run(&mut client, &shared) => ended,
        () = shared.options.gate.shutting() => Ended::Dropped,
    };
    let source = &shared.source;
    match ended {
        Ended::AskedForTls => {
            let plaintext = &shared.plaintext;
            if plaintext.spoken.load(Ordering::Relaxed) {
                tracing::debug!(%source, "a connection to the database ended: {ended}");
            } else {
                plaintext.refused.store(true, Ordering::Relaxed);
                tracing::warn!(%source, "a connection to the database ended: {ended}");
                let hook = &shared.hook;
                hook.left_for_tls(source, Tap::Postgres, &ended.to_string());
            }
        }
        Ended::Malformed(_) | Ended::TooMuch(_) => {
            tracing::warn!(%source, "a connection to the database ended: {ended}");
            let hook = &shared.hook;
            hook.refused(source, Tap::Postgres, &ended.to_string());
        }
        Ended::Unreachable(_) => {
            tracing::warn!(%source, "a connection to the database ended: {ended}");
        }
        _ => tracing::debug!(%source, "a connection to the database ended: {ended}"),
    }
    if matches!(
        ended,
        Ended::ServerClosed | Ended::Refused | Ended::Unreachable(_)
    ) {
        linger(client).await;
    }
}

async fn linger(mut client: TcpStream) {
    let reading = async {
        client.shutdown().await?;
        let mut ignored = [0; 4096];
        while client.read(&mut ignored).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(LAST_WORDS, reading).await;
}

async fn run(client: &mut TcpStream, shared: &Shared) -> Ended {
    match converse(client, shared).await {
        Ok(never) => match never {},
        Err(ended) => ended,
    }
}

/// A conversation only ends.
pub(super) enum Never {}

async fn converse(client: &mut TcpStream, shared: &Shared) -> Result<Never, Ended> {
    client.set_nodelay(true)?;
    let hangup = Hangup::of(client)?;
    let opening = startup::opening(client).await?;
    match opening {
        Opening::Cancel(packet) => {
            // Also for a client that is gone: it asked, and waits for no answer.
            let mut server = reach(client, shared).await?;
            server.write_all(&packet).await?;
            server.flush().await?;
            // The server closes when it has passed the request on, and clients may wait for that.
            let closed = server.read_u8().await;
            tracing::trace!(?closed, "a cancel request was passed on");
            Err(Ended::ServerClosed)
        }
        Opening::Session(packet) => {
            let plaintext = &shared.plaintext;
            let first = !plaintext.spoken.swap(true, Ordering::Relaxed);
            if first && plaintext.refused.load(Ordering::Relaxed) {
                shared.hook.came_in_plaintext(&shared.source, Tap::Postgres);
            }
            let mut server = tokio::select! {
                reached = reach(client, shared) => reached?,
                () = hangup.seen() => return Err(Ended::ClientClosed),
            };
            server.write_all(&packet).await?;
            server.flush().await?;
            let connection = Connection::new(shared, &hangup);
            connection.pump(client, server).await
        }
    }
}

async fn reach(client: &mut TcpStream, shared: &Shared) -> Result<Box<dyn Stream>, Ended> {
    match shared.upstream.connect().await {
        Ok(server) => Ok(server),
        Err(error) => {
            let reason = format!("the database behind the tap cannot be reached: {error}");
            client.write_all(&message::unavailable(&reason)).await?;
            Err(error.into())
        }
    }
}

impl<'a> Connection<'a> {
    pub(super) fn new(shared: &'a Shared, hangup: &'a Hangup) -> Self {
        Self {
            shared,
            hangup,
            session: Mutex::new(ConnectionState::new(
                shared.options.keep_parameters,
                shared.options.marks.clone(),
            )),
            between_messages: AtomicBool::new(true),
        }
    }

    async fn pump(&self, client: &mut TcpStream, server: Box<dyn Stream>) -> Result<Never, Ended> {
        let ended = {
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = tokio::io::split(server);
            tokio::select! {
                ended = frontend::pump(self, from_client, to_server) => ended,
                ended = backend::pump(self, from_server, to_client) => ended,
            }
        };
        if matches!(ended, Err(Ended::Refused)) && self.between_messages.load(Ordering::Relaxed) {
            let reason = "the database system is not accepting connections";
            client.write_all(&message::unavailable(reason)).await?;
        }
        ended
    }

    pub(super) fn session(&self) -> MutexGuard<'_, ConnectionState> {
        self.session.lock().expect("no holder of this lock panics")
    }

    pub(super) async fn received(&self, asked: PendingStatement) -> Result<(), Ended> {
        let (transaction, pid) = {
            let session = self.session();
            (session.transaction_before(), session.backend_pid)
        };
        let reply = StatementReply::default();
        let event = self.event(Stage::Received, asked, reply, transaction, pid);
        self.decide(event).await?;
        self.session().held = false;
        Ok(())
    }

    pub(super) async fn answered(&self, answered: Answered) -> Result<(), Ended> {
        let pid = self.session().backend_pid;
        let Answered {
            asked,
            reply,
            transaction,
        } = answered;
        let event = self.event(Stage::Answered, asked, reply, transaction, pid);
        self.decide(event).await
    }

    fn event(
        &self,
        stage: Stage,
        asked: PendingStatement,
        reply: StatementReply,
        transaction: Option<Transaction>,
        backend_pid: Option<i32>,
    ) -> BoundaryEvent {
        BoundaryEvent {
            tap: Tap::Postgres,
            stage,
            source: self.shared.source.clone(),
            signature: asked.statement.signature.clone(),
            subjects: asked.subjects,
            outcome: reply.outcome(),
            writes: asked.statement.writes,
            role: Role::Request,
            result: None,
            detail: None,
        }
        .with_detail(Detail::Postgres(super::Detail {
            is_data: asked.statement.is_data,
            parameters: asked.parameters,
            ..reply.detail(transaction, backend_pid)
        }))
    }

    /// Whatever of its bytes is unread.
    pub(super) async fn client_gone(&self) {
        self.hangup.seen().await;
    }

    async fn decide(&self, event: BoundaryEvent) -> Result<(), Ended> {
        let decision = tokio::select! {
            biased;
            decision = self.shared.hook.at(event) => decision,
            () = self.client_gone() => return Err(Ended::ClientClosed),
        };
        match decision {
            Decision::Pass => Ok(()),
            Decision::Drop => Err(Ended::Dropped),
            Decision::Fail(_) | Decision::Unavailable => Err(Ended::Refused),
        }
    }
}
