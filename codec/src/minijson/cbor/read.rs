//! CBOR to minijson.

use minicbor::Decoder;
use minicbor::data::{IanaTag, Type};

use super::half;
use crate::minijson::bigint::{BigInt, MAX_INT_BYTES};
use crate::minijson::budget::Budget;
use crate::minijson::canonical::{Options, sort_map};
use crate::minijson::container::Container;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::fault::Fault;
use crate::minijson::float::Floats;
use crate::minijson::growing::Growing;
use crate::minijson::limits::{Limits, MAX_DEPTH};
use crate::minijson::writer::Writer;

/// Reads the whole of `input` as one CBOR item, writes it to `out` as minijson,
/// and returns the number of bytes. Floats keep their width.
///
/// ```
/// use wigwag_codec::minijson::cbor;
///
/// let mut out = [0; 32];
/// // [1, {2: h'ff'}], the list of indefinite length
/// let length = cbor::read(b"\x9f\x01\xa1\x02\x41\xff\xff", &mut out)?;
/// assert_eq!(&out[..length], b"\x42\x03\x01\x61\x03\x02\x19\x01\xff");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
///
/// # Errors
/// As [`read_with`], under the default [`Limits`].
pub fn read(input: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let options = Options::new().with_floats(Floats::Kept);
    read_with(input, out, options, Limits::new())
}

/// Like [`read`], with a width of floats, sorted entries, and limits of the
/// caller's.
///
/// # Errors
/// What is wrong with the input, at the offset of the item;
/// [`ErrorKind::UnsupportedCbor`] for what minijson has no value for;
/// [`ErrorKind::BufferFull`], [`ErrorKind::FloatTooLarge`] and
/// [`ErrorKind::IntegerTooLarge`] (more than 255 bytes) for a value that cannot be
/// written. What `out` holds after an error is not a value.
pub fn read_with(
    input: &[u8],
    out: &mut [u8],
    options: Options,
    limits: Limits,
) -> Result<usize, Error> {
    if !limits.allow_length(input.len()) {
        return Err(Error::new(ErrorKind::InputTooLong, 0));
    }
    let mut reader = CborReader {
        decoder: Decoder::new(input),
        writer: Writer::new(out),
        options,
        budget: Budget(limits.items),
        limit: limits.effective_depth(),
        open: [None; MAX_DEPTH as usize],
        depth: 0,
    };
    reader.document()?;
    let end = reader.decoder.position();
    if end < input.len() {
        return Err(Error::new(ErrorKind::TrailingBytes, end));
    }
    Ok(reader.writer.len())
}

#[derive(Clone, Copy)]
struct Level {
    growing: Growing,
    is_map: bool,
    /// Elements or entries to come, if their number is known.
    left: Option<u32>,
}

struct CborReader<'i, 'b> {
    decoder: Decoder<'i>,
    writer: Writer<'b>,
    options: Options,
    budget: Budget,
    limit: u16,
    open: [Option<Level>; MAX_DEPTH as usize],
    depth: u16,
}

/// Something that can go wrong without knowing where.
enum Problem {
    Kind(ErrorKind),
    Cbor(minicbor::decode::Error),
    Writer(Error),
}

impl From<ErrorKind> for Problem {
    fn from(kind: ErrorKind) -> Self {
        Self::Kind(kind)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Kind(fault.into())
    }
}

impl From<minicbor::decode::Error> for Problem {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Cbor(error)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Writer(error)
    }
}

impl Problem {
    fn at(self, offset: usize) -> Error {
        let kind = match self {
            Self::Kind(kind) | Self::Writer(Error { kind, .. }) => kind,
            Self::Cbor(error) if error.is_end_of_input() => ErrorKind::UnexpectedEnd,
            Self::Cbor(_) => ErrorKind::InvalidCbor,
        };
        Error::new(kind, offset)
    }
}

