//! Leaving out items that nobody knows, without holding them.

use super::error::CaptureErrorKind;
use super::head::{self, major};

/// How deep an item that is skipped may be nested.
pub const MAX_DEPTH: usize = 16;

/// What is still to be left out. Costs the same for a megabyte in one string and
/// in a million items, in one piece and in many.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Skip {
    /// Items that remain, of each array, map or tag that is open.
    remaining: [u64; MAX_DEPTH],
    depth: usize,
    /// Bytes that remain of a string.
    string: u64,
}

impl Skip {
    /// Leaves out this many items.
    pub(super) fn items(count: u64) -> Self {
        let mut skip = Self::default();
        if let Some(first) = skip.remaining.first_mut() {
            *first = count;
            skip.depth = usize::from(count > 0);
        }
        skip
    }

    /// Whether nothing remains to be left out.
    pub(super) fn is_done(&self) -> bool {
        self.depth == 0 && self.string == 0
    }

    fn open(&mut self, count: u64) -> Result<(), CaptureErrorKind> {
        let place = self.remaining.get_mut(self.depth);
        *place.ok_or(CaptureErrorKind::TooDeep)? = count;
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    /// Takes what can be left out from the start of `bytes`; says how many bytes
    /// that was, and with an error, before which one it stopped.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<usize, (CaptureErrorKind, usize)> {
        let mut at = 0_usize;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let whole = usize::try_from(self.string).unwrap_or(usize::MAX);
            let taken = whole.min(rest.len());
            at = at.saturating_add(taken);
            self.string = self.string.saturating_sub(taken as u64);
            if self.string > 0 {
                return Ok(at);
            }
            let Some(top) = self.depth.checked_sub(1) else {
                return Ok(at);
            };
            let Some(remaining) = self.remaining.get_mut(top).filter(|count| **count > 0) else {
                self.depth = top;
                continue;
            };
            let head = match head::read(bytes.get(at..).unwrap_or_default()) {
                Ok(head) => head,
                Err(Ok(_)) => return Ok(at),
                Err(Err(kind)) => return Err((kind, at)),
            };
            *remaining = remaining.saturating_sub(1);
            let inside = match head.major {
                major::ARRAY => Some(head.argument),
                major::MAP => Some(head.argument.saturating_mul(2)),
                major::TAG => Some(1),
                _ => None,
            };
            if let Some(count) = inside {
                self.open(count).map_err(|kind| (kind, at))?;
            } else if matches!(head.major, major::BYTES | major::TEXT) {
                self.string = head.argument;
            }
            at = at.saturating_add(head.size);
        }
    }
}
