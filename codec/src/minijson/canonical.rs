//! The canonical form: what the Python encoder would have written.

use super::container::Container;
use super::decoder::{Decoder, Item};
use super::error::{Error, ErrorKind};
use super::float::Floats;
use super::limits::{Limits, MAX_DEPTH};
use super::order;
use super::reader::{Head, Reader};
use super::text::Text;
use super::value::Value;
use super::writer::Writer;

/// Choices in writing that the value itself does not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Options {
    /// The width of floats.
    pub floats: Floats,
    /// Whether the entries of maps are sorted by their keys (Python's
    /// `use_strict_order`): text by code point, bytes by value, numbers by size.
    pub strict_order: bool,
}

impl Options {
    /// What the Python encoder does unless it is told otherwise: single floats,
    /// entries in the order they have.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            floats: Floats::Single,
            strict_order: false,
        }
    }

    /// The same options with another width of floats.
    #[must_use]
    pub const fn with_floats(self, floats: Floats) -> Self {
        Self { floats, ..self }
    }

    /// The same options with entries sorted or not.
    #[must_use]
    pub const fn with_strict_order(self, strict_order: bool) -> Self {
        Self {
            strict_order,
            ..self
        }
    }
}

/// Writes `value` to `out` as the Python encoder would write it, byte for byte,
/// and returns the number of bytes.
///
/// Every number, length and count gets its shortest form; a map whose keys are
/// all text of at most 255 bytes becomes a map with text keys, any other a map
/// with any keys. Keys that come twice stay as they are. With [`Floats::Kept`] two
/// values are the same, in content and order of entries (in strict order: in
/// content), exactly if their canonical forms are; a chosen width rounds first.
///
/// The canonical form is never longer than the value, unless singles become
/// doubles.
///
/// ```
/// use wigwag_codec::minijson::{Options, Value, canonical};
///
/// // A map with any keys, a u8 count and 16-bit numbers: {"b": 2, "a": 1}
/// let long = Value::parse(b"\x14\x02\x00\x01b\x02\x00\x02\x81a\x05\x00\x01")?;
/// let mut out = [0; 32];
/// let length = canonical(long, &mut out, Options::new().with_strict_order(true))?;
/// assert_eq!(&out[..length], b"\x52\x01a\x03\x01\x01b\x03\x02");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::BufferFull`]; [`ErrorKind::FloatTooLarge`] where a double is to
/// become a single and is too large; [`ErrorKind::UnorderedKeys`] where keys are
/// to be sorted and have no order; [`ErrorKind::InvalidUtf8`] for text that only
/// [`Value::parse_structure`] lets in.
pub fn canonical(value: Value<'_>, out: &mut [u8], options: Options) -> Result<usize, Error> {
    let limits = Limits::new().with_depth(MAX_DEPTH);
    let mut decoder = Decoder::with_limits(value.raw(), limits);
    let mut copy = Copying::new(Writer::new(out), options);
    loop {
        match decoder.for_each(|item| copy.item(item)) {
            Ok(()) => return Ok(copy.writer.len()),
            Err(Stop::Sdict(count)) => {
                // Its keys decide the form, before the first of them is written.
                let form = if decoder.keys_are_short_text(count) {
                    Container::Map
                } else {
                    Container::Sdict
                };
                copy.open(form, count, Levels::pairs(form, count))?;
            }
            Err(Stop::Wrong(error)) => return Err(error),
        }
    }
}

/// Why the copying halts.
enum Stop {
    Wrong(Error),
    /// A map with any keys and so many entries is to be opened.
    Sdict(u32),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

/// What is written, item by item.
struct Copying<'b> {
    writer: Writer<'b>,
    options: Options,
    levels: Levels,
}

impl<'b> Copying<'b> {
    const fn new(writer: Writer<'b>, options: Options) -> Self {
        Self {
            writer,
            options,
            levels: Levels::new(),
        }
    }

