//! Message framers: how messages lie in a byte stream.
//!
//! A [`Framer`] is at its heart a pair of pure functions, after the message
//! framers of RFC 9622 section 9.1.2: [`Framer::decode`] looks at the bytes
//! received so far and says what to do, [`Framer::encode`] makes the bytes that
//! go before and after a message. Neither copies the message. A framer may also
//! have a handshake, timers and last words of its own.
//!
//! | what | for |
//! |---|---|
//! | [`Over`] | one framer on top of another |
//! | [`Switch`], [`Passthrough`] | a framer that is there or not, decided at run time |
//! | [`FrameReader`] | collects received chunks in a buffer of the caller and hands out messages, whole or in parts |
//! | [`Receiver`], [`tick`] | the same steps for those who keep the bytes themselves |
//! | [`write()`] | head, message and tail in one place |
//! | [`decode_datagram`] | a datagram, which is one frame |
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
//!
//! A framer from scratch, for lines of text:
//!
//! ```
//! use wigwag_codec::framer::{FrameError, FrameErrorKind, Framer, Step};
//!
//! /// Messages without a line feed in them, with one behind; at most `MAX` bytes.
//! struct Lines<const MAX: usize>;
//!
//! const fn too_large(length: usize, limit: usize) -> FrameError {
//!     FrameError::new(FrameErrorKind::TooLarge { length, limit }, 0)
//! }
//!
//! impl<const MAX: usize> Framer for Lines<MAX> {
//!     const HEAD: usize = 0;
//!     const TAIL: usize = 1;
//!     const PRESERVES_BOUNDARIES: bool = true;
//!     type Meta = ();
//!
//!     fn decode(&mut self, prefix: &[u8]) -> Result<Step<()>, FrameError> {
//!         match prefix.iter().position(|&byte| byte == b'\n') {
//!             Some(end) => Ok(Step::Frame { meta: (), body: 0..end, consumed: end + 1 }),
//!             None if prefix.len() > MAX => Err(too_large(prefix.len(), MAX)),
//!             None => Ok(Step::Need(prefix.len() + 1)),
//!         }
//!     }
//!
//!     fn encode(
//!         &mut self,
//!         _meta: &(),
//!         body_len: usize,
//!         _head: &mut [u8],
//!         tail: &mut [u8],
//!     ) -> Result<(usize, usize), FrameError> {
//!         if body_len > MAX {
//!             return Err(too_large(body_len, MAX));
//!         }
//!         let no_space = FrameError::new(FrameErrorKind::NoSpace, tail.len());
//!         *tail.first_mut().ok_or(no_space)? = b'\n';
//!         Ok((0, 1))
//!     }
//! }
//!
//! # use wigwag_codec::framer::{FrameReader, Received, write};
//! let mut wire = [0; 8];
//! assert_eq!(write(&mut Lines::<9>, &(), b"hello", &mut wire), Ok(6));
//! let mut reader = FrameReader::new(Lines::<9>, [0; 16]);
//! reader.push(&wire[..6]);
//! assert_eq!(reader.next(), Ok(Some(Received::Message { meta: (), body: b"hello" })));
//! reader.push(b"a line too long");
//! assert_eq!(reader.next(), Err(too_large(15, 9)));
//! ```
//!
//! A message larger than the buffer, in parts:
//!
//! ```
//! use wigwag_codec::framer::{FrameReader, Received};
//! use wigwag_codec::prefix::PrefixFramer;
//!
//! let mut reader = FrameReader::new(PrefixFramer::for_buffer(16), [0; 16]);
//! let (mut firmware, mut complete) = (Vec::<u8>::new(), false);
//! for chunk in [&b"\0\0\0\x18twenty-"[..], b"four by", b"tes in all"] {
//!     assert_eq!(reader.push(chunk), chunk.len());
//!     while let Some(part) = reader.part(1, usize::MAX)? {
//!         firmware.extend(part.data);
//!         complete = part.end_of_message;
//!     }
//! }
//! assert!(complete);
//! assert_eq!(firmware, b"twenty-four bytes in all");
//! # Ok::<(), wigwag_codec::framer::FrameError>(())
//! ```

mod datagram;
mod error;
mod opening;
mod out;
mod over;
mod passthrough;
mod reader;
mod receiver;
mod step;
mod switch;

use crate::{Instant, bytes};

pub use datagram::decode_datagram;
pub use error::{FrameError, FrameErrorKind};
pub use opening::tick;
pub use out::{OUT_MESSAGES, Out};
pub use over::Over;
pub use passthrough::Passthrough;
pub use reader::{FrameReader, Part, Received};
pub use receiver::{Found, Piece, Receiver, Turn};
pub use step::{Handshake, Start, Step};
pub use switch::Switch;

