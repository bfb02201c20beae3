//! Messages behind a fixed mark, with nothing that says where they end.
//!
//! The `SecondFramer` of NEATPy, whose mark is U+1F618, and the "HEADER" of its
//! example client. NEATPy can only send this; what the bytes allow a receiver is:
//!
//! - on a framer with messages, or over datagrams, each message is marked and
//!   ends where what carries it ends;
//! - below a framer whose frames say their length, that framer finds the end, so
//!   the stack can be read from a stream;
//! - alone on a stream the mark can be taken off once: the rest of the stream is
//!   one message, because a later mark looks like content. Therefore the framer
//!   does not claim to preserve message boundaries.

use crate::framer::{FrameError, FrameErrorKind, Framer, Step};

/// The framer of marked messages: `N` bytes, then the message.
///
/// ```
/// use wigwag_codec::framer::{Over, write};
/// use wigwag_codec::mark::MarkFramer;
/// use wigwag_codec::prefix::PrefixFramer;
///
/// let mut stack = Over::new(MarkFramer::SECOND, PrefixFramer::new(100));
/// let mut wire = [0; 16];
/// let n = write(&mut stack, &((), ()), b"hi", &mut wire)?;
/// assert_eq!(&wire[..n], b"\0\0\0\x06\xf0\x9f\x98\x98hi");
/// # Ok::<(), wigwag_codec::framer::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkFramer<const N: usize> {
    mark: [u8; N],
}

impl MarkFramer<4> {
    /// NEATPy's `SecondFramer`: U+1F618 in UTF-8.
    pub const SECOND: Self = Self::new(*b"\xf0\x9f\x98\x98");
}

impl<const N: usize> MarkFramer<N> {
    /// A framer with this mark.
    #[must_use]
    pub const fn new(mark: [u8; N]) -> Self {
        Self { mark }
    }
}

impl<const N: usize> Framer for MarkFramer<N> {
    const HEAD: usize = N;
    const TAIL: usize = 0;
    const PRESERVES_BOUNDARIES: bool = false;
    type Meta = ();
    const CARRIER: Option<()> = Some(());

    /// [`FrameErrorKind::Unrecognized`] as soon as a byte differs from the mark.
    fn decode(&mut self, prefix: &[u8]) -> Result<Step<()>, FrameError> {
        let wrong = self.mark.iter().zip(prefix).position(|(a, b)| a != b);
        match wrong {
            Some(at) => Err(FrameError::new(FrameErrorKind::Unrecognized, at)),
            // The next byte may be a wrong one.
            None if prefix.len() < N => Ok(Step::Need(prefix.len().saturating_add(1))),
            None => {
                let (meta, skip) = ((), N);
                Ok(Step::Passthrough { meta, skip })
            }
        }
    }

    fn encode(
        &mut self,
        (): &(),
        _body_len: usize,
        head: &mut [u8],
        _tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        let no_space = FrameError::new(FrameErrorKind::NoSpace, head.len());
        *head.first_chunk_mut::<N>().ok_or(no_space)? = self.mark;
        Ok((N, 0))
    }
}
