//! One direction of a connection: bytes in any pieces, rows out.

use super::book::{Body, Book, Entry, Note};
use super::columns::flags;
use super::cut::{Cut, Found, NCP_MAGIC, cut, ncp_found};
use super::seek::{self, Seek};
use super::store::ALONE;
use crate::{Direction, Protocol};

/// Bytes that are no frame have a row for so many of them.
const SCRAP: usize = 64 << 10;

/// Whose bytes they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whose {
    /// The connection's index.
    pub(super) index: u32,
    pub(super) direction: Direction,
    pub(super) protocol: Protocol,
    /// When they were seen.
    pub(super) time: u64,
    /// Whether a person has said what they are, and may say something else next:
    /// then every byte is kept, even of what looks like too large a frame.
    pub(super) is_overridden: bool,
}

/// What is known of a direction between two pieces.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Bytes of a frame that is not whole, or of a search for one.
    pub(super) pending: Vec<u8>,
    /// Nothing can be said before there are so many of them.
    pub(super) need: usize,
    /// Whether `need` is where the frame ends (or its head), not only when another
    /// look is worth its time.
    pub(super) exact: bool,
    /// How many bytes of a frame are still to come that is not kept, or (if
    /// `is_broken`) that a gap has torn in two.
    pub(super) skip: u64,
    pub(super) is_broken: bool,
    /// Where in the stream `pending` begins; behind what is to be skipped, if that
    /// is of a frame that is not kept.
    pub(super) offset: u64,
    /// How many frames it had.
    count: u32,
    /// Whether the begin of a frame is being searched, and before which byte of
    /// `pending` there is none.
    pub(super) lost: Option<usize>,
    /// What is to be said of the next frame.
    pub(super) flags: u16,
    /// How many bytes were passed over before it.
    passed: u64,
    /// How many are missing before it, and whether a frame begins behind them.
    pub(super) missing: Option<(u64, bool)>,
}

