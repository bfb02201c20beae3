//! Orders in their slots, from delivery to answer.

use super::event::SkipReason;
use super::marks::{Marks, Reply, Stage};
use super::record::Answer;
use super::sizes::Sizes;
use crate::ngtt::Digest;

/// Names an order that the application has. It is good for one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OrderId {
    slot: u16,
    generation: u16,
}

/// What is known about an earlier execution of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum History {
    /// It was never handed to the application before.
    New,
    /// It was handed to the application before and never answered: the power
    /// failed during its execution, or the application gave it back. It may
    /// have been executed, wholly or in part.
    Interrupted,
    /// The device started without a journal not long ago: it may have been
    /// executed before that.
    Unknown,
}

/// An order as the application sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// The order's transaction id.
    pub tid: u16,
    /// What is known about an earlier execution.
    pub history: History,
    /// The payload: one minijson value, a list of sections.
    pub payload: &'a [u8],
}

/// The order is not there any more: it was answered or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct UnknownOrder;

impl core::fmt::Display for UnknownOrder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the order was answered or given back already")
    }
}

impl core::error::Error for UnknownOrder {}

/// What [`Orders::deliver`] made of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Taken,
    Repeated,
    InProgress,
    Skipped(SkipReason),
}

pub(super) struct Slot<P> {
    generation: u16,
    state: State,
    payload: P,
}

// A free slot is all zeros: see `Place`.
#[derive(Clone, Copy)]
#[repr(u8)]
enum State {
    Free,
    Held {
        history: History,
        tid: u16,
        length: usize,
        /// Its place in the sequence of deliveries.
        arrival: u64,
        digest: Digest,
        /// Whether the application has it.
        given: bool,
    },
}

/// Order slots and marks of a session.
pub(super) struct Orders<S: Sizes> {
    slots: S::PerOrder<Slot<S::OrderPayload>>,
    pub(super) marks: Marks<S>,
    arrivals: u64,
}

impl<const BYTES: usize> Slot<[u8; BYTES]> {
    pub(super) const EMPTY: Self = Self {
        generation: 0,
        state: State::Free,
        payload: [0; BYTES],
    };
}

