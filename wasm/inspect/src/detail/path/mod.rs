//! Where a value stands in a frame, written as people write it.

mod find;
mod parse;
mod walk;

use std::fmt;

use wigwag_codec::minijson::{BigIntBuf, Item};

pub use parse::{PathError, Prefix};

/// The most steps that a path may have: a minijson value is at most 128 deep.
pub const MAX_STEPS: usize = 136;

/// Where a value stands in a frame. The tree shows paths, and filters, plots and
/// differences take them, all in one syntax.
///
/// | Path | What it finds |
/// |---|---|
/// | `head.tid`, `head.type`, `head.length` | NGTT: the words of the header |
/// | `head.type`, `head.length`, `head.id`, `head.version`, `head.time`, `head.time.secs`, `head.time.nanos`, `head.info`, `head.magic`, `foot.checksum`, `foot.mark` | NCP: header and footer. The length is in words of four bytes, the time in microseconds since 1970 |
/// | `head.length`, `message` | what has a length prefix |
/// | `payload` | the minijson value of an NGTT frame, or of the minijson protocol |
/// | `payload[0].orders[0].path` | list elements by number, map entries by key |
/// | `payload["any key"]`, `payload["\xff"]` | keys that are no words; bytes that are not UTF-8 |
/// | `payload[*].path` | any element of a list, any entry of a map |
/// | `payload{5}`, `payload{1.5}`, `payload{null}`, `payload{0x00ff}` | entries whose key is no text |
/// | `fields.STAT.LEVL` | NCP: the value of parameter LEVL in any field STAT |
/// | `fields.STAT.LEVL[3]` | a number of an array |
/// | `fields[0].params[2].value`, `.name`, `.type`, `.size` | by position |
/// | `fields.STAT.id`, `.name`, `.type`, `.size` | the words of a field's header |
/// | `fields.STAT["id"]` | a parameter that is called as one of these |
///
/// A key that comes twice is found twice, and so is a name.
///
/// ```
/// use wigwag_inspect::detail::{Path, Scalar};
/// use wigwag_inspect::{Direction, Frame, Protocol};
///
/// // {"path": "W1", "values": [1, 2]}
/// let bytes = b"\x52\x04path\x82W1\x06values\x42\x03\x01\x03\x02";
/// let (protocol, direction) = (Protocol::Minijson, Direction::ToServer);
/// let frame = Frame { protocol, direction, bytes };
/// let mut found = Vec::new();
/// Path::parse("payload.values[*]")?.find(frame, &mut |scalar| found.push(scalar));
/// assert_eq!(found, [Scalar::Integer(1), Scalar::Integer(2)]);
/// # Ok::<(), wigwag_inspect::detail::PathError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Head,
    Foot,
    Payload,
    Message,
    Fields,
}

impl Root {
    pub(super) const ALL: [Self; 5] = [
        Self::Head,
        Self::Foot,
        Self::Payload,
        Self::Message,
        Self::Fields,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Foot => "foot",
            Self::Payload => "payload",
            Self::Message => "message",
            Self::Fields => "fields",
        }
    }
}

/// One step further in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The entry with this text key; the NCP field or parameter of this name.
    Key(Box<[u8]>),
    /// The element at this place.
    Index(u32),
    /// Every element.
    Any,
    /// The entry whose key is no text.
    Literal(Literal),
    /// A part that the protocol itself names.
    Part(Part),
}

macro_rules! parts {
    ($($variant:ident $name:literal,)*) => {
        /// What protocols call their parts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Part {
            $($variant,)*
        }

        impl Part {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

parts! {
    Magic "magic",
    Type "type",
    Length "length",
    Tid "tid",
    Id "id",
    Version "version",
    Time "time",
    Secs "secs",
    Nanos "nanos",
    Info "info",
    Checksum "checksum",
    Mark "mark",
    Name "name",
    Size "size",
    Params "params",
    Value "value",
}

impl Part {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|part| part.name() == name)
    }

    /// Whether a field or a parameter has such a part, so that a parameter of this
    /// name needs quotes.
    pub(super) const fn is_of_field(self) -> bool {
        matches!(
            self,
            Self::Id | Self::Name | Self::Type | Self::Size | Self::Params | Self::Value
        )
    }
}

