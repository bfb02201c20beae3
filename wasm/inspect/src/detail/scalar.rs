//! What a path finds.

use wigwag_codec::minijson::{BigInt, MAX_INT_BYTES};
use wigwag_codec::ncp;

/// A value that stands in a frame, as far as it is one: of a list or a map only how
/// many elements it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// An integer of any width, with or without sign.
    Integer(i128),
    /// An integer that needs more than 128 bits.
    Big(BigInt<'a>),
    /// A float of 32 bits.
    Single(f32),
    /// A float of 64 bits.
    Double(f64),
    /// Text.
    Text(&'a str),
    /// Bytes; also text that is not UTF-8.
    Bytes(&'a [u8]),
    /// An array of numbers of NCP.
    Numbers(Numbers<'a>),
    /// A list of so many values.
    List(u32),
    /// A map of so many entries; an NCP field of so many parameters.
    Map(u32),
}

impl Scalar<'_> {
    /// A number of any kind, rounded to the nearest double.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // Said above.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(int) => Some(*int as f64),
            Self::Big(big) => Some(rounded(*big)),
            Self::Single(single) => Some(f64::from(*single)),
            Self::Double(double) => Some(*double),
            _ => None,
        }
    }
}

/// An integer of more than 128 bits: what is below its first 15 bytes is far less than
/// what a double keeps.
#[allow(clippy::cast_precision_loss)] // That is meant.
fn rounded(big: BigInt<'_>) -> f64 {
    let mut bytes = [0; MAX_INT_BYTES + 1];
    let length = big.write_signed(&mut bytes).unwrap_or(0);
    let (head, rest) = bytes
        .get(..length)
        .unwrap_or_default()
        .split_at(length.min(15));
    let sign = if big.is_negative() { -1 } else { 0 };
    let head = head
        .iter()
        .fold(sign, |number: i128, byte| number << 8 | i128::from(*byte));
    head as f64 * 256_f64.powi(i32::try_from(rest.len()).unwrap_or(0))
}

/// An array of numbers where it lies in a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers<'a> {
    value: ncp::Value<'a>,
}

/// Calls `$do` with the array of a value, whatever its numbers are.
macro_rules! with_array {
    ($value:expr, $array:ident => $do:expr, $else:expr) => {
        match $value {
            ncp::Value::U8s($array) => $do,
            ncp::Value::U16s($array) => $do,
            ncp::Value::U32s($array) => $do,
            ncp::Value::U64s($array) => $do,
            ncp::Value::I8s($array) => $do,
            ncp::Value::I16s($array) => $do,
            ncp::Value::I32s($array) => $do,
            ncp::Value::I64s($array) => $do,
            ncp::Value::F32s($array) => $do,
            ncp::Value::F64s($array) => $do,
            _ => $else,
        }
    };
}

impl<'a> Numbers<'a> {
    /// The array that `value` is, if it is one.
    #[must_use]
    pub fn new(value: ncp::Value<'a>) -> Option<Self> {
        with_array!(value, _array => Some(Self { value }), None)
    }

    /// How many numbers there are. Arrays of 8-bit and 16-bit numbers are filled
    /// with zeros to a whole word.
    #[must_use]
    pub fn len(&self) -> usize {
        with_array!(self.value, array => array.len(), 0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of each number.
    #[must_use]
    pub fn width(&self) -> usize {
        match self.value {
            ncp::Value::U8s(_) | ncp::Value::I8s(_) => 1,
            ncp::Value::U16s(_) | ncp::Value::I16s(_) => 2,
            ncp::Value::U64s(_) | ncp::Value::I64s(_) | ncp::Value::F64s(_) => 8,
            _ => 4,
        }
    }

    /// The number at `index`, counted from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Scalar<'a>> {
        with_array!(self.value, array => array.get(index).map(Scalar::from), None)
    }

    /// All of them, as doubles: integers beyond 2^53 are rounded.
    pub fn iter(&self) -> impl Iterator<Item = f64> + use<'a> {
        let numbers = *self;
        (0..self.len()).filter_map(move |index| numbers.get(index)?.as_f64())
    }
}

macro_rules! from_integer {
    ($($number:ty),*) => {$(
        impl From<$number> for Scalar<'_> {
            fn from(number: $number) -> Self {
                Self::Integer(i128::from(number))
            }
        }
    )*};
}

from_integer!(u8, u16, u32, u64, i8, i16, i32, i64);

impl From<f32> for Scalar<'_> {
    fn from(number: f32) -> Self {
        Self::Single(number)
    }
}

impl From<f64> for Scalar<'_> {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl<'a> From<ncp::Value<'a>> for Scalar<'a> {
    fn from(value: ncp::Value<'a>) -> Self {
        match value {
            ncp::Value::I32(number) => number.into(),
            ncp::Value::U32(number) => number.into(),
            ncp::Value::I64(number) => number.into(),
            ncp::Value::U64(number) => number.into(),
            ncp::Value::F32(number) => number.into(),
            ncp::Value::F64(number) => number.into(),
            ncp::Value::Str(text) => Self::Text(text),
            ncp::Value::Raw(bytes) | ncp::Value::Unknown { bytes, .. } => Self::Bytes(bytes),
            _ => Numbers::new(value).map_or(Self::Null, Self::Numbers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_any_size_are_rounded() {
        for (bytes, expected) in [
            (
                vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                2_f64.powi(128),
            ),
            (vec![0xff; 20], -1.0),
            ([vec![0x80], vec![0; 29]].concat(), -(2_f64.powi(239))),
            (
                [vec![0x40], vec![0xff; 29]].concat(),
                2_f64.powi(238) + 2_f64.powi(232),
            ),
            (vec![0x7f; 255], f64::INFINITY),
            (vec![], 0.0),
        ] {
            let big = Scalar::Big(BigInt::from_be_bytes(&bytes));
            assert_eq!(big.as_f64(), Some(expected), "{bytes:02x?}");
        }
        assert_eq!(Scalar::Text("1").as_f64(), None);
    }
}
