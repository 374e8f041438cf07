//! Marks: the values of a message that are its own, and how a tap finds them in whatever a request
//! carries.
//!
//! A payment's marks are its id (`msg-0017`) and its order's (`order-0017`), as text, in hex and in
//! base64, and its coordinates: topic, partition and offset, of which many tools make ids. On the wire
//! an id ends with the run's own word (`msg-0017-k3f9`), so that what an earlier run left behind
//! answers for no other; within the engine a payment is called by what stands before it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const PAYMENT: &str = "msg-";
const ORDER: &str = "order-";
/// Fewer digits than this are not a payment of the lab: `msg-1` is too likely to be somebody's own.
const MIN_DIGITS: usize = 4;

/// The id of the payment with this number, from 1: `msg-0017`. Ids of up to 9,999 payments sort as
/// their numbers do.
pub fn payment_id(number: u32) -> String {
    format!("{PAYMENT}{number:0width$}", width = MIN_DIGITS)
}

/// The id of the order that this payment pays, and no other does.
pub fn order_id(number: u32) -> String {
    format!("{ORDER}{number:0width$}", width = MIN_DIGITS)
}

/// The number of the payment with this id.
pub fn payment_number(id: &str) -> Option<u32> {
    id.strip_prefix(PAYMENT)?.parse().ok()
}

/// The first payment id in `text`: `msg-` and all the digits that follow it, at least four.
///
/// What stands around it does not matter, because taps look for it in idempotency keys
/// (`charge-msg-0017`), in quoted literals and beside the length bytes of binary protocols.
pub fn find_payment_id(text: &str) -> Option<&str> {
    let start = numbered(text.as_bytes(), PAYMENT).next()?;
    text.get(start.0..start.1)
}

/// The first payment whose order's id is in `text`.
pub fn find_order_id(text: &str) -> Option<String> {
    numbered(text.as_bytes(), ORDER).find_map(|(start, end)| by_order(&text.as_bytes()[start..end]))
}

fn by_order(id: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(&id[ORDER.len()..]).ok()?;
    digits.parse().ok().map(payment_id)
}

/// Where `prefix` stands with at least four digits behind it.
fn numbered<'a>(bytes: &'a [u8], prefix: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    positions(bytes, prefix.as_bytes()).filter_map(move |start| {
        let after = &bytes[start + prefix.len()..];
        let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
        (digits >= MIN_DIGITS).then_some((start, start + prefix.len() + digits))
    })
}

fn positions<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(bytes, needle)
}

/// What identifies the messages of one run. Clones are the same; the default knows no coordinates.
#[derive(Debug, Clone, Default)]
pub struct Marks(Arc<Run>);

#[derive(Debug, Default)]
struct Run {
    topic: String,
    group: String,
    is_off: bool,
    /// Payments by partition and offset.
    places: Mutex<HashMap<(i32, i64), String>>,
}

/// How far behind the topic's name its coordinates may end: two numbers, separators, a group's name.
const COORDINATES: usize = 64;

impl Marks {
    /// The marks of a run's messages, which are in this topic and read by this group.
    #[must_use]
    pub fn of_run(topic: &str, group: &str) -> Self {
        Self(Arc::new(Run {
            topic: topic.to_owned(),
            group: group.to_owned(),
            is_off: false,
            places: Mutex::default(),
        }))
    }

    /// None at all: for a storm, in which nobody asks what a request is about.
    #[must_use]
    pub fn off() -> Self {
        Self(Arc::new(Run {
            is_off: true,
            ..Run::default()
        }))
    }

    /// Notes where a payment is: to be called before anybody is handed the record.
    pub fn place(&self, topic: &str, partition: i32, offset: i64, payment: &str) {
        if topic == self.0.topic {
            let mut places = self.0.places.lock().expect("no holder panics");
            places.insert((partition, offset), payment.to_owned());
        }
    }

