//! Length-prefixed messages from `{"messages": ["hex", ..]}`.

use serde_json::Value as Json;
use wigwag_codec::framer;
use wigwag_codec::prefix::{PREFIX_LEN, PrefixFramer};

use super::{array, wrong};
use crate::cli::hex;
use crate::cli::problem::Problem;

pub(crate) fn write(json: &Json) -> Result<Vec<u8>, Problem> {
    let messages = array(json, "messages")
        .ok_or_else(|| wrong("expected an object with an array `messages`"))?;
    let mut bytes = Vec::new();
    for message in messages {
        let text = message
            .as_str()
            .ok_or_else(|| wrong("a message is not a text of hex digits"))?;
        let body = hex::decode(text.as_bytes())?;
        let mut framed = vec![0; PREFIX_LEN + body.len()];
        framer::write(&mut PrefixFramer::new(usize::MAX), &(), &body, &mut framed)?;
        bytes.extend(framed);
    }
    Ok(bytes)
}