impl CborReader<'_, '_> {
    fn document(&mut self) -> Result<(), Error> {
        loop {
            let offset = self.decoder.position();
            self.step().map_err(|problem| problem.at(offset))?;
            if self.depth == 0 {
                return Ok(());
            }
        }
    }

    /// Reads one element, one key with the head of its value, or an end.
    fn step(&mut self) -> Result<(), Problem> {
        let Some(mut level) = self.top() else {
            return self.value();
        };
        if self.at_end(&mut level)? {
            return self.close(level);
        }
        if level.is_map {
            self.key(&mut level.growing)?;
        } else {
            level.growing.element(&self.writer)?;
        }
        self.set_top(level);
        self.value()
    }

    /// Whether the container has no more elements; counts one down if it has.
    fn at_end(&mut self, level: &mut Level) -> Result<bool, Problem> {
        if let Some(left) = level.left {
            level.left = left.checked_sub(1);
            return Ok(level.left.is_none());
        }
        let end = self.decoder.datatype()? == Type::Break;
        if end {
            let behind = self.decoder.position().saturating_add(1);
            self.decoder.set_position(behind);
        }
        Ok(end)
    }

    fn close(&mut self, level: Level) -> Result<(), Problem> {
        self.depth = self.depth.saturating_sub(1);
        level.growing.end(&mut self.writer)?;
        if self.options.strict_order {
            sort_map(&mut self.writer, level.growing.start())?;
        }
        Ok(())
    }

    fn top(&self) -> Option<Level> {
        let index = self.depth.checked_sub(1)?;
        *self.open.get(usize::from(index))?
    }

    fn set_top(&mut self, level: Level) {
        let index = usize::from(self.depth.saturating_sub(1));
        if let Some(top) = self.open.get_mut(index) {
            *top = Some(level);
        }
    }

    /// Reads a scalar, or opens a container.
    fn value(&mut self) -> Result<(), Problem> {
        self.budget.one()?;
        match self.decoder.datatype()? {
            Type::Array | Type::ArrayIndef => {
                let count = self.decoder.array()?;
                self.open(count, false)
            }
            Type::Map | Type::MapIndef => {
                let count = self.decoder.map()?;
                self.open(count, true)
            }
            kind => self.scalar(kind),
        }
    }

    fn open(&mut self, count: Option<u64>, is_map: bool) -> Result<(), Problem> {
        if self.depth >= self.limit {
            return Err(ErrorKind::TooDeep.into());
        }
        let left = self.decoder.input().len();
        let left = left.saturating_sub(self.decoder.position()) as u64;
        let width = if is_map { 2 } else { 1 };
        let left = match count {
            Some(count) if count.saturating_mul(width) > left => {
                return Err(ErrorKind::CountTooLarge.into());
            }
            Some(count) => Some(u32::try_from(count).map_err(|_| ErrorKind::TooLarge)?),
            None => None,
        };
        let form = if is_map {
            Container::Map
        } else {
            Container::List
        };
        let expected = left.and_then(|count| usize::try_from(count).ok());
        let growing = self.writer.begin(form, expected)?;
        self.depth = self.depth.saturating_add(1);
        self.set_top(Level {
            growing,
            is_map,
            left,
        });
        Ok(())
    }

    fn key(&mut self, growing: &mut Growing) -> Result<(), Problem> {
        self.budget.one()?;
        match self.decoder.datatype()? {
            Type::String | Type::StringIndef => {
                let length = self.text_length()?;
                growing.text_key_head(&mut self.writer, length)?;
                self.text_pieces()
            }
            Type::Array | Type::ArrayIndef | Type::Map | Type::MapIndef => {
                Err(ErrorKind::ContainerAsKey.into())
            }
            kind => {
                growing.any_key(&mut self.writer)?;
                self.scalar(kind)
            }
        }
    }