    /// The payments whose marks these bytes carry, each once, in the order in which they stand there.
    #[must_use]
    pub fn subjects_in(&self, bytes: &[u8]) -> Vec<String> {
        if self.0.is_off {
            return Vec::new();
        }
        let mut found: Vec<(usize, String)> = Vec::new();
        in_text(bytes, 0, &mut found);
        in_hex(bytes, &mut found);
        in_base64(bytes, &mut found);
        self.by_coordinates(bytes, &mut found);
        found.sort_by_key(|(at, _)| *at);
        let mut subjects = Vec::new();
        for (_, payment) in found {
            if !subjects.contains(&payment) {
                subjects.push(payment);
            }
        }
        subjects
    }

    fn by_coordinates(&self, bytes: &[u8], found: &mut Vec<(usize, String)>) {
        let Run {
            topic,
            group,
            places,
            ..
        } = &*self.0;
        if topic.is_empty() {
            return;
        }
        for start in positions(bytes, topic.as_bytes()) {
            let tail = &bytes[start + topic.len()..];
            let tail = &tail[..tail.len().min(COORDINATES + group.len())];
            if let Some(place) = coordinates(tail, group.as_bytes())
                && let Some(payment) = places.lock().expect("no holder panics").get(&place)
            {
                found.push((start, payment.clone()));
            }
        }
    }
}

/// Partition and offset behind a topic's name: `-0-17`, `[0]@17`, `-0-GROUP-17`.
fn coordinates(mut tail: &[u8], group: &[u8]) -> Option<(i32, i64)> {
    let partition = number(&mut tail, group)?;
    let offset = number(&mut tail, group)?;
    Some((partition.parse().ok()?, offset.parse().ok()?))
}

/// The next number, behind one or two separators and perhaps the group's name.
fn number<'a>(tail: &mut &'a [u8], group: &[u8]) -> Option<&'a str> {
    let separators = |tail: &mut &[u8]| {
        let count = tail
            .iter()
            .take_while(|b| b.is_ascii_punctuation() || **b == b' ')
            .count();
        *tail = &tail[count..];
        (1..=3).contains(&count).then_some(())
    };
    separators(tail)?;
    if let Some(rest) = tail.strip_prefix(group).filter(|_| !group.is_empty()) {
        *tail = rest;
        separators(tail)?;
    }
    let digits = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = tail.split_at(digits);
    *tail = rest;
    std::str::from_utf8(number).ok().filter(|n| !n.is_empty())
}

fn in_text(bytes: &[u8], at: usize, found: &mut Vec<(usize, String)>) {
    for (start, end) in numbered(bytes, PAYMENT) {
        let id = String::from_utf8_lossy(&bytes[start..end]);
        found.push((at + start, id.into_owned()));
    }
    for (start, end) in numbered(bytes, ORDER) {
        found.extend(by_order(&bytes[start..end]).map(|payment| (at + start, payment)));
    }
}

/// `msg-` and `order-` in hex, in lower and in upper case.
const HEX: [&[u8]; 4] = [b"6d73672d", b"6D73672D", b"6f726465722d", b"6F726465722D"];

fn in_hex(bytes: &[u8], found: &mut Vec<(usize, String)>) {
    for start in HEX.iter().flat_map(|needle| positions(bytes, needle)) {
        let decoded: Vec<u8> = bytes[start..]
            .chunks_exact(2)
            .map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .take(LONGEST)
            .collect();
        first_in(&decoded, start, found);
    }
}

/// Long enough for either prefix and any number.
const LONGEST: usize = 24;

/// What `msg-` and `order-` look like in base64 at the three places in which a group of three bytes
/// can begin, as far as it does not depend on their neighbours, and what of the prefix stands before
/// the first group that is all its own: one character for each byte of it.
const BASE64: [(&[u8], &str); 6] = [
    (b"bXNnL", ""),
    (b"1zZy0", "ms"),
    (b"tc2ct", "m"),
    (b"b3JkZXIt", ""),
    (b"9yZGVyL", "or"),
    (b"vcmRlci", "o"),
];

fn in_base64(bytes: &[u8], found: &mut Vec<(usize, String)>) {
    for (needle, head) in BASE64 {
        for start in positions(bytes, needle) {
            let groups = bytes[start + head.len()..].iter().copied();
            let mut decoded = head.as_bytes().to_vec();
            decoded.extend(decode_base64(groups.take(LONGEST / 3 * 4)));
            first_in(&decoded, start, found);
        }
    }
}

