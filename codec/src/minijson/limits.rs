//! What a reader is willing to believe.

/// The deepest nesting that [`Limits::depth`] can allow.
///
/// A reader keeps four bytes for each level on its own stack, so that no input
/// can make it recurse.
pub const MAX_DEPTH: u16 = 128;

/// The longest input that [`Limits::length`] can allow: one byte less than 1 GiB.
pub const MAX_LENGTH: usize = (1 << 30) - 1;

/// Bounds on what is read, checked before any length or count is believed.
///
/// ```
/// use wigwag_codec::minijson::{ErrorKind, Limits, Value};
///
/// let two_levels = [0x41, 0x41, 0x08]; // [[null]]
/// assert!(Value::parse_with(&two_levels, Limits::new()).is_ok());
/// let refused = Value::parse_with(&two_levels, Limits::new().with_depth(1)).unwrap_err();
/// assert_eq!((refused.kind, refused.offset), (ErrorKind::TooDeep, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Containers that may be open inside each other, 0 to [`MAX_DEPTH`]; more is
    /// taken as `MAX_DEPTH`. A number alone has depth 0, `[[]]` has depth 2.
    pub depth: u16,
    /// Values in the whole input: every scalar, every container and every key
    /// that is a value of its own. Keys of maps with text keys are not counted.
    pub items: u32,
    /// Bytes of the whole input, 0 to [`MAX_LENGTH`]; more is taken as
    /// `MAX_LENGTH`.
    pub length: usize,
}

impl Limits {
    /// Depth 32, as many items and bytes as there are.
    ///
    /// Even so a small input costs little: a container may announce no more
    /// elements than there are bytes left.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            depth: 32,
            items: u32::MAX,
            length: MAX_LENGTH,
        }
    }

    /// The same limits with another depth.
    #[must_use]
    pub const fn with_depth(self, depth: u16) -> Self {
        Self { depth, ..self }
    }

    /// The same limits with another number of values.
    #[must_use]
    pub const fn with_items(self, items: u32) -> Self {
        Self { items, ..self }
    }

    /// The same limits with another input length in bytes.
    #[must_use]
    pub const fn with_length(self, length: usize) -> Self {
        Self { length, ..self }
    }

    /// The depth that is really applied.
    pub(crate) const fn effective_depth(self) -> u16 {
        if self.depth < MAX_DEPTH {
            self.depth
        } else {
            MAX_DEPTH
        }
    }

    /// Whether an input of `length` bytes may be read at all.
    pub(crate) const fn allow_length(self, length: usize) -> bool {
        length <= self.length && length <= MAX_LENGTH
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
