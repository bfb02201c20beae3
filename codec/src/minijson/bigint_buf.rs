//! An exact integer that owns its bytes: what decimal digits become.

use core::fmt;
use core::str::FromStr;

use super::bigint::{BigInt, MAX_INT_BYTES, negate};
use super::error::ErrorKind;

/// An integer of up to [`MAX_INT_BYTES`] bytes with its bytes beside it.
///
/// ```
/// use wigwag_codec::minijson::{BigIntBuf, ErrorKind};
///
/// let number: BigIntBuf = "-18446744073709551616".parse()?;
/// assert_eq!(number.view().as_i128(), Some(-(1 << 64)));
/// assert_eq!(number.to_string(), "-18446744073709551616");
/// assert_eq!("1x".parse::<BigIntBuf>(), Err(ErrorKind::InvalidToken));
/// # Ok::<(), ErrorKind>(())
/// ```
#[derive(Clone, Copy)]
pub struct BigIntBuf {
    bytes: [u8; MAX_INT_BYTES],
    length: usize,
}

impl BigIntBuf {
    /// The number as a view, which has the arithmetic questions.
    #[must_use]
    pub fn view(&self) -> BigInt<'_> {
        BigInt::from_be_bytes(self.as_be_bytes())
    }

    /// The number as the shortest two's complement, big-endian.
    #[must_use]
    pub fn as_be_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// Copies a view into a buffer of its own.
    ///
    /// # Errors
    /// [`ErrorKind::IntegerTooLarge`] when it needs more than [`MAX_INT_BYTES`].
    pub fn from_view(view: BigInt<'_>) -> Result<Self, ErrorKind> {
        let mut bytes = [0; MAX_INT_BYTES];
        let length = view
            .write_signed(&mut bytes)
            .ok_or(ErrorKind::IntegerTooLarge)?;
        Ok(Self { bytes, length })
    }

    /// The number of a sign and a magnitude without a sign, big-endian.
    ///
    /// # Errors
    /// [`ErrorKind::IntegerTooLarge`] when it needs more than [`MAX_INT_BYTES`].
    pub fn from_magnitude(negative: bool, magnitude: &[u8]) -> Result<Self, ErrorKind> {
        let mut number = Self::from_view(BigInt::from_unsigned_be_bytes(magnitude));
        if !negative {
            return number;
        }
        if number.is_err() {
            // -2^2039 fits although 2^2039 does not.
            number = Self::lowest_of(magnitude);
        }
        let mut number = number?;
        let bytes = number.bytes.get_mut(..number.length).unwrap_or(&mut []);
        negate(bytes);
        // One byte less may be enough now: 128 needs two, -128 one.
        Self::from_view(BigInt::from_be_bytes(bytes))
    }

    /// The one magnitude that only a negative number can have.
    fn lowest_of(magnitude: &[u8]) -> Result<Self, ErrorKind> {
        let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
        let digits = magnitude.get(zeros..).unwrap_or(&[]);
        match digits.split_first() {
            Some((&0x80, rest))
                if digits.len() == MAX_INT_BYTES && rest.iter().all(|byte| *byte == 0) =>
            {
                let mut bytes = [0; MAX_INT_BYTES];
                crate::bytes::copy(&mut bytes, digits);
                Ok(Self {
                    bytes,
                    length: MAX_INT_BYTES,
                })
            }
            _ => Err(ErrorKind::IntegerTooLarge),
        }
    }
}

/// Decimal digits taken at once: 10^9 fits a u32.
const CHUNK: usize = 9;

impl FromStr for BigIntBuf {
    type Err = ErrorKind;

