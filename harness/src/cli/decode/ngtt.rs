//! NGTT frames with their payloads.

use serde_json::{Map, Value as Json, json};
use wigwag_codec::minijson::{Error, Value};
use wigwag_codec::ngtt::{Frame, NgttFramer};
use wigwag_inspect::Protocol;
use wigwag_inspect::filter::Filter;

use super::{Report, frames, minijson};
use crate::cli::format::LIMITS;
use crate::cli::problem::Problem;
use crate::tagged;

/// The frames of one input that the filter lets through.
pub(crate) struct Frames<'a> {
    frames: Vec<(usize, Frame<'a>)>,
    left: usize,
    problem: Option<Problem>,
}

pub(crate) fn read<'a>(bytes: &'a [u8], filter: Option<&Filter>) -> Frames<'a> {
    let mut frames = Vec::new();
    let mut framer = NgttFramer::new(usize::MAX);
    let (left, end) = frames::cut(&mut framer, bytes, |cut| {
        if cut.passes(filter, Protocol::Ngtt) {
            frames.push((cut.offset, Frame::new(cut.meta, cut.body)));
        }
    });
    Frames {
        frames,
        left,
        problem: end.err().map(Problem::from),
    }
}

/// The payload as a value; `None` for a frame without one.
fn payload<'a>(frame: &Frame<'a>) -> Option<Result<Value<'a>, Error>> {
    (!frame.payload.is_empty()).then(|| Value::parse_with(frame.payload, LIMITS))
}

/// A frame as the JSON form has it.
pub(super) fn object(frame: &Frame<'_>) -> Json {
    let mut object = Map::new();
    object.insert("tid".into(), json!(frame.tid));
    object.insert("type".into(), json!(frame.kind.as_u16()));
    object.insert("name".into(), json!(frame.kind.name()));
    object.insert("payload_hex".into(), json!(tagged::to_hex(frame.payload)));
    match payload(frame) {
        None => {}
        Some(Ok(value)) => {
            object.insert("payload".into(), tagged::from_value(value));
        }
        Some(Err(error)) => {
            object.insert("payload_error".into(), Problem::from(error).json());
        }
    }
    Json::Object(object)
}

fn line(offset: usize, frame: &Frame<'_>) -> String {
    let payload = match payload(frame) {
        None => String::new(),
        Some(value) => match value.and_then(minijson::one_line) {
            Ok(json) => format!(" {json}"),
            Err(error) => format!(
                " payload of length {} that is not minijson: {}",
                frame.payload.len(),
                Problem::from(error).text()
            ),
        },
    };
    format!("{offset}: {} tid {}{payload}", frame.kind, frame.tid)
}

impl Report for Frames<'_> {
    fn fields(&self) -> Map<String, Json> {
        let frames: Vec<Json> = self.frames.iter().map(|(_, frame)| object(frame)).collect();
        let mut fields = Map::new();
        fields.insert("frames".into(), Json::Array(frames));
        fields.insert("left".into(), json!(self.left));
        fields
    }

    fn text(&self) -> Vec<String> {
        let lines = self
            .frames
            .iter()
            .map(|(offset, frame)| line(*offset, frame));
        lines.chain(super::left(self.left)).collect()
    }

    fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }
}
