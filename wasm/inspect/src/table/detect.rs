//! Which protocol the first bytes of a connection speak.
//!
//! NCP has a magic; everything else is told by reading: frames of NGTT are
//! followed to a payload that is minijson, messages behind a length to the end of
//! the bytes, minijson values to theirs.

use wigwag_codec::minijson::{MAX_LENGTH, Value};
use wigwag_codec::ngtt::{FrameHead, HEADER_LEN};

use super::cut::{Cut, LIMITS, NCP_MAGIC, cut, has_payload, is_http, is_short};
use super::seek;
use crate::{Direction, Protocol};

/// The longest message behind a length that is believed at sight.
const MAX_PREFIX: u32 = 16 << 20;

/// How many frames are followed.
const FRAMES: usize = 8;

/// The first bytes of a direction.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) bytes: Vec<u8>,
    /// Where they first may begin in the middle of a frame: behind a gap of which
    /// nobody says otherwise. What is before it is not in doubt.
    pub(super) loose: Option<usize>,
    /// Where bytes are missing.
    pub(super) cuts: Vec<usize>,
}

impl Heard {
    /// The bytes that can be read in one go: up to the first gap among them.
    fn begin(&self) -> &[u8] {
        let end = self.cuts.iter().find(|cut| **cut > 0);
        &self.bytes[..end.map_or(self.bytes.len(), |end| *end)]
    }

    /// Whether the first of them may be in the middle of a frame.
    fn begins_loose(&self) -> bool {
        self.loose == Some(0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    No,
    /// As far as it goes; more bytes will tell.
    Maybe,
    Yes,
}

use Verdict::{Maybe, No, Yes};

/// What a connection speaks, and why that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) protocol: Protocol,
    /// For people; empty if nothing is believed.
    pub(super) why: &'static str,
}

impl Spoken {
    const fn new(protocol: Protocol, why: &'static str) -> Self {
        Self { protocol, why }
    }

    /// The recording names the protocol.
    pub(super) const fn told(protocol: Protocol) -> Self {
        Self::new(protocol, "the recording says so")
    }

    /// A person has said it.
    pub(super) const fn chosen(protocol: Protocol) -> Self {
        Self::new(protocol, "chosen by hand")
    }

