//! What the first frame of some bytes is, for each protocol: the codec's framers
//! decide, and what they cannot know, a bound on what is believed.

use wigwag_codec::framer::{Framer, Step};
use wigwag_codec::minijson::{self, ErrorKind, Limits, Value};
use wigwag_codec::ncp::{self, NcpFramer};
use wigwag_codec::ngtt::{self, FrameHead, FrameType, NgttFramer};
use wigwag_codec::prefix::PrefixFramer;

use super::columns::flags;
use crate::Protocol;

/// What a packet of NCP begins with.
pub(super) const NCP_MAGIC: [u8; 4] = [0xdd, 0xcc, 0xbb, 0xaa];

/// What a packet of NCP ends with.
const NCP_MARK: [u8; 4] = [0xaa, 0xbb, 0xcc, 0xdd];

/// The longest head of an HTTP request or answer before NCP.
const MAX_HTTP_HEAD: usize = 16 << 10;

/// A length that no frame has: minijson ends before it. Who says more has lost
/// the thread, and is not followed for gigabytes.
const INCREDIBLE: u64 = minijson::MAX_LENGTH as u64;

/// The longest payload of a frame of NGTT whose type has none, or that is far
/// from any type known.
const MAX_ODD: usize = 64 << 10;

/// How the first frame lies in the bytes that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It is not whole: look again when there are this many bytes.
    Need(usize),
    /// It is not whole, and nobody knows how long it is.
    More,
    /// It is whole.
    Frame(Found),
    /// It is longer than what is kept of a frame.
    Large(Found),
    /// No frame begins here.
    Nothing,
}

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) protocol: Protocol,
    /// Bytes of the whole frame.
    pub(super) length: u64,
    pub(super) kind: u32,
    /// `None` where the stream counts frames instead.
    pub(super) id: Option<u32>,
    pub(super) flags: u16,
}

impl Found {
    pub(super) const fn plain(protocol: Protocol, length: usize) -> Self {
        Self {
            protocol,
            length: length as u64,
            kind: 0,
            id: None,
            flags: 0,
        }
    }
}

/// Looks for the frame that `bytes`, at least one, begin with. Frames of more than
/// `limit` bytes are [`Cut::Large`].
#[inline]
pub(super) fn cut(protocol: Protocol, bytes: &[u8], limit: usize) -> Cut {
    match protocol {
        Protocol::Ngtt => ngtt(bytes, limit),
        Protocol::Ncp => ncp(bytes, limit),
        Protocol::Prefix => prefix(bytes, limit),
        Protocol::Minijson => minijson(bytes, limit),
        // What nobody understands is shown as it came.
        Protocol::Unknown => {
            let length = bytes.len().min(limit).min(MAX_ODD);
            Cut::Frame(Found::plain(Protocol::Unknown, length))
        }
    }
}

/// NGTT's type and transaction id as columns have them.
pub(super) fn ngtt_found(head: FrameHead, length: u64) -> Found {
    let refused = matches!(
        head.kind,
        FrameType::OrderReject | FrameType::DataStreamReject
    );
    Found {
        protocol: Protocol::Ngtt,
        length,
        kind: head.kind.as_u16().into(),
        id: Some(head.tid.into()),
        flags: if refused { flags::ERROR } else { 0 },
    }
}

/// Whether frames of this type have a payload; `None` for unknown types.
pub(super) const fn has_payload(kind: FrameType) -> Option<bool> {
    Some(match kind {
        FrameType::Order
        | FrameType::Logs
        | FrameType::DataStream
        | FrameType::SyncBaobRequest
        | FrameType::SyncBaobResponse => true,
        FrameType::Unknown(_) => return None,
        _ => false,
    })
}

fn ngtt(bytes: &[u8], limit: usize) -> Cut {
    let limit = limit.saturating_sub(ngtt::HEADER_LEN);
    let step = NgttFramer::new(limit).decode(bytes);
    if let Ok(Step::Frame { meta, consumed, .. }) = step {
        return Cut::Frame(ngtt_found(meta, consumed as u64));
    }
    let Some(header) = bytes.first_chunk() else {
        return Cut::Need(ngtt::HEADER_LEN);
    };
    // Its end is not here: how much of it is credible?
    let (head, length) = FrameHead::parse(*header);
    let odd = match head.kind {
        FrameType::Unknown(number) => number > 0xff,
        known => has_payload(known) == Some(false),
    };
    if u64::from(length) > INCREDIBLE || (odd && length as usize > MAX_ODD) {
        return Cut::Nothing;
    }
    match step {
        Ok(Step::Need(needed)) => Cut::Need(needed),
        _ => Cut::Large(ngtt_found(head, u64::from(length) + 8)),
    }
}