    /// Decimal digits, with a minus sign or without.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidToken`] for anything else,
    /// [`ErrorKind::IntegerTooLarge`] beyond [`MAX_INT_BYTES`].
    fn from_str(text: &str) -> Result<Self, ErrorKind> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(ErrorKind::InvalidToken);
        }
        let mut magnitude = [0_u8; MAX_INT_BYTES];
        // Bytes in use, at the end of the array.
        let mut used = 0_usize;
        for chunk in digits.as_bytes().chunks(CHUNK) {
            let (mut factor, mut carry) = (1_u64, 0_u64);
            for digit in chunk {
                factor = factor.saturating_mul(10);
                carry = carry
                    .saturating_mul(10)
                    .saturating_add(u64::from(digit.wrapping_sub(b'0')));
            }
            for (index, byte) in magnitude.iter_mut().rev().enumerate() {
                if index >= used {
                    if carry == 0 {
                        break;
                    }
                    used = used.saturating_add(1);
                }
                // Below 255 * 10^9 + 2^32: far from overflowing.
                carry = carry.saturating_add(u64::from(*byte).saturating_mul(factor));
                [.., *byte] = carry.to_be_bytes();
                carry >>= 8;
            }
            if carry > 0 {
                return Err(ErrorKind::IntegerTooLarge);
            }
        }
        Self::from_magnitude(negative, &magnitude)
    }
}

impl From<i64> for BigIntBuf {
    fn from(value: i64) -> Self {
        let view = value.to_be_bytes();
        let mut bytes = [0; MAX_INT_BYTES];
        let length = BigInt::from_be_bytes(&view)
            .write_signed(&mut bytes)
            .unwrap_or(0);
        Self { bytes, length }
    }
}

impl PartialEq for BigIntBuf {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl Eq for BigIntBuf {}

impl fmt::Debug for BigIntBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.view(), f)
    }
}

impl fmt::Display for BigIntBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.view(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};
    use std::{format, vec};

    #[test]
    fn decimal_there_and_back() {
        for text in [
            "0",
            "-1",
            "127",
            "128",
            "-128",
            "-129",
            "255",
            "256",
            "9223372036854775807",
            "-9223372036854775808",
            "340282366920938463463374607431768211456",
            "1000000000000000000000000000000000000000000000000000000000000000000000000001",
            "-999999999999999999999999999999999999999999999999999999999999999999999999999",
        ] {
            let number: BigIntBuf = text.parse().unwrap();
            assert_eq!(number.to_string(), text);
        }
        assert_eq!("-0".parse::<BigIntBuf>().unwrap().as_be_bytes(), [0]);
        let zeros: String = "0".repeat(10_000) + "7";
        assert_eq!(zeros.parse::<BigIntBuf>().unwrap().as_be_bytes(), [7]);
        assert_eq!("128".parse::<BigIntBuf>().unwrap().as_be_bytes(), [0, 128]);
        assert_eq!("-128".parse::<BigIntBuf>().unwrap().as_be_bytes(), [128]);
    }

    #[test]
    fn ends_at_255_bytes() {
        let mut lowest = [0; MAX_INT_BYTES];
        lowest[0] = 0x80;
        let text = format!("{}", BigInt::from_be_bytes(&lowest));
        assert_eq!(text.parse::<BigIntBuf>().unwrap().as_be_bytes(), lowest);
        let positive = text.strip_prefix('-').unwrap();
        assert_eq!(
            positive.parse::<BigIntBuf>(),
            Err(ErrorKind::IntegerTooLarge)
        );
        let mut highest = [0xFF; MAX_INT_BYTES];
        highest[0] = 0x7F;
        let text = format!("{}", BigInt::from_be_bytes(&highest));
        assert_eq!(text.parse::<BigIntBuf>().unwrap().as_be_bytes(), highest);
        let digits = String::from_utf8(vec![b'9'; 100_000]).unwrap();
        assert_eq!(digits.parse::<BigIntBuf>(), Err(ErrorKind::IntegerTooLarge));
    }

    #[test]
    fn only_digits() {
        for text in ["", "-", "+1", "1 ", "0x1", "--1", "1_0"] {
            assert_eq!(text.parse::<BigIntBuf>(), Err(ErrorKind::InvalidToken));
        }
    }
}
