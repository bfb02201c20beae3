//! Messages behind a length prefix: `u32` big-endian, then the message.
//!
//! The same bytes as the `ExampleFramer` of NEATPy. A message may be empty.

use crate::framer::{FrameError, FrameErrorKind, Framer, Step};

/// Bytes of the length prefix.
pub const PREFIX_LEN: usize = 4;

/// The framer of length-prefixed messages.
///
/// The peer that this format comes from has no limit; here the limit is chosen
/// by the caller. Longer received messages are announced as [`Step::Head`],
/// longer ones to send are refused.
///
/// ```
/// use wigwag_codec::framer::{Framer, Step, write};
/// use wigwag_codec::prefix::PrefixFramer;
///
/// let mut framer = PrefixFramer::new(1024);
/// let mut wire = [0; 16];
/// let n = write(&mut framer, &(), b"hello", &mut wire)?;
/// assert_eq!(&wire[..n], b"\0\0\0\x05hello");
/// assert_eq!(framer.decode(&wire[..3])?, Step::Need(4));
/// # Ok::<(), wigwag_codec::framer::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixFramer {
    max_message: usize,
}

impl PrefixFramer {
    /// A framer for messages of at most `max_message` bytes.
    #[must_use]
    pub const fn new(max_message: usize) -> Self {
        Self { max_message }
    }

    /// The most that fits into a receive buffer of `capacity` bytes.
    #[must_use]
    pub const fn for_buffer(capacity: usize) -> Self {
        Self::new(capacity.saturating_sub(PREFIX_LEN))
    }
}

impl Framer for PrefixFramer {
    const HEAD: usize = PREFIX_LEN;
    const TAIL: usize = 0;
    const PRESERVES_BOUNDARIES: bool = true;
    type Meta = ();
    const CARRIER: Option<()> = Some(());

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<()>, FrameError> {
        let Some((length, rest)) = prefix.split_first_chunk::<PREFIX_LEN>() else {
            return Ok(Step::Need(PREFIX_LEN));
        };
        // On a target with 16-bit pointers the length may not fit.
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > self.max_message {
            return Ok(Step::Head {
                meta: (),
                skip: PREFIX_LEN,
                body_len: length,
                tail: 0,
            });
        }
        let consumed = length.saturating_add(PREFIX_LEN);
        if rest.len() < length {
            return Ok(Step::Need(consumed));
        }
        Ok(Step::Frame {
            meta: (),
            body: PREFIX_LEN..consumed,
            consumed,
        })
    }

    fn encode(
        &mut self,
        (): &(),
        body_len: usize,
        head: &mut [u8],
        _tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        let too_large = FrameError::new(
            FrameErrorKind::TooLarge {
                length: body_len,
                limit: self.max_message,
            },
            0,
        );
        if body_len > self.max_message {
            return Err(too_large);
        }
        let length = u32::try_from(body_len).map_err(|_| too_large)?;
        let no_space = FrameError::new(FrameErrorKind::NoSpace, head.len());
        *head.first_chunk_mut::<PREFIX_LEN>().ok_or(no_space)? = length.to_be_bytes();
        Ok((PREFIX_LEN, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framer::{FrameReader, Received, write};

    #[test]
    fn an_empty_message_is_a_message() {
        let mut framer = PrefixFramer::new(0);
        assert_eq!(
            framer.decode(&[0; 4]),
            Ok(Step::Frame {
                meta: (),
                body: 4..4,
                consumed: 4
            })
        );
    }

    #[test]
    fn a_length_over_the_limit_is_not_waited_for() {
        let mut framer = PrefixFramer::new(10);
        let step = framer.decode(&[0xff, 0xff, 0xff, 0xff, 1]);
        let body_len = u32::MAX as usize;
        assert_eq!(
            step,
            Ok(Step::Head {
                meta: (),
                skip: 4,
                body_len,
                tail: 0
            })
        );
        assert!(matches!(
            write(&mut framer, &(), &[0; 11], &mut [0; 32]),
            Err(FrameError {
                kind: FrameErrorKind::TooLarge {
                    length: 11,
                    limit: 10
                },
                ..
            })
        ));
    }

    #[test]
    fn a_place_that_is_too_small_is_refused() {
        let mut framer = PrefixFramer::new(10);
        let error = write(&mut framer, &(), b"abc", &mut [0; 6]);
        assert_eq!(error, Err(FrameError::new(FrameErrorKind::NoSpace, 6)));
        let error = framer.encode(&(), 3, &mut [0; 3], &mut []);
        assert_eq!(error, Err(FrameError::new(FrameErrorKind::NoSpace, 3)));
    }

    #[test]
    fn a_buffer_too_small_for_the_limit_is_said() {
        let mut buffer = [0; 8];
        let mut reader = FrameReader::new(PrefixFramer::new(100), &mut buffer);
        reader.push(&[0, 0, 0, 50, 1, 2]);
        let kind = FrameErrorKind::BufferTooSmall {
            needed: 54,
            capacity: 8,
        };
        assert_eq!(reader.next(), Err(FrameError::new(kind, 6)));
        assert_eq!(reader.next(), Err(FrameError::new(kind, 6)));
        reader.reset();
        reader.push(&[0, 0, 0, 1, 9]);
        assert_eq!(
            reader.next(),
            Ok(Some(Received::Message {
                meta: (),
                body: &[9]
            }))
        );
    }
}
