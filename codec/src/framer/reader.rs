use core::ops::Range;

use super::{Found, FrameError, Framer, Out, Piece, Receiver, Start, Turn};
use crate::bytes;

/// Collects received chunks in a buffer of the caller, `&mut [u8]`, `[u8; N]` or
/// any other, and cuts messages out.
///
/// Bounded by construction: it never holds more than the buffer. Chunks may be
/// cut anywhere. A message over the framer's limit is announced by its head and
/// then dropped exactly, or taken in pieces by [`FrameReader::part`]; the
/// messages behind it are not affected.
///
/// The buffer should hold a head, the largest message of the framer's limit,
/// and a tail. If the framer asks for more than the buffer can hold,
/// [`FrameReader::next`] fails with
/// [`FrameErrorKind::BufferTooSmall`](super::FrameErrorKind::BufferTooSmall).
///
/// See [the module](super) for an example.
#[derive(Debug)]
pub struct FrameReader<F: Framer, B> {
    framer: F,
    buffer: B,
    /// What is in the buffer and not consumed yet.
    held: Range<usize>,
    /// Before so many bytes are held, [`FrameReader::next`] has nothing to say: the
    /// framer has said so of those that are held.
    needed: usize,
    receiver: Receiver<F::Meta>,
}

/// What [`FrameReader::next`] hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<'a, M> {
    /// A whole message.
    Message {
        /// What the message has besides its bytes.
        meta: M,
        /// The message.
        body: &'a [u8],
    },
    /// The head of a message over the limit: take the message by
    /// [`FrameReader::part`], the next call of [`FrameReader::next`] drops it.
    Oversized {
        /// What the message has besides its bytes.
        meta: M,
        /// How many bytes the message has.
        body_len: usize,
    },
    /// The start of a message without an end of its own, which only a framer
    /// gives that steps aside ([`Step::Passthrough`](super::Step::Passthrough)):
    /// as [`Received::Oversized`], up to the end of the stream.
    Endless {
        /// What the message has besides its bytes.
        meta: M,
    },
}

/// What [`FrameReader::part`] hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a, M> {
    /// What the message has besides its bytes.
    pub meta: M,
    /// The next bytes of the message; none only if it ends with them.
    pub data: &'a [u8],
    /// Whether the message ends with them.
    pub end_of_message: bool,
}

impl<F: Framer, B: AsRef<[u8]> + AsMut<[u8]>> FrameReader<F, B> {
    /// A reader that cuts with `framer` what arrives in `buffer`.
    pub const fn new(framer: F, buffer: B) -> Self {
        Self {
            framer,
            buffer,
            held: 0..0,
            needed: 0,
            receiver: Receiver::new(),
        }
    }

