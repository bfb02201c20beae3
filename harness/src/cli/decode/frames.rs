//! Cutting a whole input into frames.

use wigwag_codec::framer::{FrameError, Framer, Step};
use wigwag_inspect::filter::Filter;
use wigwag_inspect::{Direction, Frame, Protocol};

/// A frame where it stands in an input.
pub(crate) struct Cut<'a, M> {
    /// Bytes before it.
    pub(crate) offset: usize,
    /// What its head says.
    pub(crate) meta: M,
    /// All its bytes,
    pub(crate) whole: &'a [u8],
    /// and those of its body.
    pub(crate) body: &'a [u8],
}

impl<M> Cut<'_, M> {
    /// Whether a filter lets it through.
    pub(crate) fn passes(&self, filter: Option<&Filter>, protocol: Protocol) -> bool {
        filter.is_none_or(|filter| {
            let frame = Frame {
                protocol,
                // Nobody knows, and no filter that is taken here asks.
                direction: Direction::ToServer,
                bytes: self.whole,
            };
            filter.holds_alone(frame, self.offset as u64)
        })
    }
}

/// Calls `each` for every whole frame with its offset in `bytes`, all its bytes and
/// its body, and returns how many bytes are left after the last one. The framer's limit should be
/// larger than any frame can be: what is longer than the input is then left
/// over, whatever length it announces.
pub(crate) fn cut<'a, F: Framer>(
    framer: &mut F,
    bytes: &'a [u8],
    mut each: impl FnMut(Cut<'a, F::Meta>),
) -> (usize, Result<(), FrameError>) {
    let mut offset = 0;
    loop {
        let rest = &bytes[offset..];
        let step = match framer.decode(rest) {
            Ok(step) => step,
            Err(error) => {
                let error = FrameError::new(error.kind, offset + error.offset);
                return (rest.len(), Err(error));
            }
        };
        match step {
            Step::Frame {
                meta,
                body,
                consumed,
            } if consumed > 0 => {
                each(Cut {
                    offset,
                    meta,
                    whole: &rest[..consumed],
                    body: &rest[body],
                });
                offset += consumed;
            }
            Step::Skip(n) if (1..=rest.len()).contains(&n) => offset += n,
            _ => return (rest.len(), Ok(())),
        }
    }
}
