//! Coordinates: where a record is, as tools write it: topic, partition and offset.

/// How far behind the topic's name they may end: two numbers, separators, a group's name.
const LONGEST: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coordinates {
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// Values of their own, as in a row (`'TOPIC', 0, 18`), and not one text that is an id
    /// (`TOPIC-0-17`). A row may be the group's position, which is that of the *next* record.
    pub(super) is_row: bool,
}

impl Coordinates {
    /// `-0-17`, `[0]@17`, `-0-GROUP-17`, `', 0, 17`.
    pub(super) fn behind(tail: &[u8], group: &str) -> Option<Self> {
        let mut tail = &tail[..tail.len().min(LONGEST + group.len())];
        let mut is_row = false;
        let partition = number(&mut tail, group.as_bytes(), &mut is_row)?;
        let offset = number(&mut tail, group.as_bytes(), &mut is_row)?;
        Some(Self {
            partition: partition.parse().ok()?,
            offset: offset.parse().ok()?,
            is_row,
        })
    }
}

/// Behind separators and perhaps the group's name.
fn number<'a>(tail: &mut &'a [u8], group: &[u8], is_row: &mut bool) -> Option<&'a str> {
    *is_row |= separators(tail)?;
    if let Some(rest) = tail.strip_prefix(group).filter(|_| !group.is_empty()) {
        *tail = rest;
        *is_row |= separators(tail)?;
    }
    let digits = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = tail.split_at(digits);
    *tail = rest;
    std::str::from_utf8(number).ok().filter(|n| !n.is_empty())
}

/// Passes one to three separators, and tells whether they part values from each other.
fn separators(tail: &mut &[u8]) -> Option<bool> {
    let count = tail
        .iter()
        .take_while(|b| b.is_ascii_punctuation() || **b == b' ')
        .count();
    let (passed, rest) = tail.split_at(count);
    *tail = rest;
    (1..=3)
        .contains(&count)
        .then(|| passed.iter().any(|b| matches!(b, b',' | b'\'' | b'"')))
}
