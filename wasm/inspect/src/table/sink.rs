//! Pieces into the table.

use super::book::Book;
use super::columns::ROW_BYTES;
use super::connection::{CONNECTION_BYTES, Connection, text};
use super::detect::Spoken;
use super::early::Early;
use super::stream::{Stream, Whose};
use super::{Budget, Table};
use crate::{About, ConnectionId, Direction, Piece, Protocol, Sink};

/// The part of the budget that the reader of an input may hold: so that what waits for
/// packets that never come leaves room for what has.
const OUTSIDE: usize = 4;

impl Sink for Table {
    fn hold(&mut self, bytes: usize) -> bool {
        self.outside = bytes;
        let Budget { bytes: budget, .. } = self.book.budget;
        bytes <= budget / OUTSIDE && self.held() <= budget
    }

    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Open {
                connection,
                time,
                about,
            } => self.open(connection, time, &about),
            Piece::Bytes {
                connection,
                direction,
                time,
                bytes,
            } => self.bytes(connection, direction, time, bytes),
            Piece::Gap {
                connection,
                direction,
                time,
                missing,
                aligned,
            } => self.gap(connection, direction, time, missing, aligned),
            Piece::End {
                connection,
                time,
                reason,
            } => self.end(connection, time, &reason),
            Piece::Problem { offset, message } => self.problem(offset, text(&message)),
        }
    }
}

impl Table {
    fn open(&mut self, id: ConnectionId, time: u64, about: &About<'_>) {
        let Some(index) = self.index(id, time) else {
            return;
        };
        let at = index as usize;
        let connection = &mut self.connections[at];
        for (known, told) in [
            (&mut connection.device, &about.device),
            (&mut connection.server, &about.server),
        ] {
            if !told.is_empty() {
                *known = text(told);
            }
        }
        if connection.ended.take().is_some() {
            // The number is used again: its bytes begin with a frame.
            self.close(index, time);
            if let Some(state) = &mut self.states[at] {
                state.streams.iter_mut().for_each(Stream::begin_again);
            }
        }
        // What has been read by another protocol already stays as it is.
        let told = about.protocol.unwrap_or(Protocol::Unknown);
        if told != Protocol::Unknown && self.connections[at].bytes == [0; 2] {
            if self.is_early(index) {
                self.decide(index, Spoken::told(told));
            } else {
                let known = &mut self.connections[at];
                if told == Protocol::Minijson && known.protocol != told {
                    self.watched.push(index);
                }
                known.speaks(Spoken::told(told));
            }
        }
    }

    fn bytes(&mut self, id: ConnectionId, direction: Direction, time: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.hear(time);
        let room = self.book.budget.bytes.saturating_sub(self.held());
        if self.refused > 0 || bytes.len() + ROW_BYTES > room {
            self.refuse(bytes.len());
            return;
        }
        let Some(index) = self.index(id, time) else {
            self.refuse(bytes.len());
            return;
        };
        self.taken += bytes.len() as u64;
        self.is_finished = false;
        self.connections[index as usize].bytes[direction as usize] += bytes.len() as u64;
        self.feed(index, direction, time, bytes);
    }

    /// Gives bytes to a connection that there is.
    pub(super) fn feed(&mut self, index: u32, direction: Direction, time: u64, bytes: &[u8]) {
        if !self.is_undecided(index) {
            self.with_stream(index, direction, time, |stream, whose, book| {
                stream.take(whose, bytes, book);
            });
            self.count(index);
        } else if let Some(found) =
            self.with_early(index, |early| early.push(direction, time, bytes))
        {
            self.decide(index, found);
        }
    }

    /// Whether what the connection says is kept until it shows its protocol.
    fn is_undecided(&self, index: u32) -> bool {
        let at = index as usize;
        let has_given_up = self.states[at].as_ref().is_some_and(|state| state.given_up);
        self.connections[at].protocol == Protocol::Unknown && !has_given_up
    }

    /// Does something with what a connection has said so far, and keeps the count of
    /// what waits.
    fn with_early<T>(&mut self, index: u32, act: impl FnOnce(&mut Early) -> T) -> T {
        let state = self.states[index as usize].get_or_insert_default();
        if state.early.is_none() {
            self.watched.push(index);
        }
        let early = state.early.get_or_insert_default();
        self.waiting -= early.held();
        let result = act(early);
        self.waiting += early.held();
        result
    }

    /// Does something with a stream of a connection, and keeps the count of what
    /// waits.
    pub(super) fn with_stream(
        &mut self,
        index: u32,
        direction: Direction,
        time: u64,
        act: impl FnOnce(&mut Stream, Whose, &mut Book),
    ) {
        let at = index as usize;
        let state = self.states[at].get_or_insert_default();
        let stream = &mut state.streams[direction as usize];
        let whose = Whose {
            index,
            direction,
            protocol: self.connections[at].protocol,
            time,
            is_overridden: state.is_overridden,
        };
        self.waiting -= stream.waiting();
        act(stream, whose, &mut self.book);
        self.waiting += stream.waiting();
    }

