//! Tests of text and bytes: what they contain, what matches.

use regex_lite::Regex;

use super::expr::{Literal, Test};
use super::literal::compile;

/// Bytes of a text that a regular expression looks at.
const MAX_SEARCHED: usize = 64 << 10;

/// What is asked of texts.
#[derive(Clone, Debug)]
pub(super) enum TextTest {
    /// It contains this, with its case.
    Contains(Box<[u8]>),
    /// These bytes, which are looked for in all of a payload.
    Bytes(Box<[u8]>),
    /// It contains this, whatever the case of ASCII letters; in small letters here.
    Search(Box<[u8]>),
    /// It matches this.
    Matches(Regex),
    /// Nothing passes.
    Never,
}

impl TextTest {
    pub(super) fn new(test: &Test) -> Self {
        match test {
            Test::Contains(Literal::Text(text)) => Self::Contains(text.as_bytes().into()),
            Test::Contains(Literal::Bytes(bytes)) => Self::Bytes(bytes.as_slice().into()),
            Test::Search(text) => Self::Search(text.to_ascii_lowercase().into_bytes().into()),
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
            Self::Contains(part) | Self::Bytes(part) => contains(bytes, part),
            Self::Search(part) => contains_folded(bytes, part),
            Self::Matches(_) => {
                let seen = &bytes[..bytes.len().min(MAX_SEARCHED)];
                self.text(&String::from_utf8_lossy(seen))
            }
            Self::Never => false,
        }
    }
}

/// Whether the bytes have this part. Linear but for parts that repeat
/// themselves, and those are bounded by the filter's own length.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let Some((first, rest)) = part.split_first() else {
        return true;
    };
    let mut left = bytes;
    while let Some(at) = left.iter().position(|byte| byte == first) {
        left = &left[at + 1..];
        if left.starts_with(rest) {
            return true;
        }
    }
    false
}

/// The same whatever the case of the bytes; the part is in small letters.
fn contains_folded(bytes: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else {
        return true;
    };
    let other = first.to_ascii_uppercase();
    let mut left = bytes;
    while let Some(at) = left.iter().position(|byte| byte == first || *byte == other) {
        left = &left[at..];
        let Some(here) = left.get(..part.len()) else {
            return false;
        };
        if here.eq_ignore_ascii_case(part) {
            return true;
        }
        left = &left[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_wherever_they_stand() {
        for (text, part, with_case, folded) in [
            ("", "", true, true),
            ("abc", "", true, true),
            ("aab", "ab", true, true),
            ("aAB", "ab", false, true),
            ("ab", "abc", false, false),
            ("xxAbC", "abc", false, true),
            ("W1 w2", "w1", false, true),
        ] {
            assert_eq!(
                contains(text.as_bytes(), part.as_bytes()),
                with_case,
                "{text} {part}"
            );
            assert_eq!(
                contains_folded(text.as_bytes(), part.as_bytes()),
                folded,
                "{text} {part}"
            );
        }
    }

    #[test]
    fn a_regular_expression_sees_the_begin_of_a_long_text() {
        let test = TextTest::new(&Test::Matches("b$".into()));
        let long = format!("{}b", "\u{20ac}".repeat(MAX_SEARCHED));
        assert!(!test.text(&long) && test.text("ab"));
        assert!(!test.bytes(long.as_bytes()) && test.bytes(b"\xffb"));
    }
}
