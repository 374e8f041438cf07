//! Messages out of a stream of bytes, in bounded memory (PostgreSQL: "Message Formats").
//!
//! `postgres-protocol` reads only a server's side, and whole messages; a tap must let a row of
//! hundreds of megabytes through without holding it.

use bytes::{Buf, Bytes, BytesMut};

/// Of a body, in bytes: enough for any statement that a person wrote. What is behind it passes
/// unseen.
pub(super) const INSPECTED: usize = 64 * 1024;

/// `MaxAllocSize`: nothing that PostgreSQL sends or takes is larger.
const LARGE: usize = 1 << 30;

/// The server's own limit for messages that hold next to nothing (`PQ_SMALL_MESSAGE_LIMIT`).
const SMALL: usize = 10_000;

const HEADER: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("there is no message of type 0x{0:02x}")]
    Type(u8),
    #[error("a message of type {0:?} claims {1} bytes")]
    Length(char, u32),
    #[error("a startup packet claims {0} bytes")]
    Startup(u32),
    #[error("protocol version {0}.{1} is not spoken here")]
    Version(u16, u16),
    #[error("a message of type {0:?} ends within a field")]
    Field(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    /// Nothing if there is no such type.
    fn limit(self, tag: u8) -> Option<usize> {
        match (self, tag) {
            (Side::Client, b'P' | b'B' | b'Q' | b'F' | b'd' | b'p') => Some(LARGE),
            (Side::Client, b'C' | b'D' | b'E' | b'H' | b'S' | b'X' | b'c' | b'f') => Some(SMALL),
            (Side::Server, b'1'..=b'3' | b'A' | b'C'..=b'E' | b'G'..=b'I' | b'K' | b'N') => {
                Some(LARGE)
            }
            (Side::Server, b'R'..=b'T' | b'V' | b'W' | b'Z' | b'c' | b'd' | b'n' | b's') => {
                Some(LARGE)
            }
            (Side::Server, b't' | b'v') => Some(LARGE),
            _ => None,
        }
    }

    /// Rows and COPY data are passed on as they come.
    fn inspected(self, tag: u8) -> usize {
        match (self, tag) {
            (_, b'd') | (Side::Server, b'D') => 0,
            _ => INSPECTED,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) tag: u8,
    pub(super) bytes: Bytes,
    pub(super) whole: bool,
}

impl Message {
    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[HEADER..]
    }

    pub(super) fn malformed(&self) -> Malformed {
        Malformed::Field(char::from(self.tag))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Message(Message),
    Rest(Bytes),
}

#[derive(Debug)]
pub(super) struct Frames {
    side: Side,
    pub(super) buffer: BytesMut,
    rest: usize,
}

impl Frames {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            buffer: BytesMut::new(),
            rest: 0,
        }
    }

    pub(super) fn at_boundary(&self) -> bool {
        self.rest == 0
    }

    pub(super) fn next(&mut self) -> Result<Option<Piece>, Malformed> {
        if self.rest > 0 {
            let length = self.rest.min(self.buffer.len());
            self.rest -= length;
            let rest = self.buffer.split_to(length).freeze();
            return Ok((!rest.is_empty()).then_some(Piece::Rest(rest)));
        }
        let Some(&tag) = self.buffer.first() else {
            return Ok(None);
        };
        // By its type alone, so that bytes of another protocol are not waited for.
        let limit = self.side.limit(tag).ok_or(Malformed::Type(tag))?;
        if self.buffer.len() < HEADER {
            return Ok(None);
        }
        let claimed = (&self.buffer[1..HEADER]).get_u32();
        let body = usize::try_from(claimed).unwrap_or(usize::MAX);
        let Some(body) = body.checked_sub(4).filter(|body| *body <= limit) else {
            return Err(Malformed::Length(char::from(tag), claimed));
        };
        if self.buffer.len() < HEADER + body.min(self.side.inspected(tag)) {
            return Ok(None);
        }
        let length = (HEADER + body).min(self.buffer.len());
        self.rest = HEADER + body - length;
        Ok(Some(Piece::Message(Message {
            tag,
            bytes: self.buffer.split_to(length).freeze(),
            whole: self.rest == 0,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("a short body");
        [&[tag], &length.to_be_bytes()[..], body].concat()
    }

    #[test]
    fn a_message_is_the_same_however_its_bytes_arrive() {
        let stream = [framed(b'Q', b"SELECT 1\0"), framed(b'S', b"")].concat();
        let mut frames = Frames::new(Side::Client);
        let mut seen = Vec::new();
        for byte in &stream {
            frames.buffer.extend_from_slice(&[*byte]);
            while let Some(piece) = frames.next().expect("it is the protocol") {
                seen.push(piece);
            }
        }
        let whole = |tag, body: &[u8]| {
            Piece::Message(Message {
                tag,
                bytes: framed(tag, body).into(),
                whole: true,
            })
        };
        assert_eq!(seen, [whole(b'Q', b"SELECT 1\0"), whole(b'S', b"")]);
    }

    #[test]
    fn of_a_large_message_only_the_beginning_is_waited_for() {
        let stream = framed(b'B', &vec![7; 3 * INSPECTED]);
        let mut frames = Frames::new(Side::Client);
        let mut passed = Vec::new();
        for chunk in stream.chunks(1000) {
            frames.buffer.extend_from_slice(chunk);
            while let Some(piece) = frames.next().expect("it is the protocol") {
                match piece {
                    Piece::Message(message) => {
                        assert!(!message.whole);
                        passed.extend_from_slice(&message.bytes);
                    }
                    Piece::Rest(rest) => passed.extend_from_slice(&rest),
                }
            }
            assert!(frames.buffer.len() <= HEADER + INSPECTED);
        }
        assert!(frames.at_boundary());
        assert!(passed == stream);
    }

    #[test]
    fn an_absurd_length_or_type_is_refused_before_its_body_comes() {
        let cases: [(Side, &[u8], Malformed); 5] = [
            (Side::Client, b"Q\0\0\0\x03", Malformed::Length('Q', 3)),
            (
                Side::Client,
                b"S\0\0\xff\xff",
                Malformed::Length('S', 0xffff),
            ),
            (
                Side::Server,
                b"D\xff\xff\xff\xff",
                Malformed::Length('D', u32::MAX),
            ),
            (Side::Client, b"G", Malformed::Type(b'G')),
            (Side::Server, b"\0", Malformed::Type(0)),
        ];
        for (side, bytes, expected) in cases {
            let mut frames = Frames::new(side);
            frames.buffer.extend_from_slice(bytes);
            assert_eq!(frames.next(), Err(expected));
        }
    }
}
