//! Reading the protocol's primitives from bytes that nobody vouches for.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed {what}")]
pub struct Malformed {
    what: String,
}

impl Malformed {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

/// Never reads past its end, and never allocates by a size that it was told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, size: usize) -> Result<&'a [u8], Malformed> {
        if size > self.rest.len() {
            return Err(Malformed::new(format!(
                "bytes: {size} announced, {} there",
                self.rest.len()
            )));
        }
        let (taken, rest) = self.rest.split_at(size);
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        Ok(self.take(N)?.try_into().expect("N bytes were taken"))
    }

    pub(super) fn i8(&mut self) -> Result<i8, Malformed> {
        Ok(i8::from_be_bytes(self.array()?))
    }

    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    /// Seven bits a byte, the lowest first; at most five bytes.
    pub(super) fn unsigned_varint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0_u32;
        for shift in (0..35).step_by(7) {
            let byte = self.array::<1>()?[0];
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed::new("varint: more than 32 bits"))
    }

    /// Zigzag.
    pub(super) fn varint(&mut self) -> Result<i32, Malformed> {
        let raw = self.unsigned_varint()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    pub(super) fn skip_varlong(&mut self) -> Result<(), Malformed> {
        for _ in 0..10 {
            if self.array::<1>()?[0] & 0x80 == 0 {
                return Ok(());
            }
        }
        Err(Malformed::new("varint: more than 64 bits"))
    }

    /// A length, -1 for none, and so many bytes.
    pub(super) fn varint_bytes(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.varint()? {
            -1 => Ok(None),
            size => self.take(length(size)?).map(Some),
        }
    }

    /// None for null. Never more than the bytes that are left, as no element takes less than one.
    pub(super) fn count(&mut self, flexible: bool) -> Result<Option<usize>, Malformed> {
        let count = if flexible {
            (self.unsigned_varint()? as usize).checked_sub(1)
        } else {
            match self.i32()? {
                -1 => None,
                count => Some(length(count)?),
            }
        };
        if count.is_some_and(|count| count > self.remaining()) {
            return Err(Malformed::new(
                "array: more elements announced than bytes there",
            ));
        }
        Ok(count)
    }

    pub(super) fn string(&mut self, flexible: bool) -> Result<Option<&'a str>, Malformed> {
        let size = if flexible {
            (self.unsigned_varint()? as usize).checked_sub(1)
        } else {
            match self.i16()? {
                -1 => None,
                size => Some(length(i32::from(size))?),
            }
        };
        let Some(size) = size else { return Ok(None) };
        let text = std::str::from_utf8(self.take(size)?);
        text.map(Some)
            .map_err(|_| Malformed::new("string: not UTF-8"))
    }

    pub(super) fn bytes(&mut self, flexible: bool) -> Result<Option<&'a [u8]>, Malformed> {
        match self.count(flexible)? {
            None => Ok(None),
            Some(size) => self.take(size).map(Some),
        }
    }
}

fn length(announced: i32) -> Result<usize, Malformed> {
    usize::try_from(announced).map_err(|_| Malformed::new(format!("length {announced}")))
}

#[cfg(test)]
mod tests {
    use super::Reader;

    #[test]
    fn varints_are_read_as_protocol_buffers_write_them() {
        let read = |bytes: &[u8]| Reader::new(bytes).varint();
        assert_eq!(read(&[0]), Ok(0));
        assert_eq!(read(&[1]), Ok(-1));
        assert_eq!(read(&[0xd0, 0x0f]), Ok(1000));
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(i32::MIN));
        assert!(read(&[0xff, 0xff, 0xff, 0xff, 0x1f]).is_err());
        assert!(read(&[0x80]).is_err());
    }

    #[test]
    fn an_announced_length_is_only_a_claim() {
        assert!(Reader::new(&i32::MAX.to_be_bytes()).count(false).is_err());
        assert!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x0f])
                .count(true)
                .is_err()
        );
        assert!(Reader::new(&(-2_i32).to_be_bytes()).count(false).is_err());
        assert_eq!(Reader::new(&(-1_i32).to_be_bytes()).count(false), Ok(None));
    }
}
