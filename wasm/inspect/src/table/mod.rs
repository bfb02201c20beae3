//! The table of frames.
//!
//! A [`Table`] takes the pieces of an input, cuts frames out of them, keeps every
//! byte once, and has a row for each frame: its columns ([`Columns`]), its bytes
//! ([`Table::frame`]), the frame that answers it, and what is to be said of it
//! ([`Table::experts`]).
//!
//! ```
//! use wigwag_inspect::{ConnectionId, Direction, Piece, Sink, Table};
//!
//! let mut table = Table::default();
//! let connection = ConnectionId(0);
//! // An order, cut in two, and its confirmation.
//! for (time, direction, bytes) in [
//!     (10, Direction::ToDevice, &b"\0\0\0\x01\0\x07"[..]),
//!     (20, Direction::ToDevice, b"\0\x01\x40"),
//!     (50, Direction::ToServer, b"\0\0\0\0\0\x07\0\x02"),
//! ] {
//!     table.take(Piece::Bytes { connection, direction, time, bytes });
//! }
//! table.finish();
//! let columns = table.columns();
//! assert_eq!(columns.kind, [1, 2]);
//! assert_eq!(columns.id, [7, 7]);
//! assert_eq!(columns.pair, [1, 0]);
//! assert_eq!(columns.latency, [30.0, 30.0]);
//! assert_eq!(table.frame(0).unwrap().bytes, b"\0\0\0\x01\0\x07\0\x01\x40");
//! ```

mod book;
mod columns;
mod connection;
mod cut;
mod detect;
mod early;
mod examine;
mod expert;
mod kind_name;
mod pairs;
mod questions;
mod reread;
mod seek;
mod settle;
mod sink;
mod store;
mod stream;
#[cfg(test)]
mod tests;
mod torn;

use std::collections::BTreeMap;

use book::Book;
pub use columns::{Columns, NO_ROW, flags};
pub use connection::Connection;
use connection::State;
pub use expert::Expert;
pub use kind_name::kind_name;

use crate::{ConnectionId, Direction, Protocol};

/// A whole frame as it was on the wire, its head included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is. `Unknown` for bytes that are no frame: what was passed over, the
    /// head of an HTTP tunnel, a stream that nobody understands.
    pub protocol: Protocol,
    /// Which way it went.
    pub direction: Direction,
    /// All its bytes; of one that was cut off, what came.
    pub bytes: &'a [u8],
}

/// How much a table may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of memory: of frames, of rows (48 each), of connections, and of what the
    /// reader of an input holds back until more of it has come. When it is used up,
    /// what was read stays, and nothing is taken any more.
    pub bytes: usize,
    /// The largest frame that is kept; a larger one has a row and no bytes.
    pub frame: usize,
}

impl Default for Budget {
    /// 1 GiB, frames of up to 64 MiB.
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            frame: 64 << 20,
        }
    }
}

/// Something that an input could not give, or the table could not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the input, in bytes from its begin.
    pub offset: u64,
    /// What is wrong and what to do, for people.
    pub message: String,
}

/// How many problems are kept; the rest is counted.
const MAX_PROBLEMS: usize = 1000;

/// The frames of all connections of an input, in the order in which they were
/// complete.
///
/// Every byte that it takes is in one row, if the budget allows it: bytes that are
/// no frame have rows too, of protocol `Unknown`.
#[derive(Debug, Default)]
pub struct Table {
    book: Book,
    connections: Vec<Connection>,
    states: Vec<Option<Box<State>>>,
    /// The index of each connection.
    indices: BTreeMap<ConnectionId, u32>,
    problems: Vec<Problem>,
    more_problems: u64,
    /// Bytes that wait in streams for the rest of their frames.
    waiting: usize,
    /// Bytes that the reader of the input holds.
    outside: usize,
    /// Bytes taken, and bytes refused because the budget was used up.
    taken: u64,
    refused: u64,
    /// The latest time that was seen: of the input, or told by [`Table::settle`].
    latest: u64,
    /// The latest time of the input.
    heard: Option<u64>,
    /// Connections with bytes that time may explain.
    watched: Vec<u32>,
    /// Whether the input has ended.
    is_finished: bool,
    /// Questions before this row have been settled.
    settled: u32,
    /// Rows before this one have been examined.
    examined: u32,
    /// How often rows have changed their numbers.
    generation: u32,
    /// A row that somebody remembers.
    bookmark: Option<u32>,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        let mut table = Self::default();
        table.book.budget = budget;
        table
    }

    /// About so many bytes of connections will come, in all: the size of a file. It
    /// only helps to make room once instead of again and again.
    pub fn expect(&mut self, bytes: u64) {
        self.book.expected = bytes;
    }

    /// The columns.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.book.columns
    }

    /// The frame of a row. `None` if there is no such row, or its bytes were not
    /// kept.
    #[must_use]
    pub fn frame(&self, row: u32) -> Option<Frame<'_>> {
        let at = row as usize;
        Some(Frame {
            bytes: self.book.bytes(row)?,
            protocol: protocol(self.book.columns.protocol[at]),
            direction: if self.book.columns.direction[at] == 0 {
                Direction::ToServer
            } else {
                Direction::ToDevice
            },
        })
    }

    /// The connections, in the order in which they began.
    #[must_use]
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// The connection with this number.
    #[must_use]
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(self.connection_index(id)?)
    }

    /// The place of the connection with this number in [`Table::connections`].
    #[must_use]
    pub fn connection_index(&self, id: ConnectionId) -> Option<usize> {
        self.indices.get(&id).map(|index| *index as usize)
    }

    /// What could not be read, the first thousand; and
    /// [how many more](Self::more_problems).
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems were not kept.
    #[must_use]
    pub const fn more_problems(&self) -> u64 {
        self.more_problems
    }

    /// How many bytes of connections were taken.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// How many bytes were not taken because the budget was used up.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// The latest time of anything in the input, in microseconds since
    /// 1970-01-01T00:00:00Z: whose clock that is, the input knows. Who watches a
    /// conversation adds the time that has passed since, and tells the sum to
    /// [`Table::settle`].
    #[must_use]
    pub const fn last_heard(&self) -> Option<u64> {
        self.heard
    }

    /// Remembers a row, or the place where the next one will be (the number of rows).
    /// When rows change their numbers, the bookmark moves with them.
    pub const fn set_bookmark(&mut self, row: Option<u32>) {
        self.bookmark = row;
    }

    /// The row that is remembered, by its number now.
    #[must_use]
    pub const fn bookmark(&self) -> Option<u32> {
        self.bookmark
    }

    /// How much memory the budget has been charged for, in bytes.
    #[must_use]
    pub fn held(&self) -> usize {
        self.book.held()
            + self.waiting
            + self.outside
            + self.connections.len() * connection::CONNECTION_BYTES
    }

    fn problem(&mut self, offset: u64, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { offset, message });
        } else {
            self.more_problems += 1;
        }
    }
}

const fn protocol(number: u8) -> Protocol {
    match number {
        1 => Protocol::Ngtt,
        2 => Protocol::Ncp,
        3 => Protocol::Prefix,
        4 => Protocol::Minijson,
        _ => Protocol::Unknown,
    }
}
