//! What can be the value of a parameter when it is written.

use super::WORD;
use super::array::Array;
use super::error::NcpErrorKind;
use super::value::{Value, ValueType};
use crate::bytes;

/// What can be the value of a parameter.
///
/// | Rust | on the wire |
/// |---|---|
/// | `i32`, `u32`, `i64`, `u64`, `f32`, `f64` | the type of the same name |
/// | `bool` | i32, 0 or 1, as ncplib has it |
/// | `&str` | string, with a NUL at its end |
/// | `&[u8]`, `&[u8; N]` | raw |
/// | `&[i8]`, `&[u16]`, .. `&[f64]`, and `&[T; N]` | the array of that type |
/// | [`Array<T>`](Array), [`Value`] | what they were when they were read |
///
/// An array of `u8` is written from `Array::<u8>::new(bytes)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value of an NCP parameter",
    note = "there are integers of 32 and 64 bits, `f32`, `f64`, `bool`, `&str`, slices of numbers and `Value`"
)]
pub trait ToValue: sealed::Put {}

impl<T: sealed::Put> ToValue for T {}

mod sealed {
    use super::super::error::NcpErrorKind;

    /// How a value is written.
    pub trait Put {
        /// The number of its type.
        fn kind(&self) -> u8;
        /// How many bytes it has, without what fills its last word.
        fn length(&self) -> usize;
        /// Writes it to `place`, which has so many.
        fn put(&self, place: &mut [u8]);
        /// Why it cannot be sent.
        fn check(&self) -> Result<(), NcpErrorKind> {
            Ok(())
        }
    }
}

pub(super) use sealed::Put;

macro_rules! scalars {
    ($($number:ty => $kind:ident;)*) => {$(
        impl Put for $number {
            fn kind(&self) -> u8 {
                ValueType::$kind as u8
            }

            fn length(&self) -> usize {
                size_of::<Self>()
            }

            fn put(&self, place: &mut [u8]) {
                bytes::copy(place, &self.to_le_bytes());
            }
        }
    )*};
}

macro_rules! slices {
    ($($number:ty => $kind:ident;)*) => {$(
        impl Put for &[$number] {
            fn kind(&self) -> u8 {
                ValueType::$kind as u8
            }

            fn length(&self) -> usize {
                size_of_val(*self)
            }

            fn put(&self, place: &mut [u8]) {
                let (each, _) = place.as_chunks_mut::<{ size_of::<$number>() }>();
                for (place, number) in each.iter_mut().zip(*self) {
                    *place = number.to_le_bytes();
                }
            }
        }
    )*};
}

macro_rules! arrays {
    ($($number:ty => $kind:ident;)*) => {$(
        impl<const N: usize> Put for &[$number; N] {
            fn kind(&self) -> u8 {
                self.as_slice().kind()
            }

            fn length(&self) -> usize {
                self.as_slice().length()
            }

            fn put(&self, place: &mut [u8]) {
                self.as_slice().put(place);
            }
        }

        impl Put for Array<'_, $number> {
            fn kind(&self) -> u8 {
                ValueType::$kind as u8
            }

            fn length(&self) -> usize {
                self.bytes().len()
            }

            fn put(&self, place: &mut [u8]) {
                bytes::copy(place, self.bytes());
            }
        }
    )*};
}

scalars! {
    i32 => I32;
    u32 => U32;
    i64 => I64;
    u64 => U64;
    f32 => F32;
    f64 => F64;
}

slices! {
    u16 => U16s;
    u32 => U32s;
    i8 => I8s;
    i16 => I16s;
    i32 => I32s;
    u64 => U64s;
    i64 => I64s;
    f32 => F32s;
    f64 => F64s;
}

arrays! {
    u8 => U8s;
    u16 => U16s;
    u32 => U32s;
    i8 => I8s;
    i16 => I16s;
    i32 => I32s;
    u64 => U64s;
    i64 => I64s;
    f32 => F32s;
    f64 => F64s;
}

impl Put for &[u8] {
    fn kind(&self) -> u8 {
        ValueType::Raw as u8
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn put(&self, place: &mut [u8]) {
        bytes::copy(place, self);
    }
}

impl Put for bool {
    fn kind(&self) -> u8 {
        ValueType::I32 as u8
    }

    fn length(&self) -> usize {
        WORD
    }

    fn put(&self, place: &mut [u8]) {
        i32::from(*self).put(place);
    }
}

impl Put for &str {
    fn kind(&self) -> u8 {
        ValueType::Str as u8
    }

    fn length(&self) -> usize {
        // With the NUL at its end.
        self.len().saturating_add(1)
    }

    fn put(&self, place: &mut [u8]) {
        if let Some((nul, text)) = place.split_last_mut() {
            bytes::copy(text, self.as_bytes());
            *nul = 0;
        }
    }

    fn check(&self) -> Result<(), NcpErrorKind> {
        if self.contains('\0') {
            return Err(NcpErrorKind::Nul);
        }
        Ok(())
    }
}

impl Put for Value<'_> {
    fn kind(&self) -> u8 {
        Self::kind(self)
    }

    fn length(&self) -> usize {
        match self {
            Self::I32(_) | Self::U32(_) | Self::F32(_) => 4,
            Self::I64(_) | Self::U64(_) | Self::F64(_) => 8,
            Self::Str(text) => text.length(),
            _ => self.bytes().len(),
        }
    }

    fn put(&self, place: &mut [u8]) {
        match self {
            Self::I32(number) => number.put(place),
            Self::U32(number) => number.put(place),
            Self::I64(number) => number.put(place),
            Self::U64(number) => number.put(place),
            Self::F32(number) => number.put(place),
            Self::F64(number) => number.put(place),
            Self::Str(text) => text.put(place),
            _ => bytes::copy(place, self.bytes()),
        }
    }

    fn check(&self) -> Result<(), NcpErrorKind> {
        match self {
            Self::Str(text) => text.check(),
            Self::Unknown { kind, .. } if ValueType::from_u8(*kind).is_some() => {
                Err(NcpErrorKind::KnownType(*kind))
            }
            _ => Ok(()),
        }
    }
}

impl<'a> Value<'a> {
    /// The bytes of raw bytes, of an array, or of something unknown.
    const fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Raw(bytes) | Self::Unknown { bytes, .. } => bytes,
            Self::U8s(array) => array.bytes(),
            Self::U16s(array) => array.bytes(),
            Self::U32s(array) => array.bytes(),
            Self::I8s(array) => array.bytes(),
            Self::I16s(array) => array.bytes(),
            Self::I32s(array) => array.bytes(),
            Self::U64s(array) => array.bytes(),
            Self::I64s(array) => array.bytes(),
            Self::F32s(array) => array.bytes(),
            Self::F64s(array) => array.bytes(),
            _ => &[],
        }
    }
}
