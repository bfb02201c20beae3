//! Which message is next.

use super::entry::Entry;
use super::{Head, Queue, id};

impl<X: Copy> Queue<'_, X> {
    /// What is to be handed down next. `idle` says that nothing is under way
    /// below.
    #[must_use]
    pub fn head(&self, idle: bool) -> Option<Head<'_, X>> {
        let streaming = self.control.streaming;
        let place = match self
            .entries
            .iter()
            .position(|entry| entry.is_queued() && entry.begun)
        {
            Some(begun) => begun,
            None => self.choose(idle)?,
        };
        let entry = self.entries.get(place)?;
        if !entry.is_ready(streaming) {
            return None;
        }
        let data = self
            .bytes
            .get(entry.at + entry.taken..entry.at + entry.length)
            .unwrap_or_default();
        Some(Head {
            id: id(place, entry.generation),
            extra: entry.extra?,
            length: entry.total.unwrap_or(entry.so_far()),
            offset: entry.gone + entry.taken,
            begun: entry.begun,
            data,
            end_of_message: entry.ended,
            rank: (entry.terms.priority, entry.accepted),
        })
    }

    fn choose(&self, idle: bool) -> Option<usize> {
        let queued = || self.entries.iter().filter(|entry| entry.is_queued());
        let (place, entry) = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.is_ready(self.control.streaming))
            .filter(|(_, entry)| !entry.terms.ordered || !self.waits_for_an_earlier(entry))
            .min_by_key(|(_, entry)| entry.rank())?;
        if entry.terms.final_message && queued().count() > 1 {
            return None;
        }
        if entry.terms.scavenger && !entry.terms.final_message && !idle {
            return None;
        }
        Some(place)
    }

    /// Whether an ordered message that was taken before `entry` comes before
    /// it, and cannot be sent yet.
    fn waits_for_an_earlier(&self, entry: &Entry<X>) -> bool {
        self.entries.iter().any(|other| {
            other.is_queued()
                && other.terms.ordered
                && other.terms.scavenger == entry.terms.scavenger
                && other.sequence < entry.sequence
                && other.terms.priority <= entry.terms.priority
                && !other.is_ready(self.control.streaming)
        })
    }
}
