//! The canonical form: what the Python encoder would have written.

use super::decoder::{Decoder, Item};
use super::error::{Error, ErrorKind};
use super::float::Floats;
use super::limits::{Limits, MAX_DEPTH};
use super::nesting::Container;
use super::order;
use super::reader::{Head, Reader};
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
    let mut writer = Writer::new(out);
    let mut levels = Levels::new();
    loop {
        let any_key = decoder.at_any_key();
        let Some(item) = decoder.next()? else {
            return Ok(writer.len());
        };
        if let Some((form, count)) = container(item) {
            let form = if form == Container::Sdict && decoder.keys_are_short_text(count) {
                Container::Map
            } else {
                form
            };
            levels.open(&writer, form);
            writer.open(form, count)?;
        } else if let (Item::Text(text), true) = (item, any_key && levels.has_text_keys()) {
            writer.text_key(text.to_str()?.as_bytes())?;
        } else {
            scalar(&mut writer, item, options.floats)?;
        }
        let depth = decoder.depth();
        while levels.depth > depth {
            let start = levels.close();
            if options.strict_order {
                sort_map(&mut writer, start)?;
            }
        }
    }
}

fn container(item: Item<'_>) -> Option<(Container, u32)> {
    match item {
        Item::List(count) => Some((Container::List, count)),
        Item::Map(count) => Some((Container::Map, count)),
        Item::Sdict(count) => Some((Container::Sdict, count)),
        _ => None,
    }
}

fn scalar(writer: &mut Writer<'_>, item: Item<'_>, floats: Floats) -> Result<(), Error> {
    match item {
        Item::Null => writer.null(),
        Item::Bool(value) => writer.bool(value),
        Item::Int(value) => writer.int(value),
        Item::BigInt(value) => writer.big_int(&value),
        Item::Single(value) => writer.single_as(value, floats),
        Item::Double(value) => writer.double_as(value, floats),
        Item::Text(text) => writer.text(text.to_str()?.as_bytes()),
        Item::Key(key) => writer.text_key(key.to_str()?.as_bytes()),
        Item::Bytes(bytes) => writer.bytes(bytes),
        Item::List(_) | Item::Map(_) | Item::Sdict(_) => {
            Err(writer.error(ErrorKind::ContainerAsKey))
        }
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

/// The containers that are open in the output.
struct Levels {
    /// Where the head of each was written; below [`super::MAX_LENGTH`].
    starts: [u32; MAX_DEPTH as usize],
    /// A bit for each: whether it was opened as a map with text keys.
    text_keys: u128,
    depth: u16,
}

impl Levels {
    const fn new() -> Self {
        Self {
            starts: [0; MAX_DEPTH as usize],
            text_keys: 0,
            depth: 0,
        }
    }

    fn open(&mut self, writer: &Writer<'_>, form: Container) {
        if let Some(start) = self.starts.get_mut(usize::from(self.depth)) {
            *start = u32::try_from(writer.len()).unwrap_or(u32::MAX);
        }
        self.depth = self.depth.saturating_add(1);
        self.text_keys = (self.text_keys << 1) | u128::from(form == Container::Map);
    }

    fn close(&mut self) -> usize {
        self.depth = self.depth.saturating_sub(1);
        self.text_keys >>= 1;
        let start = self.starts.get(usize::from(self.depth));
        start.map_or(0, |start| usize::try_from(*start).unwrap_or(usize::MAX))
    }

    const fn has_text_keys(&self) -> bool {
        self.text_keys & 1 == 1
    }
}
