//! What is wrong with the text of a filter.

use std::fmt;

/// What is wrong with the text of a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Where it begins, in bytes of the text.
    pub start: usize,
    /// Where it ends; at the end of the text it may be `start`.
    pub end: usize,
    /// What is wrong and what to write, for people.
    pub message: String,
}

impl FilterError {
    pub(super) const fn new(start: usize, end: usize, message: String) -> Self {
        Self {
            start,
            end,
            message,
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.start + 1)
    }
}

impl std::error::Error for FilterError {}