    fn scalar(&mut self, kind: Type) -> Result<(), Problem> {
        let floats = self.options.floats;
        match kind {
            Type::Null => {
                self.decoder.null()?;
                self.writer.null()?;
            }
            Type::Bool => {
                let value = self.decoder.bool()?;
                self.writer.bool(value)?;
            }
            Type::U8
            | Type::U16
            | Type::U32
            | Type::U64
            | Type::I8
            | Type::I16
            | Type::I32
            | Type::I64
            | Type::Int => {
                let value = i128::from(self.decoder.int()?).to_be_bytes();
                self.writer.big_int(&BigInt::from_be_bytes(&value))?;
            }
            Type::F16 => {
                let value = self.half()?;
                self.writer.single_as(value, floats)?;
            }
            Type::F32 => {
                let value = self.decoder.f32()?;
                self.writer.single_as(value, floats)?;
            }
            Type::F64 => {
                let value = self.decoder.f64()?;
                self.writer.double_as(value, floats)?;
            }
            Type::String | Type::StringIndef => {
                let length = self.text_length()?;
                self.writer.text_head(length)?;
                self.text_pieces()?;
            }
            Type::Bytes | Type::BytesIndef => {
                let length = self.bytes_length()?;
                self.writer.bytes_head(length)?;
                for piece in self.decoder.bytes_iter()? {
                    self.writer.put(piece?, &[])?;
                }
            }
            Type::Tag => self.big_number()?,
            Type::Undefined | Type::Simple => return Err(ErrorKind::UnsupportedCbor.into()),
            _ => return Err(ErrorKind::InvalidCbor.into()),
        }
        Ok(())
    }

    /// minicbor reads half floats only with another crate's help.
    fn half(&mut self) -> Result<f32, Problem> {
        let start = self.decoder.position();
        let rest = self.decoder.input().get(start..).unwrap_or(&[]);
        let [_, high, low, ..] = *rest else {
            return Err(ErrorKind::UnexpectedEnd.into());
        };
        self.decoder.set_position(start.saturating_add(3));
        Ok(half::to_single(u16::from_be_bytes([high, low])))
    }

    /// Tags 2 and 3 (RFC 8949, section 3.4.3).
    fn big_number(&mut self) -> Result<(), Problem> {
        let tag = self.decoder.tag()?;
        let negative = if tag == IanaTag::PosBignum.tag() {
            false
        } else if tag == IanaTag::NegBignum.tag() {
            true
        } else {
            return Err(ErrorKind::UnsupportedCbor.into());
        };
        // One byte before the digits, for the sign.
        let mut bytes = [0_u8; MAX_INT_BYTES + 1];
        let mut used = 1_usize;
        for piece in self.decoder.bytes_iter()? {
            for byte in piece? {
                if used == 1 && *byte == 0 {
                    continue;
                }
                *bytes.get_mut(used).ok_or(ErrorKind::IntegerTooLarge)? = *byte;
                used = used.saturating_add(1);
            }
        }
        let bytes = bytes.get_mut(..used).unwrap_or(&mut []);
        if negative {
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
        }
        self.writer.big_int(&BigInt::from_be_bytes(bytes))?;
        Ok(())
    }

    /// Bytes of the text that comes next, all pieces together.
    fn text_length(&self) -> Result<usize, Problem> {
        let mut ahead = self.decoder.clone();
        let mut length = 0_usize;
        for piece in ahead.str_iter()? {
            length = length.saturating_add(piece?.len());
        }
        Ok(length)
    }

    fn text_pieces(&mut self) -> Result<(), Problem> {
        for piece in self.decoder.str_iter()? {
            self.writer.put(piece?.as_bytes(), &[])?;
        }
        Ok(())
    }

    fn bytes_length(&self) -> Result<usize, Problem> {
        let mut ahead = self.decoder.clone();
        let mut length = 0_usize;
        for piece in ahead.bytes_iter()? {
            length = length.saturating_add(piece?.len());
        }
        Ok(length)
    }
}
