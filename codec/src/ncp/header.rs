//! What stands before the fields of a packet.

use super::error::{NcpError, NcpErrorKind};
use super::{HEADER_LEN, Ident, MAGIC};

/// When a packet was made, in UTC: 1970 to 2106.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Time {
    secs: u32,
    nanos: u32,
}

impl Time {
    /// The start of 1970, as of a device without a clock.
    pub const ZERO: Self = Self { secs: 0, nanos: 0 };

    /// Seconds since 1970, and nanoseconds, less than 1,000,000,000 of them.
    #[must_use]
    pub const fn new(secs: u32, nanos: u32) -> Option<Self> {
        if nanos < 1_000_000_000 {
            Some(Self { secs, nanos })
        } else {
            None
        }
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn from_secs(secs: u32) -> Self {
        Self { secs, nanos: 0 }
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn secs(self) -> u32 {
        self.secs
    }

    /// Nanoseconds of the second.
    #[must_use]
    pub const fn nanos(self) -> u32 {
        self.nanos
    }
}

/// The header of a packet: what it has besides its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// The packet's type, as `LINK` or `DSPC`.
    pub kind: Ident,
    /// The packet's id. Programs on ncplib send 1 always, and 0 to keep alive.
    pub id: u32,
    /// When it was made.
    pub time: Time,
    /// The sender's id: with ncplib, four bytes of its hardware (MAC) address.
    pub info: [u8; 4],
}

impl Header {
    /// A header with id 1, without time and sender.
    #[must_use]
    pub const fn new(kind: Ident) -> Self {
        Self {
            kind,
            id: 1,
            time: Time::ZERO,
            info: [0; 4],
        }
    }

    /// Reads a header, and the size of the whole packet in words.
    #[inline]
    pub(super) fn read(bytes: &[u8; HEADER_LEN]) -> Result<(Self, u32), NcpError> {
        let error = |kind, offset| Err(NcpError::new(kind, offset));
        let [
            [m0, m1, m2, m3],
            kind,
            size,
            id,
            _version,
            secs,
            nanos,
            info,
        ] = words(bytes);
        if [m0, m1, m2, m3] != MAGIC {
            return error(NcpErrorKind::Magic, 0);
        }
        let nanos = u32::from_le_bytes(nanos);
        let Some(time) = Time::new(u32::from_le_bytes(secs), nanos) else {
            return error(NcpErrorKind::Nanoseconds(nanos), 24);
        };
        let header = Self {
            kind: Ident::from_wire(kind),
            id: u32::from_le_bytes(id),
            time,
            info,
        };
        Ok((header, u32::from_le_bytes(size)))
    }

    /// The header as it stands before a packet of so many words.
    pub(super) fn write(&self, size: u32) -> [u8; HEADER_LEN] {
        let words = [
            MAGIC,
            self.kind.bytes(),
            size.to_le_bytes(),
            self.id.to_le_bytes(),
            1_u32.to_le_bytes(),
            self.time.secs.to_le_bytes(),
            self.time.nanos.to_le_bytes(),
            self.info,
        ];
        let mut bytes = [0; HEADER_LEN];
        for (place, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *place = word;
        }
        bytes
    }
}

/// The eight words of a header.
fn words(bytes: &[u8; HEADER_LEN]) -> [[u8; 4]; 8] {
    let mut words = [[0; 4]; 8];
    for (word, from) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = *from;
    }
    words
}
