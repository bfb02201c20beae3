//! The cursor under every way in: it reads one type byte with what belongs to
//! it, and knows nothing of nesting.

use super::bigint::BigInt;
use super::code;
use super::error::{Error, ErrorKind};
use super::nesting::{Container, Nesting, Slot};

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

    /// An error at the next byte to be read.
    #[inline]
    pub(crate) const fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.position())
    }

    /// The next type byte, which stays unread.
    #[cfg(feature = "serde")]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads one value's head. After an error the position is unchanged.
    #[inline]
    pub(crate) fn head(&mut self) -> Result<Head<'a>, Error> {
        let mut ahead = *self;
        match ahead.head_or_kind() {
            Ok(head) => {
                *self = ahead;
                Ok(head)
            }
            Err(kind) => Err(self.error(kind)),
        }
    }

    /// Reads the key of a map with text keys. After an error the position is
    /// unchanged.
    #[inline]
    pub(crate) fn text_key(&mut self) -> Result<&'a [u8], Error> {
        let mut ahead = *self;
        let key = match ahead.array() {
            Ok([length]) => ahead.take(usize::from(length)),
            Err(kind) => Err(kind),
        };
        match key {
            Ok(key) => {
                *self = ahead;
                Ok(key)
            }
            Err(kind) => Err(self.error(kind)),
        }
    }

    #[inline]
    fn head_or_kind(&mut self) -> Result<Head<'a>, ErrorKind> {
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
                let big = BigInt::from_be_bytes(self.take(usize::from(length))?);
                Ok(match big.as_i64() {
                    Some(int) => Head::Int(int),
                    None => Head::Big(big),
                })
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
            0x1C..=0x3F | 0x70..=0x7F => Err(ErrorKind::UnknownType(first)),
        }
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], ErrorKind> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(ErrorKind::UnexpectedEnd),
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ErrorKind> {
        match self.rest.split_first_chunk() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => Err(ErrorKind::UnexpectedEnd),
        }
    }

    fn sized8(&mut self) -> Result<&'a [u8], ErrorKind> {
        let [length] = self.array()?;
        self.take(usize::from(length))
    }

    fn sized16(&mut self) -> Result<&'a [u8], ErrorKind> {
        let length = u16::from_be_bytes(self.array()?);
        self.take(usize::from(length))
    }

    fn sized32(&mut self) -> Result<&'a [u8], ErrorKind> {
        let length = u32::from_be_bytes(self.array()?);
        // A length that no slice can have is more than there is.
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn open8(&mut self, form: Container) -> Result<Head<'a>, ErrorKind> {
        let [count] = self.array()?;
        self.open(form, u32::from(count))
    }

    fn open16(&mut self, form: Container) -> Result<Head<'a>, ErrorKind> {
        let count = u16::from_be_bytes(self.array()?);
        self.open(form, u32::from(count))
    }

    fn open32(&mut self, form: Container) -> Result<Head<'a>, ErrorKind> {
        let count = u32::from_be_bytes(self.array()?);
        self.open(form, count)
    }

    /// Believes a count only if the bytes left could hold as many elements: an
    /// element has at least one byte, an entry at least two.
    #[inline]
    fn open(&self, form: Container, count: u32) -> Result<Head<'a>, ErrorKind> {
        let width = match form {
            Container::List => 1,
            Container::Map | Container::Sdict => 2,
        };
        let least = u64::from(count).saturating_mul(width);
        if least <= self.rest.len() as u64 {
            Ok(Head::Open(form, count))
        } else {
            Err(ErrorKind::CountTooLarge)
        }
    }
}

/// Counts the values that an input may still hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(pub(crate) u32);

impl Budget {
    /// Takes one value.
    #[inline]
    pub(crate) fn one(&mut self) -> Result<(), ErrorKind> {
        self.take(1)
    }

    /// Takes the elements of a container, before any of them is read.
    #[inline]
    pub(crate) fn elements(&mut self, form: Container, count: u32) -> Result<(), ErrorKind> {
        match form {
            Container::List | Container::Map => self.take(count),
            Container::Sdict => self.take(count.saturating_mul(2)),
        }
    }

    #[inline]
    fn take(&mut self, count: u32) -> Result<(), ErrorKind> {
        self.0 = self.0.checked_sub(count).ok_or(ErrorKind::TooManyItems)?;
        Ok(())
    }
}

/// How closely [`pass_over`] looks at text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextCheck {
    /// Not at all.
    None,
    /// Every key and every text must be UTF-8.
    Utf8,
}

impl TextCheck {
    #[inline]
    pub(crate) fn check(self, text: &[u8]) -> Result<(), ErrorKind> {
        // Most text is ASCII, and that is the quicker question.
        if self == Self::None || text.is_ascii() || core::str::from_utf8(text).is_ok() {
            Ok(())
        } else {
            Err(ErrorKind::InvalidUtf8)
        }
    }
}

/// Moves behind one value and all that it contains.
///
/// The value itself must be paid for already; its elements are taken from the
/// budget. After an error the reader stands before the item at fault.
#[inline]
pub(crate) fn pass_over(
    reader: &mut Reader<'_>,
    room: u16,
    budget: &mut Budget,
    text: TextCheck,
) -> Result<(), Error> {
    let before = *reader;
    match reader.head()? {
        Head::Open(..) => {
            *reader = before;
            pass_over_container(reader, room, budget, text)
        }
        Head::Text(bytes) => text.check(bytes).map_err(|kind| {
            *reader = before;
            before.error(kind)
        }),
        _ => Ok(()),
    }
}

fn pass_over_container(
    reader: &mut Reader<'_>,
    room: u16,
    budget: &mut Budget,
    text: TextCheck,
) -> Result<(), Error> {
    let mut nesting = Nesting::new(room);
    loop {
        let due = nesting.due();
        if due == Slot::End {
            return Ok(());
        }
        let before = *reader;
        if let Err(error) = step_over(reader, due, &mut nesting, budget, text) {
            *reader = before;
            return Err(error);
        }
    }
}

/// Moves behind the one item that is due.
#[inline]
pub(crate) fn step_over(
    reader: &mut Reader<'_>,
    due: Slot,
    nesting: &mut Nesting,
    budget: &mut Budget,
    text: TextCheck,
) -> Result<(), Error> {
    let before = *reader;
    let at = |kind| before.error(kind);
    if due == Slot::TextKey {
        text.check(reader.text_key()?).map_err(at)?;
        nesting.fill();
        return Ok(());
    }
    match reader.head()? {
        Head::Open(..) if due == Slot::AnyKey => return Err(at(ErrorKind::ContainerAsKey)),
        Head::Open(form, count) => {
            nesting.open(form, count).map_err(at)?;
            budget.elements(form, count).map_err(at)?;
        }
        Head::Text(bytes) => {
            text.check(bytes).map_err(at)?;
            nesting.fill();
        }
        _ => nesting.fill(),
    }
    Ok(())
}
