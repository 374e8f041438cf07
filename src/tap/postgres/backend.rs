use std::sync::atomic::Ordering;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::answer::ReplyAction;
use super::connection::{Connection, Ended, Never};
use super::frame::{Frames, Message, Piece, Side};
use super::message;
const CHUNK: usize = 64 * 1024;

/// Of an incomplete answer, in bytes. A larger one's rows stream through, and only what completes
/// it is kept.
const KEPT: usize = 64 * 1024;

struct ToClient<'c, W> {
    connection: &'c Connection<'c>,
    client: W,
    ready: BytesMut,
    /// Behind an answer that nobody has decided about.
    kept: BytesMut,
}

pub(super) async fn pump(
    connection: &Connection<'_>,
    mut server: impl AsyncRead + Unpin,
    client: impl AsyncWrite + Unpin,
) -> Result<Never, Ended> {
    let mut frames = Frames::new(Side::Server);
    let mut outgoing = ToClient {
        connection,
        client,
        ready: BytesMut::new(),
        kept: BytesMut::new(),
    };
    let strips_binding = connection.shared.upstream.is_tls();
    let mut keeps = false;
    loop {
        while let Some(piece) = frames.next()? {
            let message = match piece {
                Piece::Message(message) => message,
                Piece::Rest(rest) => {
                    outgoing.add(&rest, keeps, true);
                    continue;
                }
            };
            let stripped = match message.tag {
                b'R' if strips_binding => message::without_channel_binding(&message),
                _ => None,
            };
            let action = outgoing.hear(&message);
            keeps = action != ReplyAction::Pass;
            let is_data = matches!(message.tag, b'D' | b'd');
            outgoing.add(
                stripped.as_deref().unwrap_or(&message.bytes),
                keeps,
                is_data,
            );
            match action {
                ReplyAction::Pass | ReplyAction::Hold => {}
                ReplyAction::Release => outgoing.release(),
                ReplyAction::Ask(all) => {
                    outgoing.send(true).await?;
                    for answered in all {
                        connection.answered(answered).await?;
                    }
                    outgoing.release();
                }
            }
        }
        outgoing.send(frames.at_boundary()).await?;
        frames.buffer.reserve(CHUNK);
        if server.read_buf(&mut frames.buffer).await? == 0 {
            return Err(Ended::ServerClosed);
        }
    }
}

impl<W: AsyncWrite + Unpin> ToClient<'_, W> {
    fn hear(&mut self, message: &Message) -> ReplyAction {
        let action = match message.tag {
            // These come at any time and belong to no answer.
            b'A' | b'N' | b'S' => ReplyAction::Pass,
            _ => self.connection.session().hear(message),
        };
        // In order behind what is kept, unless that is full: notices at a commit could make it grow
        // without end.
        match action {
            ReplyAction::Pass if (1..KEPT).contains(&self.kept.len()) => ReplyAction::Hold,
            action => action,
        }
    }

    /// Only data is large.
    fn add(&mut self, bytes: &[u8], keeps: bool, is_data: bool) {
        if is_data && self.kept.len() + bytes.len() > KEPT {
            self.release();
            self.ready.extend_from_slice(bytes);
        } else if keeps {
            self.kept.extend_from_slice(bytes);
        } else {
            self.ready.extend_from_slice(bytes);
        }
    }

    fn release(&mut self) {
        self.ready.unsplit(self.kept.split());
    }

    async fn send(&mut self, ends_with_message: bool) -> Result<(), Ended> {
        if !self.ready.is_empty() {
            let between_messages = &self.connection.between_messages;
            between_messages.store(false, Ordering::Relaxed);
            self.client.write_all(&self.ready).await?;
            self.ready.clear();
            between_messages.store(ends_with_message, Ordering::Relaxed);
        }
        Ok(())
    }
}
