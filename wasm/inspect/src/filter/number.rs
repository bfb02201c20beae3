//! Numbers of any size and both kinds, compared exactly.

use std::cmp::Ordering;
use std::fmt;

use wigwag_codec::minijson::{BigInt, BigIntBuf};

/// A number of a filter or of a payload. Integers and floats are compared by
/// their exact values: 9007199254740993 is not 9007199254740992.0.
#[derive(Clone, Debug)]
pub(super) enum Number {
    /// An integer that fits.
    Int(i128),
    /// One that does not.
    Big(Box<BigIntBuf>),
    /// Any other number, never NaN or infinite.
    Float(f64),
}

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotANumber {
    /// Something else stands there.
    Form,
    /// More than 2^2039, or than a double can be.
    TooLarge,
}

impl Number {
    /// Decimal or `0x` digits, `_` between them, perhaps a fraction and an
    /// exponent.
    pub(super) fn read(text: &str) -> Result<Self, NotANumber> {
        let plain: String = text.chars().filter(|c| *c != '_').collect();
        let (negative, digits) = match plain.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
        };
        let hex = digits
            .strip_prefix("0x")
            .or_else(|| digits.strip_prefix("0X"));
        if let Some(hex) = hex {
            if hex.is_empty() {
                return Err(NotANumber::Form);
            }
            // Up to 31 digits are positive in an i128.
            if hex.len() > 31 {
                return Err(NotANumber::TooLarge);
            }
            let mut whole = 0;
            for digit in hex.chars() {
                let digit = digit.to_digit(16).ok_or(NotANumber::Form)?;
                whole = whole << 4 | i128::from(digit);
            }
            return Ok(Self::Int(if negative { -whole } else { whole }));
        }
        if digits.bytes().any(|byte| !byte.is_ascii_digit()) {
            let float: f64 = plain.parse().map_err(|_| NotANumber::Form)?;
            return if float.is_finite() {
                Ok(Self::Float(float))
            } else {
                Err(NotANumber::TooLarge)
            };
        }
        if digits.is_empty() {
            return Err(NotANumber::Form);
        }
        let plain = plain.strip_prefix('+').unwrap_or(&plain);
        let big: BigIntBuf = plain.parse().map_err(|_| NotANumber::TooLarge)?;
        Ok(match big.view().as_i128() {
            Some(int) => Self::Int(int),
            None => Self::Big(Box::new(big)),
        })
    }

    /// The nearest double.
    pub(super) fn as_f64(&self) -> f64 {
        match self {
            Self::Int(int) => *int as f64,
            Self::Big(big) if big.view().is_negative() => f64::MIN,
            Self::Big(_) => f64::MAX,
            Self::Float(float) => *float,
        }
    }

    /// The order of an integer of a payload against this number.
    pub(super) fn order_int(&self, value: i128) -> Ordering {
        match self {
            Self::Int(int) => value.cmp(int),
            Self::Big(big) if big.view().is_negative() => Ordering::Greater,
            Self::Big(_) => Ordering::Less,
            Self::Float(float) => int_to_float(value, *float),
        }
    }

    /// The order of an integer of any size.
    pub(super) fn order_big(&self, value: BigInt<'_>) -> Ordering {
        if let Some(int) = value.as_i128() {
            return self.order_int(int);
        }
        let by_sign = if value.is_negative() {
            Ordering::Less
        } else {
            Ordering::Greater
        };
        match self {
            Self::Int(_) => by_sign,
            Self::Big(big) => value.cmp(&big.view()),
            Self::Float(float) => whole(*float).map_or(by_sign, |float| value.cmp(&float.view())),
        }
    }

    /// The order of a float; nothing for NaN.
    pub(super) fn order_float(&self, value: f64) -> Option<Ordering> {
        if value.is_nan() {
            return None;
        }
        Some(match self {
            Self::Int(int) => int_to_float(*int, value).reverse(),
            Self::Float(float) => value.partial_cmp(float)?,
            Self::Big(_) if value.is_infinite() => value.partial_cmp(&0.0)?,
            Self::Big(big) => match whole(value) {
                Some(value) => value.view().cmp(&big.view()),
                None if big.view().is_negative() => Ordering::Greater,
                None => Ordering::Less,
            },
        })
    }
}

