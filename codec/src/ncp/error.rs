//! What can be wrong with a packet.

use core::fmt;

use super::ident::IdentError;

/// Why bytes are no packet, or why none was written: what, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NcpError {
    /// What is wrong.
    pub kind: NcpErrorKind,
    /// Bytes from the start of the packet.
    pub offset: usize,
}

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NcpErrorKind {
    /// The packet ends too early.
    Truncated,
    /// It does not begin with DD CC BB AA.
    Magic,
    /// It does not end with AA BB CC DD.
    Footer,
    /// A size is less than what it counts by itself, in words.
    TooShort(u32),
    /// A size goes beyond what it is in, in words.
    TooLong(u32),
    /// There are bytes behind the packet.
    Trailing,
    /// The nanoseconds are a second or more.
    Nanoseconds(u32),
    /// A value of this type cannot have so many bytes.
    ValueSize(u8),
    /// A string is not UTF-8.
    Text,
    /// It does not fit the place for it.
    NoSpace,
    /// A value or a field has more than 67,108,860 bytes, with its header.
    TooLarge,
    /// A name cannot be sent.
    Ident(IdentError),
    /// A parameter was written before the first field.
    NoField,
    /// A string has a NUL in it, which would be its end.
    Nul,
    /// A value of this type was to be written as one of an unknown type.
    KnownType(u8),
}

impl NcpError {
    pub(super) const fn new(kind: NcpErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }
}

impl NcpErrorKind {
    /// One word for programs: the name of the variant, without what it carries.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Truncated => "Truncated",
            Self::Magic => "Magic",
            Self::Footer => "Footer",
            Self::TooShort(_) => "TooShort",
            Self::TooLong(_) => "TooLong",
            Self::Trailing => "Trailing",
            Self::Nanoseconds(_) => "Nanoseconds",
            Self::ValueSize(_) => "ValueSize",
            Self::Text => "Text",
            Self::NoSpace => "NoSpace",
            Self::TooLarge => "TooLarge",
            Self::Ident(_) => "Ident",
            Self::NoField => "NoField",
            Self::Nul => "Nul",
            Self::KnownType(_) => "KnownType",
        }
    }
}

impl fmt::Display for NcpErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the packet ends too early"),
            Self::Magic => f.write_str("a packet begins with DD CC BB AA"),
            Self::Footer => f.write_str("a packet ends with AA BB CC DD"),
            Self::TooShort(words) => write!(f, "a size of {words} words is less than its header"),
            Self::TooLong(words) => write!(f, "a size of {words} words goes beyond what it is in"),
            Self::Trailing => f.write_str("there are bytes behind the packet"),
            Self::Nanoseconds(nanos) => write!(f, "{nanos} nanoseconds are a second or more"),
            Self::ValueSize(kind) => {
                write!(f, "a value of type {kind:02x} cannot have so many bytes")
            }
            Self::Text => f.write_str("a string is not UTF-8"),
            Self::NoSpace => f.write_str("it does not fit the place for it"),
            Self::TooLarge => f.write_str("a field has more than 67,108,860 bytes"),
            Self::Ident(error) => error.fmt(f),
            Self::NoField => f.write_str("a parameter stands in a field"),
            Self::Nul => f.write_str("a string with a NUL would end there"),
            Self::KnownType(kind) => write!(f, "type {kind:02x} is known: write its own value"),
        }
    }
}

impl fmt::Display for NcpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.kind)
    }
}

impl core::error::Error for NcpError {}

/// Something odd that does not keep the rest from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NcpWarning {
    /// What is odd.
    pub kind: NcpWarningKind,
    /// Bytes from the start of the packet.
    pub offset: usize,
}

/// What is odd about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NcpWarningKind {
    /// Between two fields or parameters stands another footer, which real nodes
    /// are known to put there. It is passed over.
    EmbeddedFooter,
    /// A parameter is of a type that nobody knows. Its bytes are kept.
    UnknownType(u8),
}

impl fmt::Display for NcpWarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmbeddedFooter => f.write_str("a footer in the middle of the packet"),
            Self::UnknownType(kind) => write!(f, "a value of unknown type {kind:02x}"),
        }
    }
}

impl fmt::Display for NcpWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.kind)
    }
}
