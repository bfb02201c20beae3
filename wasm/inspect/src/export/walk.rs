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

/// Goes through the rows. A connection is opened before its first row and before
/// those that began after it, and ended behind its last row, before the rows of
/// others that came later: so a table that reads it has the same rows in the same
/// order.
pub(super) fn walk<'t>(table: &'t Table, rows: Vec<u32>, each: &mut dyn FnMut(Step<'t>)) {
    let columns = table.columns();
    let connections = table.connections();
    // Where the row's connection is among all of them, if there is such a row.
    let index_of = |row: u32| {
        let id = columns.connection.get(row as usize)?;
        table.connection_index(ConnectionId(*id))
    };
    // How many rows are still to come, of each connection.
    let mut to_come = vec![0_u32; connections.len()];
    for index in rows.iter().filter_map(|row| index_of(*row)) {
        to_come[index] += 1;
    }
    let is_wanted: Vec<bool> = to_come.iter().map(|rows| *rows > 0).collect();
    let mut gaps = Gaps::new(table, &rows);
    let mut unopened = 0;
    // Connections that have ended, and when: the earliest is the last.
    let mut ends = Vec::<(u64, usize)>::new();
    for (at, row) in rows.into_iter().enumerate() {
        let Some(index) = index_of(row) else {
            continue;
        };
        while unopened <= index {
            if is_wanted[unopened] {
                each(Step::Open(&connections[unopened]));
            }
            unopened += 1;
        }
        let time = columns.micros(row);
        while let Some((_, which)) = ends.pop_if(|(ended, _)| *ended < time) {
            end(&connections[which], each);
        }
        frame(table, &mut gaps, (at, row, index), each);
        to_come[index] -= 1;
        if to_come[index] == 0
            && let Some((ended, _)) = &connections[index].ended
        {
            let place = ends.partition_point(|(later, _)| later > ended);
            ends.insert(place, (*ended, index));
        }
    }
    while let Some((_, which)) = ends.pop() {
        end(&connections[which], each);
    }
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
    gaps: &mut Gaps<'t>,
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
    if let Some(gap) = gaps.before(row, index) {
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
    if let Some(gap) = gaps.behind(at, row, index) {
        each(as_step(gap));
    }
}
