//! Where rows are entered: the columns, the bytes behind them, and what is to be
//! said of a row that has no column.

use super::Budget;
use super::columns::{Columns, NO_ADDRESS, ROW_BYTES, Row, flags};
use super::pairs::Pairs;
use super::store::Store;
use super::stream::Whose;
use crate::{ConnectionId, Protocol};

/// What is to be said of a row besides its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// Bytes before it are missing (0: nobody knows how many).
    Missing { count: u64, aligned: bool },
    /// So many bytes before it are no frame.
    Passed(u64),
    /// It ends too early; it would have had so many bytes (0: nobody knows).
    CutOff { wanted: u64 },
}

/// What the budget is charged for a note.
const NOTE_BYTES: usize = 24;

/// A row to be entered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) whose: Whose,
    pub(super) protocol: Protocol,
    pub(super) kind: u32,
    pub(super) id: u32,
    pub(super) length: u64,
    pub(super) flags: u16,
    pub(super) offset: u64,
}

/// The bytes of a row.
#[derive(Debug)]
pub(super) enum Body<'a> {
    Slice(&'a [u8]),
    Own(Vec<u8>),
    Absent,
}

/// Everything that rows are made of.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) columns: Columns,
    pub(super) store: Store,
    pub(super) pairs: Pairs,
    /// By row, in their order.
    pub(super) notes: Vec<(u32, Note)>,
    /// The ids and rows of connections, by their indices.
    pub(super) ids: Vec<(ConnectionId, u32)>,
    pub(super) budget: Budget,
    /// How many bytes there will be, if somebody has said it.
    pub(super) expected: u64,
}

impl Book {
    /// How many bytes of a frame are kept.
    #[inline]
    pub(super) fn limit(&self) -> usize {
        self.budget.frame
    }

    /// How much of the budget frames and rows take.
    pub(super) fn held(&self) -> usize {
        self.store.held() + self.columns.len() * ROW_BYTES + self.notes.len() * NOTE_BYTES
    }

    /// How many rows there will be, if what comes is like what came; 0 if nobody
    /// knows.
    fn aim(&self) -> usize {
        let expected = self.expected.min(self.budget.bytes as u64) as f64;
        let held = self.store.held().max(1) as f64;
        // A little more than that: to be too small by one row is to be copied. But
        // never more than the budget can take, whatever the first frames promise.
        let aim = (self.columns.len() as f64 * (expected / held) * 1.02) as usize;
        aim.min(self.budget.bytes / ROW_BYTES)
    }

    /// The row that is entered next.
    pub(super) fn next(&self) -> u32 {
        self.columns.len() as u32
    }

    /// Says something of the row that is entered next.
    pub(super) fn note(&mut self, note: Note) {
        self.notes.push((self.next(), note));
    }

    /// Says something of the row that was just entered.
    pub(super) fn note_of(&mut self, row: u32, note: Note) {
        self.notes.push((row, note));
    }

    /// What is noted of a row.
    pub(super) fn notes_of(&self, row: u32) -> impl Iterator<Item = Note> + '_ {
        let from = self.notes.partition_point(|(of, _)| *of < row);
        let of_row = self.notes[from..]
            .iter()
            .take_while(move |(of, _)| *of == row);
        of_row.map(|(_, note)| *note)
    }

    pub(super) fn enter(&mut self, entry: Entry, body: Body<'_>) {
        let row = self.next();
        if row >= super::columns::NO_ROW - 1 {
            return;
        }
        let address = match body {
            Body::Slice(bytes) => self.store.put(bytes),
            Body::Own(bytes) => self.store.adopt(bytes),
            Body::Absent => None,
        };
        let kept = address.is_some();
        let index = entry.whose.index;
        if self.columns.is_full() {
            let aim = self.aim();
            self.columns.grow(aim);
        }
        let id = &mut self.ids[index as usize];
        id.1 += 1;
        self.columns.push(Row {
            time: entry.whose.time as f64,
            connection: id.0.0,
            direction: entry.whose.direction as u8,
            protocol: entry.protocol as u8,
            kind: entry.kind,
            id: entry.id,
            length: u32::try_from(entry.length).unwrap_or(u32::MAX),
            flags: entry.flags | if kept { 0 } else { flags::NOT_KEPT },
            offset: entry.offset as f64,
            address: address.unwrap_or(NO_ADDRESS),
        });
        if entry.flags & flags::MALFORMED == 0 {
            let Self {
                columns,
                store,
                pairs,
                ..
            } = self;
            pairs.see(columns, store, index, row);
        }
    }

    /// All bytes of a row, if they were kept.
    pub(super) fn bytes(&self, row: u32) -> Option<&[u8]> {
        bytes(&self.columns, &self.store, row)
    }
}

/// All bytes of a row, if they were kept.
pub(super) fn bytes<'a>(columns: &Columns, store: &'a Store, row: u32) -> Option<&'a [u8]> {
    let address = *columns.address.get(row as usize)?;
    if address == NO_ADDRESS {
        return None;
    }
    store.get(address, columns.length[row as usize] as usize)
}
