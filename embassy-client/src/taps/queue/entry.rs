//! One message in the queue.

use wigwag_codec::Instant;

use super::super::message::Outcome;

/// Names a message that was taken. It is good until its outcome was taken or
/// the message was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MessageId {
    pub(super) place: u16,
    pub(super) generation: u16,
}

/// What a queue has to know about a message, its properties applied to its
/// connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `msgPriority`: the lower number goes first.
    pub priority: u32,
    /// `msgOrdered`: does not pass another of the same priority.
    pub ordered: bool,
    /// When it is not worth sending any more ([`Instant::MAX`]: never).
    pub deadline: Instant,
    /// `final`: nothing follows it.
    pub final_message: bool,
    /// `msgCapacityProfile` is Scavenger: only when nothing else is to be sent
    /// or under way.
    pub scavenger: bool,
}

impl Terms {
    /// Of a message about which nothing was said.
    pub const DEFAULT: Self = Self {
        priority: 100,
        ordered: true,
        deadline: Instant::MAX,
        final_message: false,
        scavenger: false,
    };
}

impl Default for Terms {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Free,
    /// Waits for its turn, or has it.
    Queued,
    /// Is over; somebody still wants to know how.
    Done(Outcome),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<X> {
    pub(super) phase: Phase,
    pub(super) generation: u16,
    /// Somebody will take the outcome.
    pub(super) watched: bool,
    /// In a batch that has not ended.
    pub(super) held: bool,
    /// The end of the message was given.
    pub(super) ended: bool,
    /// Its head, or some of it, was handed down.
    pub(super) begun: bool,
    pub(super) terms: Terms,
    /// In which order it was taken.
    pub(super) sequence: u64,
    pub(super) accepted: Instant,
    /// Where in the arena its bytes are.
    pub(super) at: usize,
    /// How many are there.
    pub(super) length: usize,
    /// How many of those were handed down.
    pub(super) taken: usize,
    /// How many were handed down and have left the arena.
    pub(super) gone: usize,
    /// How many it will have, if that was said at the start.
    pub(super) total: Option<usize>,
    pub(super) extra: Option<X>,
}

impl<X> Entry<X> {
    pub(super) const FREE: Self = Self {
        phase: Phase::Free,
        generation: 0,
        watched: false,
        held: false,
        ended: false,
        begun: false,
        terms: Terms::DEFAULT,
        sequence: 0,
        accepted: Instant::ZERO,
        at: 0,
        length: 0,
        taken: 0,
        gone: 0,
        total: None,
        extra: None,
    };

    pub(super) fn is_queued(&self) -> bool {
        self.phase == Phase::Queued
    }

    /// Bytes of the message so far, wherever they are.
    pub(super) const fn so_far(&self) -> usize {
        self.gone + self.length
    }

    /// Whether something of it can be handed down. `streaming` allows parts of
    /// a message whose length is known.
    pub(super) fn is_ready(&self, streaming: bool) -> bool {
        let has_part = streaming && self.total.is_some() && self.length > self.taken;
        self.is_queued() && !self.held && (self.ended || has_part)
    }

    /// What is sent first has the lesser one.
    pub(super) const fn rank(&self) -> (bool, bool, u32, u64) {
        (
            self.terms.final_message,
            self.terms.scavenger,
            self.terms.priority,
            self.sequence,
        )
    }
}
