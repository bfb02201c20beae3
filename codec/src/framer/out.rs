use super::{FrameError, FrameErrorKind, Framer};
use crate::bytes;

/// How many messages a framer can put into an [`Out`] in one call.
pub const OUT_MESSAGES: usize = 4;

/// Where a framer puts what it says by itself: greetings, keep-alives, a
/// farewell. Bounded: it never holds more than the slice it was made of.
///
/// Each [`put`](Self::put) is one message. Straight on a stream that makes no
/// difference; over datagrams each becomes one, and a framer below carries each
/// in a message of its own.
///
/// ```
/// use wigwag_codec::framer::Out;
///
/// let mut place = [0; 16];
/// let mut out = Out::new(&mut place);
/// out.put(b"HELO")?;
/// out.put(b"LINK")?;
/// assert_eq!(out.bytes(), b"HELOLINK");
/// assert!(out.messages().eq([b"HELO", b"LINK"]));
/// assert!(out.put(&[0; 9]).is_err());
/// # Ok::<(), wigwag_codec::framer::FrameError>(())
/// ```
#[derive(Debug)]
pub struct Out<'a> {
    buffer: &'a mut [u8],
    /// Where in `buffer` each message ends; the first `count` are in use.
    ends: [usize; OUT_MESSAGES],
    count: usize,
}

impl<'a> Out<'a> {
    /// An empty place of as many bytes as `buffer` has.
    #[must_use]
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            buffer,
            ends: [0; OUT_MESSAGES],
            count: 0,
        }
    }

    /// Adds a message, all of it or nothing.
    ///
    /// # Errors
    /// [`FrameErrorKind::NoSpace`] if it does not fit, or is the one after
    /// [`OUT_MESSAGES`]: [`Framer::OUT`] is too small.
    pub fn put(&mut self, message: &[u8]) -> Result<(), FrameError> {
        self.put_parts(&[message])
    }

    /// Adds one message of several parts, all of them or nothing.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_parts(&mut self, parts: &[&[u8]]) -> Result<(), FrameError> {
        let no_space = self.no_space();
        let mut end = self.len();
        for part in parts {
            let next = end.saturating_add(part.len());
            let place = self.buffer.get_mut(end..next).ok_or(no_space)?;
            bytes::copy(place, part);
            end = next;
        }
        self.end_message(end)
    }

    /// How many bytes were put in.
    #[must_use]
    pub fn len(&self) -> usize {
        let last = self.count.checked_sub(1);
        last.and_then(|last| self.ends.get(last).copied())
            .unwrap_or_default()
    }

    /// Whether nothing was put in.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Everything that was put in.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len()).unwrap_or_default()
    }

    /// What was put in, message by message.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().take(self.count).map(move |&end| {
            let message = self.buffer.get(start..end).unwrap_or_default();
            start = end;
            message
        })
    }

    /// Runs `f` with a place whose messages `framer` then carries, each in a
    /// message of its own with this `meta`: for framers that stack others. What
    /// `f` put is carried even if it failed then.
    ///
    /// # Errors
    /// That of `f`; those of [`Framer::encode`]; [`FrameErrorKind::NoSpace`].
    pub fn through<F: Framer, T>(
        &mut self,
        framer: &mut F,
        meta: &F::Meta,
        f: impl FnOnce(&mut Out<'_>) -> Result<T, FrameError>,
    ) -> Result<T, FrameError> {
        let start = self.len();
        let room = self.buffer.get_mut(start..).unwrap_or_default();
        let mut above = Out::new(room);
        let result = f(&mut above);
        let (ends, count, length) = (above.ends, above.count, above.len());
        // They are moved to the end of the place, so that each has room before
        // it for its head and tail.
        let mut from = self.buffer.len().saturating_sub(length);
        bytes::shift(self.buffer, start..start.saturating_add(length), from);
        let mut before = 0;
        for end in ends.into_iter().take(count) {
            let message_len = end.saturating_sub(before);
            self.carry(framer, meta, from, message_len)?;
            from = from.saturating_add(message_len);
            before = end;
        }
        result
    }

    /// Adds the message that lies at `from` in the buffer, with head and tail.
    fn carry<F: Framer>(
        &mut self,
        framer: &mut F,
        meta: &F::Meta,
        from: usize,
        message_len: usize,
    ) -> Result<(), FrameError> {
        let no_space = self.no_space();
        let start = self.len();
        let tail_at = start.saturating_add(F::HEAD);
        let around = self
            .buffer
            .get_mut(start..from)
            .and_then(|room| room.get_mut(..F::HEAD.saturating_add(F::TAIL)))
            .ok_or(no_space)?;
        let (head, tail) = around.split_at_mut_checked(F::HEAD).ok_or(no_space)?;
        let (head_len, tail_len) = framer.encode(meta, message_len, head, tail)?;
        // Head, tail, message lie in this order, with gaps: close them, and turn
        // the last two around.
        let tail_to = start.saturating_add(head_len);
        let message_to = tail_to.saturating_add(tail_len);
        let end = message_to.saturating_add(message_len);
        let tail_end = tail_at.saturating_add(tail_len);
        bytes::shift(self.buffer, tail_at..tail_end, tail_to);
        let message_end = from.saturating_add(message_len);
        bytes::shift(self.buffer, from..message_end, message_to);
        let both = self.buffer.get_mut(tail_to..end).ok_or(no_space)?;
        bytes::turn(both, tail_len);
        self.end_message(end)
    }

    fn end_message(&mut self, end: usize) -> Result<(), FrameError> {
        let no_space = self.no_space();
        *self.ends.get_mut(self.count).ok_or(no_space)? = end;
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    fn no_space(&self) -> FrameError {
        FrameError::new(FrameErrorKind::NoSpace, self.buffer.len())
    }
}