/// How messages are cut out of a byte stream and put into it (a Message Framer
/// of RFC 9622 section 9.1.2).
///
/// `decode` and `encode` are enough for most formats. One with a handshake or
/// with keep-alives of its own overrides the others too; what is not overridden
/// costs nothing.
///
/// | call | when |
/// |---|---|
/// | [`start`](Self::start) | once for each connection, as soon as the transport below is connected |
/// | [`on_handshake`](Self::on_handshake) | on received bytes, from [`Start::Handshake`] to [`Handshake::Ready`] |
/// | [`decode`](Self::decode), [`encode`](Self::encode) | from Ready on |
/// | [`heard`](Self::heard) | when bytes have arrived, before anybody has looked at them |
/// | [`on_time`](Self::on_time) | after `start`, when its time has come, and when bytes were received or messages sent |
/// | [`stop`](Self::stop) | once, before the connection is closed in good order |
///
/// An error before Ready fails the attempt, and the next candidate is tried; an
/// error after it fails the connection (FailConnection of RFC 9623 section 6.1).
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
    /// The most bytes that the framer puts into an [`Out`] in one call.
    const OUT: usize = 0;
    /// What a message is marked with whose body a framer above made by itself,
    /// such as its handshake; `None` if the format has no such messages, and then
    /// no framer that says anything by itself can stand on it.
    const CARRIER: Option<Self::Meta> = None;

    /// A connection begins: everything of an earlier one is forgotten. What the
    /// framer wants to say first goes into `out`.
    ///
    /// # Errors
    /// A [`FrameError`] if it cannot begin. What is in `out` is still sent.
    fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        let _ = out;
        Ok(Start::Ready)
    }

    /// Looks at `input`, bytes received and not consumed yet, while the
    /// handshake goes on. Called again with what is left until it needs more.
    ///
    /// # Errors
    /// A [`FrameError`] when the handshake has failed. What is in `out` is still
    /// sent.
    fn on_handshake(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        let _ = (input, out);
        Ok(Handshake::Ready(0))
    }

    /// The framer's only clock. It is called right after
    /// [`start`](Self::start), at the time that it answered last, and after
    /// bytes were received or messages encoded; so what `decode` and `encode`
    /// noted gets its time and its answer here. It returns when to call it next,
    /// later than `now` unless something was put into `out`; `None` means not
    /// before something is received or sent.
    ///
    /// # Errors
    /// A [`FrameError`] when the peer has been silent too long
    /// ([`FrameErrorKind::Silent`]), or has closed
    /// ([`FrameErrorKind::Closed`]). It is final: asked again, the framer fails
    /// again. What is in `out` is still sent.
    fn on_time(&mut self, now: Instant, out: &mut Out<'_>) -> Result<Option<Instant>, FrameError> {
        let _ = (now, out);
        Ok(None)
    }

    /// Bytes have arrived that [`decode`](Self::decode) has not seen: the peer is
    /// there. For a framer that counts silence; what the bytes are, and when it
    /// was, it learns from `decode` and the next [`on_time`](Self::on_time).
    ///
    /// Who keeps received bytes until the application takes them calls this also
    /// before each `on_time` while such bytes wait: the peer may have no room to
    /// say more, so an application that does not receive for a while must not
    /// look like a peer that is silent.
    fn heard(&mut self) {}

    /// The connection is about to be closed in good order: the last words go
    /// into `out`.
    fn stop(&mut self, out: &mut Out<'_>) {
        let _ = out;
    }

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
    const OUT: usize = F::OUT;
    const CARRIER: Option<F::Meta> = F::CARRIER;

    fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        (**self).start(out)
    }

    fn on_handshake(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        (**self).on_handshake(input, out)
    }

    fn on_time(&mut self, now: Instant, out: &mut Out<'_>) -> Result<Option<Instant>, FrameError> {
        (**self).on_time(now, out)
    }

    fn heard(&mut self) {
        (**self).heard();
    }

    fn stop(&mut self, out: &mut Out<'_>) {
        (**self).stop(out);
    }

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
    bytes::copy(place, body);
    bytes::shift(out, F::HEAD..body_at_most, head_len);
    let body_end = head_len.saturating_add(body.len());
    let tail_end = body_at_most.saturating_add(tail_len);
    bytes::shift(out, body_at_most..tail_end, body_end);
    Ok(body_end.saturating_add(tail_len))
}
