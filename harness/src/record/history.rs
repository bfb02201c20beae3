//! What was recorded last, up to a limit.

use super::boundary::{Boundaries, Start, detect};
use super::file::Writer;
use super::{About, Direction, Protocol, Sender};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Weak;
use wigwag_codec::capture;

/// What a record takes besides its bytes.
const OVERHEAD: usize = 96;

/// The most bytes in one record, so that what is forgotten is forgotten bit by bit.
const MAX_PIECE: usize = 64 * 1024;

/// The most bytes of a name or a reason.
const MAX_TEXT: usize = 1000;

/// A record that is kept.
pub(super) struct Entry {
    pub(super) connection: u32,
    pub(super) time: u64,
    pub(super) what: What,
}

pub(super) enum What {
    Open,
    Bytes {
        direction: Direction,
        /// Bytes of the direction before this.
        offset: u64,
        start: Start,
        bytes: Box<[u8]>,
    },
    End(Box<str>),
}

/// A connection that is open, or has a record that is kept.
pub(super) struct Known {
    pub(super) began: u64,
    /// The number of the record of its begin.
    pub(super) opening: u64,
    pub(super) protocol: Protocol,
    pub(super) device: Box<str>,
    pub(super) server: Box<str>,
    sender: Option<Sender>,
    ended: bool,
    /// Bytes that were recorded, each way.
    lengths: [u64; 2],
    boundaries: [Boundaries; 2],
}

pub(super) struct History {
    limit: usize,
    size: usize,
    /// The newest time; the clock may be set back, records are not.
    time: u64,
    connections: u32,
    known: BTreeMap<u32, Known>,
    entries: VecDeque<Entry>,
    /// The number of the first that is kept.
    first: u64,
    files: Vec<Weak<Writer>>,
}

impl History {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            size: 0,
            time: 0,
            connections: 0,
            known: BTreeMap::new(),
            entries: VecDeque::new(),
            first: 0,
            files: Vec::new(),
        }
    }

    /// The present time: `now`, and never less than it was.
    pub(super) fn advance(&mut self, now: u64) -> u64 {
        self.time = self.time.max(now);
        self.time
    }

    pub(super) const fn time(&self) -> u64 {
        self.time
    }

    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// The number of the first record that is kept.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// The number of the next record.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// A record that is kept, by its number.
    pub(super) fn entry(&self, number: u64) -> Option<&Entry> {
        let index = number.checked_sub(self.first)?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    pub(super) const fn known(&self) -> &BTreeMap<u32, Known> {
        &self.known
    }

    /// The protocol and the way to a connection that is open.
    pub(super) fn sender(&self, connection: u32) -> Option<(Protocol, Option<Sender>)> {
        let known = self.known.get(&connection)?;
        (!known.ended).then(|| (known.protocol, known.sender.clone()))
    }

    pub(super) fn add_file(&mut self, file: Weak<Writer>) {
        self.files.push(file);
    }

    pub(super) fn open(&mut self, time: u64, about: &About<'_>, sender: Option<Sender>) -> u32 {
        self.connections = self.connections.wrapping_add(1);
        let connection = self.connections;
        let protocol = about.protocol.unwrap_or(Protocol::Unknown);
        let known = Known {
            began: time,
            opening: self.end(),
            protocol,
            device: cut(&about.device).into(),
            server: cut(&about.server).into(),
            sender,
            ended: false,
            lengths: [0; 2],
            boundaries: [Boundaries::new(protocol), Boundaries::new(protocol)],
        };
        self.known.insert(connection, known);
        self.push(Entry {
            connection,
            time,
            what: What::Open,
        });
        connection
    }

    pub(super) fn bytes(&mut self, time: u64, connection: u32, direction: Direction, bytes: &[u8]) {
        for piece in bytes.chunks(MAX_PIECE) {
            let Some(known) = self.known.get_mut(&connection).filter(|c| !c.ended) else {
                return;
            };
            if known.protocol == Protocol::Unknown && known.lengths == [0; 2] {
                // For finding boundaries only: who reads the capture may know
                // better.
                let guess = detect(piece);
                known.boundaries = [Boundaries::new(guess), Boundaries::new(guess)];
            }
            let way = direction as usize;
            let start = known.boundaries[way].take(piece);
            let offset = known.lengths[way];
            known.lengths[way] += piece.len() as u64;
            self.push(Entry {
                connection,
                time,
                what: What::Bytes {
                    direction,
                    offset,
                    start,
                    bytes: piece.into(),
                },
            });
        }
    }

    pub(super) fn end_connection(&mut self, time: u64, connection: u32, reason: &str) {
        let Some(known) = self.known.get_mut(&connection).filter(|c| !c.ended) else {
            return;
        };
        known.ended = true;
        known.sender = None;
        self.push(Entry {
            connection,
            time,
            what: What::End(cut(reason).into()),
        });
        for file in self.files.iter().filter_map(Weak::upgrade) {
            file.flush();
        }
    }

    fn push(&mut self, entry: Entry) {
        self.size += entry.size();
        self.entries.push_back(entry);
        // Files first: what is forgotten below is written by then.
        let mut files = std::mem::take(&mut self.files);
        files.retain(|file| {
            let file = file.upgrade();
            file.is_some_and(|file| {
                file.take(self);
                true
            })
        });
        self.files = files;
        while self.size > self.limit
            && let Some(old) = self.entries.pop_front()
        {
            self.size -= old.size();
            self.first += 1;
            if let What::End(_) = old.what {
                self.known.remove(&old.connection);
            }
        }
    }
}

impl Entry {
    fn size(&self) -> usize {
        OVERHEAD
            + match &self.what {
                // Its names, and what is known of it.
                What::Open => 4 * OVERHEAD,
                What::Bytes { bytes, .. } => bytes.len(),
                What::End(reason) => reason.len(),
            }
    }
}

impl Known {
    /// The record of its begin.
    pub(super) fn record(&self, connection: u32) -> capture::Record<'_> {
        let known = self.protocol != Protocol::Unknown;
        capture::Record::Open {
            connection,
            time: self.began,
            protocol: known.then_some(self.protocol as u32),
            device: &self.device,
            server: &self.server,
        }
    }
}

/// The begin of a text that is too long.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}
