//! Integers of any size that minijson can carry.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

/// The most bytes that an integer of type 0x18 can have.
pub const MAX_INT_BYTES: usize = 255;

/// An exact integer, seen in the bytes it was read from.
///
/// Up to 255 bytes, big-endian. Two views are equal when the numbers are,
/// however many leading bytes each spends. `Display` writes the decimal digits
/// without an allocator.
///
/// ```
/// use wigwag_codec::minijson::BigInt;
///
/// let two_to_the_64 = BigInt::from_be_bytes(&[1, 0, 0, 0, 0, 0, 0, 0, 0]);
/// assert_eq!(two_to_the_64.as_u64(), None);
/// assert_eq!(two_to_the_64.as_i128(), Some(1 << 64));
/// assert!(two_to_the_64 > BigInt::from_be_bytes(&[0x80]));
/// ```
#[derive(Clone, Copy)]
pub struct BigInt<'a> {
    bytes: &'a [u8],
    /// Whether the first bit is a sign.
    signed: bool,
}

impl<'a> BigInt<'a> {
    /// A two's complement number; no bytes at all is 0.
    ///
    /// Any length is taken here; [`MAX_INT_BYTES`] binds only what is written.
    #[must_use]
    pub const fn from_be_bytes(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            signed: true,
        }
    }

    /// A number without a sign; no bytes at all is 0.
    #[must_use]
    pub const fn from_unsigned_be_bytes(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            signed: false,
        }
    }

    /// Whether the number is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.signed && self.bytes.first().is_some_and(|first| first & 0x80 != 0)
    }

    /// The byte that the number would be continued with to the left.
    fn filler(&self) -> u8 {
        if self.is_negative() { 0xFF } else { 0 }
    }

    /// The bytes without leading ones that add nothing. Their own first bit
    /// need not be a sign.
    pub(super) fn digits(&self) -> &'a [u8] {
        let filler = self.filler();
        let mut digits = self.bytes;
        while let Some((&first, rest)) = digits.split_first() {
            if first != filler {
                break;
            }
            digits = rest;
        }
        digits
    }

    /// The last `N` bytes of the number, continued to the left where it is
    /// shorter; nothing if it is longer.
    fn low_bytes<const N: usize>(&self) -> Option<[u8; N]> {
        let digits = self.digits();
        let start = N.checked_sub(digits.len())?;
        let mut bytes = [self.filler(); N];
        crate::bytes::copy(bytes.get_mut(start..)?, digits);
        Some(bytes)
    }

    /// The number, if it fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        // The short form first: nearly every integer of this type is a time stamp.
        if self.signed && self.bytes.len() <= 8 {
            let mut value: i64 = if self.is_negative() { -1 } else { 0 };
            for byte in self.bytes {
                value = (value << 8) | i64::from(*byte);
            }
            return Some(value);
        }
        i64::try_from(self.as_i128()?).ok()
    }

    /// The number, if it fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        u64::try_from(self.as_i128()?).ok()
    }

    /// The number, if it fits.
    #[must_use]
    pub fn as_i128(&self) -> Option<i128> {
        let value = i128::from_be_bytes(self.low_bytes()?);
        ((value < 0) == self.is_negative()).then_some(value)
    }

    /// The number, if it fits.
    #[must_use]
    pub fn as_u128(&self) -> Option<u128> {
        if self.is_negative() {
            return None;
        }
        Some(u128::from_be_bytes(self.low_bytes()?))
    }

    /// How many bytes the number needs as two's complement: at least 1.
    #[must_use]
    pub fn signed_len(&self) -> usize {
        let digits = self.digits();
        let sign_fits = digits
            .first()
            .is_some_and(|first| (first & 0x80 != 0) == self.is_negative());
        digits.len().saturating_add(usize::from(!sign_fits))
    }

    /// Writes the shortest two's complement form and returns its length; nothing
    /// if `out` is shorter than [`signed_len`](Self::signed_len).
    pub fn write_signed(&self, out: &mut [u8]) -> Option<usize> {
        let length = self.signed_len();
        let out = out.get_mut(..length)?;
        out.fill(self.filler());
        let digits = self.digits();
        let place = out.get_mut(length.checked_sub(digits.len())?..)?;
        crate::bytes::copy(place, digits);
        Some(length)
    }

    /// The magnitude without leading zeros, written to `out`; `None` if it does
    /// not fit.
    fn write_magnitude<'b>(&self, out: &'b mut [u8]) -> Option<&'b [u8]> {
        let length = self.signed_len();
        self.write_signed(out)?;
        let out = out.get_mut(..length)?;
        if self.is_negative() {
            negate(out);
        }
        let zeros = out.iter().take_while(|byte| **byte == 0).count();
        out.get(zeros..)
    }
}

