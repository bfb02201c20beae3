//! An NGTT frame as nodes.

use wigwag_codec::ngtt::{FrameType, HEADER_LEN};

use super::build::{Builder, Part};
use super::{Kind, Place, payload};
use crate::Frame;
use crate::detail::layout::{NGTT_HEAD, NgttLayout};
use crate::detail::meaning;
use crate::detail::path::{self, Root, Step};

pub(super) fn build(builder: &mut Builder, frame: Frame<'_>) {
    let NgttLayout {
        head,
        payload,
        missing,
        trailing,
    } = NgttLayout::of(frame.bytes);
    let header = Part {
        label: "head".into(),
        kind: Kind::Header,
        place: Place::Root(Root::Head),
        start: 0,
        end: head.len(),
        value: String::new(),
    };
    builder.group(header, |builder| words(builder, frame, head));
    let whole = builder.parent();
    if head.len() < HEADER_LEN {
        builder.problem(whole, "the frame ends inside its header");
        return;
    }
    payload::build(builder, HEADER_LEN, payload);
    let end = HEADER_LEN + payload.len();
    if missing > 0 {
        let problem = format!("the frame ends {missing} bytes before its payload does");
        builder.problem(whole, problem);
    }
    builder.malformed(end, trailing, "bytes behind the end of the frame");
}

fn words(builder: &mut Builder, frame: Frame<'_>, head: &[u8]) {
    for (part, range) in NGTT_HEAD {
        let Some(bytes) = head.get(range.clone()) else {
            let rest = head.get(range.start..).unwrap_or_default();
            builder.malformed(range.start, rest, "the header ends inside this word");
            return;
        };
        let number = bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        let word = builder.add(Part {
            label: part.name().into(),
            kind: Kind::Word,
            place: Place::Steps(vec![Step::Part(part)]),
            start: range.start,
            end: range.end,
            value: number.to_string(),
        });
        let meaning = match part {
            path::Part::Length => Some("bytes of payload".to_owned()),
            path::Part::Type => {
                let kind = FrameType::from_u16(number as u16);
                Some(meaning::frame_type(kind, frame.direction))
            }
            _ => None,
        };
        builder.meaning(word, meaning);
    }
}
