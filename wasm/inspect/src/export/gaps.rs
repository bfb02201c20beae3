//! Where bytes are missing among rows that are written.

use std::collections::BTreeMap;

use crate::table::{Columns, flags};
use crate::{Direction, Protocol, Table};

/// A direction of a connection.
type Stream = (u32, u8);

/// What has to be known of the rows around one to write its gaps.
///
/// A gap is written before the row that has one before it; but right behind a frame
/// that it has cut off, which ended when the gap was noticed.
pub(super) struct Gaps<'t> {
    columns: &'t Columns,
    /// The next row of its stream, for rows that are no whole frames.
    next: BTreeMap<u32, u32>,
    /// The streams whose last row was one of these: the row that followed it, and
    /// whether the gap between them is written.
    open: BTreeMap<Stream, (u32, bool)>,
}

/// A gap to be written.
pub(super) struct Gap {
    pub(super) time: u64,
    /// Whether the next row begins a frame. What is no frame was passed over in
    /// search of one, and will be again.
    pub(super) aligned: bool,
}

impl<'t> Gaps<'t> {
    pub(super) fn new(table: &'t Table, rows: &[u32]) -> Self {
        let columns = table.columns();
        let is_broken = |row: &u32| (*row as usize) < columns.len() && columns.is_broken(*row);
        let mut next: BTreeMap<u32, u32> = rows
            .iter()
            .filter(|row| is_broken(row))
            .map(|row| (*row, NONE))
            .collect();
        if !next.is_empty() {
            let mut last = BTreeMap::<Stream, u32>::new();
            // There are fewer than 2^32 rows.
            for row in (0..columns.len() as u32).rev() {
                let follows = last.insert(columns.stream(row), row);
                if let Some(place) = next.get_mut(&row) {
                    *place = follows.unwrap_or(NONE);
                }
            }
        }
        Self {
            columns,
            next,
            open: BTreeMap::new(),
        }
    }

    /// The gap to be written before a row.
    pub(super) fn before(&mut self, row: u32) -> Option<Gap> {
        let has_gap = self.columns.has(row, flags::GAP);
        let is_due = match self.open.remove(&self.columns.stream(row)) {
            Some((_, true)) => false,
            // Rows between them were not chosen.
            Some((next, false)) => has_gap || next != row,
            None => has_gap,
        };
        is_due.then(|| self.gap(row, row))
    }

    /// The gap to be written behind a row.
    pub(super) fn behind(&mut self, row: u32) -> Option<Gap> {
        let next = *self.next.get(&row)?;
        let stream = self.columns.stream(row);
        if next == NONE {
            // Cut off by a gap or by the end: either way nothing follows.
            return Some(self.gap(row, row));
        }
        let has_gap = self.columns.has(next, flags::GAP);
        let is_frame = self.columns.protocol[row as usize] != Protocol::Unknown as u8;
        if has_gap || !is_frame {
            self.open.insert(stream, (next, has_gap));
        }
        has_gap.then(|| self.gap(row, next))
    }

    fn gap(&self, when: u32, before: u32) -> Gap {
        Gap {
            // Microseconds in an f64 are whole and not negative.
            time: self.columns.time[when as usize] as u64,
            aligned: self.columns.protocol[before as usize] != Protocol::Unknown as u8,
        }
    }
}

/// No row follows.
const NONE: u32 = u32::MAX;

impl Columns {
    fn stream(&self, row: u32) -> Stream {
        (self.connection[row as usize], self.direction[row as usize])
    }

    /// Whether the row is not a frame that is whole.
    fn is_broken(&self, row: u32) -> bool {
        self.has(row, flags::MALFORMED) || self.protocol[row as usize] == Protocol::Unknown as u8
    }

    pub(super) fn direction_of(&self, row: u32) -> Direction {
        if self.direction[row as usize] == 0 {
            Direction::ToServer
        } else {
            Direction::ToDevice
        }
    }
}