/// A key that is no text.
#[derive(Clone, Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(Box<BigIntBuf>),
    Float(f64),
    Bytes(Box<[u8]>),
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a.view() == b.view(),
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Literal {}

impl Step {
    /// The step to an entry of a map by its key as it was decoded.
    pub(super) fn to_entry(key: Item<'_>) -> Self {
        Self::Literal(match key {
            Item::Key(text) | Item::Text(text) => return Self::Key(text.as_bytes().into()),
            Item::Bool(value) => Literal::Bool(value),
            Item::Int(value) => Literal::Int(Box::new(value.into())),
            // No integer on the wire is longer than the buffer.
            Item::BigInt(value) => BigIntBuf::from_view(value)
                .map_or(Literal::Null, |value| Literal::Int(Box::new(value))),
            // As it is written: 0.1 is meant to find the single that shows as 0.1.
            Item::Single(value) => Literal::Float(value.to_string().parse().unwrap_or(0.0)),
            Item::Double(value) => Literal::Float(value),
            Item::Bytes(bytes) => Literal::Bytes(bytes.into()),
            _ => Literal::Null,
        })
    }

    /// Whether the step goes to an entry with this key.
    pub(super) fn takes_key(&self, key: &Item<'_>) -> bool {
        match (self, key) {
            (Self::Any, _) => true,
            (Self::Key(wanted), Item::Key(text) | Item::Text(text)) => **wanted == *text.as_bytes(),
            (Self::Literal(literal), key) => match (literal, key) {
                (Literal::Null, Item::Null) => true,
                (Literal::Bool(wanted), Item::Bool(value)) => wanted == value,
                (Literal::Int(wanted), Item::Int(value)) => wanted.view().as_i64() == Some(*value),
                (Literal::Int(wanted), Item::BigInt(value)) => wanted.view() == *value,
                (Literal::Float(wanted), Item::Single(value)) => {
                    *wanted as f32 == *value || (wanted.is_nan() && value.is_nan())
                }
                (Literal::Float(wanted), Item::Double(value)) => {
                    wanted == value || (wanted.is_nan() && value.is_nan())
                }
                (Literal::Bytes(wanted), Item::Bytes(value)) => **wanted == **value,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the step goes to the element at this place.
    pub(super) fn takes_index(&self, index: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Index(wanted) => *wanted == index,
            _ => false,
        }
    }
}

/// Whether a key can stand behind a point.
pub(super) fn is_word(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root.name())?;
        for step in &self.steps {
            step.write(self.root, f)?;
        }
        Ok(())
    }
}

impl Step {
    fn write(&self, root: Root, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("[*]"),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Part(part) => write!(f, ".{}", part.name()),
            Self::Key(key) => match std::str::from_utf8(key) {
                Ok(word) if is_word(key) && !(root == Root::Fields && is_reserved(word)) => {
                    write!(f, ".{word}")
                }
                _ => {
                    f.write_str("[\"")?;
                    write_key(key, f)?;
                    f.write_str("\"]")
                }
            },
            Self::Literal(literal) => write!(f, "{{{literal}}}"),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{}", value.view()),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Bytes(bytes) => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }
    }
}

/// Whether a word behind a field means a part of it and no parameter.
pub(super) fn is_reserved(word: &str) -> bool {
    Part::from_name(word).is_some_and(Part::is_of_field)
}

/// A key between quotes: control characters and what is not UTF-8 as `\xNN`.
fn write_key(key: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for chunk in key.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '\\' => write!(f, "\\{char}")?,
                '\0'..='\x1f' | '\x7f' => write!(f, "\\x{:02x}", u32::from(char))?,
                _ => write!(f, "{char}")?,
            }
        }
        chunk
            .invalid()
            .iter()
            .try_for_each(|b| write!(f, "\\x{b:02x}"))?;
    }
    Ok(())
}
