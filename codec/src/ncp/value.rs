//! The value of a parameter.

use super::array::Array;
use super::error::{NcpError, NcpErrorKind};

macro_rules! types {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $name:literal;)*) => {
        /// The 18 types of values, by their number on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[repr(u8)]
        pub enum ValueType {
            $($(#[$doc])* $variant = $id,)*
        }

        impl ValueType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The type of a number; `None` if nobody knows it.
            #[inline(always)]
            #[must_use]
            pub const fn from_u8(id: u8) -> Option<Self> {
                match id {
                    $($id => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its name as tools show it: `i32`, `string`, `u8[]`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

types! {
    /// A signed 32-bit integer.
    I32 = 0x00, "i32";
    /// An unsigned 32-bit integer.
    U32 = 0x01, "u32";
    /// A string: UTF-8 up to the first NUL.
    Str = 0x02, "string";
    /// A signed 64-bit integer.
    I64 = 0x03, "i64";
    /// An unsigned 64-bit integer.
    U64 = 0x04, "u64";
    /// A 32-bit float (IEEE 754 single).
    F32 = 0x10, "f32";
    /// A 64-bit float (IEEE 754 double).
    F64 = 0x11, "f64";
    /// Bytes.
    Raw = 0x80, "raw";
    /// An array of unsigned 8-bit integers.
    U8s = 0x81, "u8[]";
    /// An array of unsigned 16-bit integers.
    U16s = 0x82, "u16[]";
    /// An array of unsigned 32-bit integers.
    U32s = 0x83, "u32[]";
    /// An array of signed 8-bit integers.
    I8s = 0x84, "i8[]";
    /// An array of signed 16-bit integers.
    I16s = 0x85, "i16[]";
    /// An array of signed 32-bit integers.
    I32s = 0x86, "i32[]";
    /// An array of unsigned 64-bit integers.
    U64s = 0x87, "u64[]";
    /// An array of signed 64-bit integers.
    I64s = 0x88, "i64[]";
    /// An array of 32-bit floats.
    F32s = 0x90, "f32[]";
    /// An array of 64-bit floats.
    F64s = 0x91, "f64[]";
}

/// The value of a parameter, borrowed from the packet.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Value<'a> {
    /// A signed 32-bit integer.
    I32(i32),
    /// An unsigned 32-bit integer.
    U32(u32),
    /// A string.
    Str(&'a str),
    /// A signed 64-bit integer.
    I64(i64),
    /// An unsigned 64-bit integer.
    U64(u64),
    /// A 32-bit float (IEEE 754 single).
    F32(f32),
    /// A 64-bit float (IEEE 754 double).
    F64(f64),
    /// Bytes, with the zeros that fill the last word.
    Raw(&'a [u8]),
    /// An array of unsigned 8-bit integers, with the zeros that fill the last word.
    U8s(Array<'a, u8>),
    /// An array of unsigned 16-bit integers, with a zero that may fill the last word.
    U16s(Array<'a, u16>),
    /// An array of unsigned 32-bit integers.
    U32s(Array<'a, u32>),
    /// An array of signed 8-bit integers, with the zeros that fill the last word.
    I8s(Array<'a, i8>),
    /// An array of signed 16-bit integers, with a zero that may fill the last word.
    I16s(Array<'a, i16>),
    /// An array of signed 32-bit integers.
    I32s(Array<'a, i32>),
    /// An array of unsigned 64-bit integers.
    U64s(Array<'a, u64>),
    /// An array of signed 64-bit integers.
    I64s(Array<'a, i64>),
    /// An array of 32-bit floats.
    F32s(Array<'a, f32>),
    /// An array of 64-bit floats.
    F64s(Array<'a, f64>),
    /// A value of a type that nobody knows.
    Unknown {
        /// The number of its type.
        kind: u8,
        /// Its bytes, with what fills the last word.
        bytes: &'a [u8],
    },
}

impl<'a> Value<'a> {
    /// The value that a parameter of type `kind` with these bytes has.
    ///
    /// ```
    /// use wigwag_codec::ncp::{Value, ValueType};
    ///
    /// assert_eq!(Value::parse(ValueType::I32 as u8, &[5, 0, 0, 0])?, Value::I32(5));
    /// assert!(Value::parse(ValueType::I32 as u8, &[5]).is_err());
    /// # Ok::<(), wigwag_codec::ncp::NcpError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Param::value`](super::Param::value), with offsets in `bytes`.
    pub fn parse(kind: u8, bytes: &'a [u8]) -> Result<Self, NcpError> {
        Self::read(kind, bytes, 0)
    }

    /// Reads the value of a parameter of type `kind`; `offset` is where `bytes`
    /// stand in the packet.
    #[inline]
    pub(super) fn read(kind: u8, bytes: &'a [u8], offset: usize) -> Result<Self, NcpError> {
        let Some(known) = ValueType::from_u8(kind) else {
            return Ok(Self::Unknown { kind, bytes });
        };
        let word = || bytes.try_into().ok();
        let two = || bytes.try_into().ok();
        let whole = || bytes.len().is_multiple_of(8).then_some(bytes);
        let value = match known {
            ValueType::I32 => word().map(|bytes| Self::I32(i32::from_le_bytes(bytes))),
            ValueType::U32 => word().map(|bytes| Self::U32(u32::from_le_bytes(bytes))),
            ValueType::Str => return text(bytes, offset).map(Self::Str),
            ValueType::I64 => two().map(|bytes| Self::I64(i64::from_le_bytes(bytes))),
            ValueType::U64 => two().map(|bytes| Self::U64(u64::from_le_bytes(bytes))),
            ValueType::F32 => word().map(|bytes| Self::F32(f32::from_le_bytes(bytes))),
            ValueType::F64 => two().map(|bytes| Self::F64(f64::from_le_bytes(bytes))),
            ValueType::Raw => Some(Self::Raw(bytes)),
            ValueType::U8s => Some(Self::U8s(Array::new(bytes))),
            ValueType::U16s => Some(Self::U16s(Array::new(bytes))),
            ValueType::U32s => Some(Self::U32s(Array::new(bytes))),
            ValueType::I8s => Some(Self::I8s(Array::new(bytes))),
            ValueType::I16s => Some(Self::I16s(Array::new(bytes))),
            ValueType::I32s => Some(Self::I32s(Array::new(bytes))),
            ValueType::U64s => whole().map(|bytes| Self::U64s(Array::new(bytes))),
            ValueType::I64s => whole().map(|bytes| Self::I64s(Array::new(bytes))),
            ValueType::F32s => Some(Self::F32s(Array::new(bytes))),
            ValueType::F64s => whole().map(|bytes| Self::F64s(Array::new(bytes))),
        };
        value.ok_or(NcpError::new(NcpErrorKind::ValueSize(kind), offset))
    }

    /// The number of its type on the wire.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        (match self {
            Self::I32(_) => ValueType::I32,
            Self::U32(_) => ValueType::U32,
            Self::Str(_) => ValueType::Str,
            Self::I64(_) => ValueType::I64,
            Self::U64(_) => ValueType::U64,
            Self::F32(_) => ValueType::F32,
            Self::F64(_) => ValueType::F64,
            Self::Raw(_) => ValueType::Raw,
            Self::U8s(_) => ValueType::U8s,
            Self::U16s(_) => ValueType::U16s,
            Self::U32s(_) => ValueType::U32s,
            Self::I8s(_) => ValueType::I8s,
            Self::I16s(_) => ValueType::I16s,
            Self::I32s(_) => ValueType::I32s,
            Self::U64s(_) => ValueType::U64s,
            Self::I64s(_) => ValueType::I64s,
            Self::F32s(_) => ValueType::F32s,
            Self::F64s(_) => ValueType::F64s,
            Self::Unknown { kind, .. } => return *kind,
        }) as u8
    }

    /// An integer of any type, if it is one and not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::U64(number) => Some(number),
            _ => self.as_i64()?.try_into().ok(),
        }
    }

    /// An integer of any type, if it is one and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::I32(number) => Some(number.into()),
            Self::U32(number) => Some(number.into()),
            Self::I64(number) => Some(number),
            Self::U64(number) => number.try_into().ok(),
            _ => None,
        }
    }

    /// A number of any type, if it is one. Integers beyond 2^53 are rounded.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // Said above.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::F32(number) => Some(number.into()),
            Self::F64(number) => Some(number),
            Self::U64(number) => Some(number as f64),
            _ => self.as_i64().map(|number| number as f64),
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub const fn as_str(&self) -> Option<&'a str> {
        match *self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// The text up to the first NUL, or the end.
#[inline(never)] // Numbers need none of the registers that this does.
fn text(bytes: &[u8], offset: usize) -> Result<&str, NcpError> {
    let end = bytes.iter().position(|byte| *byte == 0);
    let bytes = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    core::str::from_utf8(bytes).map_err(|error| {
        let offset = offset.saturating_add(error.valid_up_to());
        NcpError::new(NcpErrorKind::Text, offset)
    })
}
