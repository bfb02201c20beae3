use super::{FrameError, FrameErrorKind, Framer, Step};

/// Two framers, one on top of the other: application, `Inner`, `Outer`, wire.
///
/// RFC 9622 section 9.1.2: with several framers the one added last runs first
/// on sending and last on receiving, so it sits nearest to the application.
/// `add(a); add(b); add(c)` is `Over<c, Over<b, a>>`.
///
/// Each message of `Outer` must carry exactly one frame of `Inner`. When
/// `Outer` announces a message over its limit, `Inner` may still pass it on in
/// pieces, if it can tell from its head alone what follows.
///
/// ```
/// use wigwag_codec::framer::{Framer, Over, Step, write};
/// use wigwag_codec::prefix::PrefixFramer;
///
/// let mut stack = Over(PrefixFramer::new(100), PrefixFramer::new(200));
/// let mut wire = [0; 32];
/// let n = write(&mut stack, &((), ()), b"hi", &mut wire)?;
/// assert_eq!(&wire[..n], b"\0\0\0\x06\0\0\0\x02hi");
/// let step = stack.decode(&wire[..n])?;
/// assert_eq!(step, Step::Frame { meta: ((), ()), body: 8..10, consumed: 10 });
/// # Ok::<(), wigwag_codec::framer::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Over<Inner, Outer>(pub Inner, pub Outer);

impl<Inner: Framer, Outer: Framer> Framer for Over<Inner, Outer> {
    const HEAD: usize = Inner::HEAD.saturating_add(Outer::HEAD);
    const TAIL: usize = Inner::TAIL.saturating_add(Outer::TAIL);
    const PRESERVES_BOUNDARIES: bool = Inner::PRESERVES_BOUNDARIES || Outer::PRESERVES_BOUNDARIES;
    type Meta = (Inner::Meta, Outer::Meta);

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<Self::Meta>, FrameError> {
        match self.1.decode(prefix)? {
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
            self.0.encode(&meta.0, body_len, inner_head, tail)?;
        let outer_tail = tail.get_mut(inner_tail_len..).ok_or(no_space)?;
        let carried = body_len
            .saturating_add(inner_head_len)
            .saturating_add(inner_tail_len);
        let (outer_head_len, outer_tail_len) =
            self.1.encode(&meta.1, carried, outer_head, outer_tail)?;
        // The inner head was written behind the longest outer head.
        let inner_end = Outer::HEAD.saturating_add(inner_head_len);
        head.copy_within(Outer::HEAD..inner_end, outer_head_len);
        Ok((
            outer_head_len.saturating_add(inner_head_len),
            inner_tail_len.saturating_add(outer_tail_len),
        ))
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
        match self.0.decode(message).map_err(|error| shifted(error, at))? {
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
            Step::Skip(n) if n == message.len() => Ok(Step::Skip(consumed)),
            Step::Head { .. } | Step::Skip(_) | Step::Need(_) => {
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
        match self.0.decode(arrived).map_err(|error| shifted(error, at))? {
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
            Step::Head { .. } | Step::Frame { .. } | Step::Skip(_) => Err(misfit(at)),
        }
    }
}

fn shifted(error: FrameError, by: usize) -> FrameError {
    FrameError::new(error.kind, error.offset.saturating_add(by))
}
