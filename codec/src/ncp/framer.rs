//! Packets out of a byte stream.

use super::header::Header;
use super::packet::length_of;
use super::{FOOTER, FOOTER_LEN, HEADER_LEN, MAGIC, MARK, WORD};
use crate::framer::{FrameError, FrameErrorKind, Framer, Step};

/// Cuts packets out of a byte stream. What it hands out is the packet's
/// [`Header`] and the bytes of its fields: [`Packet::from_parts`] reads them.
///
/// The size in a header can say 16 GiB. A packet that is longer than the limit is
/// told as [`Step::Head`] when its header has arrived, before anything of its
/// fields is buffered.
///
/// What is wrong with the bytes is [`FrameErrorKind::Unrecognized`], with the
/// offset in the packet: 0 the magic, 8 a size of less than ten words, 24 a
/// second or more of nanoseconds, the last word no footer.
///
/// ```
/// use wigwag_codec::framer::{Framer, Step};
/// use wigwag_codec::ncp::{NcpFramer, packet};
///
/// let mut place = [0; 64];
/// let wire = packet(&mut place, "LINK").field("HELO").finish()?;
/// let mut framer = NcpFramer::new(1024);
/// assert_eq!(framer.decode(&wire[..10]), Ok(Step::Need(32)));
/// assert_eq!(framer.decode(&wire[..32]), Ok(Step::Need(52)));
/// # Ok::<(), wigwag_codec::ncp::NcpError>(())
/// ```
///
/// [`Packet::from_parts`]: super::Packet::from_parts
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NcpFramer {
    max_packet: usize,
}

impl NcpFramer {
    /// A framer for packets of at most `max_packet` bytes, header and footer
    /// included.
    #[must_use]
    pub const fn new(max_packet: usize) -> Self {
        Self { max_packet }
    }

    /// The most that fits into a receive buffer of `capacity` bytes.
    #[must_use]
    pub const fn for_buffer(capacity: usize) -> Self {
        Self::new(capacity)
    }

    /// Sets another limit, in bytes, from the next packet on. Before the
    /// handshake, when a peer has proved nothing, it should be low.
    pub const fn set_limit(&mut self, max_packet: usize) {
        self.max_packet = max_packet;
    }
}

impl Default for NcpFramer {
    /// For packets of at most 65,536 bytes: a sweep of a node fits.
    fn default() -> Self {
        Self::new(1 << 16)
    }
}

impl Framer for NcpFramer {
    const HEAD: usize = HEADER_LEN;
    const TAIL: usize = FOOTER_LEN;
    const PRESERVES_BOUNDARIES: bool = true;
    type Meta = Header;

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<Header>, FrameError> {
        let unrecognized = |offset| Err(FrameError::new(FrameErrorKind::Unrecognized, offset));
        // One wrong byte is enough: the other end may not send another.
        if prefix.iter().zip(MAGIC).any(|(byte, magic)| *byte != magic) {
            return unrecognized(0);
        }
        let Some((head, rest)) = prefix.split_first_chunk::<HEADER_LEN>() else {
            // Up to the end of the mark the next byte may be a wrong one.
            return Ok(Step::Need(if prefix.len() < MAGIC.len() {
                prefix.len().saturating_add(1)
            } else {
                HEADER_LEN
            }));
        };
        let (header, words) = match Header::read(head) {
            Ok(found) => found,
            Err(error) => return unrecognized(error.offset),
        };
        let Ok(length) = length_of(words) else {
            return unrecognized(8);
        };
        let body_len = length.saturating_sub(HEADER_LEN).saturating_sub(FOOTER_LEN);
        if length > self.max_packet {
            return Ok(Step::Head {
                meta: header,
                skip: HEADER_LEN,
                body_len,
                tail: FOOTER_LEN,
            });
        }
        let footer = rest.get(body_len..).and_then(<[u8]>::first_chunk);
        let footer: &[u8; FOOTER_LEN] = match footer {
            Some(footer) => footer,
            None => return Ok(Step::Need(length)),
        };
        if !footer.ends_with(&MARK) {
            return unrecognized(length.saturating_sub(WORD));
        }
        Ok(Step::Frame {
            meta: header,
            body: HEADER_LEN..HEADER_LEN.saturating_add(body_len),
            consumed: length,
        })
    }

    fn encode(
        &mut self,
        header: &Header,
        body_len: usize,
        head: &mut [u8],
        tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        let around = HEADER_LEN.saturating_add(FOOTER_LEN);
        let length = body_len.saturating_add(around);
        let too_large = FrameError::new(
            FrameErrorKind::TooLarge {
                length: body_len,
                limit: self.max_packet.saturating_sub(around),
            },
            0,
        );
        if length > self.max_packet {
            return Err(too_large);
        }
        if !body_len.is_multiple_of(WORD) {
            return Err(FrameError::new(FrameErrorKind::Misfit, body_len));
        }
        let words = length.checked_div(WORD).unwrap_or_default();
        let words = u32::try_from(words).map_err(|_| too_large)?;
        let no_space = FrameError::new(FrameErrorKind::NoSpace, head.len());
        *head.first_chunk_mut().ok_or(no_space)? = header.write(words);
        *tail.first_chunk_mut().ok_or(no_space)? = FOOTER;
        Ok((HEADER_LEN, FOOTER_LEN))
    }
}
