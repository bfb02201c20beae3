//! The cursor under every way in: it reads one type byte with what belongs to
//! it, and knows nothing of nesting.

use super::bigint::BigInt;
use super::code;
use super::container::Container;
use super::error::{Error, ErrorKind};
use super::fault::Fault;

/// A value as far as its own bytes go: a scalar, or a container's form and count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head<'a> {
    Null,
    Bool(bool),
    /// Any integer that fits.
    Int(i64),
    /// Any other integer.
    Big(BigInt<'a>),
    Single(f32),
    Double(f64),
    /// Text that nobody has looked at yet.
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// Followed by so many values or entries.
    Open(Container, u32),
}

/// A position in an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self {
            rest: input,
            length: input.len(),
        }
    }

    /// Bytes read so far.
    #[inline]
    pub(crate) const fn position(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    /// The bytes not read yet.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Moves to where `rest` is what is left.
    #[inline]
    pub(crate) const fn set_rest(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// An error at the next byte to be read.
    #[inline]
    pub(crate) fn error(&self, kind: impl Into<ErrorKind>) -> Error {
        Error::new(kind.into(), self.position())
    }

    /// The next type byte, which stays unread.
    #[cfg(feature = "serde")]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads one value's head. After an error the position is unchanged.
    pub(crate) fn head(&mut self) -> Result<Head<'a>, Error> {
        self.head_inline().map_err(|fault| self.error(fault))
    }

    /// [`head`](Self::head) for the one place where a call would cost too much.
    #[inline(always)]
    pub(crate) fn head_inline(&mut self) -> Result<Head<'a>, Fault> {
        let mut ahead = *self;
        let head = ahead.head_or_fault()?;
        *self = ahead;
        Ok(head)
    }

    /// Reads the key of a map with text keys. After an error the position is
    /// unchanged.
    #[inline]
    pub(crate) fn text_key(&mut self) -> Result<&'a [u8], Error> {
        self.text_key_inline().map_err(|fault| self.error(fault))
    }

    #[inline(always)]
    pub(crate) fn text_key_inline(&mut self) -> Result<&'a [u8], Fault> {
        let mut ahead = *self;
        let [length] = ahead.array()?;
        let key = ahead.take(usize::from(length))?;
        *self = ahead;
        Ok(key)
    }

    #[inline(always)]
    fn head_or_fault(&mut self) -> Result<Head<'a>, Fault> {
        let [first] = self.array()?;
        match first {
            code::TEXT7..=0xFF => Ok(Head::Text(self.take(usize::from(first & 0x7F))?)),
            code::LIST4..=0x4F => self.open(Container::List, u32::from(first & 0x0F)),
            code::MAP4..=0x5F => self.open(Container::Map, u32::from(first & 0x0F)),
            code::SDICT4..=0x6F => self.open(Container::Sdict, u32::from(first & 0x0F)),
            code::I8 => Ok(Head::Int(i64::from(i8::from_be_bytes(self.array()?)))),
            code::U8 => Ok(Head::Int(i64::from(u8::from_be_bytes(self.array()?)))),
            code::I16 => Ok(Head::Int(i64::from(i16::from_be_bytes(self.array()?)))),
            code::U16 => Ok(Head::Int(i64::from(u16::from_be_bytes(self.array()?)))),
            code::U24 => {
                let [a, b, c] = self.array()?;
                Ok(Head::Int(i64::from(u32::from_be_bytes([0, a, b, c]))))
            }
            code::I32 => Ok(Head::Int(i64::from(i32::from_be_bytes(self.array()?)))),
            code::U32 => Ok(Head::Int(i64::from(u32::from_be_bytes(self.array()?)))),
            code::BIG => {
                let [length] = self.array()?;
                self.big(length)
            }
            code::SINGLE => Ok(Head::Single(f32::from_be_bytes(self.array()?))),
            code::DOUBLE => Ok(Head::Double(f64::from_be_bytes(self.array()?))),
            code::NULL => Ok(Head::Null),
            code::TRUE => Ok(Head::Bool(true)),
            code::FALSE => Ok(Head::Bool(false)),
            code::TEXT8 => self.sized8().map(Head::Text),
            code::TEXT16 => self.sized16().map(Head::Text),
            code::TEXT32 => self.sized32().map(Head::Text),
            code::BYTES8 => self.sized8().map(Head::Bytes),
            code::BYTES16 => self.sized16().map(Head::Bytes),
            code::BYTES32 => self.sized32().map(Head::Bytes),
            code::LIST8 => self.open8(Container::List),
            code::LIST16 => self.open16(Container::List),
            code::LIST32 => self.open32(Container::List),
            code::MAP8 => self.open8(Container::Map),
            code::MAP16 => self.open16(Container::Map),
            code::MAP32 => self.open32(Container::Map),
            code::SDICT8 => self.open8(Container::Sdict),
            code::SDICT16 => self.open16(Container::Sdict),
            code::SDICT32 => self.open32(Container::Sdict),
            0x1C..=0x3F | 0x70..=0x7F => Err(Fault::UnknownType(first)),
        }
    }

    #[inline(always)]
    fn big(&mut self, length: u8) -> Result<Head<'a>, Fault> {
        // Time stamps have 6 or 7 bytes. With 8 in reach, shifting the surplus out
        // beats assembling the number byte by byte.
        if let (1..=8, Some(bytes)) = (length, self.rest.first_chunk()) {
            let surplus = 64_u32.saturating_sub(u32::from(length).saturating_mul(8));
            let int = i64::from_be_bytes(*bytes) >> surplus;
            self.take(usize::from(length))?;
            return Ok(Head::Int(int));
        }
        let big = BigInt::from_be_bytes(self.take(usize::from(length))?);
        Ok(match big.as_i64() {
            Some(int) => Head::Int(int),
            None => Head::Big(big),
        })
    }

    #[inline(always)]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(Fault::UnexpectedEnd),
        }
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        match self.rest.split_first_chunk() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => Err(Fault::UnexpectedEnd),
        }
    }

    fn sized8(&mut self) -> Result<&'a [u8], Fault> {
        let [length] = self.array()?;
        self.take(usize::from(length))
    }

    fn sized16(&mut self) -> Result<&'a [u8], Fault> {
        let length = u16::from_be_bytes(self.array()?);
        self.take(usize::from(length))
    }

    fn sized32(&mut self) -> Result<&'a [u8], Fault> {
        let length = u32::from_be_bytes(self.array()?);
        // A length that no slice can have is more than there is.
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn open8(&mut self, form: Container) -> Result<Head<'a>, Fault> {
        let [count] = self.array()?;
        self.open(form, u32::from(count))
    }

    fn open16(&mut self, form: Container) -> Result<Head<'a>, Fault> {
        let count = u16::from_be_bytes(self.array()?);
        self.open(form, u32::from(count))
    }

    fn open32(&mut self, form: Container) -> Result<Head<'a>, Fault> {
        let count = u32::from_be_bytes(self.array()?);
        self.open(form, count)
    }

    /// Believes a count only if the bytes left could hold as many elements.
    #[inline(always)]
    fn open(&self, form: Container, count: u32) -> Result<Head<'a>, Fault> {
        if form.fits(count, self.rest.len()) {
            Ok(Head::Open(form, count))
        } else {
            Err(Fault::CountTooLarge)
        }
    }
}
