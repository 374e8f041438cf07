//! Reads what the client sends also while what it sent before is held: else its death would go
//! unseen.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncRead;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::connection::Closed;
use super::frame::{self, Frames, RequestHead};

/// Bytes. A client that has sent more while it is held is not read from, as if its broker were
/// slow.
const READ_AHEAD: usize = 16 << 20;
/// The first byte of a TLS handshake; as the first byte of a size it would claim 369 MB.
const TLS_HANDSHAKE: u8 = 0x16;

pub(super) struct Received {
    pub(super) frame: Bytes,
    _room: OwnedSemaphorePermit,
}

pub(super) async fn receive(
    client: impl AsyncRead + Unpin,
    frames: mpsc::UnboundedSender<Received>,
    limit: usize,
) -> Result<(), Closed> {
    let mut client = Frames::of(client);
    let room = Arc::new(Semaphore::new(READ_AHEAD));
    if client.read_ahead().await?.first() == Some(&TLS_HANDSHAKE) {
        return Err(Closed::Tls);
    }
    while let Some(size) = client.next_size().await? {
        let size = frame::checked(size, RequestHead::LEAST, limit)?;
        let needed = u32::try_from(size.min(READ_AHEAD)).expect("far below");
        let waiting = Arc::clone(&room).acquire_many_owned(needed).await;
        let room = waiting.expect("never closed");
        let frame = client.read(size).await?;
        if frames.send(Received { frame, _room: room }).is_err() {
            break;
        }
    }
    Err(Closed::ByClient)
}
