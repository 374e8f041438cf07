//! Frames: a size of four bytes and so many bytes behind it.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::reader::{Malformed, Reader};

pub(super) const SIZE: usize = 4;
const CHUNK: usize = 64 << 10;
/// A frame's size is only a claim so far; brokers and clients put so much into one message by
/// default (`fetch.message.max.bytes`).
const RESERVE: usize = 1 << 20;
/// Up to this size they are copied out, so that a few bytes that are kept keep no whole buffer.
const COPIED: usize = 16 << 10;

pub(super) struct Frames<R> {
    stream: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn of(stream: R) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// Empty only where the stream has ended.
    pub(super) async fn read_ahead(&mut self) -> io::Result<&[u8]> {
        if self.buffer.is_empty() {
            self.read_some(CHUNK).await?;
        }
        Ok(&self.buffer)
    }

    /// Not taken; none where the stream ends before it.
    pub(super) async fn next_size(&mut self) -> io::Result<Option<[u8; SIZE]>> {
        if self.read_ahead().await?.is_empty() {
            return Ok(None);
        }
        self.peek().await.map(Some)
    }

    pub(super) async fn peek<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        self.read_up_to(N).await?;
        Ok(*self.buffer.first_chunk().expect("so much was read"))
    }

    /// With its size in front.
    pub(super) async fn read(&mut self, size: usize) -> io::Result<Bytes> {
        let whole = SIZE + size;
        self.read_up_to(whole).await?;
        if whole <= COPIED {
            let frame = Bytes::copy_from_slice(&self.buffer[..whole]);
            self.buffer.advance(whole);
            return Ok(frame);
        }
        let frame = self.buffer.split_to(whole).freeze();
        if whole > 2 * RESERVE {
            // Not every connection that has seen a large frame sees another.
            self.buffer = BytesMut::from(&self.buffer[..]);
        }
        Ok(frame)
    }

    pub(super) async fn pass(
        &mut self,
        size: usize,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let mut rest = SIZE + size;
        while rest > 0 {
            self.read_up_to(1).await?;
            let length = rest.min(self.buffer.len());
            to.write_all(&self.buffer[..length]).await?;
            self.buffer.advance(length);
            rest -= length;
        }
        Ok(())
    }

    async fn read_up_to(&mut self, length: usize) -> io::Result<()> {
        while self.buffer.len() < length {
            let missing = length - self.buffer.len();
            if self.read_some(missing.clamp(CHUNK, RESERVE)).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    async fn read_some(&mut self, room: usize) -> io::Result<usize> {
        self.buffer.reserve(room);
        let mut within = (&mut self.buffer).limit(room);
        self.stream.read_buf(&mut within).await
    }
}

pub(super) fn checked(size: [u8; SIZE], least: usize, limit: usize) -> Result<usize, Malformed> {
    let claimed = i32::from_be_bytes(size);
    let sizes = usize::try_from(claimed)
        .ok()
        .filter(|size| (least..=limit).contains(size));
    sizes.ok_or_else(|| {
        Malformed::new(format!(
            "frame: a size of {claimed}, and {least} to {limit} are possible"
        ))
    })
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RequestHead {
    pub(super) api_key: i16,
    pub(super) version: i16,
    pub(super) correlation_id: i32,
}

impl RequestHead {
    pub(super) const LEAST: usize = 8;

    pub(super) fn read(frame: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(frame);
        reader.take(SIZE)?;
        Ok(Self {
            api_key: reader.i16()?,
            version: reader.i16()?,
            correlation_id: reader.i32()?,
        })
    }

    pub(super) fn body(&self, api: ApiKey, frame: &Bytes) -> Result<Bytes, Malformed> {
        let mut reader = Reader::new(frame);
        reader.take(SIZE + Self::LEAST)?;
        let _client_id = reader.string(false)?;
        if api.request_header_version(self.version) >= 2 {
            skip_tags(&mut reader)?;
        }
        Ok(frame.slice(frame.len() - reader.remaining()..))
    }
}

/// Behind the size and the correlation id.
pub(super) fn answer_body(api: ApiKey, version: i16, frame: &[u8]) -> Result<usize, Malformed> {
    let mut reader = Reader::new(frame);
    reader.take(SIZE + 4)?;
    if api.response_header_version(version) >= 1 {
        skip_tags(&mut reader)?;
    }
    Ok(frame.len() - reader.remaining())
}

pub(super) fn answer(api: ApiKey, head: &RequestHead, body: &[u8]) -> Bytes {
    let flexible = api.response_header_version(head.version) >= 1;
    let size = 4 + usize::from(flexible) + body.len();
    let mut frame = BytesMut::with_capacity(SIZE + size);
    frame.put_u32(u32::try_from(size).expect("an answer fits a frame"));
    frame.put_i32(head.correlation_id);
    if flexible {
        frame.put_u8(0);
    }
    frame.put(body);
    frame.freeze()
}

fn skip_tags(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    for _ in 0..reader.unsigned_varint()? {
        let _tag = reader.unsigned_varint()?;
        let size = reader.unsigned_varint()? as usize;
        reader.take(size)?;
    }
    Ok(())
}
