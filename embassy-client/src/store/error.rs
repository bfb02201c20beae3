//! Why something could not be stored or read.

use embedded_storage_async::nor_flash::{NorFlashError, NorFlashErrorKind};
use sequential_storage::Error as MapError;
use sequential_storage::map::SerializationError;

use super::guard::GuardError;

/// Why the store did not do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StoreError {
    /// The region cannot hold a store.
    Region(RegionError),
    /// The flash itself answered with an error.
    Flash(NorFlashErrorKind),
    /// What was read back is not what was written: the flash is worn out, or
    /// somebody else writes to it.
    Worn {
        /// Where, as an offset into the flash, in bytes.
        offset: u32,
    },
    /// There is no room for it beside everything else that is stored.
    Full,
    /// The value is too long.
    TooLong {
        /// Most bytes of a value.
        limit: usize,
    },
    /// What stands in flash makes no sense, and could not be mended.
    Corrupted,
    /// A later version of this program wrote it: update the firmware, or
    /// [`erase`](super::Store::erase) the region and lose what is in it.
    UnknownVersion {
        /// The version that stands in flash.
        version: u8,
    },
}

/// Why a region of flash cannot hold a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RegionError {
    /// It does not begin and end at the border of a sector.
    NotAligned,
    /// It is beyond the end of the flash.
    OutOfBounds,
    /// It has fewer than [`MIN_SECTORS`](super::MIN_SECTORS) sectors.
    TooFewSectors,
    /// The flash has sectors that are too small for the longest value, or words
    /// of more than 32 bytes.
    Geometry,
}

impl StoreError {
    pub(super) fn of<E: NorFlashError>(error: MapError<GuardError<E>>, limit: usize) -> Self {
        match error {
            MapError::Storage { value, .. } => value.into(),
            MapError::FullStorage => Self::Full,
            MapError::ItemTooBig
            | MapError::BufferTooSmall(_)
            | MapError::SerializationError(SerializationError::BufferTooSmall) => {
                Self::TooLong { limit }
            }
            _ => Self::Corrupted,
        }
    }
}

impl StoreError {
    /// `value`, where what was read makes no sense; the flash's own errors stay.
    pub(super) fn or_nonsense<T>(self, value: T) -> Result<T, Self> {
        match self {
            Self::Corrupted | Self::TooLong { .. } => Ok(value),
            error => Err(error),
        }
    }
}

impl<E: NorFlashError> From<GuardError<E>> for StoreError {
    fn from(error: GuardError<E>) -> Self {
        match error {
            GuardError::Flash(error) => Self::Flash(error.kind()),
            GuardError::Worn { offset } => Self::Worn { offset },
        }
    }
}

impl core::fmt::Display for RegionError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NotAligned => "it does not begin and end at the border of a sector",
            Self::OutOfBounds => "it is beyond the end of the flash",
            Self::TooFewSectors => "it has fewer than three sectors",
            Self::Geometry => "its sectors are too small, or its words larger than 32 bytes",
        })
    }
}

impl core::fmt::Display for StoreError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Region(error) => write!(f, "the region cannot hold a store: {error}"),
            Self::Flash(kind) => write!(f, "the flash failed: {kind}"),
            Self::Worn { offset } => write!(
                f,
                "the flash at {offset:#x} does not hold what was written: it is worn out"
            ),
            Self::Full => f.write_str("the store is full: give it more sectors"),
            Self::TooLong { limit } => write!(f, "a value has at most {limit} bytes"),
            Self::Corrupted => f.write_str("what stands in flash makes no sense: erase the region"),
            Self::UnknownVersion { version } => write!(
                f,
                "the store is of version {version}: update the firmware, or erase its region"
            ),
        }
    }
}

impl core::error::Error for RegionError {}

impl core::error::Error for StoreError {}
