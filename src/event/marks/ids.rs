//! The ids of messages and orders, and where one of them stands in bytes: as text, in hex and in base64.

const PAYMENT: &str = "msg-";
const ORDER: &str = "order-";
/// `msg-1` is too likely to be somebody's own.
const MIN_DIGITS: usize = 4;

/// From 1: `msg-0017`. Ids of up to 9,999 messages sort as their numbers do.
pub fn message_id(number: u32) -> String {
    format!("{PAYMENT}{number:0width$}", width = MIN_DIGITS)
}

pub fn order_id(number: u32) -> String {
    format!("{ORDER}{number:0width$}", width = MIN_DIGITS)
}

pub fn message_number(id: &str) -> Option<u32> {
    id.strip_prefix(PAYMENT)?.parse().ok()
}

/// The word stands as `-k3f9` directly behind the number. Where there is none, what follows the
/// number does not matter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids<'a> {
    pub(super) word: Option<&'a str>,
}

impl<'a> Ids<'a> {
    pub(super) fn message_in(self, bytes: &[u8]) -> Option<String> {
        self.numbered(bytes, PAYMENT).next().map(|(_, id)| id)
    }

    pub(super) fn message_by_order_in(self, bytes: &[u8]) -> Option<String> {
        self.numbered(bytes, ORDER).next().map(|(_, id)| id)
    }

    pub(super) fn all_in(self, bytes: &[u8], found: &mut Vec<(usize, String)>) {
        self.in_text(bytes, 0, found);
        self.in_hex(bytes, found);
        self.in_base64(bytes, found);
    }

    /// With their places. What stands around an id does not matter, because it is looked for in
    /// idempotency keys (`charge-msg-0017-k3f9`), in quoted literals and beside the length bytes of
    /// binary protocols.
    fn numbered<'b>(
        self,
        bytes: &'b [u8],
        prefix: &'static str,
    ) -> impl Iterator<Item = (usize, String)> + use<'a, 'b> {
        positions(bytes, prefix.as_bytes()).filter_map(move |start| {
            let after = &bytes[start + prefix.len()..];
            let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
            let (number, rest) = after.split_at(digits);
            if digits < MIN_DIGITS || !self.ends_with_word(rest) {
                return None;
            }
            let id = message_id(std::str::from_utf8(number).ok()?.parse().ok()?);
            // More leading zeros than the lab writes are somebody else's.
            (id.len() == PAYMENT.len() + digits).then_some((start, id))
        })
    }

    fn ends_with_word(self, rest: &[u8]) -> bool {
        self.word.is_none_or(|word| {
            let behind = rest.strip_prefix(b"-");
            behind.is_some_and(|behind| behind.starts_with(word.as_bytes()))
        })
    }

    fn in_text(self, bytes: &[u8], at: usize, found: &mut Vec<(usize, String)>) {
        for prefix in [PAYMENT, ORDER] {
            let here = self.numbered(bytes, prefix);
            found.extend(here.map(|(start, message)| (at + start, message)));
        }
    }

    fn in_hex(self, bytes: &[u8], found: &mut Vec<(usize, String)>) {
        for start in HEX.iter().flat_map(|needle| positions(bytes, needle)) {
            let decoded: Vec<u8> = bytes[start..]
                .chunks_exact(2)
                .map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .take(LONGEST)
                .collect();
            self.first_in(&decoded, start, found);
        }
    }

    fn in_base64(self, bytes: &[u8], found: &mut Vec<(usize, String)>) {
        for (needle, head) in BASE64 {
            for start in positions(bytes, needle) {
                let groups = bytes[start + head.len()..].iter().copied();
                let mut decoded = head.as_bytes().to_vec();
                decoded.extend(decode_base64(groups.take(LONGEST / 3 * 4)));
                self.first_in(&decoded, start, found);
            }
        }
    }

    /// Where the decoded bytes begin; what follows is found at its own place.
    fn first_in(self, decoded: &[u8], at: usize, found: &mut Vec<(usize, String)>) {
        let mut here = Vec::new();
        self.in_text(decoded, at, &mut here);
        found.extend(here.into_iter().find(|(start, _)| *start == at));
    }
}

pub(super) fn positions<'a>(
    bytes: &'a [u8],
    needle: &'a [u8],
) -> impl Iterator<Item = usize> + use<'a> {
    memchr::memmem::find_iter(bytes, needle)
}

/// `msg-` and `order-`, in lower and in upper case.
const HEX: [&[u8]; 4] = [b"6d73672d", b"6D73672D", b"6f726465722d", b"6F726465722D"];

/// Long enough for either prefix, any number and a run's word; a multiple of three, for base64.
const LONGEST: usize = 48;

/// What `msg-` and `order-` look like at the three places in which a group of three bytes can
/// begin, as far as it does not depend on their neighbours, and what of the prefix stands before
/// the first group that is all its own: one character for each byte of it.
const BASE64: [(&[u8], &str); 6] = [
    (b"bXNnL", ""),
    (b"1zZy0", "ms"),
    (b"tc2ct", "m"),
    (b"b3JkZXIt", ""),
    (b"9yZGVyL", "or"),
    (b"vcmRlci", "o"),
];

/// The standard and the URL alphabet, up to the first character of neither.
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
