//! The lazy view: a whole value that was checked once and is read by need.

use core::fmt;

use super::bigint::BigInt;
use super::budget::Budget;
use super::code;
use super::container::Container;
use super::error::{Error, ErrorKind};
use super::iter::{Entries, Items};
use super::limits::Limits;
use super::pass::{TextCheck, pass_over};
use super::reader::{Head, Reader};
use super::text::Text;

/// What kind of value a [`Value`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Kind {
    /// null
    Null,
    /// true or false
    Bool,
    /// An integer of any size.
    Int,
    /// A single float.
    Single,
    /// A double float.
    Double,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A list of values.
    List,
    /// A map whose keys are text of at most 255 bytes.
    Map,
    /// A map whose keys are values (no lists, no maps).
    Sdict,
}

/// One value in an input, with all that it contains: a view that is copied
/// freely and borrows the input.
///
/// Making one checks the whole structure, so that looking into it later cannot
/// fail; nothing is decoded before it is asked for. Finding an element walks
/// over those before it: to visit everything once use
/// [`items`](Self::items), [`entries`](Self::entries) or a
/// [`Decoder`](super::Decoder).
///
/// Keys that come twice are kept as they are. [`get`](Self::get) gives the last
/// one, as the Python peer does; [`entries`](Self::entries) shows all.
///
/// ```
/// use wigwag_codec::minijson::Value;
///
/// // {"path": "W1", "values": [1, 2]}
/// let input = b"\x52\x04path\x82W1\x06values\x42\x03\x01\x03\x02";
/// let value = Value::parse(input)?;
/// assert_eq!(value.get("path").and_then(|path| path.as_str()), Some("W1"));
/// let sum: i64 = value.get("values").into_iter()
///     .flat_map(|list| list.items())
///     .filter_map(|item| item.as_i64())
///     .sum();
/// assert_eq!(sum, 3);
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Value<'a> {
    raw: &'a [u8],
}

impl<'a> Value<'a> {
    /// The whole of `input` as one value, under the default [`Limits`].
    ///
    /// # Errors
    /// Whatever is wrong with the input, text and bytes behind the value included.
    pub fn parse(input: &'a [u8]) -> Result<Self, Error> {
        Self::parse_with(input, Limits::new())
    }

