//! One minijson value.

use serde_json::{Map, Value as Json, json};
use wigwag_codec::minijson::{Error, ErrorKind, Value, json as text};

use super::Report;
use crate::cli::format::LIMITS;
use crate::cli::problem::Problem;
use crate::tagged;

/// The value at the start of an input, and what is wrong with the input.
pub(crate) struct Document<'a> {
    value: Option<(Value<'a>, usize)>,
    problem: Option<Problem>,
}

pub(crate) fn read(bytes: &[u8]) -> Document<'_> {
    match Value::parse_prefix(bytes, LIMITS) {
        Err(error) => Document {
            value: None,
            problem: Some(error.into()),
        },
        Ok((value, consumed)) => {
            let trailing = consumed < bytes.len();
            Document {
                value: Some((value, consumed)),
                problem: trailing.then(|| {
                    let message = ErrorKind::TrailingBytes;
                    Problem::new("TrailingBytes", consumed, message)
                }),
            }
        }
    }
}

/// A value as JSON text of one line.
pub(crate) fn one_line(value: Value<'_>) -> Result<String, Error> {
    let mut line = String::new();
    text::write(value, &mut line)?;
    Ok(line)
}

impl Report for Document<'_> {
    fn fields(&self) -> Map<String, Json> {
        let mut fields = Map::new();
        if let Some((value, consumed)) = self.value {
            fields.insert("value".into(), tagged::from_value(value));
            fields.insert("consumed".into(), json!(consumed));
        }
        fields
    }

    fn text(&self) -> Vec<String> {
        let line = self.value.and_then(|(value, _)| one_line(value).ok());
        line.into_iter().collect()
    }

    fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }
}