    /// From now on the connection speaks this protocol, and always has. `Unknown`:
    /// nobody will find it out.
    pub(super) fn decide(&mut self, index: u32, spoken: Spoken) {
        let at = index as usize;
        self.connections[at].speaks(spoken);
        let state = self.states[at].get_or_insert_default();
        state.given_up = spoken.protocol == Protocol::Unknown;
        let Some(early) = state.early.take() else {
            return;
        };
        self.waiting -= early.held();
        let mut read = [0; 2];
        for mark in &early.marks {
            if let Some((missing, aligned)) = mark.gap {
                self.pass_gap(index, mark.direction, mark.time, missing, aligned);
                continue;
            }
            let from = &mut read[mark.direction as usize];
            let bytes = &early.bytes(mark.direction)[*from..*from + mark.length];
            *from += mark.length;
            self.feed(index, mark.direction, mark.time, bytes);
        }
    }

    fn gap(
        &mut self,
        id: ConnectionId,
        direction: Direction,
        time: u64,
        missing: u64,
        aligned: bool,
    ) {
        self.hear(time);
        if self.refused > 0 {
            return;
        }
        if self.held() > self.book.budget.bytes {
            self.refuse(0);
            return;
        }
        if let Some(index) = self.index(id, time) {
            let gaps = &mut self.connections[index as usize].gaps;
            *gaps = gaps.saturating_add(1);
            self.pass_gap(index, direction, time, missing, aligned);
        }
    }

    pub(super) fn pass_gap(
        &mut self,
        index: u32,
        direction: Direction,
        time: u64,
        missing: u64,
        aligned: bool,
    ) {
        if self.is_undecided(index) {
            self.with_early(index, |early| early.gap(direction, time, missing, aligned));
            return;
        }
        self.with_stream(index, direction, time, |stream, whose, book| {
            stream.gap(whose, missing, aligned, book);
        });
        self.count(index);
    }

    fn end(&mut self, id: ConnectionId, time: u64, reason: &str) {
        self.hear(time);
        if let Some(index) = self.index(id, time) {
            self.close(index, time);
            self.connections[index as usize].ended = Some((time, text(reason)));
        }
    }

    /// Nothing more comes: what waits has rows as it is.
    pub(super) fn close(&mut self, index: u32, time: u64) {
        let at = index as usize;
        if let Some(early) = self.states[at]
            .as_ref()
            .and_then(|state| state.early.as_ref())
        {
            let spoken = early.guess();
            self.decide(index, spoken);
        }
        if self.states[at].is_none() {
            return;
        }
        for direction in [Direction::ToServer, Direction::ToDevice] {
            self.with_stream(index, direction, time, |stream, whose, book| {
                stream.end(whose, book);
            });
        }
        self.count(index);
    }

    /// The input has ended: what is not whole has a row as it is, and what was not
    /// answered is said. What comes nevertheless is read on.
    pub fn finish(&mut self) {
        for index in 0..self.states.len() {
            if self.states[index].is_some() {
                // There are no more than budget allows, far less than 2^32.
                self.close(index as u32, self.latest);
            }
        }
        self.is_finished = true;
        self.settle_questions(|_| false);
    }

    /// The index of a connection, which begins if there is none: `None` if there
    /// is no room for another.
    fn index(&mut self, id: ConnectionId, time: u64) -> Option<u32> {
        if let Some(index) = self.indices.get(&id) {
            return Some(*index);
        }
        if self.held() + CONNECTION_BYTES > self.book.budget.bytes {
            self.refuse(0);
            return None;
        }
        let index = u32::try_from(self.connections.len()).ok()?;
        self.indices.insert(id, index);
        self.connections.push(Connection::new(id, time));
        self.states.push(None);
        self.book.ids.push((id, 0));
        Some(index)
    }

    /// Something of the input is of this time.
    fn hear(&mut self, time: u64) {
        self.latest = self.latest.max(time);
        self.heard = Some(self.heard.map_or(time, |heard| heard.max(time)));
    }

    pub(super) fn count(&mut self, index: u32) {
        self.connections[index as usize].rows = self.book.ids[index as usize].1;
    }

    fn refuse(&mut self, length: usize) {
        if self.refused == 0 {
            let Budget { bytes, .. } = self.book.budget;
            let message = format!(
                "the table holds its {} MiB; what follows was not taken: \
                 open a part of the recording, or filter it first",
                bytes >> 20
            );
            self.problem(self.taken, message);
        }
        self.refused = self.refused.saturating_add(length.max(1) as u64);
    }
}