impl Stream {
    /// How many bytes wait.
    pub(super) fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// How much memory waits with them.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.pending.capacity()
    }

    /// The next byte begins a frame, whatever was before it: that has its rows.
    pub(super) fn begin_again(&mut self) {
        self.lost = None;
        self.skip = 0;
        self.is_broken = false;
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self, whose: Whose, bytes: &[u8], book: &mut Book) {
        let mut bytes = self.pass(whose, bytes, book);
        while !bytes.is_empty() {
            if self.pending.is_empty() && self.lost.is_none() {
                let used = self.read(whose, bytes, book);
                bytes = self.pass(whose, &bytes[used..], book);
                if self.lost.is_none() && !bytes.is_empty() {
                    self.keep(bytes);
                    return;
                }
                continue;
            }
            // A frame whose length is known is topped up, so that what follows it
            // is read where it lies.
            let wanted = self.need.saturating_sub(self.pending.len());
            let exact = self.lost.is_none() && self.exact && wanted > 0;
            let some = if exact {
                wanted.min(bytes.len())
            } else {
                bytes.len()
            };
            self.keep(&bytes[..some]);
            bytes = &bytes[some..];
            if self.pending.len() >= self.need {
                self.settle(whose, book);
                bytes = self.pass(whose, bytes, book);
            }
        }
    }

    /// Passes over what belongs to a frame that is not kept, or is the end of one
    /// whose middle is missing.
    fn pass<'a>(&mut self, whose: Whose, bytes: &'a [u8], book: &mut Book) -> &'a [u8] {
        if self.skip == 0 {
            return bytes;
        }
        let passed = usize::try_from(self.skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
        let (passed, rest) = bytes.split_at(passed);
        self.skip -= passed.len() as u64;
        if self.is_broken {
            self.rows_of(whose, passed, book);
            self.is_broken = self.skip > 0;
        }
        rest
    }

    fn keep(&mut self, bytes: &[u8]) {
        let length = self.pending.len() + bytes.len();
        if length > self.pending.capacity() {
            // What is announced is not believed: the place grows with what comes,
            // and no further than to the end of the frame.
            let aim = (2 * self.pending.capacity()).max(length);
            let end = if self.exact && self.need >= length {
                self.need
            } else {
                aim
            };
            let aim = aim.min(end);
            self.pending.reserve_exact(aim - self.pending.len());
        }
        self.pending.extend_from_slice(bytes);
    }

    /// Enters the frames that `bytes` begin with, and says how many bytes they
    /// have. Behind them: nothing, a frame that is not whole, or (then it is lost)
    /// none.
    pub(super) fn read(&mut self, whose: Whose, bytes: &[u8], book: &mut Book) -> usize {
        let mut used = 0;
        self.need = 0;
        self.exact = false;
        while let rest @ [_, ..] = &bytes[used..] {
            match cut(whose.protocol, rest, book.limit()) {
                Cut::Frame(found) => {
                    let length = found.length as usize;
                    self.enter(whose, found, Body::Slice(&rest[..length]), book);
                    used += length;
                }
                Cut::Large(found) if !whose.is_overridden => {
                    self.enter(whose, found, Body::Absent, book);
                    let here = rest
                        .len()
                        .min(usize::try_from(found.length).unwrap_or(usize::MAX));
                    self.skip = found.length - here as u64;
                    used += here;
                }
                Cut::Need(need) => {
                    self.need = need;
                    self.exact = true;
                    break;
                }
                Cut::More => {
                    // It is read from its begin again, so not for every byte.
                    self.need = rest.len() + 1 + rest.len() / 16;
                    break;
                }
                Cut::Large(_) | Cut::Nothing => {
                    self.lost = Some(1);
                    break;
                }
            }
        }
        used
    }

    /// Looks at what is pending again.
    pub(super) fn settle(&mut self, whose: Whose, book: &mut Book) {
        let mut pending = std::mem::take(&mut self.pending);
        if self.lost.is_none() && self.alone(whose, &mut pending, book) {
            return;
        }
        let mut used = 0;
        loop {
            if self.lost.is_some() {
                used += self.search(whose, &pending[used..], book);
                if self.lost.is_some() {
                    break;
                }
            }
            used += self.read(whose, &pending[used..], book);
            if self.lost.is_none() {
                break;
            }
        }
        pending.drain(..used);
        if pending.is_empty() && pending.capacity() > SCRAP {
            pending = Vec::new();
        }
        self.pending = pending;
    }

    /// If a large frame is whole and nothing follows it, its place becomes that of
    /// the store: it is not copied.
    fn alone(&mut self, whose: Whose, pending: &mut Vec<u8>, book: &mut Book) -> bool {
        if pending.len() <= ALONE {
            return false;
        }
        match cut(whose.protocol, pending, book.limit()) {
            Cut::Frame(found) if found.length == pending.len() as u64 => {
                self.need = 0;
                let body = Body::Own(std::mem::take(pending));
                self.enter(whose, found, body, book);
                true
            }
            _ => false,
        }
    }

    /// Searches a frame, makes rows of the bytes before it, and says how many they
    /// were.
    fn search(&mut self, whose: Whose, bytes: &[u8], book: &mut Book) -> usize {
        let from = self.lost.unwrap_or(0);
        match seek::seek(whose.protocol, Some(whose.direction), bytes, from) {
            Seek::Found(at) => {
                self.lost = None;
                self.scraps(whose, &bytes[..at], book);
                at
            }
            Seek::Wait { from, need } => {
                // Whole rows of it, so that the rest stays short.
                let rows = from - from % SCRAP;
                self.scraps(whose, &bytes[..rows], book);
                self.lost = Some(from - rows);
                self.need = need - rows;
                rows
            }
        }
    }

    /// Enters bytes that are no frame, and were passed over to find one.
    pub(super) fn scraps(&mut self, whose: Whose, bytes: &[u8], book: &mut Book) {
        self.rows_of(whose, bytes, book);
        if !bytes.is_empty() {
            self.passed += bytes.len() as u64;
            self.flags |= flags::RESYNC;
        }
    }

    fn rows_of(&mut self, whose: Whose, bytes: &[u8], book: &mut Book) {
        for scrap in bytes.chunks(SCRAP) {
            let found = Found {
                flags: flags::MALFORMED,
                // A packet of NCP that is broken inside still tells what it was.
                ..match whose.protocol {
                    Protocol::Ncp if scrap.starts_with(&NCP_MAGIC) => {
                        ncp_found(scrap, scrap.len() as u64)
                    }
                    _ => Found::plain(Protocol::Unknown, scrap.len()),
                }
            };
            // What was passed over is said of the frame that is found at last.
            self.put(whose, found, Body::Slice(scrap), flags::GAP, book);
        }
    }

    pub(super) fn enter(&mut self, whose: Whose, found: Found, body: Body<'_>, book: &mut Book) {
        self.put(whose, found, body, u16::MAX, book);
    }

    /// Enters a row, of which some of the flags that wait are to be said.
    fn put(&mut self, whose: Whose, found: Found, body: Body<'_>, say: u16, book: &mut Book) {
        let said = self.flags & say;
        if said != 0 {
            self.flags &= !say;
            self.note(said, book);
        }
        let entry = Entry {
            whose,
            protocol: found.protocol,
            kind: found.kind,
            id: found.id.unwrap_or(self.count),
            length: found.length,
            flags: found.flags | said,
            offset: self.offset,
        };
        book.enter(entry, body);
        self.offset = self.offset.saturating_add(found.length);
        self.count = self.count.wrapping_add(1);
    }

    /// Says of the row that comes next what is before it.
    fn note(&mut self, said: u16, book: &mut Book) {
        if let Some((count, aligned)) = self.missing.take() {
            book.note(Note::Missing { count, aligned });
        }
        if said & flags::RESYNC != 0 {
            book.note(Note::Passed(std::mem::take(&mut self.passed)));
        }
    }
}
