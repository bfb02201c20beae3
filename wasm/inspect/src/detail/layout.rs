//! Where the parts of a frame lie, however much of it there is.

use std::ops::Range;

use wigwag_codec::ncp;
use wigwag_codec::ngtt::HEADER_LEN;
use wigwag_codec::prefix::PREFIX_LEN;

use super::path::Part;

/// The words of an NGTT header.
pub(super) const NGTT_HEAD: [(Part, Range<usize>); 3] =
    [(Part::Length, 0..4), (Part::Tid, 4..6), (Part::Type, 6..8)];

/// The words of an NCP header; the time is two of them.
pub(super) const NCP_HEAD: [(Part, Range<usize>); 8] = [
    (Part::Magic, 0..4),
    (Part::Type, 4..8),
    (Part::Length, 8..12),
    (Part::Id, 12..16),
    (Part::Version, 16..20),
    (Part::Secs, 20..24),
    (Part::Nanos, 24..28),
    (Part::Info, 28..32),
];

/// The little-endian word at an offset.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

/// The parts of an NGTT frame.
pub(crate) struct NgttLayout<'a> {
    /// At most eight bytes.
    pub(crate) head: &'a [u8],
    /// As long as the header says, or as there are bytes.
    pub(crate) payload: &'a [u8],
    /// How many bytes of the payload are missing.
    pub(crate) missing: usize,
    /// What follows the payload.
    pub(crate) trailing: &'a [u8],
}

impl<'a> NgttLayout<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let (head, rest) = cut(bytes, HEADER_LEN);
        let length = head
            .first_chunk()
            .map_or(0, |length| u32::from_be_bytes(*length));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (payload, trailing) = cut(rest, length);
        Self {
            head,
            payload,
            missing: length - payload.len(),
            trailing,
        }
    }
}

/// The prefix of a message, the message, and what follows it.
pub(crate) fn split_prefix(bytes: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (head, rest) = cut(bytes, PREFIX_LEN);
    let length = head
        .first_chunk()
        .map_or(0, |length| u32::from_be_bytes(*length));
    let (message, trailing) = cut(rest, usize::try_from(length).unwrap_or(usize::MAX));
    (head, message, trailing)
}

/// The parts of an NCP packet.
pub(crate) struct NcpLayout<'a> {
    /// At most 32 bytes.
    pub(crate) head: &'a [u8],
    /// The fields.
    pub(crate) body: &'a [u8],
    /// The footer: eight bytes, or none where the packet breaks off.
    pub(crate) foot: &'a [u8],
    /// What follows the packet.
    pub(crate) trailing: &'a [u8],
}

impl<'a> NcpLayout<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let (head, rest) = cut(bytes, ncp::HEADER_LEN);
        let words = word(head, 8).map_or(0, u64::from);
        let length = words * ncp::WORD as u64;
        let around = (ncp::HEADER_LEN + ncp::FOOTER_LEN) as u64;
        // A size that is none is not believed: all the bytes are the packet then.
        let content = if length >= around {
            length - ncp::HEADER_LEN as u64
        } else {
            rest.len() as u64
        };
        let Some((content, trailing)) = usize::try_from(content)
            .ok()
            .and_then(|content| rest.split_at_checked(content))
        else {
            return Self {
                head,
                body: rest,
                foot: &[],
                trailing: &[],
            };
        };
        let (body, foot) = cut(content, content.len().saturating_sub(ncp::FOOTER_LEN));
        Self {
            head,
            body,
            foot,
            trailing,
        }
    }
}

/// The first bytes, and the rest.
fn cut(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    bytes.split_at(at.min(bytes.len()))
}
