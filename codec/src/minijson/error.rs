//! What can go wrong, and where.

use core::fmt;

/// Why a value was refused, and at which byte.
///
/// For everything that reads minijson or CBOR, `offset` counts bytes from the
/// start of the input to the first byte of the item at fault (its type byte, or
/// the length byte of a key). For JSON text it is the byte in the text. For
/// everything that writes, it is the place in the output at which the refused
/// item would have begun; the output up to there is intact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where it is wrong, in bytes from the start.
    pub offset: usize,
}

/// What is wrong with an input, or with an attempt to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ErrorKind {
    // Reading.
    /// The input ends before the item does.
    UnexpectedEnd,
    /// A type byte that minijson does not assign (0x1C to 0x3F, 0x70 to 0x7F).
    UnknownType(u8),
    /// A container announces more elements than the bytes left could hold.
    CountTooLarge,
    /// Text that is not UTF-8.
    InvalidUtf8,
    /// A list or a map where a map key stands.
    ContainerAsKey,
    /// Containers nested deeper than [`Limits::depth`](super::Limits::depth).
    TooDeep,
    /// More values than [`Limits::items`](super::Limits::items).
    TooManyItems,
    /// The input is longer than [`Limits::length`](super::Limits::length).
    InputTooLong,
    /// Bytes follow the value.
    TrailingBytes,

    // Writing.
    /// The output slice is full.
    BufferFull,
    /// The sink for text refused it.
    OutputFailed,
    /// A key of more than 255 bytes in a map with text keys.
    KeyTooLong,
    /// An integer of more than 255 bytes.
    IntegerTooLarge,
    /// A finite number that a float of the chosen width cannot hold.
    FloatTooLarge,
    /// Text, bytes or a container of more than the format can count.
    TooLarge,
    /// A value was written where the map expects a key.
    KeyExpected,
    /// A key was written where a value is expected.
    ValueExpected,
    /// The document is complete; nothing more fits into it.
    AlreadyComplete,
    /// The document was finished while elements were still to come.
    Unfinished,
    /// Keys that have no order among each other (text and numbers, null, NaN),
    /// where keys were to be sorted.
    UnorderedKeys,

    // JSON text.
    /// A byte that JSON does not allow here.
    UnexpectedByte(u8),
    /// A word, number or escape that JSON does not know.
    InvalidToken,
    /// Half of a surrogate pair in a `\u` escape.
    LoneSurrogate,
    /// An object that begins like one of ours (`$bytes`, `$int`, `$f32`,
    /// `$f64`, `$map`) and does not go on like one.
    InvalidMarker,

    // CBOR.
    /// CBOR that is not well-formed (RFC 8949).
    InvalidCbor,
    /// A CBOR item that minijson has no value for: a tag other than 2 and 3,
    /// `undefined`, or a simple value.
    UnsupportedCbor,

    // serde.
    /// A value of another type than the program's type asks for.
    UnexpectedType,
    /// A number outside the range of the program's type.
    OutOfRange,
    /// A sequence or map of another length than the program's type asks for.
    UnexpectedLength,
    /// A field that the program's type requires is missing.
    MissingField(&'static str),
    /// A field came twice.
    DuplicateField(&'static str),
    /// A field or variant that the program's type does not know.
    UnknownName,
    /// The program's type refused the value for a reason of its own.
    Custom,
}

impl Error {
    /// Offset of an error whose place is not known yet.
    pub(crate) const NOWHERE: usize = usize::MAX;

    pub(crate) const fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// Fills in the place, if no one closer to it did.
    #[cfg(feature = "serde")]
    pub(crate) fn or_at(self, offset: usize) -> Self {
        if self.offset == Self::NOWHERE {
            Self { offset, ..self }
        } else {
            self
        }
    }
}

impl ErrorKind {
    /// One word for programs: the name of the variant, without what it carries.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnexpectedEnd => "UnexpectedEnd",
            Self::UnknownType(_) => "UnknownType",
            Self::CountTooLarge => "CountTooLarge",
            Self::InvalidUtf8 => "InvalidUtf8",
            Self::ContainerAsKey => "ContainerAsKey",
            Self::TooDeep => "TooDeep",
            Self::TooManyItems => "TooManyItems",
            Self::InputTooLong => "InputTooLong",
            Self::TrailingBytes => "TrailingBytes",
            Self::BufferFull => "BufferFull",
            Self::OutputFailed => "OutputFailed",
            Self::KeyTooLong => "KeyTooLong",
            Self::IntegerTooLarge => "IntegerTooLarge",
            Self::FloatTooLarge => "FloatTooLarge",
            Self::TooLarge => "TooLarge",
            Self::KeyExpected => "KeyExpected",
            Self::ValueExpected => "ValueExpected",
            Self::AlreadyComplete => "AlreadyComplete",
            Self::Unfinished => "Unfinished",
            Self::UnorderedKeys => "UnorderedKeys",
            Self::UnexpectedByte(_) => "UnexpectedByte",
            Self::InvalidToken => "InvalidToken",
            Self::LoneSurrogate => "LoneSurrogate",
            Self::InvalidMarker => "InvalidMarker",
            Self::InvalidCbor => "InvalidCbor",
            Self::UnsupportedCbor => "UnsupportedCbor",
            Self::UnexpectedType => "UnexpectedType",
            Self::OutOfRange => "OutOfRange",
            Self::UnexpectedLength => "UnexpectedLength",
            Self::MissingField(_) => "MissingField",
            Self::DuplicateField(_) => "DuplicateField",
            Self::UnknownName => "UnknownName",
            Self::Custom => "Custom",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::UnexpectedEnd => "the input ends inside this item",
            Self::UnknownType(code) => return write!(f, "unknown type byte 0x{code:02x}"),
            Self::CountTooLarge => "more elements announced than the input has room for",
            Self::InvalidUtf8 => "text is not valid UTF-8",
            Self::ContainerAsKey => "a list or a map cannot be a map key",
            Self::TooDeep => "nested deeper than the depth limit",
            Self::TooManyItems => "more values than the item limit",
            Self::InputTooLong => "input longer than the length limit",
            Self::TrailingBytes => "bytes follow the end of the value",
            Self::BufferFull => "the output buffer is full; use a larger one",
            Self::OutputFailed => "the sink for text refused it, perhaps for being full",
            Self::KeyTooLong => "a text key has at most 255 bytes; use a map with any keys",
            Self::IntegerTooLarge => "an integer has at most 255 bytes",
            Self::FloatTooLarge => "number too large for a float of this width; use double",
            Self::TooLarge => "more bytes or elements than the format can count",
            Self::KeyExpected => "a key is due here, not a value",
            Self::ValueExpected => "a value is due here, not a key",
            Self::AlreadyComplete => "the document is already complete",
            Self::Unfinished => "elements that were announced are missing",
            Self::UnorderedKeys => "keys of these types have no order; they cannot be sorted",
            Self::UnexpectedByte(byte) => return write!(f, "unexpected byte 0x{byte:02x} in JSON"),
            Self::InvalidToken => "not a JSON word, number or escape",
            Self::LoneSurrogate => "an escape holds only half of a surrogate pair",
            Self::InvalidMarker => "an object that begins with one of the $ markers is malformed",
            Self::InvalidCbor => "malformed CBOR",
            Self::UnsupportedCbor => "a CBOR tag or simple value that minijson has no value for",
            Self::UnexpectedType => "a value of another type is expected here",
            Self::OutOfRange => "number out of the expected range",
            Self::UnexpectedLength => "another number of elements is expected here",
            Self::MissingField(name) => return write!(f, "field `{name}` is missing"),
            Self::DuplicateField(name) => return write!(f, "field `{name}` came twice"),
            Self::UnknownName => "unknown field or variant",
            Self::Custom => "the value does not suit the program's type",
        };
        f.write_str(text)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.offset == Self::NOWHERE {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "{} (at byte {})", self.kind, self.offset)
        }
    }
}

impl core::error::Error for Error {}
