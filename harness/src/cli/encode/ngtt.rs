//! NGTT frames from the objects that `decode` shows.

use serde_json::Value as Json;
use wigwag_codec::ngtt::{Frame, FrameHead, FrameType, HEADER_LEN};

use super::{array, minijson, wrong};
use crate::cli::hex;
use crate::cli::problem::Problem;

/// The bytes of one frame, or of the frames in `frames`.
pub(crate) fn write(json: &Json) -> Result<Vec<u8>, Problem> {
    match array(json, "frames") {
        None => frame(json),
        Some(frames) => {
            let frames: Result<Vec<_>, _> = frames.iter().map(frame).collect();
            Ok(frames?.concat())
        }
    }
}

fn frame(json: &Json) -> Result<Vec<u8>, Problem> {
    let tid = number(json, "tid")?.ok_or_else(|| wrong("a frame needs a `tid`"))?;
    let payload = match (json.get("payload"), json.get("payload_hex")) {
        (Some(value), _) => minijson::write(value)?,
        (None, Some(Json::String(text))) => hex::decode(text.as_bytes())?,
        (None, Some(_)) => return Err(wrong("`payload_hex` is not a text")),
        (None, None) => Vec::new(),
    };
    let head = FrameHead {
        tid,
        kind: kind(json)?,
    };
    let mut bytes = vec![0; HEADER_LEN + payload.len()];
    Frame::new(head, &payload).write(&mut bytes)?;
    Ok(bytes)
}

fn kind(json: &Json) -> Result<FrameType, Problem> {
    if let Some(number) = number(json, "type")? {
        return Ok(FrameType::from_u16(number));
    }
    let name = json
        .get("name")
        .and_then(Json::as_str)
        .ok_or_else(|| wrong("a frame needs a `type` (a number) or a `name`"))?;
    FrameType::from_name(name).ok_or_else(|| wrong(format!("no frame type has the name {name:?}")))
}

/// A field from 0 to 65535; `None` where it is absent.
fn number(json: &Json, field: &str) -> Result<Option<u16>, Problem> {
    json.get(field)
        .map(|value| {
            value
                .as_u64()
                .and_then(|number| u16::try_from(number).ok())
                .ok_or_else(|| wrong(format!("`{field}` is not a whole number from 0 to 65535")))
        })
        .transpose()
}
