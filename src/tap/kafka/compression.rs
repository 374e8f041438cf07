//! The codecs of record batches, bounded: the protocol crate's decoders unpack a megabyte of zeros
//! to gigabytes.

use std::borrow::Cow;
use std::io::Read;

use super::reader::{Malformed, Reader};

/// Far above a batch (`message.max.bytes` is 1 MB by default); a fuzzer has less memory.
const UNPACKED_LIMIT: usize = if cfg!(fuzzing) { 1 << 20 } else { 256 << 20 };

/// In front of the blocks of Java's snappy framing.
const XERIAL: &[u8] = b"\x82SNAPPY\0";
/// The magic and two versions of four bytes each.
const XERIAL_HEADER: usize = 16;

pub(super) fn unpack(codec: i16, packed: &[u8]) -> Result<Cow<'_, [u8]>, Malformed> {
    match codec {
        0 => Ok(Cow::Borrowed(packed)),
        1 => bounded(flate2::read::MultiGzDecoder::new(packed)),
        2 => snappy(packed).map(Cow::Owned),
        3 => bounded(lz4_flex::frame::FrameDecoder::new(packed)),
        4 => {
            let frames = ruzstd::decoding::StreamingDecoder::new(packed);
            bounded(frames.map_err(|e| Malformed::new(format!("zstd: {e}")))?)
        }
        other => Err(Malformed::new(format!("codec {other}"))),
    }
}

fn bounded(decoder: impl Read) -> Result<Cow<'static, [u8]>, Malformed> {
    let mut unpacked = Vec::new();
    let read = decoder
        .take(UNPACKED_LIMIT as u64 + 1)
        .read_to_end(&mut unpacked);
    read.map_err(|e| Malformed::new(format!("compressed records: {e}")))?;
    within_limit(unpacked.len())?;
    Ok(Cow::Owned(unpacked))
}

/// Plain snappy (librdkafka) or blocks of it (Java).
fn snappy(packed: &[u8]) -> Result<Vec<u8>, Malformed> {
    if !packed.starts_with(XERIAL) {
        return block(packed);
    }
    let mut unpacked = Vec::new();
    let mut blocks = Reader::new(packed);
    blocks.take(XERIAL_HEADER)?;
    while blocks.remaining() > 0 {
        let packed = blocks.bytes(false)?.unwrap_or_default();
        unpacked.extend(block(packed)?);
        within_limit(unpacked.len())?;
    }
    Ok(unpacked)
}

fn block(packed: &[u8]) -> Result<Vec<u8>, Malformed> {
    let wrong = |e: snap::Error| Malformed::new(format!("snappy: {e}"));
    within_limit(snap::raw::decompress_len(packed).map_err(wrong)?)?;
    snap::raw::Decoder::new()
        .decompress_vec(packed)
        .map_err(wrong)
}

fn within_limit(size: usize) -> Result<(), Malformed> {
    if size > UNPACKED_LIMIT {
        return Err(Malformed::new(format!(
            "compressed records: more than {UNPACKED_LIMIT} bytes when unpacked"
        )));
    }
    Ok(())
}
