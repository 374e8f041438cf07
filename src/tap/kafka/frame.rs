//! Frames: a size of four bytes and so many bytes behind it.

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use super::reader::{Malformed, Reader};

/// The size itself.
pub(super) const SIZE: usize = 4;
/// How much is reserved for a frame before its bytes arrive: the size is only a claim so far.
const FIRST_RESERVE: usize = 64 << 10;

/// The next frame's size; none where the stream ends before it.
pub(super) async fn next_size<R>(stream: &mut R) -> io::Result<Option<[u8; SIZE]>>
where
    R: AsyncBufRead + Unpin,
{
    if stream.fill_buf().await?.is_empty() {
        return Ok(None);
    }
    let mut size = [0; SIZE];
    stream.read_exact(&mut size).await?;
    Ok(Some(size))
}

/// What a size says, between the least that a frame can be and the most that is read into memory.
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

/// The frame with its size in front.
pub(super) async fn read<R>(stream: &mut R, size: usize) -> io::Result<Bytes>
where
    R: AsyncBufRead + Unpin,
{
    let mut frame = Vec::with_capacity(SIZE + size.min(FIRST_RESERVE));
    frame.put_u32(u32::try_from(size).expect("checked against a limit"));
    let read = stream.take(size as u64).read_to_end(&mut frame).await?;
    if read < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(frame.into())
}

/// What stands in front of every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestHead {
    pub(super) api_key: i16,
    pub(super) version: i16,
    pub(super) correlation_id: i32,
}

impl RequestHead {
    /// The least that a request has behind its size.
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

    /// What stands behind the header of a request to an API that is known.
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

/// Where the body of an answer begins, with its size and its correlation id in front.
pub(super) fn answer_body(api: ApiKey, version: i16, frame: &[u8]) -> Result<usize, Malformed> {
    let mut reader = Reader::new(frame);
    reader.take(SIZE + 4)?;
    if api.response_header_version(version) >= 1 {
        skip_tags(&mut reader)?;
    }
    Ok(frame.len() - reader.remaining())
}

/// A complete answer of the tap's own.
pub(super) fn answer(api: ApiKey, head: &RequestHead, body: &[u8]) -> Bytes {
    let flexible = api.response_header_version(head.version) >= 1;
    let size = 4 + usize::from(flexible) + body.len();
    let mut frame = BytesMut::with_capacity(SIZE + size);
    frame.put_u32(u32::try_from(size).expect("an answer fits a frame"));
    frame.put_i32(head.correlation_id);
    if flexible {
        // No tagged fields.
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
