//! A frame as JSON that a person edits, and back to its bytes.

mod frames;
mod packet;
mod write;

use std::borrow::Cow;

use wigwag_codec::minijson::{ErrorKind, MAX_LENGTH, Options, json as codec_json};

use crate::detail::LIMITS;
use crate::text::hex::unhex;
use crate::text::json::{JsonError, Reader};
use crate::{Frame, Protocol};

/// Why a text is no frame: the byte of the text, and what is wrong there.
pub type EditError = JsonError;

/// A frame as JSON text in lines, for a person to edit.
///
/// Payloads are plain JSON, with the tags of the codec's `minijson::json` only where
/// plain JSON would read back as another value: a fraction is a single, a double is
/// `{"$f64": 0.1}`. The numbers of NCP are numbers, but for NaN and the infinities, which
/// are the hex digits of their bits. What cannot be read is `{"hex": ".."}` or
/// `"payload_hex"`.
///
/// ```
/// use wigwag_inspect::{Direction, Frame, Protocol, edit};
///
/// let bytes = [0, 0, 0, 4, 0, 7, 0, 1, 0x41, 2, 1, 0];
/// let (protocol, direction) = (Protocol::Ngtt, Direction::ToDevice);
/// let text = edit::to_json(Frame { protocol, direction, bytes: &bytes });
/// assert_eq!(text, "{\n  \"tid\": 7,\n  \"type\": \"ORDER\",\n  \"payload\": [256]\n}");
/// let edited = text.replace("256", "5");
/// let bytes = edit::from_json(protocol, &edited)?;
/// assert_eq!(bytes, [0, 0, 0, 3, 0, 7, 0, 1, 0x41, 3, 5]);
/// # Ok::<(), edit::EditError>(())
/// ```
#[must_use]
pub fn to_json(frame: Frame<'_>) -> String {
    let mut out = String::new();
    match frame.protocol {
        Protocol::Ngtt => write::ngtt(frame.bytes, &mut out),
        Protocol::Ncp => write::ncp(frame.bytes, &mut out),
        Protocol::Prefix => write::message(frame.bytes, &mut out),
        Protocol::Minijson => write::minijson(frame.bytes, &mut out),
        Protocol::Unknown => write::bytes(frame.bytes, &mut out),
    }
    out
}

/// The bytes of a frame that [`to_json`] has shown and a person may have changed. The
/// codec writes them anew, in the canonical form. The objects that
/// `wigwag decode --json` prints are taken as well.
///
/// # Errors
/// The text is no JSON, or not of the form, or a value is none of its type: with the
/// place in the text.
pub fn from_json(protocol: Protocol, text: &str) -> Result<Vec<u8>, EditError> {
    let mut reader = Reader::new(text);
    // Bytes as they are, whatever the protocol.
    if let Some(bytes) = only_bytes(text)? {
        return Ok(bytes);
    }
    let bytes = match protocol {
        Protocol::Ngtt => frames::ngtt(&mut reader)?,
        Protocol::Ncp => packet::read(&mut reader)?,
        Protocol::Prefix => frames::message(&mut reader)?,
        Protocol::Minijson => payload(&mut reader)?,
        Protocol::Unknown => {
            return Err(
                reader.error("the protocol is not known: only {\"hex\": \"..\"} can be sent")
            );
        }
    };
    reader.finish()?;
    Ok(bytes)
}

/// What `{"hex": ".."}` holds, if the text is that.
fn only_bytes(text: &str) -> Result<Option<Vec<u8>>, EditError> {
    let mut ahead = Reader::new(text);
    let (mut keys, mut bytes) = (0, None);
    let read = ahead.object(|reader, key| {
        keys += 1;
        if key == "hex" {
            bytes = Some(hex(reader));
        }
        if bytes.is_none() {
            // Something else: no need to read on.
            return Err(reader.error(""));
        }
        Ok(())
    });
    match bytes {
        Some(bytes) if keys == 1 && read.is_ok() => {
            ahead.finish()?;
            bytes.map(Some)
        }
        _ => Ok(None),
    }
}

/// Bytes from a text of hex digits.
fn hex(reader: &mut Reader<'_>) -> Result<Vec<u8>, EditError> {
    let position = reader.position();
    let text = reader.string()?;
    // A text without escapes begins behind its quote.
    unhex(&text)
        .map_err(|at| JsonError::new(position + 1 + at, "hex digits are due here, two a byte"))
}

/// The canonical minijson of the value that comes next.
fn payload(reader: &mut Reader<'_>) -> Result<Vec<u8>, EditError> {
    let start = reader.position();
    let text = reader.raw()?.as_bytes();
    // `1` takes two bytes; a number with a point takes no more than it has digits, or
    // five.
    let mut bytes = vec![0; text.len() * 2 + 64];
    loop {
        match codec_json::read_with(text, &mut bytes, Options::new(), LIMITS) {
            Ok(length) => {
                bytes.truncate(length);
                return Ok(bytes);
            }
            Err(error) if error.kind == ErrorKind::BufferFull && bytes.len() < MAX_LENGTH => {
                bytes.resize(bytes.len() * 2, 0);
            }
            Err(error) => {
                return Err(JsonError::new(start + error.offset, error.kind.to_string()));
            }
        }
    }
}

/// A whole number of at most so many bits.
fn number<N: std::str::FromStr>(
    reader: &mut Reader<'_>,
    message: impl Into<Cow<'static, str>>,
) -> Result<N, EditError> {
    let position = reader.position();
    let digits = reader.number();
    digits
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| JsonError::new(position, message))
}

/// Keeps the value of a key that may come once.
fn once<T>(
    place: &mut Option<T>,
    reader: &mut Reader<'_>,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, EditError>,
) -> Result<(), EditError> {
    if place.is_some() {
        return Err(reader.error("this key came before"));
    }
    *place = Some(read(reader)?);
    Ok(())
}

#[cfg(test)]
mod tests;
