//! An error about the input, as `{"error": {"kind", "offset", "message"}}`.

use std::fmt::{Debug, Display};

use serde_json::{Value as Json, json};
use wigwag_codec::framer::FrameError;
use wigwag_codec::minijson;
use wigwag_codec::ncp::{NcpError, NcpWarning};

use crate::tagged::TaggedError;

/// What is wrong with the input, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// One word, for programs.
    kind: String,
    /// Bytes from the start of the input.
    offset: usize,
    /// A sentence, for people.
    message: String,
}

impl Problem {
    pub(crate) fn new(kind: &str, offset: usize, message: impl Display) -> Self {
        Self {
            kind: kind.to_owned(),
            offset,
            message: message.to_string(),
        }
    }

    /// The same in an input of which this is only what follows `offset`.
    pub(crate) fn behind(self, offset: usize) -> Self {
        Self {
            offset: offset + self.offset,
            ..self
        }
    }

    /// The object that the JSON form of every command shows.
    pub(crate) fn json(&self) -> Json {
        json!({"kind": self.kind, "offset": self.offset, "message": self.message})
    }

    /// The sentence, with the place.
    pub(crate) fn text(&self) -> String {
        format!("{} (at byte {})", self.message, self.offset)
    }
}

impl From<minijson::Error> for Problem {
    fn from(error: minijson::Error) -> Self {
        Self::new(&word(&error.kind), error.offset, error.kind)
    }
}

impl From<TaggedError> for Problem {
    fn from(error: TaggedError) -> Self {
        match error {
            TaggedError::Minijson(error) => error.into(),
            other => Self::new("InvalidInput", 0, other),
        }
    }
}

impl From<FrameError> for Problem {
    fn from(error: FrameError) -> Self {
        Self {
            kind: word(&error.kind),
            offset: error.offset,
            message: error.to_string(),
        }
    }
}

impl From<NcpError> for Problem {
    fn from(error: NcpError) -> Self {
        Self::new(&word(&error.kind), error.offset, error.kind)
    }
}

impl From<NcpWarning> for Problem {
    fn from(warning: NcpWarning) -> Self {
        Self::new(&word(&warning.kind), warning.offset, warning.kind)
    }
}

/// The variant's name without what it carries: `UnknownType(28)` is
/// `UnknownType`.
fn word(kind: &impl Debug) -> String {
    let full = format!("{kind:?}");
    let end = full.find(|c: char| !c.is_alphanumeric());
    full[..end.unwrap_or(full.len())].to_owned()
}