/// NCP's packet type and id as columns have them.
pub(super) fn ncp_found(bytes: &[u8], length: u64) -> Found {
    let word = |at: usize| {
        let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
        bytes.copied().unwrap_or_default()
    };
    Found {
        protocol: Protocol::Ncp,
        length,
        kind: u32::from_be_bytes(word(4)),
        id: Some(u32::from_le_bytes(word(12))),
        flags: 0,
    }
}

fn ncp(bytes: &[u8], limit: usize) -> Cut {
    let error = match NcpFramer::new(limit).decode(bytes) {
        Ok(Step::Need(needed)) => return Cut::Need(needed),
        Ok(Step::Frame { consumed, .. }) => return Cut::Frame(ncp_found(bytes, consumed as u64)),
        Ok(Step::Head {
            skip,
            body_len,
            tail,
            ..
        }) => {
            let length = skip as u64 + body_len as u64 + tail as u64;
            if length > INCREDIBLE {
                return Cut::Nothing;
            }
            return Cut::Large(ncp_found(bytes, length));
        }
        // A packet has no other form.
        Ok(Step::Skip(_) | Step::Passthrough { .. }) => return Cut::Nothing,
        Err(error) => error,
    };
    match error.offset {
        0 => http(bytes),
        // A time that there is not: where the packet ends is still said.
        24 => timeless(bytes, limit),
        _ => Cut::Nothing,
    }
}

/// A packet with a second of nanoseconds or more.
fn timeless(bytes: &[u8], limit: usize) -> Cut {
    let words = bytes.get(8..).and_then(<[u8]>::first_chunk);
    let words = words.map_or(0, |words| u32::from_le_bytes(*words));
    let length = u64::from(words) * ncp::WORD as u64;
    let least = ncp::HEADER_LEN + ncp::FOOTER_LEN;
    match usize::try_from(length) {
        Ok(whole) if (least..=limit).contains(&whole) => match bytes.get(..whole) {
            None => Cut::Need(whole),
            Some(packet) if packet.ends_with(&NCP_MARK) => Cut::Frame(Found {
                flags: flags::MALFORMED,
                ..ncp_found(bytes, length)
            }),
            Some(_) => Cut::Nothing,
        },
        _ => Cut::Nothing,
    }
}

/// Whether bytes begin, as far as they go, like an HTTP request for a tunnel or
/// the answer to one.
pub(super) fn is_http(bytes: &[u8]) -> bool {
    [&b"CONNECT "[..], b"HTTP/1."].iter().any(|begin| {
        let common = bytes.len().min(begin.len());
        bytes[..common].eq_ignore_ascii_case(&begin[..common])
    })
}

/// The head of the request for a tunnel, or of its answer: lines up to an empty
/// one.
fn http(bytes: &[u8]) -> Cut {
    if !is_http(bytes) {
        return Cut::Nothing;
    }
    let head = &bytes[..bytes.len().min(MAX_HTTP_HEAD)];
    match head.windows(4).position(|end| end == b"\r\n\r\n") {
        Some(at) => Cut::Frame(Found {
            flags: if is_refusal(head) { flags::ERROR } else { 0 },
            ..Found::plain(Protocol::Unknown, at + 4)
        }),
        None if bytes.len() < MAX_HTTP_HEAD => Cut::More,
        None => Cut::Nothing,
    }
}

/// Whether an HTTP answer has another status than 2xx (RFC 9110 section 15).
fn is_refusal(head: &[u8]) -> bool {
    head.first() == Some(&b'H') && head.get(9) != Some(&b'2')
}

fn prefix(bytes: &[u8], limit: usize) -> Cut {
    let limit = limit.saturating_sub(wigwag_codec::prefix::PREFIX_LEN);
    match PrefixFramer::new(limit).decode(bytes) {
        Ok(Step::Need(needed)) => Cut::Need(needed),
        Ok(Step::Frame { consumed, .. }) => Cut::Frame(Found::plain(Protocol::Prefix, consumed)),
        Ok(Step::Head { skip, body_len, .. }) => {
            let length = skip as u64 + body_len as u64;
            if length > INCREDIBLE {
                return Cut::Nothing;
            }
            Cut::Large(Found {
                length,
                ..Found::plain(Protocol::Prefix, 0)
            })
        }
        _ => Cut::Nothing,
    }
}

/// As deep as the codec goes: whoever looks decides what is too deep.
pub(super) const LIMITS: Limits = Limits::new().with_depth(minijson::MAX_DEPTH);

fn minijson(bytes: &[u8], limit: usize) -> Cut {
    match Value::parse_prefix(bytes, LIMITS) {
        Ok((_, length)) => Cut::Frame(Found::plain(Protocol::Minijson, length)),
        Err(error) if is_short(error.kind) && bytes.len() < limit => Cut::More,
        Err(_) => Cut::Nothing,
    }
}

/// Whether more bytes could mend it.
pub(super) const fn is_short(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnexpectedEnd | ErrorKind::CountTooLarge)
}