/// 2^127: doubles from here on are whole and beyond an `i128`.
const BEYOND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// The order of an integer against a float that is not NaN.
fn int_to_float(int: i128, float: f64) -> Ordering {
    if float >= BEYOND {
        return Ordering::Less;
    }
    if float < -BEYOND {
        return Ordering::Greater;
    }
    let floor = float.floor();
    let order = int.cmp(&(floor as i128));
    // Above the floor and below the float: 3 against 3.5.
    if order.is_eq() && float > floor {
        return Ordering::Less;
    }
    order
}

/// A double beyond an `i128` as an integer; nothing for smaller ones.
fn whole(float: f64) -> Option<BigIntBuf> {
    if !float.is_finite() || float.abs() < BEYOND {
        return None;
    }
    let bits = float.to_bits();
    let exponent = usize::try_from((bits >> 52) & 0x7FF).unwrap_or_default() - 1075;
    let mantissa = (bits & ((1 << 52) - 1)) | 1 << 52;
    // The mantissa, shifted by single bits in eight bytes and a zero, then by
    // whole bytes behind it.
    let shifted = u128::from(mantissa) << (exponent % 8);
    let mut magnitude = shifted.to_be_bytes().to_vec();
    magnitude.resize(magnitude.len() + exponent / 8, 0);
    BigIntBuf::from_magnitude(float < 0.0, &magnitude).ok()
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Big(a), Self::Big(b)) => a.view() == b.view(),
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            _ => false,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => int.fmt(f),
            Self::Big(big) => big.view().fmt(f),
            // With a point or an exponent, so that it stays a float.
            Self::Float(float) => fmt::Debug::fmt(float, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::read(text).unwrap()
    }

    #[test]
    fn integers_and_floats_are_compared_exactly() {
        use Ordering::{Equal, Greater, Less};

        // 2^53 + 1, which no double can be.
        assert_eq!(
            number("9007199254740993").order_float(9_007_199_254_740_992.0),
            Some(Less)
        );
        assert_eq!(
            number("9007199254740992").order_float(9_007_199_254_740_992.0),
            Some(Equal)
        );
        assert_eq!(
            number("9007199254740992.0").order_int((1 << 53) + 1),
            Greater
        );
        assert_eq!(number("3.5").order_int(3), Less);
        assert_eq!(number("3.5").order_int(4), Greater);
        assert_eq!(number("-3.5").order_int(-4), Less);
        assert_eq!(number("-3.5").order_int(-3), Greater);
        assert_eq!(number("1e300").order_int(i128::MAX), Less);
        assert_eq!(number("-1e300").order_int(i128::MIN), Greater);
        assert_eq!(number("0x10").order_int(16), Equal);
        assert_eq!(number("1").order_float(f64::NAN), None);
        assert_eq!(number("1").order_float(f64::INFINITY), Some(Greater));
    }

    #[test]
    fn numbers_beyond_128_bits_are_exact_too() {
        use Ordering::{Equal, Greater, Less};

        // 2^200 and the double that is exactly it.
        let text = "1606938044258990275541962092341162602522202993782792835301376";
        let (big, float) = (number(text), 2_f64.powi(200));
        assert_eq!(big.order_float(float), Some(Equal));
        assert_eq!(big.order_float(-float), Some(Less));
        assert_eq!(big.order_float(f64::INFINITY), Some(Greater));
        assert_eq!(big.order_float(1.0), Some(Less));
        assert_eq!(big.order_int(i128::MAX), Less);
        let more: BigIntBuf = format!("{}7", &text[..text.len() - 1]).parse().unwrap();
        assert_eq!(big.order_big(more.view()), Greater);
        assert_eq!(number("1e300").order_big(more.view()), Less);
        assert_eq!(number("1.5").order_big(more.view()), Greater);
        assert_eq!(Number::Float(float).order_big(more.view()), Greater);
        assert_eq!(number(&format!("-{text}")).order_big(more.view()), Greater);
        assert_eq!(big.to_string(), text);
        assert_eq!(number(text), big);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", "0x", "1.2.3", "--1", "1e", "."] {
            assert_eq!(Number::read(text).err(), Some(NotANumber::Form), "{text}");
        }
        let digits = "9".repeat(10_000);
        for text in ["1e999", "-1e999", &digits, &format!("0x{digits}")] {
            let error = Number::read(text).err();
            assert_eq!(error, Some(NotANumber::TooLarge), "{text:.20}");
        }
    }
}