impl<S: Sizes> Orders<S> {
    /// No orders: all of `slots` are empty.
    pub(super) const fn new(slots: S::PerOrder<Slot<S::OrderPayload>>, marks: Marks<S>) -> Self {
        Self {
            slots,
            marks,
            arrivals: 0,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.slots
            .as_ref()
            .iter()
            .any(|slot| matches!(slot.state, State::Free))
    }

    /// How many slots are in use.
    pub(super) fn len(&self) -> usize {
        self.slots
            .as_ref()
            .iter()
            .filter(|slot| matches!(slot.state, State::Held { .. }))
            .count()
    }

    /// An order arrived on `connection`. `fresh` is the history of an order of
    /// which nothing is remembered. Calls `replaced` if the transaction id
    /// belonged to an order that the application still has.
    pub(super) fn deliver(
        &mut self,
        tid: u16,
        payload: &[u8],
        connection: u32,
        fresh: History,
        replaced: impl FnOnce(),
    ) -> Delivery {
        let digest = Digest::of(payload);
        self.marks.replace_others(tid, digest, replaced);
        let turn = self.marks.next_turn();
        let known = match self.marks.find(tid, digest) {
            Some(mark) => {
                mark.seen = connection;
                mark.replaced = false;
                match &mut mark.stage {
                    Stage::Executed { reply, .. } => {
                        *reply = Reply::Due(turn);
                        return Delivery::Repeated;
                    }
                    Stage::Started { held: true } => return Delivery::InProgress,
                    Stage::Started { held: false } | Stage::Released => true,
                }
            }
            None => false,
        };
        if payload.len() > S::ORDER_BYTES {
            return Delivery::Skipped(SkipReason::TooLarge {
                length: payload.len(),
            });
        }
        let free = self
            .slots
            .as_mut()
            .iter_mut()
            .find(|slot| matches!(slot.state, State::Free));
        let Some(slot) = free else {
            return Delivery::Skipped(SkipReason::NoSlot);
        };
        let history = if known {
            if let Some(mark) = self.marks.find(tid, digest) {
                mark.stage = Stage::Started { held: true };
            }
            History::Interrupted
        } else if self.marks.start(tid, digest, connection) {
            fresh
        } else {
            return Delivery::Skipped(SkipReason::NoMark);
        };
        for (to, from) in slot.payload.as_mut().iter_mut().zip(payload) {
            *to = *from;
        }
        self.arrivals = self.arrivals.saturating_add(1);
        slot.state = State::Held {
            tid,
            digest,
            history,
            arrival: self.arrivals,
            length: payload.len(),
            given: false,
        };
        Delivery::Taken
    }

    /// The oldest order that may be handed to the application and was not yet.
    pub(super) fn poll(&mut self) -> Option<OrderId> {
        let marks = &self.marks;
        let ready = self
            .slots
            .as_mut()
            .iter_mut()
            .enumerate()
            .filter_map(|(index, slot)| match &mut slot.state {
                State::Held {
                    tid,
                    digest,
                    arrival,
                    given,
                    ..
                } if !*given && marks.is_started(*tid, *digest) => {
                    Some((*arrival, index, slot.generation, given))
                }
                _ => None,
            });
        let (_, index, generation, given) = ready.min_by_key(|(arrival, ..)| *arrival)?;
        *given = true;
        Some(OrderId {
            slot: u16::try_from(index).ok()?,
            generation,
        })
    }

    /// The order, while the application has it.
    pub(super) fn get(&self, id: OrderId) -> Option<Order<'_>> {
        let slot = self.slots.as_ref().get(usize::from(id.slot))?;
        match slot.state {
            State::Held {
                tid,
                history,
                length,
                given: true,
                ..
            } if slot.generation == id.generation => Some(Order {
                tid,
                history,
                payload: slot.payload.as_ref().get(..length)?,
            }),
            _ => None,
        }
    }

    /// Takes the order out of its slot.
    fn take(&mut self, id: OrderId) -> Result<(u16, Digest, History), UnknownOrder> {
        let slot = self
            .slots
            .as_mut()
            .get_mut(usize::from(id.slot))
            .ok_or(UnknownOrder)?;
        match slot.state {
            State::Held {
                tid,
                digest,
                history,
                given: true,
                ..
            } if slot.generation == id.generation => {
                slot.state = State::Free;
                slot.generation = slot.generation.wrapping_add(1);
                Ok((tid, digest, history))
            }
            _ => Err(UnknownOrder),
        }
    }

    /// The application has answered, during `connection` or between two.
    pub(super) fn answer(
        &mut self,
        id: OrderId,
        answer: Answer,
        connection: Option<u32>,
    ) -> Result<(), UnknownOrder> {
        let (tid, digest, _) = self.take(id)?;
        let turn = self.marks.next_turn();
        let Some(mark) = self.marks.held(tid, digest) else {
            return Ok(());
        };
        let stage = if mark.replaced {
            Stage::Released
        } else if Some(mark.seen) == connection {
            Stage::Executed {
                answer,
                reply: Reply::Due(turn),
            }
        } else {
            Stage::Executed {
                answer,
                reply: Reply::Waiting,
            }
        };
        self.marks.advance_held(tid, digest, stage);
        Ok(())
    }

    /// The application gives the order back unanswered. Returns its
    /// transaction id and the history that it came with.
    pub(super) fn give_back(&mut self, id: OrderId) -> Result<(u16, History), UnknownOrder> {
        let (tid, digest, history) = self.take(id)?;
        if let Some(mark) = self.marks.held(tid, digest) {
            if mark.replaced {
                self.marks.advance_held(tid, digest, Stage::Released);
            } else {
                mark.stage = Stage::Started { held: false };
            }
        }
        Ok((tid, history))
    }
}