    pub(super) const NOTHING: Self = Self::new(Protocol::Unknown, "");
    const NCP: Self = Self::new(
        Protocol::Ncp,
        "it has the magic word of NCP's packets, or the HTTP head of their tunnel",
    );
    const NGTT: Self = Self::new(
        Protocol::Ngtt,
        "frames of known types with payloads that fit their lengths",
    );
    const NGTT_DAMAGED: Self = Self::new(
        Protocol::Ngtt,
        "it begins as a frame of a known type, though its payload is damaged or cut off",
    );
    const PREFIX: Self = Self::new(
        Protocol::Prefix,
        "lengths of four bytes lead from message to message",
    );
    const MINIJSON: Self = Self::new(Protocol::Minijson, "whole values, one after another");
}

/// The protocol, if the bytes show it already.
pub(super) fn decide(heard: &[Heard; 2]) -> Option<Spoken> {
    if heard.iter().any(|heard| is_ncp(heard) == Yes) {
        return Some(Spoken::NCP);
    }
    if heard.iter().any(|heard| is_ncp(heard) == Maybe) {
        return None;
    }
    match verdict(heard, ngtt) {
        Yes => return Some(Spoken::NGTT),
        Maybe => return None,
        No => {}
    }
    match verdict(heard, prefix) {
        Yes => return Some(Spoken::PREFIX),
        Maybe => return None,
        No if begins_as_ngtt(heard) => return Some(Spoken::NGTT_DAMAGED),
        No => {}
    }
    (verdict(heard, minijson) == Yes).then_some(Spoken::MINIJSON)
}

/// What is most likely; `Unknown` if nothing is.
pub(super) fn guess(heard: &[Heard; 2]) -> Spoken {
    if let Some(spoken) = decide(heard) {
        return spoken;
    }
    // Bytes that end too early for any of them are not named after the first.
    let long = heard.iter().any(|heard| heard.bytes.len() >= HEADER_LEN);
    let ngtt = match (verdict(heard, ngtt), begins_as_ngtt(heard)) {
        // A head, and the begin of a value: more than a length that fits by chance.
        (Maybe, true) => (Yes, Spoken::NGTT_DAMAGED),
        (No, true) => (Maybe, Spoken::NGTT_DAMAGED),
        (found, _) => {
            let why = "it may be the begin of a frame";
            (found, Spoken::new(Protocol::Ngtt, why))
        }
    };
    let why = "its first bytes may be a message's length";
    let prefix = (verdict(heard, prefix), Spoken::new(Protocol::Prefix, why));
    let why = "it may be the begin of a value";
    let minijson = (
        verdict(heard, minijson),
        Spoken::new(Protocol::Minijson, why),
    );
    let mut best = (No, Spoken::NOTHING);
    for candidate in [ngtt, prefix, minijson] {
        if candidate.0 > best.0 && (candidate.0 == Yes || long) {
            best = candidate;
        }
    }
    best.1
}

/// Whether a direction begins with a head as only frames of NGTT have it: a type that
/// there is, and a payload if and only if that type has one. What follows need not be
/// sound, as in text that was copied in part. Where the same bytes are messages behind
/// lengths, one after another, it says nothing.
fn begins_as_ngtt(heard: &[Heard; 2]) -> bool {
    heard.iter().any(|heard| {
        let begin = heard.begin();
        let Some(header) = begin.first_chunk::<HEADER_LEN>() else {
            return false;
        };
        let (head, length) = FrameHead::parse(*header);
        let is_head = has_payload(head.kind) == Some(length > 0) && *header != [0; HEADER_LEN];
        let is_credible = length as usize <= MAX_LENGTH && length <= MAX_PREFIX;
        is_head && is_credible && !heard.begins_loose() && messages(begin).0 < 2
    })
}

/// What both directions say together: one that is sure is enough.
fn verdict(heard: &[Heard; 2], test: fn(&[u8], bool) -> Verdict) -> Verdict {
    let mut all = None;
    for heard in heard {
        let bytes = heard.begin();
        if bytes.is_empty() {
            continue;
        }
        let found = test(bytes, heard.begins_loose());
        let known: Verdict = all.unwrap_or(found);
        all = Some(known.max(found));
    }
    all.unwrap_or(No)
}

fn is_ncp(heard: &Heard) -> Verdict {
    let bytes = &heard.bytes[..];
    let common = bytes.len().min(4);
    if bytes.is_empty() {
        return No;
    }
    if bytes[..common] == NCP_MAGIC[..common] || is_http(bytes) {
        return if common == 4 { Yes } else { Maybe };
    }
    let loose = heard.loose.and_then(|from| bytes.get(from..));
    match loose.and_then(seek::magic) {
        Some(_) => Yes,
        None => No,
    }
}

fn ngtt(bytes: &[u8], is_loose: bool) -> Verdict {
    let strict = follow_ngtt(bytes);
    if strict != No || !is_loose {
        return strict;
    }
    match seek::seek(Protocol::Ngtt, None, bytes, 0) {
        seek::Seek::Found(_) => Yes,
        seek::Seek::Wait { .. } => No,
    }
}

fn follow_ngtt(bytes: &[u8]) -> Verdict {
    let mut rest = bytes;
    let mut found = Maybe;
    for _ in 0..FRAMES {
        let Some((header, behind)) = rest.split_first_chunk::<HEADER_LEN>() else {
            let length = rest
                .first_chunk()
                .map_or(0, |length| u32::from_be_bytes(*length));
            if found == Maybe && length as usize > MAX_LENGTH {
                return No;
            }
            break;
        };
        let (head, length) = FrameHead::parse(*header);
        let carries = has_payload(head.kind);
        // A frame that lacks its payload is odd, and odd ones say little.
        let is_odd = carries == Some(true) && length == 0;
        let credible = length as usize <= MAX_LENGTH && carries == Some(length > 0);
        if !credible && !is_odd {
            return if found == Yes { Yes } else { No };
        }
        let arrived = &behind[..behind.len().min(length as usize)];
        if length > 0 {
            let whole = arrived.len() == length as usize;
            match Value::parse_prefix(arrived, LIMITS) {
                Ok((_, parsed)) if whole && parsed == arrived.len() => return Yes,
                Err(error) if !whole && is_short(error.kind) => return found,
                _ => return if found == Yes { Yes } else { No },
            }
        }
        // Eight bytes of zero are many things; a frame without payload and
        // nothing or another frame behind it is one of NGTT.
        if *header != [0; HEADER_LEN] && !is_odd {
            found = Yes;
        }
        rest = behind;
    }
    found
}

fn prefix(bytes: &[u8], _is_loose: bool) -> Verdict {
    match messages(bytes) {
        (_, None) => No,
        (1.., Some([])) | (FRAMES.., _) => Yes,
        _ => Maybe,
    }
}

/// How many messages that are not empty stand whole behind their lengths, and what
/// follows them: `None` if it is too large a length.
fn messages(bytes: &[u8]) -> (usize, Option<&[u8]>) {
    let (mut rest, mut messages) = (bytes, 0);
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length);
        if length > MAX_PREFIX {
            return (messages, None);
        }
        match behind.get(length as usize..) {
            None => break,
            Some(behind) => rest = behind,
        }
        messages += usize::from(length > 0);
    }
    (messages, Some(rest))
}

fn minijson(bytes: &[u8], _is_loose: bool) -> Verdict {
    let mut rest = bytes;
    for _ in 0..FRAMES {
        if rest.is_empty() {
            return Yes;
        }
        match cut(Protocol::Minijson, rest, usize::MAX) {
            // A list or a map is hardly chance.
            Cut::Frame(found) if (0x40..0x70).contains(&rest[0]) && found.length > 2 => return Yes,
            Cut::Frame(found) => rest = &rest[found.length as usize..],
            Cut::More => return Maybe,
            _ => return No,
        }
    }
    Yes
}

/// The direction in which frames of this type go; `None` if both or unknown.
pub(super) const fn direction_of(kind: wigwag_codec::ngtt::FrameType) -> Option<Direction> {
    match (kind.is_to_server(), kind.is_to_device()) {
        (true, false) => Some(Direction::ToServer),
        (false, true) => Some(Direction::ToDevice),
        _ => None,
    }
}
