//! Tests of text and bytes: what they contain, what matches.

use regex_lite::Regex;

use super::expr::{Literal, Test};
use super::literal::compile;
use super::needle::Needle;

/// Bytes of a text that a regular expression looks at.
const MAX_SEARCHED: usize = 64 << 10;

/// What is asked of texts.
#[derive(Clone, Debug)]
pub(super) enum TextTest {
    /// It contains this, with its case.
    Contains(Needle),
    /// These bytes, which are looked for in all of a payload.
    Bytes(Needle),
    /// It contains this, whatever the case of ASCII letters; in small letters here.
    Search(Needle),
    /// It matches this.
    Matches(Regex),
    /// Nothing passes.
    Never,
}

impl TextTest {
    pub(super) fn new(test: &Test) -> Self {
        match test {
            Test::Contains(Literal::Text(text)) => Self::Contains(Needle::new(text.as_bytes())),
            Test::Contains(Literal::Bytes(bytes)) => Self::Bytes(Needle::new(bytes)),
            Test::Search(text) => Self::Search(Needle::new(text.to_ascii_lowercase().as_bytes())),
            // It was compiled once before.
            Test::Matches(pattern) => compile(pattern).map_or(Self::Never, Self::Matches),
            _ => Self::Never,
        }
    }

    /// Whether a text passes.
    pub(super) fn text(&self, text: &str) -> bool {
        match self {
            Self::Matches(regex) => {
                let end = text.floor_char_boundary(MAX_SEARCHED);
                regex.is_match(&text[..end])
            }
            other => other.bytes(text.as_bytes()),
        }
    }

    /// Whether bytes pass; a regular expression sees those that are text.
    pub(super) fn bytes(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Contains(part) | Self::Bytes(part) => part.is_in(bytes),
            Self::Search(part) => part.is_in_folded(bytes),
            Self::Matches(_) => {
                let seen = &bytes[..bytes.len().min(MAX_SEARCHED)];
                self.text(&String::from_utf8_lossy(seen))
            }
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_sees_the_begin_of_a_long_text() {
        let test = TextTest::new(&Test::Matches("b$".into()));
        let long = format!("{}b", "\u{20ac}".repeat(MAX_SEARCHED));
        assert!(!test.text(&long) && test.text("ab"));
        assert!(!test.bytes(long.as_bytes()) && test.bytes(b"\xffb"));
    }
}
