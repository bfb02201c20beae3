//! Where bytes are missing among rows that are written.

use crate::table::{Columns, flags};
use crate::{ConnectionId, Direction, Protocol, Table};

/// No row.
const NONE: u32 = u32::MAX;

/// What has to be known of the rows around one to write its gaps.
///
/// A gap is written before the row that has one before it; but right behind a frame
/// that it has cut off, which ended when the gap was noticed.
#[derive(Debug)]
pub(super) struct Gaps {
    /// For each of the rows to be written: the row that follows it in its direction;
    /// [`NONE`] too for whole frames, for which nobody asks. Empty if all are.
    next: Vec<u32>,
    /// By connection and direction, if its last row was no whole frame: what followed
    /// that, and whether the gap between them is written.
    open: Vec<[Option<(u32, bool)>; 2]>,
}

/// A gap to be written.
pub(super) struct Gap {
    pub(super) time: u64,
    /// Whether the next row begins a frame. What is no frame was passed over in
    /// search of one, and will be again.
    pub(super) aligned: bool,
}

impl Gaps {
    pub(super) fn new(table: &Table, rows: &[u32]) -> Self {
        let columns = table.columns();
        let mut next = Vec::new();
        if rows.iter().any(|row| columns.is_broken(*row)) {
            // By row of the table, then by place among those that are written.
            let (mut follows, mut last) = (
                vec![NONE; columns.len()],
                vec![[NONE; 2]; table.connections().len()],
            );
            for at in (0..columns.len()).rev() {
                let index = table.connection_index(ConnectionId(columns.connection[at]));
                let Some(last) = index.and_then(|index| last.get_mut(index)) else {
                    continue;
                };
                let last = &mut last[usize::from(columns.direction[at]) & 1];
                // There are fewer than 2^32 rows.
                follows[at] = std::mem::replace(last, at as u32);
            }
            next.extend(rows.iter().map(|row| {
                let follows = follows.get(*row as usize);
                follows.copied().unwrap_or(NONE)
            }));
        }
        Self {
            next,
            open: vec![[None; 2]; table.connections().len()],
        }
    }

    /// The gap to be written before a row.
    pub(super) fn before(&mut self, columns: &Columns, row: u32, index: usize) -> Option<Gap> {
        let has_gap = columns.has(row, flags::GAP);
        let is_due = match self.open[index][columns.direction_of(row) as usize].take() {
            Some((_, true)) => false,
            // Rows between them were not chosen.
            Some((next, false)) => has_gap || next != row,
            None => has_gap,
        };
        is_due.then(|| gap(columns, row, row))
    }

    /// The gap to be written behind a row, which is the `at`th that is written.
    pub(super) fn behind(
        &mut self,
        columns: &Columns,
        at: usize,
        row: u32,
        index: usize,
    ) -> Option<Gap> {
        if !columns.is_broken(row) {
            return None;
        }
        let next = *self.next.get(at)?;
        if next == NONE {
            // Cut off by a gap or by the end: either way nothing follows.
            return Some(gap(columns, row, row));
        }
        let has_gap = columns.has(next, flags::GAP);
        let is_frame = columns.protocol[row as usize] != Protocol::Unknown as u8;
        if has_gap || !is_frame {
            let direction = columns.direction_of(row) as usize;
            self.open[index][direction] = Some((next, has_gap));
        }
        has_gap.then(|| gap(columns, row, next))
    }
}

fn gap(columns: &Columns, when: u32, before: u32) -> Gap {
    Gap {
        time: columns.micros(when),
        aligned: columns.protocol[before as usize] != Protocol::Unknown as u8,
    }
}

impl Columns {
    /// Whether the row is there and not a frame that is whole.
    fn is_broken(&self, row: u32) -> bool {
        self.has(row, flags::MALFORMED)
            || self.protocol.get(row as usize) == Some(&(Protocol::Unknown as u8))
    }

    pub(super) fn direction_of(&self, row: u32) -> Direction {
        if self.direction[row as usize] == 0 {
            Direction::ToServer
        } else {
            Direction::ToDevice
        }
    }

    /// When: microseconds since 1970-01-01T00:00:00Z.
    pub(super) fn micros(&self, row: u32) -> u64 {
        // In the column they are whole and not negative.
        self.time[row as usize] as u64
    }
}
