//! The bytes of all messages, packed.

use super::Queue;
use super::entry::MessageId;

/// A buffer that is filled from the start and has no gaps: what is taken out
/// in the middle moves the rest together.
pub(super) struct Arena<'q> {
    pub(super) bytes: &'q mut [u8],
    pub(super) used: &'q mut usize,
}

impl Arena<'_> {
    pub(super) fn free(&self) -> usize {
        self.bytes.len().saturating_sub(*self.used)
    }

    /// Puts `parts` in at `at`; the caller has looked whether they fit.
    pub(super) fn insert(&mut self, at: usize, parts: &[&[u8]], count: usize) {
        let at = at.min(*self.used);
        self.bytes.copy_within(at..*self.used, at + count);
        let mut place = self.bytes.get_mut(at..at + count).unwrap_or_default();
        for part in parts {
            let (here, rest) = place.split_at_mut(part.len());
            here.copy_from_slice(part);
            place = rest;
        }
        *self.used += count;
    }

    /// Takes `count` bytes out from `at` on.
    pub(super) fn remove(&mut self, at: usize, count: usize) {
        let end = (at + count).min(*self.used);
        let at = at.min(end);
        self.bytes.copy_within(end..*self.used, at);
        *self.used -= end - at;
    }
}

impl<X: Copy> Queue<'_, X> {
    pub(super) fn arena(&mut self) -> Arena<'_> {
        Arena {
            bytes: self.bytes,
            used: &mut self.control.used,
        }
    }

    /// Puts bytes to the end of a message; there is room for them.
    pub(super) fn put(&mut self, id: MessageId, parts: &[&[u8]], count: usize) {
        let Some(entry) = self.entry_mut(id) else {
            return;
        };
        let end = entry.at + entry.length;
        entry.length += count;
        self.arena().insert(end, parts, count);
        self.shift(id, end, |at| at + count);
    }

    /// Takes the first `count` bytes of a message, which have left, out of the
    /// arena.
    pub(super) fn cut(&mut self, id: MessageId, at: usize, count: usize) {
        if count == 0 {
            return;
        }
        if let Some(entry) = self.entry_mut(id) {
            entry.taken -= count;
            entry.length -= count;
            entry.gone += count;
        }
        self.arena().remove(at, count);
        self.shift(id, at + count, |at| at - count);
    }

    /// Everything but `id` that begins at `from` or behind it has moved. A
    /// message without bytes has no place that matters.
    fn shift(&mut self, id: MessageId, from: usize, to: impl Fn(usize) -> usize) {
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if place != usize::from(id.place) && entry.is_queued() && entry.at >= from {
                entry.at = to(entry.at);
            }
        }
    }
}
