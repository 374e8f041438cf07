//! The fields of messages (PostgreSQL: "Message Formats", "Error and Notice Message Fields").

use bytes::{BufMut, Bytes, BytesMut};

use super::frame::{Malformed, Message};

/// Zero-terminated, with its length; in a message that was cut off, what is there is the string.
pub(super) fn string(message: &Message, body: &[u8]) -> Result<(String, usize), Malformed> {
    match body.iter().position(|byte| *byte == 0) {
        Some(end) => Ok((text(&body[..end]), end + 1)),
        None if message.whole => Err(message.malformed()),
        None => Ok((text(body), body.len())),
    }
}

/// Names and ids are ASCII whatever the encoding.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ErrorFields {
    pub(super) sqlstate: String,
    pub(super) is_fatal: bool,
}

impl ErrorFields {
    pub(super) fn read(message: &Message) -> Self {
        let fields = message.body().split(|byte| *byte == 0);
        let mut failure = Self {
            sqlstate: String::new(),
            is_fatal: false,
        };
        for field in fields {
            match field.split_first() {
                Some((b'C', code)) => failure.sqlstate = text(code),
                // Unlike `S`, never translated.
                Some((b'V', severity)) => {
                    failure.is_fatal = severity == b"FATAL" || severity == b"PANIC";
                }
                _ => {}
            }
        }
        failure
    }
}

/// `INSERT 1` for the tag `INSERT 0 1`, and how many rows that are.
pub(super) fn command(tag: &str) -> (String, Option<u64>) {
    let mut words: Vec<&str> = tag.split(' ').collect();
    let rows = words.last().and_then(|word| word.parse().ok());
    if words.len() == 3 && words[0] == "INSERT" {
        // The object id, which has been 0 since tables have none.
        words.remove(1);
    }
    (words.join(" "), rows)
}

/// An ErrorResponse of a server that is not there for the moment; it ends the connection.
pub(super) fn unavailable(reason: &str) -> Bytes {
    let mut body = BytesMut::new();
    for (field, value) in [
        ('S', "FATAL"),
        ('V', "FATAL"),
        ('C', "57P03"),
        ('M', reason),
    ] {
        body.put_u8(field as u8);
        body.put_slice(value.as_bytes());
        body.put_u8(0);
    }
    body.put_u8(0);
    framed(b'E', &body)
}

fn framed(tag: u8, body: &[u8]) -> Bytes {
    let mut message = BytesMut::with_capacity(5 + body.len());
    message.put_u8(tag);
    message.put_u32(u32::try_from(4 + body.len()).expect("a message of the tap is short"));
    message.put_slice(body);
    message.freeze()
}

const AUTHENTICATION_SASL: [u8; 4] = 10_u32.to_be_bytes();

/// The client's side of the tap is in plaintext, so there is no channel that it could bind to.
pub(super) fn without_channel_binding(message: &Message) -> Option<Bytes> {
    let mechanisms = message.body().strip_prefix(&AUTHENTICATION_SASL)?;
    let mut body = AUTHENTICATION_SASL.to_vec();
    for mechanism in mechanisms.split_inclusive(|byte| *byte == 0) {
        if !mechanism.ends_with(b"-PLUS\0") {
            body.extend_from_slice(mechanism);
        }
    }
    Some(framed(b'R', &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tag: u8, body: &[u8]) -> Message {
        Message {
            tag,
            bytes: framed(tag, body),
            whole: true,
        }
    }

    #[test]
    fn a_tag_is_told_in_words() {
        assert_eq!(command("INSERT 0 1"), ("INSERT 1".to_owned(), Some(1)));
        assert_eq!(command("SELECT 0"), ("SELECT 0".to_owned(), Some(0)));
        assert_eq!(command("COMMIT"), ("COMMIT".to_owned(), None));
        let create = ("CREATE TABLE".to_owned(), None);
        assert_eq!(command("CREATE TABLE"), create);
    }

    #[test]
    fn the_answer_of_an_absent_server_reads_as_fatal() {
        let bytes = unavailable("not now");
        let failure = ErrorFields::read(&message(b'E', &bytes[5..]));
        assert!(failure.is_fatal);
        assert_eq!(failure.sqlstate, "57P03");
    }

    #[test]
    fn only_channel_binding_is_taken_from_the_mechanisms() {
        let offer = message(b'R', b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
        let left = without_channel_binding(&offer).expect("an offer");
        assert_eq!(left, framed(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"));
        assert_eq!(without_channel_binding(&message(b'R', b"\0\0\0\0")), None);
    }

    #[test]
    fn a_string_ends_with_its_zero_unless_it_was_cut_off() {
        let mut query = message(b'Q', b"SELECT 1\0");
        let read = string(&query, query.body());
        assert_eq!(read, Ok(("SELECT 1".to_owned(), 9)));
        query = message(b'Q', b"SELECT 1");
        assert_eq!(string(&query, query.body()), Err(Malformed::Field('Q')));
        query.whole = false;
        assert!(string(&query, query.body()).is_ok());
    }
}
