use core::ops::Range;

use super::{FrameError, FrameErrorKind, Framer, Step};

/// Where a stream of frames stands between two looks at it: the part of
/// receiving that is the same whoever holds the bytes.
///
/// It keeps no bytes. Its caller shows it the prefix of some queue, drops as
/// many bytes as it is told, and calls again. [`FrameReader`](super::FrameReader)
/// is such a caller with a buffer of its own.
///
/// [`next`](Self::next) takes messages whole and announces those that are not
/// going to be; [`part`](Self::part) takes any message in pieces. They can be
/// mixed: `next` drops what is left of a message that `part` began.
///
/// ```
/// use wigwag_codec::framer::{Found, Receiver, Turn};
/// use wigwag_codec::prefix::PrefixFramer;
///
/// let (mut framer, mut receiver) = (PrefixFramer::new(60), Receiver::new());
/// let mut queue = &b"\0\0\0\x02hi\0\0\0"[..];
/// let mut messages = 0;
/// loop {
///     match receiver.next(&mut framer, queue, 64)? {
///         Turn::Need(total) => break assert_eq!((total, queue.len()), (4, 3)),
///         Turn::Drop(count) => queue = &queue[count..],
///         Turn::Take { found: Found::Message { body, .. }, consumed } => {
///             assert_eq!(&queue[body], b"hi");
///             queue = &queue[consumed..];
///             messages += 1;
///         }
///         Turn::Take { consumed, .. } => queue = &queue[consumed..],
///     }
/// }
/// assert_eq!(messages, 1);
/// # Ok::<(), wigwag_codec::framer::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Receiver<M> {
    /// Bytes to drop, some of which may not have arrived.
    pub(super) skip: usize,
    /// The message that is not handed out whole, behind what is to be dropped.
    body: Option<Body<M>>,
}

#[derive(Clone, Copy, Debug)]
struct Body<M> {
    meta: M,
    /// How many bytes are still to come; `None` up to the end of the stream.
    left: Option<usize>,
    tail: usize,
}

/// What [`Receiver`] wants its caller to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn<T> {
    /// Wait until there are this many bytes in total: never more than the
    /// capacity, always more than there are.
    Need(usize),
    /// Drop this many bytes, which can be none, and call again.
    Drop(usize),
    /// Use what was found, then drop `consumed` bytes.
    Take {
        /// What was found; ranges count from the start of the prefix.
        found: T,
        /// How many bytes to drop after it was used.
        consumed: usize,
    },
}

/// What [`Receiver::next`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<M> {
    /// A whole message.
    Message {
        /// What the message has besides its bytes.
        meta: M,
        /// Where in the prefix it stands.
        body: Range<usize>,
    },
    /// The head of a message over the limit. Take it by [`Receiver::part`]; the
    /// next call of [`Receiver::next`] drops it.
    Oversized {
        /// What the message has besides its bytes.
        meta: M,
        /// How many bytes the message has.
        body_len: usize,
    },
    /// A message without an end of its own ([`Step::Passthrough`]): everything
    /// to the end of the stream. Take it by [`Receiver::part`]; the next call of
    /// [`Receiver::next`] drops it.
    Endless {
        /// What the message has besides its bytes.
        meta: M,
    },
}

/// What [`Receiver::part`] found: the next bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<M> {
    /// What the message has besides its bytes.
    pub meta: M,
    /// Where in the prefix they stand.
    pub data: Range<usize>,
    /// Whether the message ends with them.
    pub end_of_message: bool,
}

impl<M> Default for Receiver<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Receiver<M> {
    /// At the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            skip: 0,
            body: None,
        }
    }

    /// Whether it stands between two messages, so that the stream may end here.
    #[must_use]
    pub const fn at_boundary(&self) -> bool {
        self.skip == 0 && self.body.is_none()
    }
}

impl<M> Receiver<M> {
    /// Whether bytes that have not arrived yet are to be dropped.
    pub(super) const fn is_dropping(&self) -> bool {
        self.skip > 0
    }

    /// Notes that those of them are dropped that have arrived: so many.
    pub(super) fn drop_arrived(&mut self, arrived: usize) -> usize {
        let count = self.skip.min(arrived);
        self.skip = self.skip.saturating_sub(count);
        count
    }
}

