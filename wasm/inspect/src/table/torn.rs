//! Where a direction's bytes end, or have a gap.

use wigwag_codec::minijson::Value;
use wigwag_codec::ngtt::FrameHead;

use super::book::{Body, Book, Note};
use super::columns::flags;
use super::cut::{Cut, Found, LIMITS, cut, is_short, ncp_found, ngtt_found};
use super::seek::{self, Seek};
use super::stream::{Stream, Whose};
use crate::Protocol;

impl Stream {
    /// Bytes are missing here.
    pub(super) fn gap(&mut self, whose: Whose, missing: u64, aligned: bool, book: &mut Book) {
        // If they all belong to the frame that is not kept, nothing is lost.
        let inside = self.skip.min(missing);
        if inside > 0 && inside == missing && !aligned && !self.is_broken {
            self.skip -= inside;
            return;
        }
        let known = self.rest_behind(whose.protocol, missing, book);
        // The frame that is not kept was counted to its end.
        let counted = if self.is_broken { 0 } else { self.skip };
        self.skip = 0;
        self.is_broken = false;
        self.end(whose, book);
        self.offset = self.offset.saturating_add(missing.saturating_sub(counted));
        self.flags |= flags::GAP;
        let (before, _) = self.missing.unwrap_or_default();
        self.missing = Some((before.saturating_add(missing), aligned));
        self.lost = None;
        match known {
            _ if aligned => {}
            // The gap lies in a frame whose end is known.
            Some(rest) => {
                self.skip = rest;
                self.is_broken = rest > 0;
            }
            None => self.lost = Some(0),
        }
    }

    /// How many bytes of the frame that is not whole come behind `missing` ones, if
    /// its end is known and not missing itself.
    fn rest_behind(&self, protocol: Protocol, missing: u64, book: &Book) -> Option<u64> {
        let head = match protocol {
            Protocol::Ngtt => wigwag_codec::ngtt::HEADER_LEN,
            Protocol::Prefix => wigwag_codec::prefix::PREFIX_LEN,
            // The next magic says more than a length.
            Protocol::Ncp | Protocol::Unknown | Protocol::Minijson => return None,
        };
        if missing == 0 || self.lost.is_some() || self.pending.len() < head {
            return None;
        }
        match cut(protocol, &self.pending, book.limit()) {
            Cut::Need(whole) => ((whole - self.pending.len()) as u64).checked_sub(missing),
            _ => None,
        }
    }

    /// Looks at what is pending, whether it is worth its time or not: somebody
    /// waits for it.
    pub(super) fn look(&mut self, whose: Whose, book: &mut Book) {
        if !self.exact && !self.pending.is_empty() && self.lost.is_none() {
            self.settle(whose, book);
        }
    }

    /// Nothing more comes of what is pending: it has a row as it is.
    pub(super) fn end(&mut self, whose: Whose, book: &mut Book) {
        self.look(whose, book);
        let mut pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return;
        }
        // What is here is all there is: nothing of it is too large to be kept.
        let kept = Whose {
            is_overridden: true,
            ..whose
        };
        let (used, is_begun) = self.look_inside(kept, &pending, book);
        self.need = 0;
        self.exact = false;
        pending.drain(..used);
        if is_begun || self.lost.is_some() {
            // Whatever follows, it begins nowhere in particular.
            self.lost = Some(0);
        }
        if pending.is_empty() {
            return;
        }
        if !is_begun {
            self.scraps(whose, &pending, book);
            return;
        }
        let wanted = match cut(whose.protocol, &pending, book.limit()) {
            Cut::Need(wanted) => wanted as u64,
            _ => 0,
        };
        let found = Found {
            flags: flags::MALFORMED,
            ..begun(whose.protocol, &pending)
        };
        let row = book.next();
        self.enter(whose, found, Body::Own(pending), book);
        book.note_of(row, Note::CutOff { wanted });
    }

    /// Searches frames in bytes that are the last, and enters them. Says how many
    /// bytes they and what is before them have, and whether behind them a frame
    /// begins.
    fn look_inside(&mut self, whose: Whose, bytes: &[u8], book: &mut Book) -> (usize, bool) {
        let mut used = 0;
        let mut is_begun = self.lost.is_none();
        if is_begun && hides_more(whose.protocol, bytes) {
            self.lost = Some(1);
        }
        while let Some(from) = self.lost
            && used < bytes.len()
        {
            let rest = &bytes[used..];
            match seek::seek(whose.protocol, Some(whose.direction), rest, from) {
                Seek::Found(at) => {
                    self.lost = None;
                    self.scraps(whose, &rest[..at], book);
                    used += at;
                    used += self.read(whose, &bytes[used..], book);
                    let rest = &bytes[used..];
                    is_begun = self.lost.is_none() && !rest.is_empty();
                    if is_begun && hides_more(whose.protocol, rest) {
                        self.lost = Some(1);
                    }
                }
                // The begin of a frame that proves nothing any more.
                Seek::Wait { from, .. } if from < rest.len() => self.lost = Some(from + 1),
                Seek::Wait { .. } => break,
            }
        }
        (used, is_begun)
    }
}

/// Whether the begin of a frame that never became whole may have others in it: its
/// length was wrong then, not the recording at its end.
fn hides_more(protocol: Protocol, bytes: &[u8]) -> bool {
    match protocol {
        // Another magic says so.
        Protocol::Ncp => true,
        // What came of the payload is not the begin of one.
        Protocol::Ngtt => {
            let payload = bytes.get(wigwag_codec::ngtt::HEADER_LEN..).unwrap_or(&[]);
            let read = Value::parse_prefix(payload, LIMITS);
            !read.is_err_and(|error| is_short(error.kind))
        }
        _ => false,
    }
}

/// What the begin of a frame says of it.
fn begun(protocol: Protocol, bytes: &[u8]) -> Found {
    let length = bytes.len() as u64;
    match (protocol, bytes.first_chunk()) {
        (Protocol::Ngtt, Some(header)) => ngtt_found(FrameHead::parse(*header).0, length),
        (Protocol::Ncp, _) if bytes.len() >= 16 => ncp_found(bytes, length),
        _ => Found::plain(protocol, bytes.len()),
    }
}
