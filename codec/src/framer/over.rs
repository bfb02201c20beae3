mod handshake;

use super::{FrameError, FrameErrorKind, Framer, Handshake, OUT_MESSAGES, Out, Start, Step};
use crate::{Instant, bytes};

/// Two framers, one on top of the other: application, `Inner`, `Outer`, wire.
///
/// RFC 9622 section 9.1.2: with several framers the one added last runs first
/// on sending and last on receiving, so it sits nearest to the application.
/// `add(a); add(b); add(c)` is `Over<c, Over<b, a>>`.
///
/// Each message of `Outer` must carry exactly one frame of `Inner`. When
/// `Outer` announces a message over its limit, `Inner` may still pass it on in
/// pieces, if it can tell from its head alone what follows. When `Outer` steps
/// aside ([`Step::Passthrough`]), `Inner` says where its frames end.
///
/// `Outer` settles its handshake first, then `Inner` its own, inside messages
/// of `Outer`; the connection is Ready after both. Both have their timers and
/// their last words.
///
/// ```
/// use wigwag_codec::framer::{Framer, Over, Step, write};
/// use wigwag_codec::prefix::PrefixFramer;
///
/// let mut stack = Over::new(PrefixFramer::new(100), PrefixFramer::new(200));
/// let mut wire = [0; 32];
/// let n = write(&mut stack, &((), ()), b"hi", &mut wire)?;
/// assert_eq!(&wire[..n], b"\0\0\0\x06\0\0\0\x02hi");
/// let step = stack.decode(&wire[..n])?;
/// assert_eq!(step, Step::Frame { meta: ((), ()), body: 8..10, consumed: 10 });
/// # Ok::<(), wigwag_codec::framer::FrameError>(())
/// ```
///
/// What the inner framer says by itself needs a message of the outer one to
/// travel in. One that has none for it ([`Framer::CARRIER`]) is refused when the
/// program is built, here a framer that speaks on NGTT:
///
/// ```compile_fail
/// # use wigwag_codec::framer::*;
/// # use wigwag_codec::ngtt::NgttFramer;
/// struct Speaks;
///
/// impl Framer for Speaks {
///     const OUT: usize = 16;
///     # const HEAD: usize = 0;
///     # const TAIL: usize = 0;
///     # const PRESERVES_BOUNDARIES: bool = false;
///     # type Meta = ();
///     # fn decode(&mut self, _: &[u8]) -> Result<Step<()>, FrameError> {
///     #     Ok(Step::Passthrough { meta: (), skip: 0 })
///     # }
///     # fn encode(
///     #     &mut self, _: &(), _: usize, _: &mut [u8], _: &mut [u8],
///     # ) -> Result<(usize, usize), FrameError> {
///     #     Ok((0, 0))
///     # }
/// }
///
/// let mut stack = Over::new(Speaks, NgttFramer::new(100));
/// stack.start(&mut Out::new(&mut [0; 64]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over<Inner, Outer> {
    inner: Inner,
    outer: Outer,
    stage: Stage,
}

/// Which of the two is settling something with the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Outer,
    Inner,
    Neither,
}

impl<Inner: Framer, Outer: Framer> Framer for Over<Inner, Outer> {
    const HEAD: usize = Inner::HEAD.saturating_add(Outer::HEAD);
    const TAIL: usize = Inner::TAIL.saturating_add(Outer::TAIL);
    const PRESERVES_BOUNDARIES: bool = Inner::PRESERVES_BOUNDARIES || Outer::PRESERVES_BOUNDARIES;
    type Meta = (Inner::Meta, Outer::Meta);
    const OUT: usize = if Inner::OUT == 0 {
        Outer::OUT
    } else {
        let around = Outer::HEAD.saturating_add(Outer::TAIL);
        let carried = Inner::OUT.saturating_add(around.saturating_mul(OUT_MESSAGES));
        Outer::OUT.saturating_add(carried)
    };
    const CARRIER: Option<Self::Meta> = match (Inner::CARRIER, Outer::CARRIER) {
        (Some(inner), Some(outer)) => Some((inner, outer)),
        _ => None,
    };

    fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        self.stage = Stage::Outer;
        match self.outer.start(out)? {
            Start::Handshake => Ok(Start::Handshake),
            Start::Ready => self.start_inner(out),
        }
    }

    fn on_handshake(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        if self.stage != Stage::Outer {
            return self.handshake_inside(input, out);
        }
        match self.outer.on_handshake(input, out)? {
            Handshake::Ready(n) => Ok(match self.start_inner(out)? {
                Start::Ready => Handshake::Ready(n),
                Start::Handshake => Handshake::Used(n),
            }),
            goes_on => Ok(goes_on),
        }
    }

    fn on_time(&mut self, now: Instant, out: &mut Out<'_>) -> Result<Option<Instant>, FrameError> {
        let outer = self.outer.on_time(now, out)?;
        if self.stage == Stage::Outer {
            return Ok(outer);
        }
        let inner = self.carried(out, |inner, out| inner.on_time(now, out))?;
        Ok(match (inner, outer) {
            (Some(inner), Some(outer)) => Some(inner.min(outer)),
            (one, other) => one.or(other),
        })
    }

    fn heard(&mut self) {
        self.outer.heard();
        self.inner.heard();
    }

    fn stop(&mut self, out: &mut Out<'_>) {
        if self.stage != Stage::Outer {
            // Where there is no room left, there are no last words.
            let _ = self.carried(out, |inner, out| {
                inner.stop(out);
                Ok(())
            });
        }
        self.outer.stop(out);
    }

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<Self::Meta>, FrameError> {
        match self.outer.decode(prefix)? {
            Step::Need(n) => Ok(Step::Need(n)),
            Step::Skip(n) => Ok(Step::Skip(n)),
            Step::Frame {
                meta,
                body,
                consumed,
            } => {
                let message = prefix.get(body.clone()).unwrap_or_default();
                self.whole(message, body.start, consumed, meta)
            }
            Step::Head {
                meta,
                skip,
                body_len,
                tail,
            } => {
                let arrived = prefix.get(skip..).unwrap_or_default();
                let arrived = arrived.get(..body_len).unwrap_or(arrived);
                self.head(arrived, meta, skip, body_len, tail)
            }
            Step::Passthrough { meta, skip } => match prefix.get(skip..) {
                None => Ok(Step::Need(skip)),
                Some(rest) => {
                    let step = self.inner.decode(rest).map_err(|e| shifted(e, skip))?;
                    Ok(behind(step, meta, skip))
                }
            },
        }
    }

    fn encode(
        &mut self,
        meta: &Self::Meta,
        body_len: usize,
        head: &mut [u8],
        tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        let no_space = FrameError::new(FrameErrorKind::NoSpace, head.len());
        let (outer_head, inner_head) = head.split_at_mut_checked(Outer::HEAD).ok_or(no_space)?;
        let (inner_head_len, inner_tail_len) =
            self.inner.encode(&meta.0, body_len, inner_head, tail)?;
        let outer_tail = tail.get_mut(inner_tail_len..).ok_or(no_space)?;
        let carried = body_len
            .saturating_add(inner_head_len)
            .saturating_add(inner_tail_len);
        let (outer_head_len, outer_tail_len) = self
            .outer
            .encode(&meta.1, carried, outer_head, outer_tail)?;
        // The inner head was written behind the longest outer head.
        let inner_end = Outer::HEAD.saturating_add(inner_head_len);
        bytes::shift(head, Outer::HEAD..inner_end, outer_head_len);
        Ok((
            outer_head_len.saturating_add(inner_head_len),
            inner_tail_len.saturating_add(outer_tail_len),
        ))
    }
}

impl<Inner, Outer> Over<Inner, Outer> {
    /// `inner` on top of `outer`.
    #[must_use]
    pub const fn new(inner: Inner, outer: Outer) -> Self {
        Self {
            inner,
            outer,
            stage: Stage::Outer,
        }
    }

    /// The framer nearer to the application.
    pub const fn inner(&mut self) -> &mut Inner {
        &mut self.inner
    }

    /// The framer nearer to the wire.
    pub const fn outer(&mut self) -> &mut Outer {
        &mut self.outer
    }
}