    #[inline]
    fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
        let writer = &mut self.writer;
        match item {
            Item::Key(key) => return Ok(writer.text_key(utf8(key)?)?),
            Item::List(count) => {
                return Ok(self.open(Container::List, count, count)?);
            }
            Item::Map(count) => {
                return Ok(self.open(Container::Map, count, count)?);
            }
            Item::Sdict(count) => return Err(Stop::Sdict(count)),
            Item::Text(text) if self.levels.at_text_key() => writer.text_key(utf8(text)?)?,
            Item::Text(text) => writer.text(utf8(text)?)?,
            Item::Int(value) => writer.int(value)?,
            Item::Single(value) => writer.single_as(value, self.options.floats)?,
            Item::Double(value) => writer.double_as(value, self.options.floats)?,
            Item::Null => writer.null()?,
            Item::Bool(value) => writer.bool(value)?,
            Item::BigInt(value) => writer.big_int(&value)?,
            Item::Bytes(bytes) => writer.bytes(bytes)?,
        }
        if self.levels.fill() {
            self.close()?;
        }
        Ok(())
    }

    /// Writes the head of a container, in which `values` are to come.
    fn open(&mut self, form: Container, count: u32, values: u32) -> Result<(), Error> {
        let start = self.writer.len();
        self.writer.open(form, count)?;
        self.levels.open(start, values);
        if count == 0 { self.close() } else { Ok(()) }
    }

    /// Closes what the last item was the end of.
    #[inline(never)]
    fn close(&mut self) -> Result<(), Error> {
        while let Some(start) = self.levels.close() {
            if self.options.strict_order {
                sort_map(&mut self.writer, start)?;
            }
        }
        Ok(())
    }
}

#[inline]
fn utf8<'a>(text: Text<'a>) -> Result<&'a [u8], Error> {
    if text.is_utf8() {
        Ok(text.as_bytes())
    } else {
        text.to_str().map(str::as_bytes)
    }
}

/// Sorts the container whose head was written at `start`, if it is a map.
pub(super) fn sort_map(writer: &mut Writer<'_>, start: usize) -> Result<(), Error> {
    let error = writer.error(ErrorKind::UnorderedKeys);
    let written = writer.written_from(start);
    let mut reader = Reader::new(written);
    let Head::Open(form @ (Container::Map | Container::Sdict), count) = reader.head()? else {
        return Ok(());
    };
    let body = reader.position();
    let entries = written.get_mut(body..).unwrap_or(&mut []);
    order::sort_entries(entries, count, form).map_err(|kind| Error { kind, ..error })
}

/// The containers that are open, counted once more: the decoder closes them only when
/// the next item is asked for.
struct Levels {
    /// Where the head of each was written; below [`super::MAX_LENGTH`].
    starts: [u32; MAX_DEPTH as usize],
    /// What was left of the container around each.
    around: [u32; MAX_DEPTH as usize],
    depth: usize,
    /// The values that are still to come in the innermost one, keys that are values
    /// with them, and [`Self::TEXT_KEYS`].
    left: u32,
}

impl Levels {
    /// Above the count: of every two values the first becomes a text key.
    const TEXT_KEYS: u32 = 1 << 31;

    const fn new() -> Self {
        Self {
            starts: [0; MAX_DEPTH as usize],
            around: [0; MAX_DEPTH as usize],
            depth: 0,
            left: 1,
        }
    }

    /// What is left of a map with any keys, and so many entries, that is written in a
    /// form: [`MAX_LENGTH`](super::MAX_LENGTH) keeps it in 30 bits.
    const fn pairs(form: Container, count: u32) -> u32 {
        let values = count.wrapping_mul(2);
        match form {
            Container::Map => values | Self::TEXT_KEYS,
            Container::List | Container::Sdict => values,
        }
    }

    /// Whether the next value is to be written as a text key.
    #[inline]
    const fn at_text_key(&self) -> bool {
        self.left & (Self::TEXT_KEYS | 1) == Self::TEXT_KEYS
    }

    /// A value was written; says whether it was the last one of its container.
    #[inline]
    const fn fill(&mut self) -> bool {
        self.left = self.left.wrapping_sub(1);
        self.left & !Self::TEXT_KEYS == 0
    }

    fn open(&mut self, start: usize, left: u32) {
        // The decoder's limit is the number of places.
        if let Some(place) = self.starts.get_mut(self.depth) {
            *place = u32::try_from(start).unwrap_or(u32::MAX);
        }
        if let Some(place) = self.around.get_mut(self.depth) {
            *place = self.left;
        }
        self.depth = self.depth.wrapping_add(1);
        self.left = left;
    }

    /// Closes the innermost container if nothing is left of it: it is a value of the
    /// one around it. Says where its head was written.
    fn close(&mut self) -> Option<usize> {
        if self.left & !Self::TEXT_KEYS != 0 {
            return None;
        }
        let depth = self.depth.checked_sub(1)?;
        let start = *self.starts.get(depth)?;
        self.left = self.around.get(depth)?.wrapping_sub(1);
        self.depth = depth;
        usize::try_from(start).ok()
    }
}
