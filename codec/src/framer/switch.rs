use super::{FrameError, Framer, Handshake, Out, Start, Step};
use crate::Instant;

/// One of two framers, chosen at run time, before the connection begins.
///
/// RFC 9623 section 6.1 lets a framer put another beneath itself while it
/// starts (PrependFramer), as for a proxy or STARTTLS. Without an allocator the
/// framers that may come are known when the program is built: write the one
/// that may be there as the outer framer of an [`Over`](super::Over), and
/// switch it to [`Passthrough`](super::Passthrough) where it is not wanted. A
/// framer that is done after its handshake steps aside by itself
/// ([`Step::Passthrough`]). More than two nest.
///
/// ```
/// use wigwag_codec::framer::{Over, Passthrough, Switch, write};
/// use wigwag_codec::mark::MarkFramer;
/// use wigwag_codec::prefix::PrefixFramer;
///
/// for (marked, expected) in [(true, &b"HDR\0\0\0\x02hi"[..]), (false, b"\0\0\0\x02hi")] {
///     let below = if marked {
///         Switch::First(MarkFramer::new(*b"HDR"))
///     } else {
///         Switch::Second(Passthrough)
///     };
///     let mut stack = Over::new(PrefixFramer::new(100), below);
///     let mut wire = [0; 16];
///     let n = write(&mut stack, &((), ()), b"hi", &mut wire)?;
///     assert_eq!(&wire[..n], expected);
/// }
/// # Ok::<(), wigwag_codec::framer::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch<A, B> {
    /// The first framer is in use.
    First(A),
    /// The second framer is in use.
    Second(B),
}

const fn longer(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

impl<A: Framer, B: Framer<Meta = A::Meta>> Framer for Switch<A, B> {
    const HEAD: usize = longer(A::HEAD, B::HEAD);
    const TAIL: usize = longer(A::TAIL, B::TAIL);
    const PRESERVES_BOUNDARIES: bool = A::PRESERVES_BOUNDARIES && B::PRESERVES_BOUNDARIES;
    type Meta = A::Meta;
    const OUT: usize = longer(A::OUT, B::OUT);
    // They share the type of Meta, so what marks a message of one suits the other.
    const CARRIER: Option<A::Meta> = match (A::CARRIER, B::CARRIER) {
        (Some(meta), Some(_)) => Some(meta),
        _ => None,
    };

    fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        match self {
            Self::First(framer) => framer.start(out),
            Self::Second(framer) => framer.start(out),
        }
    }

    fn on_handshake(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        match self {
            Self::First(framer) => framer.on_handshake(input, out),
            Self::Second(framer) => framer.on_handshake(input, out),
        }
    }

    fn on_time(&mut self, now: Instant, out: &mut Out<'_>) -> Result<Option<Instant>, FrameError> {
        match self {
            Self::First(framer) => framer.on_time(now, out),
            Self::Second(framer) => framer.on_time(now, out),
        }
    }

    fn heard(&mut self) {
        match self {
            Self::First(framer) => framer.heard(),
            Self::Second(framer) => framer.heard(),
        }
    }

    fn stop(&mut self, out: &mut Out<'_>) {
        match self {
            Self::First(framer) => framer.stop(out),
            Self::Second(framer) => framer.stop(out),
        }
    }

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<A::Meta>, FrameError> {
        match self {
            Self::First(framer) => framer.decode(prefix),
            Self::Second(framer) => framer.decode(prefix),
        }
    }

    fn encode(
        &mut self,
        meta: &A::Meta,
        body_len: usize,
        head: &mut [u8],
        tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        match self {
            Self::First(framer) => framer.encode(meta, body_len, head, tail),
            Self::Second(framer) => framer.encode(meta, body_len, head, tail),
        }
    }
}
