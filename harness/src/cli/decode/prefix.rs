//! Messages behind a length prefix.

use serde_json::{Map, Value as Json, json};
use wigwag_codec::prefix::PrefixFramer;
use wigwag_inspect::Protocol;
use wigwag_inspect::filter::Filter;

use super::{Report, frames};
use crate::cli::problem::Problem;
use crate::tagged;

/// The messages of one input that the filter lets through.
pub(crate) struct Messages<'a> {
    messages: Vec<&'a [u8]>,
    left: usize,
    problem: Option<Problem>,
}

pub(crate) fn read<'a>(bytes: &'a [u8], filter: Option<&Filter>) -> Messages<'a> {
    let mut messages = Vec::new();
    let mut framer = PrefixFramer::new(usize::MAX);
    let (left, end) = frames::cut(&mut framer, bytes, |cut| {
        if cut.passes(filter, Protocol::Prefix) {
            messages.push(cut.body);
        }
    });
    Messages {
        messages,
        left,
        problem: end.err().map(Problem::from),
    }
}

impl Report for Messages<'_> {
    fn fields(&self) -> Map<String, Json> {
        let messages: Vec<String> = self
            .messages
            .iter()
            .map(|body| tagged::to_hex(body))
            .collect();
        let mut fields = Map::new();
        fields.insert("messages".into(), json!(messages));
        fields.insert("left".into(), json!(self.left));
        fields
    }

    fn text(&self) -> Vec<String> {
        let lines = self.messages.iter().enumerate().map(|(number, body)| {
            let text = String::from_utf8_lossy(body);
            format!("message {} of {} bytes: {text:?}", number + 1, body.len())
        });
        lines.chain(super::left(self.left)).collect()
    }

    fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }
}
