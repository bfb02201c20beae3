//! A message behind its length as nodes.

use wigwag_codec::prefix::PREFIX_LEN;

use super::build::{Builder, Part};
use super::{Kind, Place, show};
use crate::detail::layout::split_prefix;
use crate::detail::path::{self, Root, Step};

pub(super) fn build(builder: &mut Builder, bytes: &[u8]) {
    let (head, message, trailing) = split_prefix(bytes);
    let header = Part {
        label: "head".into(),
        kind: Kind::Header,
        place: Place::Root(Root::Head),
        start: 0,
        end: head.len(),
        value: String::new(),
    };
    let whole = builder.parent();
    let Some(length) = head.first_chunk().map(|length| u32::from_be_bytes(*length)) else {
        builder.problem(whole, "the frame ends inside its length");
        builder.malformed(0, head, "the length has four bytes");
        return;
    };
    builder.group(header, |builder| {
        let word = builder.add(Part {
            label: "length".into(),
            kind: Kind::Word,
            place: Place::Steps(vec![Step::Part(path::Part::Length)]),
            start: 0,
            end: PREFIX_LEN,
            value: length.to_string(),
        });
        builder.meaning(word, Some("bytes of message".into()));
    });
    if !message.is_empty() {
        let text = std::str::from_utf8(message);
        builder.add(Part {
            label: "message".into(),
            kind: if text.is_ok() {
                Kind::Text
            } else {
                Kind::Bytes
            },
            place: Place::Root(Root::Message),
            start: PREFIX_LEN,
            end: PREFIX_LEN + message.len(),
            value: text.map_or_else(|_| show::bytes(message), show::text),
        });
    }
    if (message.len() as u64) < u64::from(length) {
        let missing = u64::from(length) - message.len() as u64;
        let problem = format!("the frame ends {missing} bytes before its message does");
        builder.problem(whole, problem);
    }
    let end = PREFIX_LEN + message.len();
    builder.malformed(end, trailing, "bytes behind the end of the message");
}
