//! The pull decoder: one item at a time.

use core::fmt;

use super::bigint::BigInt;
use super::budget::Budget;
use super::error::{Error, ErrorKind};
use super::fault::Fault;
use super::limits::Limits;
use super::nesting::{Container, Nesting, Slot};
use super::order;
use super::pass::{TextCheck, pass_over};
use super::reader::{Head, Reader};

/// Text as it stands in the input: bytes until somebody asks for characters.
///
/// Comparing it with a string needs no look at the encoding, so keys are best
/// compared as they are.
///
/// ```
/// use wigwag_codec::minijson::{Decoder, Item};
///
/// let mut decoder = Decoder::new(&[0x82, b'W', b'1']);
/// let Some(Item::Text(text)) = decoder.next()? else { panic!() };
/// assert!(text == "W1");
/// assert_eq!(text.to_str()?, "W1");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Text<'a> {
    pub(crate) const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// The bytes, UTF-8 or not.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The text, borrowed from the input.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUtf8`], at the offset of the item that holds the text.
    pub fn to_str(&self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.bytes)
            .map_err(|_| Error::new(ErrorKind::InvalidUtf8, self.offset))
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes.escape_ascii())
    }
}

/// What the [`Decoder`] meets.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Item<'a> {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// An integer that fits an `i64`, whatever its width in the input.
    Int(i64),
    /// An integer that does not fit an `i64`.
    BigInt(BigInt<'a>),
    /// A single float.
    Single(f32),
    /// A double float.
    Double(f64),
    /// Text that is a value (or the key of a map with any keys).
    Text(Text<'a>),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list; so many values follow.
    List(u32),
    /// A map with text keys; so many pairs of [`Item::Key`] and a value follow.
    Map(u32),
    /// A map with any keys; so many pairs of values follow. A key is never a
    /// list or a map.
    Sdict(u32),
    /// The key of the next value in an [`Item::Map`].
    Key(Text<'a>),
}

/// Reads a document item by item, in the order of the wire, without recursion.
///
/// It checks structure, lengths and [`Limits`] as it goes; text is checked by
/// [`Text::to_str`]. After an error it stays before the item at fault.
///
/// ```
/// use wigwag_codec::minijson::{Decoder, Item};
///
/// // {"a": [1, 2]}
/// let mut decoder = Decoder::new(&[0x51, 1, b'a', 0x42, 3, 1, 3, 2]);
/// assert_eq!(decoder.next()?, Some(Item::Map(1)));
/// assert!(matches!(decoder.next()?, Some(Item::Key(key)) if key == "a"));
/// decoder.skip()?; // the list
/// assert_eq!(decoder.next()?, None);
/// decoder.finish()?; // nothing behind it
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    reader: Reader<'a>,
    nesting: Nesting,
    budget: Budget,
    started: bool,
    limits: Limits,
}

impl<'a> Decoder<'a> {
    /// Reads `input` under the default [`Limits`].
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self::with_limits(input, Limits::new())
    }

    /// Reads `input` under limits of the caller's.
    #[must_use]
    pub const fn with_limits(input: &'a [u8], limits: Limits) -> Self {
        Self {
            reader: Reader::new(input),
            nesting: Nesting::new(limits.effective_depth()),
            budget: Budget(limits.items),
            started: false,
            limits,
        }
    }

    /// The next item, or `None` when the document is complete (bytes behind it
    /// are [`finish`](Self::finish)'s affair).
    ///
    /// # Errors
    /// What is wrong with the item, at its offset. Calling again gives the same
    /// error.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator's items would hide errors behind an Option that ends the loop"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'a>>, Error> {
        self.start()?;
        let before = self.reader;
        match self.next_or_fault() {
            Ok(item) => Ok(item),
            Err(fault) => {
                self.reader = before;
                Err(before.error(fault))
            }
        }
    }

    #[inline(always)]
    fn next_or_fault(&mut self) -> Result<Option<Item<'a>>, Fault> {
        let offset = self.reader.position();
        let due = self.nesting.due();
        match due {
            Slot::End => return Ok(None),
            Slot::TextKey => {
                let key = self.reader.text_key_inline()?;
                self.nesting.fill_key();
                return Ok(Some(Item::Key(Text::new(key, offset))));
            }
            Slot::Value | Slot::AnyKey => {}
        }
        let item = match self.reader.head_inline()? {
            Head::Open(form, count) => {
                self.open(due, form, count)?;
                return Ok(Some(match form {
                    Container::List => Item::List(count),
                    Container::Map => Item::Map(count),
                    Container::Sdict => Item::Sdict(count),
                }));
            }
            Head::Null => Item::Null,
            Head::Bool(value) => Item::Bool(value),
            Head::Int(value) => Item::Int(value),
            Head::Big(value) => Item::BigInt(value),
            Head::Single(value) => Item::Single(value),
            Head::Double(value) => Item::Double(value),
            Head::Text(bytes) => Item::Text(Text::new(bytes, offset)),
            Head::Bytes(bytes) => Item::Bytes(bytes),
        };
        self.nesting.fill();
        Ok(Some(item))
    }

    /// Skips the next item: a value with all that it contains, or a key alone.
    /// Does nothing when the document is complete. Skipped text is not looked at.
    ///
    /// # Errors
    /// What is wrong inside the value, at its offset. The decoder stays where it
    /// was.
    pub fn skip(&mut self) -> Result<(), Error> {
        self.start()?;
        match self.nesting.due() {
            Slot::End => return Ok(()),
            Slot::TextKey => {
                self.reader.text_key()?;
            }
            // A key of this kind has nothing inside it.
            Slot::AnyKey => self.pass_over(0).map_err(|error| match error.kind {
                ErrorKind::TooDeep => Error::new(ErrorKind::ContainerAsKey, error.offset),
                _ => error,
            })?,
            Slot::Value => self.pass_over(self.nesting.room())?,
        }
        self.nesting.fill();
        Ok(())
    }

    fn pass_over(&mut self, room: u16) -> Result<(), Error> {
        let (before, mut budget) = (self.reader, self.budget);
        let passed = pass_over(&mut self.reader, room, &mut budget, TextCheck::None);
        match passed {
            Ok(()) => self.budget = budget,
            Err(_) => self.reader = before,
        }
        passed
    }

    /// Whether the next item is the key of a map with any keys.
    pub(crate) const fn at_any_key(&self) -> bool {
        matches!(self.nesting.due(), Slot::AnyKey)
    }

    /// Whether the next `count` entries, of a map with any keys, all have text of
    /// at most 255 bytes for a key.
    pub(crate) fn keys_are_short_text(&self, count: u32) -> bool {
        let mut ahead = self.reader;
        (0..count).all(|_| match order::read_entry(&mut ahead, Container::Sdict) {
            Ok(Head::Text(key)) => key.len() <= usize::from(u8::MAX),
            _ => false,
        })
    }

    /// The next key, if the next item is the key of a map with text keys.
    pub(crate) fn peek_text_key(&self) -> Option<&'a [u8]> {
        if self.nesting.due() != Slot::TextKey {
            return None;
        }
        let mut ahead = self.reader;
        ahead.text_key().ok()
    }

    /// Bytes read so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.reader.position()
    }

    /// Containers that are open. One counts as closed as soon as its last
    /// element has been read (in whole, if that is a container too).
    #[must_use]
    pub const fn depth(&self) -> u16 {
        self.nesting.depth()
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`ErrorKind::Unfinished`] when items are left unread,
    /// [`ErrorKind::TrailingBytes`] when bytes follow the document.
    pub fn finish(&self) -> Result<(), Error> {
        if self.nesting.due() != Slot::End {
            Err(self.reader.error(ErrorKind::Unfinished))
        } else if !self.reader.rest().is_empty() {
            Err(self.reader.error(ErrorKind::TrailingBytes))
        } else {
            Ok(())
        }
    }

    /// Checks, once, what concerns the input as a whole.
    #[inline]
    fn start(&mut self) -> Result<(), Error> {
        if self.started {
            return Ok(());
        }
        if !self.limits.allow_length(self.reader.rest().len()) {
            return Err(self.reader.error(ErrorKind::InputTooLong));
        }
        self.budget.one().map_err(|kind| self.reader.error(kind))?;
        self.started = true;
        Ok(())
    }

    fn open(&mut self, due: Slot, form: Container, count: u32) -> Result<(), Fault> {
        if due == Slot::AnyKey {
            return Err(Fault::ContainerAsKey);
        }
        let slots = self.nesting.room_for(form, count)?;
        self.budget.elements(form, count)?;
        self.nesting.open(form, slots);
        Ok(())
    }
}
