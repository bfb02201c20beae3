//! Walking over the elements of a [`Value`].

use super::budget::Budget;
use super::limits::MAX_DEPTH;
use super::pass::{TextCheck, pass_over};
use super::reader::Reader;
use super::text::Text;
use super::value::Value;

/// A key of a map.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// Of a map with text keys.
    Text(Text<'a>),
    /// Of a map with any keys: a scalar, which may be text as well.
    Value(Value<'a>),
}

impl<'a> Key<'a> {
    /// The key, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => text.to_str().ok(),
            Self::Value(value) => value.as_str(),
        }
    }

    /// The bytes of the key, if it is text.
    #[must_use]
    pub fn as_bytes_of_text(&self) -> Option<&'a [u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Value(value) => value.as_text().map(|text| text.as_bytes()),
        }
    }
}

/// The values of a list; made by [`Value::items`].
#[derive(Clone, Debug)]
pub struct Items<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) left: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        self.left = self.left.checked_sub(1)?;
        next_value(&mut self.reader)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// The entries of a map; made by [`Value::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) left: u32,
    pub(super) text_keys: bool,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Key<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<(Key<'a>, Value<'a>)> {
        self.left = self.left.checked_sub(1)?;
        let offset = self.reader.position();
        let key = if self.text_keys {
            Key::Text(Text::new(self.reader.text_key().ok()?, offset))
        } else {
            Key::Value(next_value(&mut self.reader)?)
        };
        Some((key, next_value(&mut self.reader)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Entries<'_> {}

/// Cuts the next value out of a container that was checked before.
#[inline]
fn next_value<'a>(reader: &mut Reader<'a>) -> Option<Value<'a>> {
    let from = reader.rest();
    let mut budget = Budget(u32::MAX);
    pass_over(reader, MAX_DEPTH, &mut budget, TextCheck::None).ok()?;
    let length = from.len().checked_sub(reader.rest().len())?;
    Some(Value::checked(from.get(..length)?))
}
