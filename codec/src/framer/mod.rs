//! Message framers: how messages lie in a byte stream.
//!
//! A [`Framer`] is a pair of pure functions, after the message framers of
//! RFC 9622 section 9.1.2: [`Framer::decode`] looks at the bytes received so
//! far and says what to do, [`Framer::encode`] makes the bytes that go before
//! and after a message. Neither copies the message. [`Over`] puts one framer on
//! top of another, [`FrameReader`] collects received chunks in a buffer of the
//! caller and hands out whole messages.
//!
//! ```
//! use wigwag_codec::framer::{FrameReader, Received};
//! use wigwag_codec::prefix::PrefixFramer;
//!
//! let mut buffer = [0; 64];
//! let mut reader = FrameReader::new(PrefixFramer::new(60), &mut buffer);
//! // Two messages, cut at an awkward place.
//! for chunk in [&b"\0\0\0\x02hi\0\0"[..], &b"\0\x03you"[..]] {
//!     assert_eq!(reader.push(chunk), chunk.len());
//!     while let Some(received) = reader.next()? {
//!         if let Received::Message { body, .. } = received {
//!             assert!(body == b"hi" || body == b"you");
//!         }
//!     }
//! }
//! # Ok::<(), wigwag_codec::framer::FrameError>(())
//! ```

mod error;
mod over;
mod reader;

use core::ops::Range;

pub use error::{FrameError, FrameErrorKind};
pub use over::Over;
pub use reader::{FrameReader, Received};

/// How messages are cut out of a byte stream and put into it.
///
/// Decoding is a pure function over a prefix of the stream, so it can be tried
/// again with more bytes, runs anywhere, and is easy to fuzz. A length that the
/// peer announces must be compared with the framer's limit before anything is
/// done with it.
pub trait Framer {
    /// The most bytes that [`Framer::encode`] puts before a message.
    const HEAD: usize;
    /// The most bytes that [`Framer::encode`] puts after a message.
    const TAIL: usize;
    /// Whether the receiver sees messages as they were sent (RFC 9622 section
    /// 6.2.2, `preserveMsgBoundaries`).
    const PRESERVES_BOUNDARIES: bool;
    /// What a message has besides its bytes, such as a type or an id.
    type Meta: Copy;

    /// Looks at `prefix`, the bytes received and not consumed yet.
    ///
    /// # Errors
    /// A [`FrameError`] when the stream cannot be understood any more. The
    /// connection is then useless and should be closed.
    fn decode(&mut self, prefix: &[u8]) -> Result<Step<Self::Meta>, FrameError>;

    /// Writes what goes before a message of `body_len` bytes to the start of
    /// `head`, what goes after it to the start of `tail`, and returns both
    /// lengths. `head` must hold [`Framer::HEAD`] bytes, `tail`
    /// [`Framer::TAIL`].
    ///
    /// # Errors
    /// [`FrameErrorKind::TooLarge`] if the format or the framer's limit cannot
    /// carry `body_len` bytes, [`FrameErrorKind::NoSpace`] if `head` or `tail`
    /// is too short.
    fn encode(
        &mut self,
        meta: &Self::Meta,
        body_len: usize,
        head: &mut [u8],
        tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError>;
}

impl<F: Framer> Framer for &mut F {
    const HEAD: usize = F::HEAD;
    const TAIL: usize = F::TAIL;
    const PRESERVES_BOUNDARIES: bool = F::PRESERVES_BOUNDARIES;
    type Meta = F::Meta;

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<F::Meta>, FrameError> {
        (**self).decode(prefix)
    }

    fn encode(
        &mut self,
        meta: &F::Meta,
        body_len: usize,
        head: &mut [u8],
        tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        (**self).encode(meta, body_len, head, tail)
    }
}

/// What [`Framer::decode`] found at the start of the bytes it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<M> {
    /// Nothing can be said before the prefix has at least this many bytes in
    /// total. Always more than the prefix has now.
    Need(usize),
    /// This many bytes carry nothing: drop them and look again. They need not
    /// all have arrived.
    Skip(usize),
    /// A whole message.
    Frame {
        /// What the message has besides its bytes.
        meta: M,
        /// Where in the prefix the message stands.
        body: Range<usize>,
        /// How many bytes of the prefix it took, head and tail included.
        consumed: usize,
    },
    /// The head of a message that is larger than the framer's limit. Its body
    /// can be passed on in pieces as it arrives, or dropped: either way the
    /// stream stays in step.
    Head {
        /// What the message has besides its bytes.
        meta: M,
        /// How many bytes of the prefix go before the body.
        skip: usize,
        /// How many bytes the body has.
        body_len: usize,
        /// How many bytes follow the body.
        tail: usize,
    },
}

/// Writes a whole frame, head, `body` and tail, to the start of `out` and
/// returns its length.
///
/// # Errors
/// As [`Framer::encode`]; [`FrameErrorKind::NoSpace`] if `out` is too short.
pub fn write<F: Framer>(
    framer: &mut F,
    meta: &F::Meta,
    body: &[u8],
    out: &mut [u8],
) -> Result<usize, FrameError> {
    let no_space = FrameError::new(FrameErrorKind::NoSpace, out.len());
    // The tail may not fit before the head's real length is known, so the head
    // is written first and the tail to the bytes behind the longest head.
    let body_at_most = F::HEAD.saturating_add(body.len());
    let whole = body_at_most.saturating_add(F::TAIL);
    let out = out.get_mut(..whole).ok_or(no_space)?;
    let (front, tail) = out.split_at_mut_checked(body_at_most).ok_or(no_space)?;
    let (head, place) = front.split_at_mut_checked(F::HEAD).ok_or(no_space)?;
    let (head_len, tail_len) = framer.encode(meta, body.len(), head, tail)?;
    place.copy_from_slice(body);
    out.copy_within(F::HEAD..body_at_most, head_len);
    let body_end = head_len.saturating_add(body.len());
    out.copy_within(
        body_at_most..body_at_most.saturating_add(tail_len),
        body_end,
    );
    Ok(body_end.saturating_add(tail_len))
}
