//! One scalar of a JSON text as minijson.

use super::lexer::{Digits, Quoted, hex_digit};
use crate::minijson::bigint_buf::BigIntBuf;
use crate::minijson::error::{Error, ErrorKind};
use crate::minijson::float::Floats;
use crate::minijson::writer::Writer;

pub(super) fn write_text(writer: &mut Writer<'_>, text: Quoted<'_>) -> Result<(), Error> {
    writer.text_head(text.length)?;
    text.pieces(|piece| writer.put(piece, &[]))
}

pub(super) fn write_number(
    writer: &mut Writer<'_>,
    digits: Digits<'_>,
    floats: Floats,
) -> Result<(), Error> {
    let invalid = writer.error(ErrorKind::InvalidToken);
    let too_large = writer.error(ErrorKind::FloatTooLarge);
    if !digits.is_float {
        if let Ok(int) = digits.text.parse() {
            return writer.int(int);
        }
        let number: BigIntBuf = digits
            .text
            .parse()
            .map_err(|kind| Error { kind, ..invalid })?;
        return writer.big_int(&number.view());
    }
    // Straight to the width: by way of a double a single would be rounded twice.
    if floats == Floats::Single {
        let value: f32 = digits.text.parse().map_err(|_| invalid)?;
        if value.is_infinite() {
            return Err(too_large);
        }
        writer.single(value)
    } else {
        let value: f64 = digits.text.parse().map_err(|_| invalid)?;
        if value.is_infinite() {
            return Err(too_large);
        }
        writer.double(value)
    }
}

pub(super) fn write_marked(
    writer: &mut Writer<'_>,
    marker: &[u8],
    content: &[u8],
) -> Result<(), Error> {
    let invalid = writer.error(ErrorKind::InvalidMarker);
    match marker {
        b"$int" => {
            let number: BigIntBuf = core::str::from_utf8(content)
                .map_err(|_| invalid)?
                .parse()
                .map_err(|kind| match kind {
                    ErrorKind::IntegerTooLarge => Error { kind, ..invalid },
                    _ => invalid,
                })?;
            writer.big_int(&number.view())
        }
        b"$f32" => match hex(content) {
            Some(bytes) => writer.single(f32::from_be_bytes(bytes)),
            None => Err(invalid),
        },
        b"$f64" => match hex(content) {
            Some(bytes) => writer.double(f64::from_be_bytes(bytes)),
            None => Err(invalid),
        },
        _ => {
            let (pairs, rest) = content.as_chunks();
            if !rest.is_empty() {
                return Err(invalid);
            }
            writer.bytes_head(pairs.len())?;
            pairs
                .iter()
                .try_for_each(|pair| writer.put(&[hex_pair(*pair).ok_or(invalid)?], &[]))
        }
    }
}

/// A float whose width the marker tells, as a number.
pub(super) fn write_marked_number(
    writer: &mut Writer<'_>,
    marker: &[u8],
    digits: Digits<'_>,
) -> Result<(), Error> {
    let floats = match marker {
        b"$f32" => Floats::Single,
        _ => Floats::Double,
    };
    let digits = Digits {
        is_float: true,
        ..digits
    };
    write_number(writer, digits, floats)
}

fn hex_pair([high, low]: [u8; 2]) -> Option<u8> {
    Some(hex_digit(high).ok()? << 4 | hex_digit(low).ok()?)
}

/// Exactly `N` bytes from hex digits.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let (pairs, rest) = digits.as_chunks();
    if !rest.is_empty() || pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = hex_pair(*pair)?;
    }
    Some(bytes)
}