    /// How many bytes are held and not handed out yet.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.held.len()
    }

    /// Whether the stream could end here without cutting a message in two.
    #[must_use]
    pub fn at_boundary(&self) -> bool {
        self.held.is_empty() && self.receiver.at_boundary()
    }

    /// The free part of the buffer, for a driver that reads straight into it;
    /// tell [`FrameReader::filled`] how much was written. Never empty if
    /// [`FrameReader::next`] returned `Ok(None)` and the buffer is not empty.
    #[inline]
    pub fn space(&mut self) -> &mut [u8] {
        if self.held.start > 0 {
            if !self.held.is_empty() {
                bytes::shift(self.buffer.as_mut(), self.held.clone(), 0);
            }
            self.held = 0..self.held.len();
        }
        self.buffer
            .as_mut()
            .get_mut(self.held.end..)
            .unwrap_or_default()
    }

    /// Says that `n` bytes were written to the start of [`FrameReader::space`].
    /// More than there was space for counts as all of it.
    #[inline]
    pub fn filled(&mut self, n: usize) {
        if n > 0 {
            self.framer.heard();
        }
        self.held.end = self
            .held
            .end
            .saturating_add(n)
            .min(self.buffer.as_ref().len());
    }

    /// Copies the start of `chunk` into the buffer and returns how much of it
    /// there was room for. Push the rest after [`FrameReader::next`] returned
    /// `Ok(None)`.
    #[inline]
    pub fn push(&mut self, chunk: &[u8]) -> usize {
        let space = self.space();
        let n = space.len().min(chunk.len());
        match (chunk, space) {
            // Calling memcpy would be the greater part of it.
            ([byte], [place, ..]) => *place = *byte,
            (chunk, space) => bytes::copy(space, chunk),
        }
        self.filled(n);
        n
    }

    /// Forgets everything: for a new connection.
    pub fn reset(&mut self) {
        self.held = 0..0;
        self.needed = 0;
        self.receiver = Receiver::new();
    }

    /// The framer.
    pub fn framer(&mut self) -> &mut F {
        // What the caller changes may change what it says.
        self.needed = 0;
        &mut self.framer
    }

    /// Begins a connection with a framer that has a handshake or timers of its
    /// own: forgets everything and starts the framer.
    ///
    /// # Errors
    /// Those of [`Framer::start`].
    pub fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        self.reset();
        self.receiver.start(&mut self.framer, out)
    }

    /// Takes the handshake as far as what was received allows, up to the first
    /// answer of the framer; whether it is complete. If it is not and there is
    /// something in `out`, send that and call again with an empty one; else call
    /// again when more was received.
    ///
    /// # Errors
    /// As [`Receiver::handshake`].
    pub fn handshake(&mut self, out: &mut Out<'_>) -> Result<bool, FrameError> {
        self.needed = 0;
        while out.is_empty() {
            let prefix = held(&self.buffer, &self.held);
            let capacity = self.buffer.as_ref().len();
            match self
                .receiver
                .handshake(&mut self.framer, prefix, capacity, out)?
            {
                Turn::Need(_) => break,
                Turn::Drop(count) => self.consume(count),
                Turn::Take { consumed, .. } => {
                    self.consume(consumed);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The next message, or the head of one that is not handed out whole;
    /// `None` when more bytes are needed. What is left of a message that was
    /// begun in parts is dropped.
    ///
    /// # Errors
    /// As [`Receiver::next`]. After an error the stream is out of step; every
    /// later call gives the same error until [`FrameReader::reset`].
    #[expect(clippy::should_implement_trait, reason = "it lends from the buffer")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Received<'_, F::Meta>>, FrameError> {
        if self.held.len() < self.needed {
            return Ok(None);
        }
        self.needed = 0;
        if self.receiver.is_dropping() {
            // The rest of a long message: the framer has no say in it.
            let count = self.receiver.drop_arrived(self.held.len());
            self.consume(count);
            if self.receiver.is_dropping() {
                return Ok(None);
            }
        }
        loop {
            let prefix = held(&self.buffer, &self.held);
            let capacity = self.buffer.as_ref().len();
            match self.receiver.next(&mut self.framer, prefix, capacity)? {
                Turn::Need(needed) => {
                    self.needed = needed;
                    return Ok(None);
                }
                Turn::Drop(count) => self.consume(count),
                Turn::Take { found, consumed } => {
                    let start = self.held.start;
                    self.consume(consumed);
                    return Ok(Some(match found {
                        Found::Message { meta, body } => Received::Message {
                            meta,
                            body: self.at(start, body),
                        },
                        Found::Oversized { meta, body_len } => {
                            Received::Oversized { meta, body_len }
                        }
                        Found::Endless { meta } => Received::Endless { meta },
                    }));
                }
            }
        }
    }

    /// The next bytes of a message: of the one whose head [`FrameReader::next`]
    /// handed out last, of the one that an earlier part began, or of a new one.
    /// `None` when more bytes are needed.
    ///
    /// Each part has at most `max` bytes, and at least `min` unless it is the
    /// last of its message or fills the buffer (`maxLength` and
    /// `minIncompleteLength` of RFC 9622 section 9.3.1).
    ///
    /// # Errors
    /// As [`FrameReader::next`].
    pub fn part(
        &mut self,
        min: usize,
        max: usize,
    ) -> Result<Option<Part<'_, F::Meta>>, FrameError> {
        self.needed = 0;
        loop {
            let prefix = held(&self.buffer, &self.held);
            let capacity = self.buffer.as_ref().len();
            match self
                .receiver
                .part(&mut self.framer, prefix, capacity, min, max)?
            {
                Turn::Need(_) => return Ok(None),
                Turn::Drop(count) => self.consume(count),
                Turn::Take { found, consumed } => {
                    return Ok(Some(self.hand_out(found, consumed)));
                }
            }
        }
    }

    /// The stream has ended, and [`FrameReader::next`] or [`FrameReader::part`]
    /// returned `Ok(None)`: the last part of a message that ends with the
    /// stream, or `None` if it ended between two messages.
    ///
    /// # Errors
    /// [`FrameErrorKind::Truncated`](super::FrameErrorKind::Truncated) if it
    /// ended in the middle of one.
    pub fn finish(&mut self) -> Result<Option<Part<'_, F::Meta>>, FrameError> {
        let arrived = self.held.len();
        self.needed = 0;
        let piece = self.receiver.finish(arrived)?;
        Ok(piece.map(|piece| self.hand_out(piece, arrived)))
    }

    fn hand_out(&mut self, piece: Piece<F::Meta>, consumed: usize) -> Part<'_, F::Meta> {
        let start = self.held.start;
        self.consume(consumed);
        Part {
            meta: piece.meta,
            data: self.at(start, piece.data),
            end_of_message: piece.end_of_message,
        }
    }

    /// `range` of what was held from `start` on.
    fn at(&self, start: usize, range: Range<usize>) -> &[u8] {
        let range = start.saturating_add(range.start)..start.saturating_add(range.end);
        self.buffer.as_ref().get(range).unwrap_or_default()
    }

    /// Takes up to `n` held bytes.
    fn consume(&mut self, n: usize) {
        self.held.start = self.held.start.saturating_add(n).min(self.held.end);
    }
}

fn held<'a, B: AsRef<[u8]>>(buffer: &'a B, held: &Range<usize>) -> &'a [u8] {
    buffer.as_ref().get(held.clone()).unwrap_or_default()
}
