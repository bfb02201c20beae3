//! A connection read again, by another protocol.

use super::book::{Note, bytes};
use super::columns::{Columns, NO_ADDRESS, NO_ROW, Row};
use super::connection::{CONNECTION_BYTES, State};
use super::detect::Spoken;
use super::store::Store;
use super::{Direction, Table};
use crate::{ConnectionId, Protocol};

/// What there was before.
struct Before {
    columns: Columns,
    store: Store,
    notes: std::iter::Peekable<std::vec::IntoIter<(u32, Note)>>,
    /// The last row with bytes in each segment: behind it, its memory is given back.
    last: Vec<u32>,
}

impl Before {
    fn notes_of(&mut self, row: u32) -> Vec<Note> {
        let mut notes = Vec::new();
        while let Some((_, note)) = self.notes.next_if(|(of, _)| *of <= row) {
            notes.push(note);
        }
        notes
    }

    /// Gives memory back that no row from here on needs.
    fn release(&mut self, row: u32) {
        let address = self.columns.address[row as usize];
        if let Some(segment) = self.store.segment_of(address)
            && self.last[segment as usize] == row
        {
            self.store.release(segment);
        }
    }
}

impl Table {
    /// The frames of a connection are of this protocol, whatever its bytes seemed
    /// to show; `Unknown` lets its bytes speak again. All that was kept of it is read again,
    /// so the rows of the table change their numbers
    /// ([`generation`](Self::generation)): those of other connections keep
    /// their order and what was found about them. Returns whether there is such a
    /// connection.
    pub fn override_protocol(&mut self, connection: ConnectionId, protocol: Protocol) -> bool {
        let Some(&index) = self.indices.get(&connection) else {
            return false;
        };
        self.generation = self.generation.wrapping_add(1);
        if self.is_early(index) {
            // It has no rows yet.
            let state = self.states[index as usize].get_or_insert_default();
            state.is_overridden = true;
            if protocol != Protocol::Unknown {
                self.decide(index, Spoken::chosen(protocol));
                self.close_again(index);
            }
            return true;
        }
        self.rewind(index, protocol);
        let mut before = self.set_aside();
        let mut rows = Vec::with_capacity(before.columns.len());
        let marked = self.bookmark.take();
        for row in 0..before.columns.len() as u32 {
            if marked == Some(row) {
                self.bookmark = Some(self.book.next());
            }
            let notes = before.notes_of(row);
            if before.columns.connection[row as usize] == connection.0 {
                rows.push(NO_ROW);
                self.replay(index, &before, row, &notes);
            } else {
                rows.push(self.book.next());
                self.copy(&before, row, &notes);
            }
            before.release(row);
        }
        self.renumber(index, &before, &rows);
        if marked.is_some() && self.bookmark.is_none() {
            self.bookmark = Some(self.book.next());
        }
        true
    }

    /// How often rows have changed their numbers. Whoever remembers rows compares
    /// it.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn is_early(&self, index: u32) -> bool {
        let state = self.states[index as usize].as_ref();
        state.is_some_and(|state| state.early.is_some())
    }

    /// The connection begins anew. What it has not given rows yet is put behind
    /// its other bytes.
    fn rewind(&mut self, index: u32, protocol: Protocol) {
        let at = index as usize;
        let ended = self.connections[at].ended.take();
        self.states[at].get_or_insert_default().is_overridden = true;
        self.close(index, self.latest);
        self.connections[at].ended = ended;
        self.connections[at].speaks(match protocol {
            Protocol::Unknown => Spoken::NOTHING,
            chosen => Spoken::chosen(chosen),
        });
        self.states[at] = Some(Box::new(State {
            is_overridden: true,
            ..State::default()
        }));
        self.watched.retain(|watched| *watched != index);
        if protocol == Protocol::Minijson {
            self.watched.push(index);
        }
        self.book.ids[at].1 = 0;
        self.book.pairs.forget(index);
    }

    fn set_aside(&mut self) -> Before {
        let columns = std::mem::take(&mut self.book.columns);
        let store = std::mem::take(&mut self.book.store);
        let notes = std::mem::take(&mut self.book.notes);
        self.book.columns.is_timeless = columns.is_timeless;
        self.book.columns.grow(columns.len());
        let mut last = Vec::new();
        for (address, row) in columns.address.iter().zip(0..) {
            if let Some(segment) = store.segment_of(*address) {
                let segment = segment as usize;
                if last.len() <= segment {
                    last.resize(segment + 1, NO_ROW);
                }
                last[segment] = row;
            }
        }
        Before {
            columns,
            store,
            notes: notes.into_iter().peekable(),
            last,
        }
    }

    /// Reads the bytes of a row as if they had just come.
    fn replay(&mut self, index: u32, before: &Before, row: u32, notes: &[Note]) {
        let at = row as usize;
        let direction = if before.columns.direction[at] == 0 {
            Direction::ToServer
        } else {
            Direction::ToDevice
        };
        let time = before.columns.time[at] as u64;
        for note in notes {
            if let Note::Missing { count, aligned } = note {
                self.pass_gap(index, direction, time, *count, *aligned);
            }
        }
        match bytes(&before.columns, &before.store, row) {
            Some(bytes) => self.feed(index, direction, time, bytes),
            None => {
                let missing = before.columns.length[at].into();
                self.pass_gap(index, direction, time, missing, true);
            }
        }
    }

    /// Takes a row as it is.
    fn copy(&mut self, before: &Before, row: u32, notes: &[Note]) {
        let (at, from) = (row as usize, &before.columns);
        for note in notes {
            self.book.note(*note);
        }
        let kept = bytes(from, &before.store, row);
        let address = kept.and_then(|bytes| self.book.store.put(bytes));
        self.book.columns.push(Row {
            time: from.time[at],
            connection: from.connection[at],
            direction: from.direction[at],
            protocol: from.protocol[at],
            kind: from.kind[at],
            id: from.id[at],
            length: from.length[at],
            flags: from.flags[at],
            offset: from.offset[at],
            address: address.unwrap_or(NO_ADDRESS),
        });
    }

    /// Everything that names rows gets their new numbers.
    fn renumber(&mut self, index: u32, before: &Before, rows: &[u32]) {
        for (row, now) in rows.iter().enumerate() {
            let pair = before.columns.pair[row];
            if *now != NO_ROW && pair != NO_ROW {
                let columns = &mut self.book.columns;
                columns.pair[*now as usize] = rows[pair as usize];
                columns.latency[*now as usize] = before.columns.latency[row];
            }
        }
        self.book.pairs.renumber(index, rows);
        self.examined = 0;
        self.settled = 0;
        self.close_again(index);
        self.count(index);
        debug_assert!(self.held() >= self.connections.len() * CONNECTION_BYTES);
    }

    /// What had come to its end has done so by its new protocol, too.
    fn close_again(&mut self, index: u32) {
        if self.is_finished || self.connections[index as usize].ended.is_some() {
            self.close(index, self.latest);
        }
        if self.is_finished {
            self.settle_questions(|_| false);
        }
    }
}
