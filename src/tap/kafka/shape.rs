//! Walks a message before it is decoded: the decoding crate reserves memory for as many elements as
//! an array announces, so that four bad bytes could end the lab with an allocation of gigabytes.

use bytes::Bytes;
use kafka_protocol::protocol::Decodable;

use super::reader::{Malformed, Reader};

pub(super) enum Shape {
    /// In bytes.
    Fixed(usize),
    Str,
    Bytes,
    /// Structs, nullable.
    Array(&'static [Field]),
    /// Elements of so many bytes.
    Fixeds(usize),
    Strs,
    /// A byte before it says whether it is there.
    Maybe(&'static [Field]),
}

pub(super) struct Field {
    pub(super) shape: Shape,
    pub(super) since: i16,
    pub(super) until: i16,
}

pub(super) struct Message {
    pub(super) name: &'static str,
    /// The first version with compact lengths and tagged fields (KIP-482).
    pub(super) flexible: i16,
    pub(super) fields: &'static [Field],
    /// Those that hold arrays.
    pub(super) tagged: &'static [(u32, Shape)],
}

pub(super) trait Shaped: Decodable {
    const SHAPE: Message;
}

/// It must take up all of `body`.
pub(super) fn decode<T: Shaped>(body: &Bytes, version: i16) -> Result<T, Malformed> {
    let name = T::SHAPE.name;
    let within = |e: Malformed| Malformed::new(format!("{name} v{version}: {e}"));
    let mut reader = Reader::new(body);
    T::SHAPE.walk(&mut reader, version).map_err(within)?;
    if reader.remaining() > 0 {
        let many = format!("{name} v{version}: {} bytes too many", reader.remaining());
        return Err(Malformed::new(many));
    }
    T::decode(&mut body.clone(), version)
        .map_err(|e| Malformed::new(format!("{name} v{version}: {e}")))
}

impl Message {
    fn walk(&self, reader: &mut Reader<'_>, version: i16) -> Result<(), Malformed> {
        let walk = Walk {
            version,
            flexible: version >= self.flexible,
        };
        walk.fields(reader, self.fields)?;
        if walk.flexible {
            walk.tagged(reader, self.tagged)
        } else {
            Ok(())
        }
    }
}

struct Walk {
    version: i16,
    flexible: bool,
}

impl Walk {
    fn fields(&self, reader: &mut Reader<'_>, fields: &[Field]) -> Result<(), Malformed> {
        let here = fields
            .iter()
            .filter(|f| (f.since..=f.until).contains(&self.version));
        for field in here {
            self.shape(reader, &field.shape)?;
        }
        Ok(())
    }

    fn structure(&self, reader: &mut Reader<'_>, fields: &[Field]) -> Result<(), Malformed> {
        self.fields(reader, fields)?;
        if self.flexible {
            self.tagged(reader, &[])
        } else {
            Ok(())
        }
    }

    fn shape(&self, reader: &mut Reader<'_>, shape: &Shape) -> Result<(), Malformed> {
        match *shape {
            Shape::Fixed(size) => reader.take(size).map(drop),
            Shape::Str => reader.string(self.flexible).map(drop),
            Shape::Bytes => reader.bytes(self.flexible).map(drop),
            Shape::Array(fields) => self.elements(reader, |reader| self.structure(reader, fields)),
            Shape::Fixeds(size) => self.elements(reader, |reader| reader.take(size).map(drop)),
            Shape::Strs => self.elements(reader, |reader| reader.string(self.flexible).map(drop)),
            Shape::Maybe(fields) => match reader.i8()? {
                -1 => Ok(()),
                _ => self.structure(reader, fields),
            },
        }
    }

    fn elements<'a>(
        &self,
        reader: &mut Reader<'a>,
        mut element: impl FnMut(&mut Reader<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        for _ in 0..reader.count(self.flexible)?.unwrap_or(0) {
            element(reader)?;
        }
        Ok(())
    }

    fn tagged(&self, reader: &mut Reader<'_>, known: &[(u32, Shape)]) -> Result<(), Malformed> {
        for _ in 0..reader.unsigned_varint()? {
            let tag = reader.unsigned_varint()?;
            let size = reader.unsigned_varint()? as usize;
            let mut content = Reader::new(reader.take(size)?);
            if let Some((_, shape)) = known.iter().find(|(known, _)| *known == tag) {
                self.shape(&mut content, shape)?;
                if content.remaining() > 0 {
                    return Err(Malformed::new(format!("tagged field {tag}")));
                }
            }
        }
        Ok(())
    }
}
