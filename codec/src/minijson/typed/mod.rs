//! serde: the program's own types as minijson (feature `serde`).
//!
//! | Rust | minijson |
//! |---|---|
//! | `()`, unit struct, `None` | null |
//! | `Some(x)`, newtype struct | `x` |
//! | `bool`, integers to 128 bits, `&str`, `char` | the same |
//! | `f32`, `f64` | single, double ([`Floats::Kept`]), unless told otherwise |
//! | bytes (`serialize_bytes`) | bytes |
//! | sequence, tuple | list |
//! | struct | map with text keys |
//! | map | map with text keys if all are text of at most 255 bytes, else map with any keys |
//! | enum | unit variant: its name; any other: a map of one entry, name to content |
//!
//! Sequences and maps need not know their length beforehand. Lists and maps as
//! keys are refused. Nesting is limited to [`MAX_DEPTH`](super::MAX_DEPTH) on the
//! way out and by [`Limits::depth`] on the way in. A type that contains itself
//! takes stack for each level, as serde does; on little stack set the depth
//! accordingly, or use a [`Value`](super::Value), which takes none.
//!
//! On the way in text and bytes can be borrowed from the input, and a field of
//! type [`Value`](super::Value) takes any value as it stands. What the program's
//! type ignores is checked for structure, not for UTF-8. The formats count as not
//! human-readable.

mod access;
mod compound;
mod de;
mod key;
mod ser;
mod value;

use core::fmt;

use serde::{Deserialize, Serialize};

use super::canonical::Options;
use super::error::{Error, ErrorKind};
use super::float::Floats;
use super::limits::Limits;
use super::writer::Writer;

/// Reads the whole of `input` as a `T`, under the default [`Limits`].
///
/// ```
/// use serde::Deserialize;
/// use wigwag_codec::minijson::from_slice;
///
/// #[derive(Deserialize)]
/// struct Order<'a> {
///     path: &'a str,
///     #[serde(default)]
///     advise: u8,
/// }
///
/// let order: Order = from_slice(b"\x52\x04path\x82W1\x04type\x85write")?;
/// assert_eq!((order.path, order.advise), ("W1", 0));
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
///
/// # Errors
/// What is wrong with the input, or why the type refused it;
/// [`ErrorKind::TrailingBytes`] when bytes follow the value.
pub fn from_slice<'a, T: Deserialize<'a>>(input: &'a [u8]) -> Result<T, Error> {
    from_slice_with(input, Limits::new())
}

/// Reads the whole of `input` as a `T`.
///
/// # Errors
/// As [`from_slice`].
pub fn from_slice_with<'a, T: Deserialize<'a>>(
    input: &'a [u8],
    limits: Limits,
) -> Result<T, Error> {
    let mut deserializer = de::Deserializer::new(input, limits)?;
    let value = T::deserialize(&mut deserializer)
        .map_err(|error| error.or_at(deserializer.reader.position()))?;
    deserializer.finish()?;
    Ok(value)
}

/// Writes `value` to the start of `out` and returns the number of bytes. Floats
/// keep their width.
///
/// ```
/// use serde::Serialize;
/// use wigwag_codec::minijson::to_slice;
///
/// #[derive(Serialize)]
/// struct Reading<'a> {
///     path: &'a str,
///     value: f32,
/// }
///
/// let mut out = [0; 32];
/// let length = to_slice(&Reading { path: "W1", value: 0.5 }, &mut out)?;
/// assert_eq!(&out[..length], b"\x52\x04path\x82W1\x05value\x09\x3f\0\0\0");
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::BufferFull`] and what else writing refuses; what `out` holds then
/// is not a value.
pub fn to_slice<T: Serialize + ?Sized>(value: &T, out: &mut [u8]) -> Result<usize, Error> {
    to_slice_with(value, out, Options::new().with_floats(Floats::Kept))
}

/// Writes `value` to the start of `out`, with a width for all floats or with the
/// entries of maps (and structs) sorted.
///
/// # Errors
/// As [`to_slice`]; [`ErrorKind::FloatTooLarge`] for a finite number that the
/// width cannot hold; [`ErrorKind::UnorderedKeys`] for keys without an order.
pub fn to_slice_with<T: Serialize + ?Sized>(
    value: &T,
    out: &mut [u8],
    options: Options,
) -> Result<usize, Error> {
    let mut serializer = ser::Serializer::new(Writer::new(out), options);
    match value.serialize(&mut serializer) {
        Ok(()) => Ok(serializer.len()),
        Err(error) => Err(error.or_at(serializer.len())),
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(ErrorKind::Custom, Self::NOWHERE)
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self::new(ErrorKind::UnexpectedType, Self::NOWHERE)
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self::new(ErrorKind::OutOfRange, Self::NOWHERE)
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self::new(ErrorKind::UnexpectedLength, Self::NOWHERE)
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::new(ErrorKind::UnknownName, Self::NOWHERE)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::new(ErrorKind::UnknownName, Self::NOWHERE)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(ErrorKind::MissingField(field), Self::NOWHERE)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(ErrorKind::DuplicateField(field), Self::NOWHERE)
    }
}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(ErrorKind::Custom, Self::NOWHERE)
    }
}