impl<Inner: Framer, Outer: Framer> Over<Inner, Outer> {
    /// The outer message is here as a whole: it must be one inner frame.
    fn whole(
        &mut self,
        message: &[u8],
        at: usize,
        consumed: usize,
        outer: Outer::Meta,
    ) -> Result<Step<<Self as Framer>::Meta>, FrameError> {
        let misfit = |offset| FrameError::new(FrameErrorKind::Misfit, offset);
        match self
            .inner
            .decode(message)
            .map_err(|error| shifted(error, at))?
        {
            Step::Frame {
                meta,
                body,
                consumed: used,
            } if used == message.len() => Ok(Step::Frame {
                meta: (meta, outer),
                body: body.start.saturating_add(at)..body.end.saturating_add(at),
                consumed,
            }),
            Step::Frame { consumed: used, .. } => Err(misfit(at.saturating_add(used))),
            // Over the inner limit, though all of it is here: it is passed on
            // in pieces like any other message over a limit.
            Step::Head {
                meta,
                skip,
                body_len,
                tail,
            } if skip.saturating_add(body_len).saturating_add(tail) == message.len() => {
                let skip = skip.saturating_add(at);
                let after = consumed.saturating_sub(skip.saturating_add(body_len));
                Ok(Step::Head {
                    meta: (meta, outer),
                    skip,
                    body_len,
                    tail: after,
                })
            }
            // It has no end of its own: the outer message is its end.
            Step::Passthrough { meta, skip } if skip <= message.len() => Ok(Step::Frame {
                meta: (meta, outer),
                body: skip.saturating_add(at)..message.len().saturating_add(at),
                consumed,
            }),
            Step::Skip(n) if n == message.len() => Ok(Step::Skip(consumed)),
            Step::Head { .. } | Step::Passthrough { .. } | Step::Skip(_) | Step::Need(_) => {
                Err(misfit(at.saturating_add(message.len())))
            }
        }
    }

    /// The outer message is over its limit: only the inner head is looked at.
    fn head(
        &mut self,
        arrived: &[u8],
        outer: Outer::Meta,
        at: usize,
        length: usize,
        outer_tail: usize,
    ) -> Result<Step<<Self as Framer>::Meta>, FrameError> {
        let misfit = |offset| FrameError::new(FrameErrorKind::Misfit, offset);
        match self
            .inner
            .decode(arrived)
            .map_err(|error| shifted(error, at))?
        {
            Step::Need(n) if n > length => Err(misfit(at.saturating_add(length))),
            // More than a head: the inner framer wants to see the message whole,
            // which is what the outer limit forbids.
            Step::Need(n) if n > Inner::HEAD => Err(FrameError::new(
                FrameErrorKind::TooLarge {
                    length,
                    limit: Inner::HEAD,
                },
                at,
            )),
            Step::Need(n) => Ok(Step::Need(n.saturating_add(at))),
            Step::Head {
                meta,
                skip,
                body_len,
                tail,
            } if skip.saturating_add(body_len).saturating_add(tail) == length => Ok(Step::Head {
                meta: (meta, outer),
                skip: skip.saturating_add(at),
                body_len,
                tail: tail.saturating_add(outer_tail),
            }),
            // Small enough to be whole, in an outer message that is not.
            Step::Frame {
                meta,
                body,
                consumed,
            } if consumed == length => Ok(Step::Head {
                meta: (meta, outer),
                skip: body.start.saturating_add(at),
                body_len: body.len(),
                tail: consumed.saturating_sub(body.end).saturating_add(outer_tail),
            }),
            Step::Passthrough { meta, skip } if skip <= length => Ok(Step::Head {
                meta: (meta, outer),
                skip: skip.saturating_add(at),
                body_len: length.saturating_sub(skip),
                tail: outer_tail,
            }),
            Step::Head { .. } | Step::Frame { .. } | Step::Passthrough { .. } | Step::Skip(_) => {
                Err(misfit(at))
            }
        }
    }
}

fn shifted(error: FrameError, by: usize) -> FrameError {
    FrameError::new(error.kind, error.offset.saturating_add(by))
}

/// What an inner framer found `by` bytes behind the start of the prefix.
fn behind<I, O>(step: Step<I>, outer: O, by: usize) -> Step<(I, O)> {
    match step {
        Step::Need(n) => Step::Need(n.saturating_add(by)),
        Step::Skip(n) => Step::Skip(n.saturating_add(by)),
        Step::Frame {
            meta,
            body,
            consumed,
        } => Step::Frame {
            meta: (meta, outer),
            body: body.start.saturating_add(by)..body.end.saturating_add(by),
            consumed: consumed.saturating_add(by),
        },
        Step::Head {
            meta,
            skip,
            body_len,
            tail,
        } => Step::Head {
            meta: (meta, outer),
            skip: skip.saturating_add(by),
            body_len,
            tail,
        },
        Step::Passthrough { meta, skip } => Step::Passthrough {
            meta: (meta, outer),
            skip: skip.saturating_add(by),
        },
    }
}
