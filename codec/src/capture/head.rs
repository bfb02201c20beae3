//! Heads of CBOR items (RFC 8949 section 3).

use super::error::CaptureErrorKind;

/// The major types.
pub(super) mod major {
    pub(crate) const UNSIGNED: u8 = 0;
    pub(crate) const BYTES: u8 = 2;
    pub(crate) const TEXT: u8 = 3;
    pub(crate) const ARRAY: u8 = 4;
    pub(crate) const MAP: u8 = 5;
    pub(crate) const TAG: u8 = 6;
    pub(crate) const SIMPLE: u8 = 7;
}

/// Simple values (section 3.3).
pub(super) mod simple {
    pub(crate) const FALSE: u64 = 20;
    pub(crate) const TRUE: u64 = 21;
    pub(crate) const NULL: u64 = 22;
}

/// The head of an item: what it is, how much there is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The major type, 0 to 7.
    pub(super) major: u8,
    /// The argument: a value, a length, a count.
    pub(super) argument: u64,
    /// Bytes of the head itself: 1, 2, 3, 5 or 9.
    pub(super) size: usize,
}

/// The head at the start of `bytes`; `Err(Ok(n))` if it takes `n` bytes and they
/// are not there yet.
pub(super) fn read(bytes: &[u8]) -> Result<Head, Result<usize, CaptureErrorKind>> {
    let (&first, rest) = bytes.split_first().ok_or(Ok(1_usize))?;
    let major = first >> 5;
    let (argument, size) = match first & 0x1f {
        small @ 0..=23 => (u64::from(small), 1),
        24 => (be::<1>(rest).map(|b| u64::from(u8::from_be_bytes(b)))?, 2),
        25 => (be::<2>(rest).map(|b| u64::from(u16::from_be_bytes(b)))?, 3),
        26 => (be::<4>(rest).map(|b| u64::from(u32::from_be_bytes(b)))?, 5),
        27 => (be::<8>(rest).map(u64::from_be_bytes)?, 9),
        31 if matches!(major, major::BYTES..=major::MAP) => {
            return Err(Err(CaptureErrorKind::Indefinite));
        }
        // 28 to 30 are reserved, and a break ends nothing here.
        _ => return Err(Err(CaptureErrorKind::NotWellFormed)),
    };
    // Section 3.3: simple values below 32 are not written in two bytes.
    if major == major::SIMPLE && size == 2 && argument < 32 {
        return Err(Err(CaptureErrorKind::NotWellFormed));
    }
    Ok(Head {
        major,
        argument,
        size,
    })
}

fn be<const N: usize>(rest: &[u8]) -> Result<[u8; N], Result<usize, CaptureErrorKind>> {
    rest.first_chunk().copied().ok_or(Ok(N.saturating_add(1)))
}