impl<M: Copy> Receiver<M> {
    /// The next whole message, or the head of one that is not handed out whole.
    /// `prefix` is what was received and not dropped yet, `capacity` how long it
    /// can become.
    ///
    /// # Errors
    /// Those of the framer; [`FrameErrorKind::BufferTooSmall`] if it has to see
    /// more than `capacity` bytes at once. The stream is then out of step.
    #[inline]
    pub fn next<F: Framer<Meta = M>>(
        &mut self,
        framer: &mut F,
        prefix: &[u8],
        capacity: usize,
    ) -> Result<Turn<Found<M>>, FrameError> {
        if self.at_boundary() {
            // The usual case is small enough to be part of its caller.
            return match framer.decode(prefix)? {
                Step::Frame {
                    meta,
                    body,
                    consumed,
                } if consumed > 0 => Ok(Turn::Take {
                    found: Found::Message { meta, body },
                    consumed,
                }),
                step => self.act(step, prefix.len(), capacity),
            };
        }
        Ok(self.left_over(prefix.len()))
    }

    /// Drops what is left of the message that was not taken to its end.
    fn left_over(&mut self, arrived: usize) -> Turn<Found<M>> {
        if let Some(turn) = self.dropped(arrived) {
            return turn;
        }
        if let Some(body) = &mut self.body {
            // Not taken in pieces: it is dropped.
            match body.left {
                None if arrived > 0 => return Turn::Drop(arrived),
                None => return Turn::Need(1),
                Some(left) if left > 0 => {
                    self.skip = left;
                    body.left = Some(0);
                }
                Some(_) => {
                    self.skip = body.tail;
                    self.body = None;
                }
            }
        }
        Turn::Drop(0)
    }