fn first_in(decoded: &[u8], at: usize, found: &mut Vec<(usize, String)>) {
    let mut here = Vec::new();
    in_text(decoded, at, &mut here);
    found.extend(here.into_iter().next().filter(|(start, _)| *start == at));
}

/// Decodes the standard and the URL alphabet, up to the first character of neither.
fn decode_base64(characters: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(LONGEST + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for character in characters {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Vec<String> {
        Marks::default().subjects_in(bytes)
    }

    #[test]
    fn what_the_lab_writes_is_what_a_tap_finds() {
        for number in [1, 17, 9_999, 10_000, 1_234_567] {
            let id = payment_id(number);
            let text = format!("charge-{id}-k3f9-retry");
            assert_eq!(find_payment_id(&text), Some(id.as_str()));
            assert_eq!(found(text.as_bytes()), [id.as_str()]);
            let order = format!("SET paid WHERE id = '{}-k3f9'", order_id(number));
            assert_eq!(found(order.as_bytes()), [id]);
        }
        assert_eq!(payment_id(17), "msg-0017");
    }

    #[test]
    fn every_id_of_a_request_is_found_once_and_in_its_order() {
        let rows = b"('msg-0002', 'order-0002'), ('msg-0001', 1), ('order-0003', 2)";
        assert_eq!(found(rows), ["msg-0002", "msg-0001", "msg-0003"]);
        assert_eq!(
            found("f\u{fc}r \0\0Amsg-0017\u{fc}".as_bytes()),
            ["msg-0017"]
        );
        assert_eq!(found(b"msg-12 msg-msg-0017"), ["msg-0017"]);
    }

    #[test]
    fn what_only_looks_like_an_id_names_nothing() {
        for text in [
            "msg-017",
            "msg-",
            "msg 0017",
            "",
            "order-17",
            "order-99999999999",
        ] {
            assert_eq!(found(text.as_bytes()), [""; 0], "{text}");
        }
        assert_eq!(find_order_id("order-17"), None);
    }

    #[test]
    fn an_id_is_found_in_hex_and_in_base64_wherever_it_begins() {
        // Written by `printf msg-0017-k3f9 | xxd -p` and by `base64` behind none, one and two bytes.
        let encoded: [&[u8]; 8] = [
            b"6d73672d303031372d6b336639",
            b"\\x6D73672D30303137",
            b"bXNnLTAwMTctazNmOQ==",
            b"{\"body\": \"eG1zZy0wMDE3LWszZjk=\"}",
            b"//9tc2ctMDAxNy1rM2Y5",
            b"b3JkZXItMDAxNy1rM2Y5",
            b"/29yZGVyLTAwMTctazNmOQ==",
            b"eHhvcmRlci0wMDE3LWszZjk=",
        ];
        for text in encoded {
            let shown = String::from_utf8_lossy(text);
            assert_eq!(found(text), ["msg-0017"], "{shown}");
        }
        assert_eq!(found(b"6d73672d3030"), [""; 0]);
    }

    #[test]
    fn coordinates_name_the_payment_that_is_there() {
        let marks = Marks::of_run("crashwindow-0007-abc", "group-1");
        marks.place("crashwindow-0007-abc", 0, 17, "msg-0004");
        marks.place("another", 0, 18, "msg-0005");
        let written = [
            "crashwindow-0007-abc-0-17",
            "crashwindow-0007-abc[0]@17",
            "{\"id\": \"crashwindow-0007-abc:0:17\"}",
            "crashwindow-0007-abc-0-group-1-17",
        ];
        for text in written {
            assert_eq!(marks.subjects_in(text.as_bytes()), ["msg-0004"], "{text}");
        }
        for text in [
            "crashwindow-0007-abc-0-1",
            "crashwindow-0007-abc-0-18",
            "crashwindow-0007-abc",
        ] {
            assert_eq!(marks.subjects_in(text.as_bytes()), [""; 0], "{text}");
        }
    }
}
