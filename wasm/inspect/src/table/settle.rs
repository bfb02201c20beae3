//! What time tells: who has waited too long.

use super::columns::{NO_ROW, flags};
use super::pairs::is_question;
use super::{Table, protocol};
use crate::{ConnectionId, Direction, Protocol};

/// A question is unanswered after this many microseconds.
pub(super) const PATIENCE: f64 = 10e6;

impl Table {
    /// A moment has come, in microseconds since 1970-01-01T00:00:00Z by the clock of
    /// who recorded ([`Table::last_heard`], plus what has passed since): what is
    /// asked and was not answered within ten seconds is
    /// [`UNANSWERED`](flags::UNANSWERED), and bytes that were waited with so that
    /// more would explain them are looked at. For who watches a conversation, now
    /// and then; [`Table::finish`] does it at the end of a recording.
    pub fn settle(&mut self, now: u64) {
        self.latest = self.latest.max(now);
        let watched = std::mem::take(&mut self.watched);
        for index in watched {
            if self.look(index, now) {
                self.watched.push(index);
            }
        }
        self.settle_questions(|time| time <= now as f64 && now as f64 - time < PATIENCE);
    }

    /// Looks at what waits in a connection. Whether it has to be looked at again.
    fn look(&mut self, index: u32, now: u64) -> bool {
        let at = index as usize;
        let state = self.states[at].as_ref();
        if let Some(early) = state.and_then(|state| state.early.as_ref()) {
            if !early.is_overdue(now) {
                return true;
            }
            let spoken = early.guess();
            self.decide(index, spoken);
        }
        if self.connections[at].protocol != Protocol::Minijson {
            return false;
        }
        if self.states[at].is_none() {
            return false;
        }
        for direction in [Direction::ToServer, Direction::ToDevice] {
            self.with_stream(index, direction, now, |stream, whose, book| {
                stream.look(whose, book);
            });
        }
        self.count(index);
        true
    }

    /// Says of questions without answer that they have none, in their order, up to
    /// one that is to be waited for.
    pub(super) fn settle_questions(&mut self, wait: impl Fn(f64) -> bool) {
        while let Some(time) = self.book.columns.time.get(self.settled as usize) {
            if wait(*time) {
                return;
            }
            if is_question(&self.book.columns, &self.book.store, self.settled)
                && self.has_answers(self.settled)
            {
                self.book.columns.flags[self.settled as usize] |= flags::UNANSWERED;
            }
            self.settled += 1;
        }
    }

    /// Whether answers could be there: a file of bytes without times is one
    /// direction of a conversation, and what the other said is not in it.
    fn has_answers(&self, row: u32) -> bool {
        let columns = &self.book.columns;
        let id = ConnectionId(columns.connection[row as usize]);
        !columns.is_timeless
            || (self.connection(id)).is_some_and(|known| known.bytes.iter().all(|bytes| *bytes > 0))
    }

    /// The input has no times: those of its pieces only keep their order
    /// (`input::Kind::has_times`). Nothing has a latency then, and nothing is late.
    pub fn without_times(&mut self) {
        let columns = &mut self.book.columns;
        columns.is_timeless = true;
        columns.latency.fill(f32::NAN);
        for found in &mut columns.flags {
            *found &= !flags::LATE;
        }
    }

    /// The row that answers a row, or that it answers.
    #[must_use]
    pub fn pair(&self, row: u32) -> Option<u32> {
        let pair = *self.book.columns.pair.get(row as usize)?;
        (pair != NO_ROW).then_some(pair)
    }

    /// The protocol of a row.
    #[must_use]
    pub fn protocol(&self, row: u32) -> Option<Protocol> {
        let number = self.book.columns.protocol.get(row as usize)?;
        Some(protocol(*number))
    }
}
