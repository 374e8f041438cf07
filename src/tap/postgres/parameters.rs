//! The parameters of a Bind (PostgreSQL: Frontend/Backend Protocol, "Message Formats").

use bytes::{Buf, Bytes};

/// None for NULL; nothing where they end within a field.
pub(super) fn bound(mut body: &[u8]) -> Option<Vec<Option<Bytes>>> {
    let formats = usize::from(body.try_get_u16().ok()?);
    body = body.get(formats * 2..)?;
    let count = body.try_get_u16().ok()?;
    (0..count)
        .map(|_| {
            let Ok(length) = usize::try_from(body.try_get_i32().ok()?) else {
                return Some(None);
            };
            let value = Bytes::copy_from_slice(body.get(..length)?);
            body.advance(length);
            Some(Some(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two formats, then three parameters: "ab", NULL, "".
    const BODY: &[u8] = b"\0\x02\0\x01\0\x01\0\x03\0\0\0\x02ab\xff\xff\xff\xff\0\0\0\0\0\0";

    #[test]
    fn values_nulls_and_empty_ones_are_told_apart() {
        let ab = Some(Bytes::from_static(b"ab"));
        assert_eq!(bound(BODY), Some(vec![ab, None, Some(Bytes::new())]));
    }

    #[test]
    fn a_body_that_ends_within_a_field_has_no_parameters() {
        // Without what follows the last parameter it is still whole.
        for end in 0..BODY.len() - 2 {
            assert_eq!(bound(&BODY[..end]), None, "{end} bytes");
        }
    }
}