    /// The next bytes of a message, at most `max` of them (at least one, unless
    /// the message is empty). Fewer than `min` only with the end of the message,
    /// or if there is no room to wait for more.
    ///
    /// A message that the framer hands out whole has arrived as a whole before
    /// its first piece.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn part<F: Framer<Meta = M>>(
        &mut self,
        framer: &mut F,
        prefix: &[u8],
        capacity: usize,
        min: usize,
        max: usize,
    ) -> Result<Turn<Piece<M>>, FrameError> {
        if let Some(turn) = self.dropped(prefix.len()) {
            return Ok(turn);
        }
        if let Some(body) = self.body {
            return Ok(self.piece(body, prefix.len(), capacity, min, max.max(1)));
        }
        let step = framer.decode(prefix)?;
        Ok(match self.act(step, prefix.len(), capacity)? {
            Turn::Need(n) => Turn::Need(n),
            Turn::Drop(n) => Turn::Drop(n),
            Turn::Take {
                found: Found::Message { meta, body },
                consumed,
            } => {
                let length = body.end.saturating_sub(body.start);
                if length <= max {
                    let (data, end_of_message) = (body, true);
                    let found = Piece {
                        meta,
                        data,
                        end_of_message,
                    };
                    return Ok(Turn::Take { found, consumed });
                }
                self.body = Some(Body {
                    meta,
                    left: Some(length),
                    tail: consumed.saturating_sub(body.end),
                });
                Turn::Drop(body.start)
            }
            Turn::Take { consumed, .. } => Turn::Drop(consumed),
        })
    }

    /// The stream has ended, with `arrived` bytes that nobody wanted: the last
    /// piece of a message that ends with the stream, or `None` where one can
    /// end.
    ///
    /// # Errors
    /// [`FrameErrorKind::Truncated`] in the middle of a message.
    pub fn finish(&mut self, arrived: usize) -> Result<Option<Piece<M>>, FrameError> {
        match self.body {
            Some(Body {
                meta, left: None, ..
            }) if self.skip == 0 => {
                self.body = None;
                Ok(Some(Piece {
                    meta,
                    data: 0..arrived,
                    end_of_message: true,
                }))
            }
            None if self.skip == 0 && arrived == 0 => Ok(None),
            _ => Err(FrameError::new(FrameErrorKind::Truncated, arrived)),
        }
    }

    /// How many bytes at the start of `prefix` to drop because they carry nothing
    /// ([`Step::Skip`]), such as keep-alives between two messages; 0 where a
    /// message begins, goes on, or cannot be told yet. For who holds bytes that
    /// nobody receives: call it again until it says 0. What is wrong with the
    /// bytes is left to [`next`](Self::next) and [`part`](Self::part) to say.
    pub fn pass_over<F: Framer<Meta = M>>(&mut self, framer: &mut F, prefix: &[u8]) -> usize {
        let arrived = prefix.len();
        match self.dropped::<()>(arrived) {
            Some(Turn::Drop(count)) => return count,
            Some(_) => return 0,
            None if self.body.is_some() || arrived == 0 => return 0,
            None => {}
        }
        match framer.decode(prefix) {
            Ok(Step::Skip(count)) => self.drop_now(count, arrived),
            _ => 0,
        }
    }

    /// Drops what is to be dropped; `None` if that is nothing.
    pub(super) fn dropped<T>(&mut self, arrived: usize) -> Option<Turn<T>> {
        if !self.is_dropping() {
            return None;
        }
        Some(match self.drop_arrived(arrived) {
            0 => Turn::Need(1),
            count => Turn::Drop(count),
        })
    }

    /// Notes that `count` bytes are to be dropped, and says how many of them
    /// are here.
    pub(super) fn drop_now(&mut self, count: usize, arrived: usize) -> usize {
        self.skip = count;
        self.drop_arrived(arrived)
    }

    /// Does what the framer says of what stands between two messages.
    fn act(
        &mut self,
        step: Step<M>,
        arrived: usize,
        capacity: usize,
    ) -> Result<Turn<Found<M>>, FrameError> {
        match step {
            Step::Need(needed) => wait_for(needed, arrived, capacity),
            // A framer that neither takes nor asks would turn for ever.
            Step::Skip(0) | Step::Frame { consumed: 0, .. } => wait_for(0, arrived, capacity),
            Step::Skip(count) => Ok(Turn::Drop(self.drop_now(count, arrived))),
            Step::Frame {
                meta,
                body,
                consumed,
            } => Ok(Turn::Take {
                found: Found::Message { meta, body },
                consumed,
            }),
            Step::Head {
                meta,
                skip,
                body_len,
                tail,
            } => {
                let left = Some(body_len);
                self.body = Some(Body { meta, left, tail });
                Ok(Turn::Take {
                    found: Found::Oversized { meta, body_len },
                    consumed: self.drop_now(skip, arrived),
                })
            }
            Step::Passthrough { meta, skip } => {
                let (left, tail) = (None, 0);
                self.body = Some(Body { meta, left, tail });
                Ok(Turn::Take {
                    found: Found::Endless { meta },
                    consumed: self.drop_now(skip, arrived),
                })
            }
        }
    }

    /// The next bytes of `body`, which begins at the start of the prefix.
    fn piece(
        &mut self,
        body: Body<M>,
        arrived: usize,
        capacity: usize,
        min: usize,
        max: usize,
    ) -> Turn<Piece<M>> {
        let Body { meta, left, tail } = body;
        let of_body = left.map_or(arrived, |left| left.min(arrived));
        let count = of_body.min(max);
        let end_of_message = left == Some(count);
        let enough = min.clamp(1, max);
        // With the rest of the body here, there is nothing more to wait for.
        let rest_is_here = left == Some(of_body);
        if count < enough && !rest_is_here && (arrived < capacity || count == 0) {
            let needed = left.map_or(enough, |left| left.min(enough));
            return Turn::Need(needed.min(capacity));
        }
        if end_of_message {
            self.body = None;
            self.skip = tail;
        } else {
            let left = left.map(|left| left.saturating_sub(count));
            self.body = Some(Body { meta, left, tail });
        }
        Turn::Take {
            found: Piece {
                meta,
                data: 0..count,
                end_of_message,
            },
            consumed: count,
        }
    }
}

/// The framer asks for `needed` bytes in total.
pub(super) fn wait_for<T>(
    needed: usize,
    arrived: usize,
    capacity: usize,
) -> Result<Turn<T>, FrameError> {
    let needed = needed.max(arrived.saturating_add(1));
    if needed > capacity {
        let kind = FrameErrorKind::BufferTooSmall { needed, capacity };
        return Err(FrameError::new(kind, arrived));
    }
    Ok(Turn::Need(needed))
}
