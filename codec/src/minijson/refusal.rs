//! Why the pen does not write an item.

use super::error::ErrorKind;

/// Why an item is not written. In a byte: hot paths hand it up instead of a whole
/// [`ErrorKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    BufferFull,
    KeyTooLong,
    IntegerTooLarge,
    FloatTooLarge,
    TooLarge,
    KeyExpected,
    ValueExpected,
    AlreadyComplete,
    TooDeep,
    ContainerAsKey,
}

impl Refusal {
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) const fn kind(self) -> ErrorKind {
        match self {
            Self::BufferFull => ErrorKind::BufferFull,
            Self::KeyTooLong => ErrorKind::KeyTooLong,
            Self::IntegerTooLarge => ErrorKind::IntegerTooLarge,
            Self::FloatTooLarge => ErrorKind::FloatTooLarge,
            Self::TooLarge => ErrorKind::TooLarge,
            Self::KeyExpected => ErrorKind::KeyExpected,
            Self::ValueExpected => ErrorKind::ValueExpected,
            Self::AlreadyComplete => ErrorKind::AlreadyComplete,
            Self::TooDeep => ErrorKind::TooDeep,
            Self::ContainerAsKey => ErrorKind::ContainerAsKey,
        }
    }
}

/// What comes of writing an item.
pub(crate) type Written = Result<(), Refusal>;
