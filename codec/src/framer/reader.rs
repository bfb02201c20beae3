use core::ops::Range;

use super::{FrameError, FrameErrorKind, Framer, Step};

/// Collects received chunks in a buffer of the caller, `&mut [u8]`, `[u8; N]` or
/// any other, and cuts messages out.
///
/// Bounded by construction: it never holds more than the buffer. Chunks may be
/// cut anywhere. A message over the framer's limit is announced by its head and
/// then dropped exactly, or, after [`FrameReader::stream_body`], passed on in
/// pieces; the messages behind it are not affected.
///
/// The buffer should hold a head, the largest message of the framer's limit,
/// and a tail. If the framer asks for more than the buffer can hold,
/// [`FrameReader::next`] fails with [`FrameErrorKind::BufferTooSmall`].
///
/// See [the module](super) for an example.
#[derive(Debug)]
pub struct FrameReader<F: Framer, B> {
    framer: F,
    buffer: B,
    /// What is in the buffer and not consumed yet.
    held: Range<usize>,
    /// How much of what is still to come belongs to a message over the limit.
    oversized: Option<Oversized<F::Meta>>,
    /// Bytes to drop, some of which may not have arrived.
    skip: usize,
}

#[derive(Debug)]
struct Oversized<M> {
    meta: M,
    left: usize,
    tail: usize,
    stream: bool,
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
    /// The head of a message over the limit. The message is dropped unless
    /// [`FrameReader::stream_body`] is called now.
    Oversized {
        /// What the message has besides its bytes.
        meta: M,
        /// How many bytes the message has.
        body_len: usize,
    },
    /// A piece of a message over the limit, after [`FrameReader::stream_body`].
    Part {
        /// What the message has besides its bytes.
        meta: M,
        /// The next bytes of the message, at least one.
        data: &'a [u8],
        /// How many bytes of the message follow in later parts.
        left: usize,
    },
}

impl<F: Framer, B: AsRef<[u8]> + AsMut<[u8]>> FrameReader<F, B> {
    /// A reader that cuts with `framer` what arrives in `buffer`.
    pub const fn new(framer: F, buffer: B) -> Self {
        Self {
            framer,
            buffer,
            held: 0..0,
            oversized: None,
            skip: 0,
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
        self.held.is_empty() && self.skip == 0 && self.oversized.is_none()
    }

    /// The free part of the buffer, for a driver that reads straight into it;
    /// tell [`FrameReader::filled`] how much was written. Never empty if
    /// [`FrameReader::next`] returned `Ok(None)` and the buffer is not empty.
    pub fn space(&mut self) -> &mut [u8] {
        if self.held.start > 0 {
            self.buffer.as_mut().copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
        }
        self.buffer
            .as_mut()
            .get_mut(self.held.end..)
            .unwrap_or_default()
    }

    /// Says that `n` bytes were written to the start of [`FrameReader::space`].
    /// More than there was space for counts as all of it.
    pub fn filled(&mut self, n: usize) {
        self.held.end = self
            .held
            .end
            .saturating_add(n)
            .min(self.buffer.as_ref().len());
    }

    /// Copies the start of `chunk` into the buffer and returns how much of it
    /// there was room for. Push the rest after [`FrameReader::next`] returned
    /// `Ok(None)`.
    pub fn push(&mut self, chunk: &[u8]) -> usize {
        let space = self.space();
        let n = space.len().min(chunk.len());
        for (to, from) in space.iter_mut().zip(chunk) {
            *to = *from;
        }
        self.filled(n);
        n
    }

    /// Asks for the message over the limit, whose [`Received::Oversized`] was
    /// the last thing handed out, in pieces.
    pub fn stream_body(&mut self) {
        if let Some(oversized) = &mut self.oversized {
            oversized.stream = true;
        }
    }

    /// Forgets everything: for a new connection.
    pub fn reset(&mut self) {
        self.held = 0..0;
        self.oversized = None;
        self.skip = 0;
    }

    /// The framer.
    pub fn framer(&mut self) -> &mut F {
        &mut self.framer
    }

    /// The next message, or piece of one; `None` when more bytes are needed.
    ///
    /// # Errors
    /// Those of the framer, and [`FrameErrorKind::BufferTooSmall`]. After an
    /// error the stream is out of step; every later call gives the same error
    /// until [`FrameReader::reset`].
    #[expect(clippy::should_implement_trait, reason = "it lends from the buffer")]
    pub fn next(&mut self) -> Result<Option<Received<'_, F::Meta>>, FrameError> {
        loop {
            if self.skip > 0 {
                self.skip = self.skip.saturating_sub(self.consume(self.skip).len());
                if self.skip > 0 {
                    return Ok(None);
                }
            }
            if let Some(oversized) = &mut self.oversized {
                if oversized.stream && oversized.left > 0 {
                    if self.held.is_empty() {
                        return Ok(None);
                    }
                    let meta = oversized.meta;
                    let n = oversized.left.min(self.held.len());
                    oversized.left = oversized.left.saturating_sub(n);
                    let left = oversized.left;
                    let part = self.consume(n);
                    let data = self.buffer.as_ref().get(part).unwrap_or_default();
                    return Ok(Some(Received::Part { meta, data, left }));
                }
                self.skip = oversized.left.saturating_add(oversized.tail);
                self.oversized = None;
                continue;
            }
            let prefix = self
                .buffer
                .as_ref()
                .get(self.held.clone())
                .unwrap_or_default();
            match self.framer.decode(prefix)? {
                Step::Need(needed) if needed > self.buffer.as_ref().len() => {
                    let capacity = self.buffer.as_ref().len();
                    let kind = FrameErrorKind::BufferTooSmall { needed, capacity };
                    return Err(FrameError::new(kind, self.held.len()));
                }
                Step::Need(_) => return Ok(None),
                // A framer that neither takes nor asks would turn for ever.
                Step::Skip(0) => return Ok(None),
                Step::Skip(n) => self.skip = n,
                Step::Frame {
                    meta,
                    body,
                    consumed,
                } => {
                    let frame = self.consume(consumed);
                    let from = frame.start.saturating_add(body.start);
                    let to = frame.start.saturating_add(body.end);
                    let body = self.buffer.as_ref().get(from..to).unwrap_or_default();
                    return Ok(Some(Received::Message { meta, body }));
                }
                Step::Head {
                    meta,
                    skip,
                    body_len,
                    tail,
                } => {
                    self.skip = skip;
                    self.oversized = Some(Oversized {
                        meta,
                        left: body_len,
                        tail,
                        stream: false,
                    });
                    return Ok(Some(Received::Oversized { meta, body_len }));
                }
            }
        }
    }

    /// Takes up to `n` held bytes and returns where they stand.
    fn consume(&mut self, n: usize) -> Range<usize> {
        let start = self.held.start;
        self.held.start = start.saturating_add(n).min(self.held.end);
        start..self.held.start
    }
}