/// Two's complement in place: inverts, and adds one from the last byte.
pub(super) fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

impl PartialEq for BigInt<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is_negative() == other.is_negative() && self.digits() == other.digits()
    }
}

impl Eq for BigInt<'_> {}

impl Hash for BigInt<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.is_negative().hash(state);
        self.digits().hash(state);
    }
}

impl Ord for BigInt<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.digits(), other.digits());
        match (self.is_negative(), other.is_negative()) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            // More digits is further below zero; among equals the bytes of two's
            // complement grow with the number.
            (true, true) => b.len().cmp(&a.len()).then_with(|| a.cmp(b)),
        }
    }
}

impl PartialOrd for BigInt<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for BigInt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Nine decimal digits at a time.
const CHUNK: u64 = 1_000_000_000;
/// Enough for 2^2048: 617 digits.
const MAX_CHUNKS: usize = 69;

impl fmt::Display for BigInt<'_> {
    /// The decimal digits, with a minus sign below zero. A number of more than
    /// [`MAX_INT_BYTES`] bytes is written as hexadecimal with its `0x`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(small) = self.as_i128() {
            return fmt::Display::fmt(&small, f);
        }
        // One byte more: the magnitude of an unsigned number needs no sign, but
        // is made through the signed form.
        let mut buffer = [0_u8; MAX_INT_BYTES + 1];
        let Some(magnitude) = self.write_magnitude(&mut buffer) else {
            f.write_str("0x")?;
            return self.bytes.iter().try_for_each(|b| write!(f, "{b:02x}"));
        };
        // Horner's rule, little end first, four bytes at a time:
        // chunks = chunks * 2^32 + word.
        let mut chunks = [0_u32; MAX_CHUNKS];
        let mut used = 0_usize;
        let (first, words) = magnitude.as_rchunks::<4>();
        let first = first
            .iter()
            .fold(0, |word, byte| word << 8 | u32::from(*byte));
        let words = words.iter().map(|word| u32::from_be_bytes(*word));
        for word in core::iter::once(first).chain(words) {
            let mut carry = u64::from(word);
            for chunk in chunks.iter_mut().take(used) {
                carry = carry.saturating_add(u64::from(*chunk) << 32);
                *chunk = (carry % CHUNK) as u32;
                carry /= CHUNK;
            }
            while carry > 0
                && let Some(chunk) = chunks.get_mut(used)
            {
                *chunk = (carry % CHUNK) as u32;
                carry /= CHUNK;
                used = used.saturating_add(1);
            }
        }
        if self.is_negative() {
            f.write_str("-")?;
        }
        let mut leading = true;
        for chunk in chunks.iter().take(used).rev() {
            if leading {
                write!(f, "{chunk}")?;
            } else {
                write!(f, "{chunk:09}")?;
            }
            leading = false;
        }
        Ok(())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for BigInt<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self.as_i128() {
            Some(small) => defmt::write!(f, "{=i128}", small),
            None => defmt::write!(f, "{=[u8]:02x}", self.bytes),
        }
    }
}
