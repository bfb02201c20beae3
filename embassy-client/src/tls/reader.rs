//! Reads TLS's numbers and vectors (RFC 8446 section 3) from received bytes:
//! every length is checked before it is used, nothing panics.

/// What is left to read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// An unsigned number of `bytes` bytes, at most four.
    fn number(&mut self, bytes: usize) -> Option<usize> {
        let digits = self.take(bytes)?;
        Some(
            digits
                .iter()
                .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
        )
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        u16::try_from(self.number(2)?).ok()
    }

    pub(super) fn u24(&mut self) -> Option<usize> {
        self.number(3)
    }

    /// A vector behind a length of `prefix` bytes.
    pub(super) fn vector(&mut self, prefix: usize) -> Option<Reader<'a>> {
        let length = self.number(prefix)?;
        self.take(length).map(Reader)
    }

    /// The same where nothing may follow it.
    pub(super) fn last_vector(&mut self, prefix: usize) -> Option<Reader<'a>> {
        let vector = self.vector(prefix)?;
        self.is_empty().then_some(vector)
    }

    /// One extension of a list: its type and data (RFC 8446 section 4.2).
    pub(super) fn extension(&mut self) -> Option<(u16, Reader<'a>)> {
        Some((self.u16()?, self.vector(2)?))
    }
}
