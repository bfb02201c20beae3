//! minijson's serde, with a type that has everything serde knows.

use serde::de::{Error as _, Expected, IgnoredAny, Unexpected};
use serde::{Deserialize, Serialize};
use wigwag_codec::minijson::{
    Error, Limits, Options, Value, from_slice, from_slice_with, to_slice, to_slice_with,
};

#[derive(Serialize, Deserialize)]
struct Everything<'a> {
    flag: bool,
    signed: (i8, i16, i32, i64, i128),
    unsigned: (u8, u16, u32, u64, u128),
    floats: [f64; 2],
    single: f32,
    letter: char,
    text: &'a str,
    #[serde(with = "as_bytes")]
    bytes: &'a [u8],
    maybe: Option<Kind>,
    unit: (),
    nothing: Nothing,
    wrapped: Wrapped,
    pair: Pair,
    kinds: [Kind; 4],
    #[serde(borrow)]
    value: Value<'a>,
    #[serde(skip_serializing)]
    #[expect(dead_code, reason = "to be passed over")]
    ignored: IgnoredAny,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absent: Option<u8>,
}

#[derive(Serialize, Deserialize)]
struct Nothing;

#[derive(Serialize, Deserialize)]
struct Wrapped(u16);

#[derive(Serialize, Deserialize)]
struct Pair(u8, i8);

#[derive(Serialize, Deserialize)]
enum Kind {
    Unit,
    Newtype(u32),
    Tuple(u8, u8),
    Struct { a: i32, b: bool },
}

/// Of any type, by what is there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    only: u8,
}

/// Borrowed bytes, which serde takes for a list otherwise.
mod as_bytes {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'de [u8], D::Error> {
        struct Bytes;

        impl<'de> Visitor<'de> for Bytes {
            type Value = &'de [u8];

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<&'de [u8], E> {
                Ok(bytes)
            }
        }

        from.deserialize_bytes(Bytes)
    }
}

/// A map that is not a struct, of keys and values of any kind.
struct Map<'a>(&'a [(i64, &'a str)]);

impl Serialize for Map<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().copied())
    }
}

/// A list whose length nobody knows beforehand.
struct List<'a>(&'a [u8]);

impl Serialize for List<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().filter(|byte| **byte > 7))
    }
}

fn read(bytes: &[u8]) -> Result<Everything<'_>, Error> {
    from_slice(bytes)
}

fn read_with(bytes: &[u8], limits: Limits) -> Result<Everything<'_>, Error> {
    from_slice_with(bytes, limits)
}

fn read_value(bytes: &[u8]) -> Result<Value<'_>, Error> {
    // Value::deserialize
    from_slice(bytes)
}

fn write(value: &Everything<'_>, out: &mut [u8]) -> Result<usize, Error> {
    to_slice(value, out)
}

fn write_with(value: &Everything<'_>, out: &mut [u8], options: Options) -> Result<usize, Error> {
    to_slice_with(value, out, options)
}

fn write_value(value: &Value<'_>, out: &mut [u8]) -> Result<usize, Error> {
    // Value::serialize
    to_slice(value, out)
}

fn custom() -> Error {
    // Error::custom
    <Error as serde::de::Error>::custom("x")
}

fn invalid_length(length: usize, expected: &dyn Expected) -> Error {
    Error::invalid_length(length, expected)
}

fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Error {
    Error::invalid_type(unexpected, expected)
}

fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Error {
    Error::invalid_value(unexpected, expected)
}

super::functions![
    Error::duplicate_field,
    Error::missing_field,
    Error::unknown_field,
    Error::unknown_variant,
    custom,
    from_slice::<IgnoredAny>,
    from_slice::<Strict>,
    from_slice_with::<Strict>,
    invalid_length,
    invalid_type,
    invalid_value,
    read,
    read_value,
    read_with,
    to_slice::<List<'_>>,
    to_slice::<Map<'_>>,
    to_slice_with::<Strict>,
    write,
    write_value,
    write_with,
];
