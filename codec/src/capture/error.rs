use core::fmt;

/// Why a record cannot be read, or not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CaptureError {
    /// What is wrong.
    pub kind: CaptureErrorKind,
    /// Where: bytes from the begin of the capture (reading), or the size of the
    /// place that was offered (writing).
    pub offset: u64,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CaptureErrorKind {
    /// The capture does not begin with [`LABEL`](super::LABEL).
    NotLabelled,
    /// An element is of another type than its place wants.
    WrongType,
    /// A number is larger than its place allows.
    OutOfRange,
    /// A known record has fewer elements than it must have.
    TooFewElements,
    /// A text is not UTF-8.
    NotUtf8,
    /// A text or a byte string is longer than the limit.
    TooLong {
        /// Its length in bytes, as announced.
        length: u64,
        /// The most that is allowed.
        limit: u32,
    },
    /// Not well-formed CBOR (RFC 8949 appendix F).
    NotWellFormed,
    /// An item of indefinite length; the format has none.
    Indefinite,
    /// An item to be skipped is nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// The capture ends in the middle of a record.
    Truncated,
    /// The place for the record is too small.
    NoSpace,
}

impl CaptureErrorKind {
    /// Whether nothing behind the error can be read in step: it is not known where
    /// the next record begins. After any other error the reader goes on with the
    /// next record by itself.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        matches!(
            self,
            Self::NotWellFormed | Self::Indefinite | Self::TooDeep | Self::Truncated
        )
    }
}

impl CaptureError {
    /// An error of `kind` at `offset`.
    #[must_use]
    pub const fn new(kind: CaptureErrorKind, offset: u64) -> Self {
        Self { kind, offset }
    }
}

impl fmt::Display for CaptureErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLabelled => f.write_str("a capture begins with a label, these bytes do not"),
            Self::WrongType => {
                f.write_str("an element of a record has another type than its place wants")
            }
            Self::OutOfRange => f.write_str("a number in a record is larger than its place allows"),
            Self::TooFewElements => f.write_str("a record has too few elements"),
            Self::NotUtf8 => f.write_str("a text in a record is not UTF-8"),
            Self::TooLong { length, limit } => write!(
                f,
                "a string of {length} bytes in a record is over the limit of {limit}"
            ),
            Self::NotWellFormed => f.write_str("not well-formed CBOR"),
            Self::Indefinite => {
                f.write_str("an item of indefinite length, which captures do not have")
            }
            Self::TooDeep => f.write_str("an item is nested too deep to be skipped"),
            Self::Truncated => f.write_str("the capture ends in the middle of a record"),
            Self::NoSpace => f.write_str("the place for the record is too small"),
        }
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind, self.offset)
    }
}

impl core::error::Error for CaptureError {}
