//! The way through rows that exports which can be read back have in common.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

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

/// What is wanted of a connection.
struct Wanted {
    /// Its place among the connections.
    index: usize,
    /// Rows that are still to come.
    rows: u32,
}

/// Goes through the rows. A connection is opened before its first row and before
/// those that began after it, and ended behind its last row, before the rows of
/// others that came later: so a table that reads it has the same rows in the same
/// order.
pub(super) fn walk<'t>(table: &'t Table, rows: Vec<u32>, each: &mut dyn FnMut(Step<'t>)) {
    let columns = table.columns();
    let connections = table.connections();
    let indices: BTreeMap<ConnectionId, usize> = connections
        .iter()
        .enumerate()
        .map(|(index, connection)| (connection.id, index))
        .collect();
    let mut wanted = BTreeMap::<u32, Wanted>::new();
    for row in &rows {
        let Some(id) = columns.connection.get(*row as usize) else {
            continue;
        };
        if let Some(index) = indices.get(&ConnectionId(*id)) {
            let index = *index;
            wanted.entry(*id).or_insert(Wanted { index, rows: 0 }).rows += 1;
        }
    }
    let mut gaps = Gaps::new(table, &rows);
    let mut unopened = connections.iter().enumerate().peekable();
    let mut ends = BinaryHeap::<Reverse<(u64, usize)>>::new();
    for row in rows {
        let at = row as usize;
        let Some((id, time)) = columns.connection.get(at).zip(columns.time.get(at)) else {
            continue;
        };
        // Microseconds in an f64 are whole and not negative.
        let (id, time) = (*id, *time as u64);
        let Some(of_row) = wanted.get(&id) else {
            continue;
        };
        let (index, rows) = (of_row.index, of_row.rows);
        while let Some((_, connection)) = unopened.next_if(|(next, _)| *next <= index) {
            if wanted.contains_key(&connection.id.0) {
                each(Step::Open(connection));
            }
        }
        while let Some(Reverse((ended, which))) = ends.peek().copied()
            && ended < time
        {
            ends.pop();
            end(&connections[which], each);
        }
        frame(table, &mut gaps, row, each);
        if rows == 1
            && let Some((ended, _)) = &connections[index].ended
        {
            ends.push(Reverse((*ended, index)));
        }
        wanted.entry(id).and_modify(|of_row| of_row.rows -= 1);
    }
    while let Some(Reverse((_, which))) = ends.pop() {
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
fn frame<'t>(table: &'t Table, gaps: &mut Gaps<'t>, row: u32, each: &mut dyn FnMut(Step<'t>)) {
    let columns = table.columns();
    let connection = columns.connection[row as usize];
    let direction = columns.direction_of(row);
    // Microseconds in an f64 are whole and not negative.
    let time = columns.time[row as usize] as u64;
    let as_step = |gap: Gap| Step::Gap {
        connection,
        time: gap.time,
        direction,
        missing: 0,
        aligned: gap.aligned,
    };
    if let Some(gap) = gaps.before(row) {
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
    if let Some(gap) = gaps.behind(row) {
        each(as_step(gap));
    }
}
