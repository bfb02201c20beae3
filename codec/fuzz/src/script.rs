//! Input as a list of choices.

use arbitrary::Unstructured;

/// Input as a list of choices, which never fails: when all bytes are used up, the
/// first choice is taken.
pub struct Script<'a>(Unstructured<'a>);

impl<'a> Script<'a> {
    /// The choices that these bytes are.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// Whether all choices were made.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From 0 below `end`, at most 256; 0 when all choices were made.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.0.arbitrary::<u8>().unwrap_or(0)) % end
    }

    /// The next bytes as they are, up to `length` of them.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        self.0.bytes(length.min(self.0.len())).unwrap_or_default()
    }
}
