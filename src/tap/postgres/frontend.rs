use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::connection::{Connection, Ended, Never};
use super::frame::{Frames, INSPECTED, Piece, Side};
use super::session::RequestAction;
const CHUNK: usize = 32 * 1024;

struct ToServer<W> {
    server: W,
    ready: BytesMut,
    /// Go with their statement: a server that has not seen it has seen no lock and no transaction
    /// of it.
    deferred: BytesMut,
}

pub(super) async fn pump(
    connection: &Connection<'_>,
    mut client: impl AsyncRead + Unpin,
    server: impl AsyncWrite + Unpin,
) -> Result<Never, Ended> {
    let mut frames = Frames::new(Side::Client);
    let mut outgoing = ToServer {
        server,
        ready: BytesMut::new(),
        deferred: BytesMut::new(),
    };
    loop {
        while let Some(piece) = frames.next()? {
            match piece {
                Piece::Rest(rest) => outgoing.ready.extend_from_slice(&rest),
                Piece::Message(message) => {
                    let step = connection.session().ask(&message)?;
                    if let RequestAction::Ask(asked) = &step {
                        outgoing.send(connection).await?;
                        connection.received(asked.clone()).await?;
                    }
                    outgoing.deferred.extend_from_slice(&message.bytes);
                    let too_much = outgoing.deferred.len() > INSPECTED;
                    if step != RequestAction::Defer || !message.whole || too_much {
                        outgoing.ready.unsplit(outgoing.deferred.split());
                    }
                }
            }
        }
        outgoing.send(connection).await?;
        frames.buffer.reserve(CHUNK);
        if client.read_buf(&mut frames.buffer).await? == 0 {
            return Err(Ended::ClientClosed);
        }
    }
}

impl<W: AsyncWrite + Unpin> ToServer<W> {
    async fn send(&mut self, connection: &Connection<'_>) -> Result<(), Ended> {
        match self.write().await {
            Ok(()) => Ok(()),
            // What the server said last is still to be read, and ends the connection.
            Err(_) => {
                connection.client_gone().await;
                Err(Ended::ClientClosed)
            }
        }
    }

    async fn write(&mut self) -> io::Result<()> {
        if self.ready.is_empty() {
            return Ok(());
        }
        self.server.write_all(&self.ready).await?;
        self.ready.clear();
        self.server.flush().await
    }
}
