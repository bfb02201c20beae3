//! How messages come into the queue.

use wigwag_codec::Instant;

use super::super::message::SendError;
use super::entry::{Entry, MessageId, Phase, Terms};
use super::{Queue, State, id};

impl<X: Copy> Queue<'_, X> {
    /// Takes a whole message, all its parts or nothing.
    ///
    /// # Errors
    /// [`SendError::Full`] when there is no room now, the others when there
    /// will be none.
    pub fn push(
        &mut self,
        now: Instant,
        parts: &[&[u8]],
        terms: Terms,
        extra: X,
    ) -> Result<MessageId, SendError> {
        let length = parts.iter().map(|part| part.len()).sum();
        let id = self.take(now, terms, extra, None, length)?;
        self.put(id, parts, length);
        if let Some(entry) = self.entry_mut(id) {
            entry.ended = true;
        }
        Ok(id)
    }

    /// Begins a message whose parts come by [`append`](Self::append). Without
    /// `total` it leaves when it is complete, and has to fit. With `total`, the
    /// length that it is going to have, its parts leave as they come, if the
    /// stack can do that.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn open(
        &mut self,
        now: Instant,
        terms: Terms,
        extra: X,
        total: Option<usize>,
    ) -> Result<MessageId, SendError> {
        if let Some(length) = total
            && !self.control.streaming
            && length > self.bytes.len()
        {
            let limit = self.bytes.len();
            return Err(SendError::MessageTooLarge { length, limit });
        }
        self.take(now, terms, extra, total, 0)
    }

    /// The next part of a message, all of it or nothing; `end` says that it is
    /// the last.
    ///
    /// # Errors
    /// [`SendError::Full`] when there is no room now;
    /// [`SendError::MessageTooLarge`] when the message cannot fit any more, or
    /// has more bytes than were said at the start;
    /// [`SendError::Incomplete`] when it ends before those have come;
    /// [`SendError::ConnectionClosing`] when it is over: its outcome says how.
    pub fn append(&mut self, id: MessageId, data: &[u8], end: bool) -> Result<(), SendError> {
        let capacity = self.bytes.len();
        let free = self.arena().free();
        let streaming = self.control.streaming;
        let Some(entry) = self.entry_mut(id).filter(|entry| entry.is_queued()) else {
            return Err(SendError::ConnectionClosing);
        };
        if entry.ended {
            return Err(SendError::ConnectionClosing);
        }
        let length = entry.so_far().saturating_add(data.len());
        match entry.total {
            Some(limit) if length > limit => {
                return Err(SendError::MessageTooLarge { length, limit });
            }
            Some(limit) if end && length < limit => return Err(SendError::Incomplete),
            _ => {}
        }
        let stays = !(streaming && entry.total.is_some());
        if (stays && length > capacity) || data.len() > capacity {
            return Err(SendError::MessageTooLarge {
                length,
                limit: capacity,
            });
        }
        let (held, taken, at) = (entry.held, entry.taken, entry.at);
        if data.len() > free + taken {
            return Err(self.full(held));
        }
        // What has left makes room.
        self.cut(id, at, taken);
        self.put(id, &[data], data.len());
        if let Some(entry) = self.entry_mut(id) {
            entry.ended = end;
        }
        Ok(())
    }

    /// Gives up a message whose parts have not all come. `false` if some of it
    /// has left already, so that what is on the wire is broken off.
    #[must_use]
    pub fn cancel(&mut self, id: MessageId) -> bool {
        let Some(entry) = self.entry_mut(id) else {
            return true;
        };
        if !entry.is_queued() || entry.ended {
            return true;
        }
        let whole = !entry.begun;
        self.end(id, Err(SendError::Incomplete.into()));
        whole
    }

    /// Takes a place for a message with room for `length` bytes.
    fn take(
        &mut self,
        now: Instant,
        terms: Terms,
        extra: X,
        total: Option<usize>,
        length: usize,
    ) -> Result<MessageId, SendError> {
        match self.control.state {
            State::Open => {}
            State::FinalPassed => return Err(SendError::FinalMessagePassed),
            State::Closing => return Err(SendError::ConnectionClosing),
        }
        let limit = self.bytes.len();
        if length > limit {
            return Err(SendError::MessageTooLarge { length, limit });
        }
        self.handle_timeout(now);
        let held = self.control.batch;
        let free = self.arena().free();
        let place = self
            .entries
            .iter()
            .position(|entry| entry.phase == Phase::Free);
        let Some(place) = place.filter(|_| length <= free) else {
            return Err(self.full(held));
        };
        let at = self.control.used;
        let sequence = self.control.sequence;
        self.control.sequence += 1;
        if terms.final_message {
            self.control.state = State::FinalPassed;
        }
        let Some(entry) = self.entries.get_mut(place) else {
            return Err(SendError::Full);
        };
        let generation = entry.generation;
        *entry = Entry {
            phase: Phase::Queued,
            generation,
            watched: true,
            held,
            terms,
            sequence,
            accepted: now,
            at,
            total,
            extra: Some(extra),
            ..Entry::FREE
        };
        Ok(id(place, generation))
    }

    /// There is no room; in a batch there may never be.
    fn full(&self, held: bool) -> SendError {
        let everything_held = self
            .entries
            .iter()
            .filter(|entry| entry.phase != Phase::Free)
            .all(|entry| entry.is_queued() && entry.held);
        if held && everything_held {
            return SendError::BatchTooLarge;
        }
        SendError::Full
    }
}
