//! The way through rows that exports which can be read back have in common.

use super::gaps::{Gap, Gaps};
use crate::table::{Connection, Frame};
use crate::{ConnectionId, Direction, Table};

/// A thing to be written.
pub(super) enum Step<'t> {
    /// A connection with rows among those that are wanted.
    Open(&'t Connection),
    /// Bytes that are not there.
    Gap {
        connection: u32,
        time: u64,
        direction: Direction,
        missing: u64,
        aligned: bool,
    },
    /// A row.
    Frame {
        row: u32,
        connection: u32,
        time: u64,
        frame: Frame<'t>,
    },
    /// A connection has ended.
    End {
        connection: u32,
        time: u64,
        reason: &'t str,
    },
}

/// A way through rows that goes on where it stopped.
///
/// A connection is opened before its first row and before those that began after it,
/// and ended behind its last row, before the rows of others that came later: so a
/// table that reads it has the same rows in the same order.
#[derive(Debug)]
pub(super) struct Walk {
    rows: Vec<u32>,
    /// How many of them are behind.
    at: usize,
    /// By connection: how many rows are still to come, and whether there are any.
    to_come: Vec<u32>,
    is_wanted: Vec<bool>,
    gaps: Gaps,
    /// Connections before this one were opened.
    unopened: usize,
    /// Connections that have ended, and when: the earliest is the last.
    ends: Vec<(u64, usize)>,
}

impl Walk {
    pub(super) fn new(table: &Table, rows: Vec<u32>) -> Self {
        let mut to_come = vec![0_u32; table.connections().len()];
        for index in rows.iter().filter_map(|row| index_of(table, *row)) {
            to_come[index] += 1;
        }
        Self {
            is_wanted: to_come.iter().map(|rows| *rows > 0).collect(),
            gaps: Gaps::new(table, &rows),
            rows,
            at: 0,
            to_come,
            unopened: 0,
            ends: Vec::new(),
        }
    }

    /// Takes the next row; behind the last one what is left. Whether there are more.
    pub(super) fn next<'t>(&mut self, table: &'t Table, each: &mut dyn FnMut(Step<'t>)) -> bool {
        let connections = table.connections();
        let Some(row) = self.rows.get(self.at).copied() else {
            while let Some((_, which)) = self.ends.pop() {
                end(&connections[which], each);
            }
            return false;
        };
        let at = self.at;
        self.at += 1;
        // Of rows that there are.
        let Some(index) = index_of(table, row) else {
            return true;
        };
        while self.unopened <= index {
            if self.is_wanted[self.unopened] {
                each(Step::Open(&connections[self.unopened]));
            }
            self.unopened += 1;
        }
        let time = table.columns().micros(row);
        while let Some((_, which)) = self.ends.pop_if(|(ended, _)| *ended < time) {
            end(&connections[which], each);
        }
        frame(table, &mut self.gaps, (at, row, index), each);
        self.to_come[index] -= 1;
        if self.to_come[index] == 0
            && let Some((ended, _)) = &connections[index].ended
        {
            let place = self.ends.partition_point(|(later, _)| later > ended);
            self.ends.insert(place, (*ended, index));
        }
        true
    }
}

/// Where the row's connection is among all of them, if there is such a row.
fn index_of(table: &Table, row: u32) -> Option<usize> {
    let id = table.columns().connection.get(row as usize)?;
    table.connection_index(ConnectionId(*id))
}

fn end<'t>(connection: &'t Connection, each: &mut dyn FnMut(Step<'t>)) {
    if let Some((time, reason)) = &connection.ended {
        each(Step::End {
            connection: connection.id.0,
            time: *time,
            reason,
        });
    }
}

/// Writes a row, and the gaps around it.
fn frame<'t>(
    table: &'t Table,
    gaps: &mut Gaps,
    (at, row, index): (usize, u32, usize),
    each: &mut dyn FnMut(Step<'t>),
) {
    let columns = table.columns();
    let connection = columns.connection[row as usize];
    let (direction, time) = (columns.direction_of(row), columns.micros(row));
    let as_step = |gap: Gap| Step::Gap {
        connection,
        time: gap.time,
        direction,
        missing: 0,
        aligned: gap.aligned,
    };
    if let Some(gap) = gaps.before(columns, row, index) {
        each(as_step(gap));
    }
    each(match table.frame(row) {
        Some(frame) => Step::Frame {
            row,
            connection,
            time,
            frame,
        },
        None => Step::Gap {
            connection,
            time,
            direction,
            missing: u64::from(columns.length[row as usize]),
            aligned: true,
        },
    });
    if let Some(gap) = gaps.behind(columns, at, row, index) {
        each(as_step(gap));
    }
}
