//! What is still to be read of a packet or of a field.

use super::error::{NcpError, NcpErrorKind};
use super::{FOOTER, FOOTER_LEN, Ident, WORD};

/// Bytes that fields and parameters begin with alike: name, size and type.
const COMMON: usize = 8;

/// Bytes of a packet, and where they stand in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) offset: usize,
}

/// A field or a parameter.
pub(super) struct Part<'a> {
    pub(super) name: Ident,
    pub(super) kind: u8,
    pub(super) offset: usize,
    /// What follows name, size and type.
    pub(super) content: &'a [u8],
}

impl<'a> Rest<'a> {
    /// Nothing.
    pub(super) const EMPTY: Self = Self {
        bytes: &[],
        offset: 0,
    };

    /// Passes over a footer that stands here, and says where it stood.
    #[inline]
    pub(super) fn take_footer(&mut self) -> Option<usize> {
        let offset = self.offset;
        let (head, rest) = self.bytes.split_first_chunk::<FOOTER_LEN>()?;
        if *head != FOOTER {
            return None;
        }
        self.bytes = rest;
        self.offset = offset.wrapping_add(FOOTER_LEN);
        Some(offset)
    }

    /// Passes over all footers that stand here.
    #[inline]
    pub(super) fn skip_footers(&mut self) {
        while self.take_footer().is_some() {}
    }

    /// The part that stands here, whose header has `HEAD` bytes, eight or more.
    #[inline]
    pub(super) fn take<const HEAD: usize>(&mut self) -> Result<Part<'a>, NcpError> {
        let (bytes, offset) = (self.bytes, self.offset);
        let Some(&[n0, n1, n2, n3, s0, s1, s2, kind]) = bytes.first_chunk::<COMMON>() else {
            let end = offset.saturating_add(bytes.len());
            return Err(NcpError::new(NcpErrorKind::Truncated, end));
        };
        let words = u32::from_le_bytes([s0, s1, s2, 0]);
        // 24 bits of words are 26 of bytes.
        let length = usize::try_from(words).map_or(usize::MAX, |words| words.wrapping_mul(WORD));
        let wrong = |kind| Err(NcpError::new(kind, offset.saturating_add(WORD)));
        if length < HEAD {
            return wrong(NcpErrorKind::TooShort(words));
        }
        let Some((part, rest)) = bytes.split_at_checked(length) else {
            return wrong(NcpErrorKind::TooLong(words));
        };
        self.bytes = rest;
        self.offset = offset.wrapping_add(length);
        Ok(Part {
            name: Ident::from_wire([n0, n1, n2, n3]),
            kind,
            offset,
            content: part.get(COMMON..).unwrap_or_default(),
        })
    }
}
