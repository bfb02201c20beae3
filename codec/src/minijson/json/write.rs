//! minijson to JSON text.

use core::fmt::{self, Write};

use crate::minijson::decoder::{Decoder, Item};
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::limits::{Limits, MAX_DEPTH};
use crate::minijson::text::Text;
use crate::minijson::value::Value;

/// The keys that give an object a meaning of its own.
pub(super) const MARKERS: [&str; 5] = ["$bytes", "$int", "$f32", "$f64", "$map"];

/// Writes `value` as JSON text, in the form described [above](super).
///
/// ```
/// use wigwag_codec::minijson::{Value, json};
///
/// let value = Value::parse(b"\x42\x51\x01a\x16\x19\x02\x00\xff")?;
/// let mut text = String::new();
/// json::write(value, &mut text)?;
/// assert_eq!(text, r#"[{"a":true},{"$bytes":"00ff"}]"#);
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::OutputFailed`] when `out` refuses the text,
/// [`ErrorKind::InvalidUtf8`] for text that only
/// [`Value::parse_structure`] lets in; the offset counts from the start of the
/// value. What was written before stays written.
pub fn write(value: Value<'_>, out: &mut impl Write) -> Result<(), Error> {
    let mut decoder = Decoder::with_limits(value.raw(), Limits::new().with_depth(MAX_DEPTH));
    let mut printer = Printer {
        out,
        levels: [Level::LIST; MAX_DEPTH as usize],
        depth: 0,
    };
    loop {
        let offset = decoder.position();
        let Some(item) = decoder.next()? else {
            return Ok(());
        };
        let first_key = match item {
            Item::Map(_) => decoder.peek_text_key(),
            _ => None,
        };
        printer
            .item(item, first_key)
            .and_then(|()| printer.close_to(decoder.depth()))
            .map_err(|problem| Error::new(problem, offset))?;
    }
}

/// Writes `value` as JSON text into `out` and returns the number of bytes.
///
/// # Errors
/// As [`write()`]; [`ErrorKind::OutputFailed`] when `out` is too short.
pub fn to_slice(value: Value<'_>, out: &mut [u8]) -> Result<usize, Error> {
    let mut sink = SliceSink { out, length: 0 };
    write(value, &mut sink)?;
    Ok(sink.length)
}

struct SliceSink<'b> {
    out: &'b mut [u8],
    length: usize,
}

impl Write for SliceSink<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.checked_add(text.len()).ok_or(fmt::Error)?;
        let room = self.out.get_mut(self.length..end).ok_or(fmt::Error)?;
        crate::bytes::copy(room, text.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl From<fmt::Error> for ErrorKind {
    fn from(_: fmt::Error) -> Self {
        Self::OutputFailed
    }
}

/// How a container is shown.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// `[a,b]`
    List,
    /// `{"a":b}`
    Object,
    /// `{"$map":[[a,b]]}`
    Pairs,
}

/// What was last written in a container.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Key,
    Value,
}

#[derive(Clone, Copy)]
struct Level {
    form: Form,
    last: Last,
}

impl Level {
    const LIST: Self = Self::new(Form::List);

    const fn new(form: Form) -> Self {
        Self {
            form,
            last: Last::Nothing,
        }
    }
}

struct Printer<'w, W> {
    out: &'w mut W,
    levels: [Level; MAX_DEPTH as usize],
    depth: u16,
}

impl<W: Write> Printer<'_, W> {
    fn item(&mut self, item: Item<'_>, first_key: Option<&[u8]>) -> Result<(), ErrorKind> {
        self.before()?;
        match item {
            Item::List(_) => return self.open(Form::List),
            Item::Sdict(_) => return self.open(Form::Pairs),
            Item::Map(_) => {
                let marked =
                    first_key.is_some_and(|key| MARKERS.iter().any(|m| m.as_bytes() == key));
                return self.open(if marked { Form::Pairs } else { Form::Object });
            }
            Item::Key(text) | Item::Text(text) => self.text(text)?,
            Item::Null => self.out.write_str("null")?,
            Item::Bool(value) => write!(self.out, "{value}")?,
            Item::Int(value) => write!(self.out, "{value}")?,
            Item::BigInt(value) => write!(self.out, "{value}")?,
            // Debug gives the shortest digits with a point or an exponent.
            Item::Single(value) if value.is_finite() => write!(self.out, "{value:?}")?,
            Item::Double(value) if value.is_finite() => write!(self.out, "{value:?}")?,
            Item::Single(value) => write!(self.out, "{{\"$f32\":\"{:08x}\"}}", value.to_bits())?,
            Item::Double(value) => write!(self.out, "{{\"$f64\":\"{:016x}\"}}", value.to_bits())?,
            Item::Bytes(bytes) => {
                self.out.write_str("{\"$bytes\":\"")?;
                for byte in bytes {
                    write!(self.out, "{byte:02x}")?;
                }
                self.out.write_str("\"}")?;
            }
        }
        self.after()
    }

    fn level(&mut self) -> Option<&mut Level> {
        let index = self.depth.checked_sub(1)?;
        self.levels.get_mut(usize::from(index))
    }

    /// Writes what separates the coming key or value from the one before.
    fn before(&mut self) -> fmt::Result {
        let Some(level) = self.level() else {
            return Ok(());
        };
        let separator = match (level.form, level.last) {
            (Form::List | Form::Object, Last::Nothing) => "",
            (Form::List | Form::Object, Last::Value) => ",",
            (Form::Object, Last::Key) => ":",
            (Form::Pairs, Last::Nothing) => "[",
            (Form::Pairs, Last::Value) => ",[",
            (Form::Pairs | Form::List, Last::Key) => ",",
        };
        self.out.write_str(separator)
    }

    /// Notes that a key or a value is complete.
    fn after(&mut self) -> Result<(), ErrorKind> {
        let Some(level) = self.level() else {
            return Ok(());
        };
        let was_key = level.form != Form::List && level.last != Last::Key;
        level.last = if was_key { Last::Key } else { Last::Value };
        if level.form == Form::Pairs && !was_key {
            self.out.write_str("]")?;
        }
        Ok(())
    }

    fn open(&mut self, form: Form) -> Result<(), ErrorKind> {
        self.out.write_str(match form {
            Form::List => "[",
            Form::Object => "{",
            Form::Pairs => "{\"$map\":[",
        })?;
        self.depth = self.depth.saturating_add(1);
        *self.level().ok_or(ErrorKind::TooDeep)? = Level::new(form);
        Ok(())
    }

    /// Closes what is complete, until `depth` containers are open.
    fn close_to(&mut self, depth: u16) -> Result<(), ErrorKind> {
        while self.depth > depth {
            let form = self.level().map_or(Form::List, |level| level.form);
            self.out.write_str(match form {
                Form::List => "]",
                Form::Object => "}",
                Form::Pairs => "]}",
            })?;
            self.depth = self.depth.saturating_sub(1);
            self.after()?;
        }
        Ok(())
    }

    fn text(&mut self, text: Text<'_>) -> Result<(), ErrorKind> {
        let text = text.to_str().map_err(|error| error.kind)?;
        self.out.write_str("\"")?;
        let mut plain = text;
        while let Some(at) = plain.find(|c: char| c < ' ' || c == '"' || c == '\\') {
            let (before, rest) = plain.split_at_checked(at).unwrap_or((plain, ""));
            self.out.write_str(before)?;
            let mut chars = rest.chars();
            match chars.next() {
                Some('"') => self.out.write_str("\\\"")?,
                Some('\\') => self.out.write_str("\\\\")?,
                Some('\n') => self.out.write_str("\\n")?,
                Some('\r') => self.out.write_str("\\r")?,
                Some('\t') => self.out.write_str("\\t")?,
                Some(control) => write!(self.out, "\\u{:04x}", u32::from(control))?,
                None => {}
            }
            plain = chars.as_str();
        }
        self.out.write_str(plain)?;
        self.out.write_str("\"")?;
        Ok(())
    }
}
