//! NGTT frames and messages behind their length, from JSON.

use wigwag_codec::ngtt::{Frame, FrameHead, FrameType, HEADER_LEN};

use super::{EditError, hex, number, once, payload};
use crate::text::json::{JsonError, Kind, Reader};

/// A frame from `{"tid", "type" or "name", "payload" or "payload_hex"}`.
pub(super) fn ngtt(reader: &mut Reader<'_>) -> Result<Vec<u8>, EditError> {
    let start = reader.position();
    let (mut tid, mut kind, mut name) = (None, None, None);
    let (mut value, mut bytes) = (None, None);
    reader.object(|reader, key| match key {
        "tid" => once(&mut tid, reader, |reader| {
            number(reader, "`tid` is a whole number from 0 to 65535")
        }),
        "type" => once(&mut kind, reader, frame_type),
        "name" => once(&mut name, reader, |reader| {
            let position = reader.position();
            Ok((position, reader.string()?.into_owned()))
        }),
        "payload" => once(&mut value, reader, payload),
        "payload_hex" => once(&mut bytes, reader, hex),
        _ => Err(reader.error(
            "an NGTT frame has `tid`, `type`, and `payload` or `payload_hex`; nothing else",
        )),
    })?;
    let missing = |what| JsonError::new(start, what);
    let tid = tid.ok_or_else(|| missing("an NGTT frame needs a `tid`"))?;
    let kind = match (kind, name) {
        (Some(kind), _) => kind,
        (None, Some((position, name))) => named(position, &name)?,
        (None, None) => return Err(missing("an NGTT frame needs a `type`")),
    };
    let payload = value.or(bytes).unwrap_or_default();
    let mut wire = vec![0; HEADER_LEN + payload.len()];
    let head = FrameHead { tid, kind };
    Frame::new(head, &payload)
        .write(&mut wire)
        .map_err(|error| JsonError::new(start, error.to_string()))?;
    Ok(wire)
}

/// A frame's type, by name or number.
fn frame_type(reader: &mut Reader<'_>) -> Result<FrameType, EditError> {
    let position = reader.position();
    if reader.kind()? == Kind::String {
        return named(position, &reader.string()?);
    }
    number(
        reader,
        "`type` is a name such as ORDER, or a whole number from 0 to 65535",
    )
    .map(FrameType::from_u16)
}

fn named(position: usize, name: &str) -> Result<FrameType, EditError> {
    FrameType::from_name(name).ok_or_else(|| {
        let names = (0..=10).map(|number| FrameType::from_u16(number).name());
        let names: Vec<_> = names.collect();
        JsonError::new(
            position,
            format!("the types are {}, or a number", names.join(", ")),
        )
    })
}

/// A message from `{"message": text}` or `{"message_hex": ".."}`, or from a text of hex
/// digits.
pub(super) fn message(reader: &mut Reader<'_>) -> Result<Vec<u8>, EditError> {
    let start = reader.position();
    let mut message = None;
    if reader.kind()? == Kind::String {
        message = Some(hex(reader)?);
    } else {
        reader.object(|reader, key| match key {
            "message" => once(&mut message, reader, |reader| {
                Ok(reader.string()?.into_owned().into_bytes())
            }),
            "message_hex" => once(&mut message, reader, hex),
            _ => Err(reader.error("a message is {\"message\": text} or {\"message_hex\": \"..\"}")),
        })?;
    }
    let message = message.ok_or_else(|| JsonError::new(start, "`message` is missing"))?;
    let length = u32::try_from(message.len())
        .map_err(|_| JsonError::new(start, "a message has less than 4 GiB"))?;
    Ok([length.to_be_bytes().as_slice(), &message].concat())
}
