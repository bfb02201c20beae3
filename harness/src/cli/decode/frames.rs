//! Cutting a whole input into frames.

use wigwag_codec::framer::{FrameError, Framer, Step};

/// Calls `each` for every whole frame with its offset in `bytes`, and returns
/// how many bytes are left after the last one. The framer's limit should be
/// larger than any frame can be: what is longer than the input is then left
/// over, whatever length it announces.
pub(crate) fn cut<'a, F: Framer>(
    framer: &mut F,
    bytes: &'a [u8],
    mut each: impl FnMut(usize, F::Meta, &'a [u8]),
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
                each(offset, meta, &rest[body]);
                offset += consumed;
            }
            Step::Skip(n) if (1..=rest.len()).contains(&n) => offset += n,
            _ => return (rest.len(), Ok(())),
        }
    }
}