    /// The whole of `input` as one value.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_with(input: &'a [u8], limits: Limits) -> Result<Self, Error> {
        Self::whole(Self::read(input, limits, TextCheck::Utf8)?, input)
    }

    /// The value that `input` begins with, and how many bytes it has.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), but bytes behind the value are allowed.
    pub fn parse_prefix(input: &'a [u8], limits: Limits) -> Result<(Self, usize), Error> {
        let value = Self::read(input, limits, TextCheck::Utf8)?;
        Ok((value, value.raw.len()))
    }

    /// Like [`parse_with`](Self::parse_with), but text is not looked at until it
    /// is asked for: [`as_str`](Self::as_str) is `None` where it is not UTF-8.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), but never [`ErrorKind::InvalidUtf8`].
    pub fn parse_structure(input: &'a [u8], limits: Limits) -> Result<Self, Error> {
        Self::whole(Self::read(input, limits, TextCheck::None)?, input)
    }

    fn whole(value: Self, input: &[u8]) -> Result<Self, Error> {
        if value.raw.len() == input.len() {
            Ok(value)
        } else {
            Err(Error::new(ErrorKind::TrailingBytes, value.raw.len()))
        }
    }

    fn read(input: &'a [u8], limits: Limits, text: TextCheck) -> Result<Self, Error> {
        let mut reader = Reader::new(input);
        if !limits.allow_length(input.len()) {
            return Err(reader.error(ErrorKind::InputTooLong));
        }
        let mut budget = Budget(limits.items);
        budget.one().map_err(|kind| reader.error(kind))?;
        pass_over(&mut reader, limits.effective_depth(), &mut budget, text)?;
        Ok(Self {
            raw: input.get(..reader.position()).unwrap_or(input),
        })
    }

    /// The view of bytes that are known to be one value.
    pub(super) const fn checked(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// The bytes of the value, as they stand in the input.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The value's own head, and a reader behind it.
    #[inline]
    fn open(&self) -> (Head<'a>, Reader<'a>) {
        let mut reader = Reader::new(self.raw);
        // Checked when the view was made, so there is always a head.
        let head = reader.head().unwrap_or(Head::Null);
        (head, reader)
    }

    /// Whether the value is null, a number, text, a list ...
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.open().0 {
            Head::Null => Kind::Null,
            Head::Bool(_) => Kind::Bool,
            Head::Int(_) | Head::Big(_) => Kind::Int,
            Head::Single(_) => Kind::Single,
            Head::Double(_) => Kind::Double,
            Head::Text(_) => Kind::Text,
            Head::Bytes(_) => Kind::Bytes,
            Head::Open(Container::List, _) => Kind::List,
            Head::Open(Container::Map, _) => Kind::Map,
            Head::Open(Container::Sdict, _) => Kind::Sdict,
        }
    }

    /// Whether the value is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.raw.first() == Some(&code::NULL)
    }

    /// True or false.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.open().0 {
            Head::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// An integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.open().0 {
            Head::Int(value) => Some(value),
            _ => None,
        }
    }

    /// An integer that fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self.open().0 {
            Head::Int(value) => u64::try_from(value).ok(),
            Head::Big(value) => value.as_u64(),
            _ => None,
        }
    }

    /// An integer that fits.
    #[must_use]
    pub fn as_i128(&self) -> Option<i128> {
        match self.open().0 {
            Head::Int(value) => Some(i128::from(value)),
            Head::Big(value) => value.as_i128(),
            _ => None,
        }
    }

    /// Any integer, exactly.
    #[must_use]
    pub fn as_big_int(&self) -> Option<BigInt<'a>> {
        let (&first, payload) = self.raw.split_first()?;
        match first {
            code::I8 | code::I16 | code::I32 => Some(BigInt::from_be_bytes(payload)),
            code::U8 | code::U16 | code::U24 | code::U32 => {
                Some(BigInt::from_unsigned_be_bytes(payload))
            }
            code::BIG => payload
                .split_first()
                .map(|(_, bytes)| BigInt::from_be_bytes(bytes)),
            _ => None,
        }
    }

    /// A float of either width; integers are not taken for floats.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self.open().0 {
            Head::Single(value) => Some(f64::from(value)),
            Head::Double(value) => Some(value),
            _ => None,
        }
    }

    /// A single float.
    #[must_use]
    pub fn as_f32(&self) -> Option<f32> {
        match self.open().0 {
            Head::Single(value) => Some(value),
            _ => None,
        }
    }

    /// Text. `None` also for text that is not UTF-8, which only
    /// [`parse_structure`](Self::parse_structure) lets in.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        self.as_text()?.to_str().ok()
    }

    /// Text as bytes, to be compared without a look at its encoding. Offsets in
    /// its errors count from the start of this value.
    #[must_use]
    pub fn as_text(&self) -> Option<Text<'a>> {
        match self.open().0 {
            Head::Text(bytes) => Some(Text::new(bytes, 0)),
            _ => None,
        }
    }

    /// Bytes.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        match self.open().0 {
            Head::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Elements of a list or entries of a map; 0 for everything else.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.open().0 {
            Head::Open(_, count) => usize::try_from(count).unwrap_or(usize::MAX),
            _ => 0,
        }
    }

    /// Whether [`len`](Self::len) is 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of a list, in order; nothing for everything else.
    #[must_use]
    pub fn items(&self) -> Items<'a> {
        match self.open() {
            (Head::Open(Container::List, left), reader) => Items { reader, left },
            (_, reader) => Items { reader, left: 0 },
        }
    }

    /// The entries of a map of either form, in the order of the wire; nothing
    /// for everything else.
    #[must_use]
    pub fn entries(&self) -> Entries<'a> {
        match self.open() {
            (Head::Open(Container::Map, left), reader) => Entries {
                reader,
                left,
                text_keys: true,
            },
            (Head::Open(Container::Sdict, left), reader) => Entries {
                reader,
                left,
                text_keys: false,
            },
            (_, reader) => Entries {
                reader,
                left: 0,
                text_keys: true,
            },
        }
    }

    /// Element `index` of a list, counted from 0.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<Value<'a>> {
        self.items().nth(index)
    }

    /// The value behind a text key of a map; the last one, if the key came more
    /// than once.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.entries()
            .filter(|(candidate, _)| candidate.as_bytes_of_text() == Some(key.as_bytes()))
            .last()
            .map(|(_, value)| value)
    }
}

impl fmt::Debug for Value<'_> {
    /// As JSON text, in the form that [`json::write`](super::json::write()) has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::json::write(*self, f).map_err(|_| fmt::Error)
    }
}
