//! What a flash chip refuses, and why.

use embedded_storage_async::nor_flash::{NorFlashError, NorFlashErrorKind};

/// Why an access failed. Addresses are offsets from the chip's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlashError {
    /// An address or a length is not a multiple of what the chip does at a time.
    NotAligned {
        /// The address.
        at: u32,
        /// Bytes of the access.
        length: usize,
    },
    /// The access ends behind the chip.
    OutOfBounds {
        /// The address.
        at: u32,
        /// Bytes of the access.
        length: usize,
    },
    /// The word's error correcting code shows more damage than it can mend.
    Unreadable {
        /// The word's address.
        at: u32,
    },
    /// The word has been written as often as it may be between two erases.
    NotErased {
        /// The word's address.
        at: u32,
    },
    /// The script says that this access fails; nothing was changed.
    Scripted {
        /// The address.
        at: u32,
    },
}

impl core::fmt::Display for FlashError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotAligned { at, length } => {
                write!(f, "{length} bytes at {at:#x} are not aligned")
            }
            Self::OutOfBounds { at, length } => {
                write!(f, "{length} bytes at {at:#x} end behind the chip")
            }
            Self::Unreadable { at } => write!(f, "the word at {at:#x} cannot be read"),
            Self::NotErased { at } => write!(f, "the word at {at:#x} is not erased"),
            Self::Scripted { at } => write!(f, "the access to {at:#x} failed as told"),
        }
    }
}

impl core::error::Error for FlashError {}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned { .. } => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds { .. } => NorFlashErrorKind::OutOfBounds,
            _ => NorFlashErrorKind::Other,
        }
    }
}
