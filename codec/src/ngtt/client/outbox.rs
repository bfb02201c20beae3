//! What the application sends, from submission to answer.

use super::config::{QueueRule, WhenFull};
use super::event::count;
use super::sizes::Sizes;
use super::ticket::{Outcome, QueueError, SendKind, Ticket};
use crate::ngtt::FrameType;

pub(super) struct Slot<P> {
    generation: u16,
    state: State,
    /// Nobody waits for the answer.
    abandoned: bool,
    what: What,
    tid: u16,
    /// Its place in the sequence of submissions.
    order: u64,
    length: usize,
    payload: P,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Payload(SendKind),
    Fetch,
}

// A free slot is all zeros: see `Place`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Free,
    Queued,
    /// Written on this connection, with this place in the sequence of writes.
    Written(u64),
    /// The answer was not taken yet.
    Answered(Outcome),
    /// The answer was taken, the payload may still be read.
    Held,
}

/// The send slots of a session.
pub(super) struct Outbox<S: Sizes> {
    slots: S::PerSend<Slot<S::SendPayload>>,
    /// Tickets whose slot was given to something newer: the oldest first, then
    /// empty places.
    dropped: S::PerSend<Option<Ticket>>,
    submissions: u64,
    /// How many requests were dropped.
    pub(super) drops: u32,
    /// How many requests the server has.
    pub(super) delivered: u32,
}

impl<S: Sizes> Outbox<S> {
    /// Nothing to send: all of `slots` are empty, all of `dropped` are `None`.
    pub(super) const fn new(
        slots: S::PerSend<Slot<S::SendPayload>>,
        dropped: S::PerSend<Option<Ticket>>,
    ) -> Self {
        Self {
            slots,
            dropped,
            submissions: 0,
            drops: 0,
            delivered: 0,
        }
    }

    /// Whether a request that is not answered has this transaction id.
    pub(super) fn uses_tid(&self, tid: u16) -> bool {
        let open = |state| matches!(state, State::Queued | State::Written(_));
        self.slots
            .as_ref()
            .iter()
            .any(|slot| open(slot.state) && slot.tid == tid)
    }

    /// Puts something with a payload into a slot. `busy` is the slot that is
    /// being written.
    pub(super) fn submit<E>(
        &mut self,
        kind: SendKind,
        rule: QueueRule,
        tid: u16,
        busy: Option<usize>,
        write: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<Ticket, QueueError<E>> {
        let what = What::Payload(kind);
        let in_use = |slot: &&Slot<S::SendPayload>| slot.state != State::Free && slot.what == what;
        let used = self.slots.as_ref().iter().filter(in_use).count();
        let free = self
            .slots
            .as_ref()
            .iter()
            .position(|slot| slot.state == State::Free);
        let index = match free {
            Some(index) if used < rule.limit => index,
            _ => match rule.when_full {
                WhenFull::Block => return Err(QueueError::Full),
                WhenFull::DropNewest => {
                    count(&mut self.drops);
                    return Err(QueueError::Dropped);
                }
                WhenFull::DropOldest => {
                    let oldest = self.oldest_queued(what, busy).ok_or(QueueError::Full)?;
                    self.drop_queued(oldest).ok_or(QueueError::Full)?
                }
            },
        };
        let slot = self.slots.as_mut().get_mut(index).ok_or(QueueError::Full)?;
        let length = write(slot.payload.as_mut()).map_err(QueueError::Payload)?;
        let limit = S::SEND_BYTES;
        if length > limit {
            return Err(QueueError::TooLong { limit });
        }
        self.occupy(index, what, tid, length)
            .ok_or(QueueError::Full)
    }

    /// Takes a slot for FETCH_ORDERS.
    pub(super) fn fetch(&mut self) -> Option<Ticket> {
        let index = self
            .slots
            .as_ref()
            .iter()
            .position(|slot| slot.state == State::Free)?;
        self.occupy(index, What::Fetch, 0, 0)
    }

    fn occupy(&mut self, index: usize, what: What, tid: u16, length: usize) -> Option<Ticket> {
        let slot = self.slots.as_mut().get_mut(index)?;
        self.submissions = self.submissions.saturating_add(1);
        slot.state = State::Queued;
        slot.abandoned = false;
        slot.what = what;
        slot.tid = tid;
        slot.order = self.submissions;
        slot.length = length;
        Some(Ticket {
            slot: u16::try_from(index).ok()?,
            generation: slot.generation,
        })
    }

    fn oldest_queued(&self, what: What, busy: Option<usize>) -> Option<usize> {
        let queued = self
            .slots
            .as_ref()
            .iter()
            .enumerate()
            .filter(|(index, slot)| {
                slot.state == State::Queued && slot.what == what && Some(*index) != busy
            });
        queued
            .min_by_key(|(_, slot)| slot.order)
            .map(|(index, _)| index)
    }

    /// Frees a queued slot and keeps the answer for its ticket. `None`, and
    /// nothing changed, if there is no room for the answer.
    fn drop_queued(&mut self, index: usize) -> Option<usize> {
        let slot = self.slots.as_mut().get_mut(index)?;
        if !slot.abandoned {
            let ticket = Ticket {
                slot: u16::try_from(index).ok()?,
                generation: slot.generation,
            };
            let empty = self
                .dropped
                .as_mut()
                .iter_mut()
                .find(|place| place.is_none());
            *empty? = Some(ticket);
        }
        slot.free();
        count(&mut self.drops);
        Some(index)
    }

    /// Takes `ticket` off the list of those that were dropped; false if it is
    /// not on it.
    fn forget_dropped(&mut self, ticket: Ticket) -> bool {
        let mut newer = self
            .dropped
            .as_mut()
            .iter_mut()
            .skip_while(|dropped| **dropped != Some(ticket));
        let Some(mut place) = newer.next() else {
            return false;
        };
        // The newer ones move up.
        *place = None;
        for next in newer {
            core::mem::swap(place, next);
            place = next;
        }
        true
    }

    /// The next slot to write, the oldest of those that may go: type,
    /// transaction id and index. At most `window` DATA_STREAM are unanswered.
    pub(super) fn next(&self, window: usize) -> Option<usize> {
        let data = What::Payload(SendKind::DataStream);
        let open = self
            .slots
            .as_ref()
            .iter()
            .filter(|slot| slot.what == data && matches!(slot.state, State::Written(_)))
            .count();
        let ready = self.slots.as_ref().iter().enumerate().filter(|(_, slot)| {
            slot.state == State::Queued
                && slot.what != What::Fetch
                && (slot.what != data || open < window)
        });
        ready
            .min_by_key(|(_, slot)| slot.order)
            .map(|(index, _)| index)
    }

    /// Whether somebody waits for FETCH_ORDERS to be written.
    pub(super) fn wants_fetch(&self) -> bool {
        self.slots
            .as_ref()
            .iter()
            .any(|slot| slot.what == What::Fetch && slot.state == State::Queued)
    }

    /// Type, transaction id and payload of a slot that is to be written.
    pub(super) fn frame(&self, index: usize) -> Option<(FrameType, u16, &[u8])> {
        let slot = self.slots.as_ref().get(index)?;
        let What::Payload(kind) = slot.what else {
            return None;
        };
        Some((
            kind.frame_type(),
            slot.tid,
            slot.payload.as_ref().get(..slot.length)?,
        ))
    }

    /// The slot was written. True if only a PONG will answer it.
    pub(super) fn written(&mut self, index: usize, sequence: u64) -> bool {
        match self.slots.as_mut().get_mut(index) {
            Some(slot) if slot.state == State::Queued => {
                slot.state = State::Written(sequence);
                slot.what == What::Payload(SendKind::Logs)
            }
            _ => false,
        }
    }

    /// FETCH_ORDERS was written: answers all who wait for it.
    pub(super) fn fetch_written(&mut self) {
        for slot in self.slots.as_mut() {
            if slot.what == What::Fetch && slot.state == State::Queued {
                slot.answer(Outcome::Fetched);
            }
        }
    }

    /// The server has read all that was written before `sequence`.
    pub(super) fn settle(&mut self, sequence: u64) {
        for slot in self.slots.as_mut() {
            if slot.what == What::Payload(SendKind::Logs)
                && matches!(slot.state, State::Written(at) if at < sequence)
            {
                slot.answer(Outcome::Sent);
                count(&mut self.delivered);
            }
        }
    }

    fn open(&mut self, kind: SendKind, tid: u16) -> Option<&mut Slot<S::SendPayload>> {
        self.slots.as_mut().iter_mut().find(|slot| {
            slot.what == What::Payload(kind)
                && slot.tid == tid
                && matches!(slot.state, State::Written(_))
        })
    }

    /// The server took or refused pathpoints. False if none were open.
    pub(super) fn data_answered(&mut self, tid: u16, outcome: Outcome) -> bool {
        let Some(slot) = self.open(SendKind::DataStream, tid) else {
            return false;
        };
        slot.answer(outcome);
        if outcome != Outcome::Rejected {
            count(&mut self.delivered);
        }
        true
    }

    /// The server's reply about binary objects. False if none was asked for.
    pub(super) fn baobs_answered(&mut self, tid: u16, payload: Result<&[u8], usize>) -> bool {
        let Some(slot) = self.open(SendKind::SyncBaobs, tid) else {
            return false;
        };
        match payload.map(|payload| (payload, slot.payload.as_mut().get_mut(..payload.len()))) {
            Ok((payload, Some(place))) => {
                crate::bytes::copy(place, payload);
                slot.length = payload.len();
                slot.answer(Outcome::Response);
            }
            Ok((payload, None)) => {
                slot.answer(Outcome::ResponseTooLarge {
                    length: payload.len(),
                });
            }
            Err(length) => slot.answer(Outcome::ResponseTooLarge { length }),
        }
        count(&mut self.delivered);
        true
    }

    /// The connection is gone: what was not answered is sent again.
    pub(super) fn disconnected(&mut self) {
        for slot in self.slots.as_mut() {
            if matches!(slot.state, State::Written(_)) {
                slot.state = State::Queued;
            }
        }
    }

    /// Takes the next answer that is there.
    pub(super) fn poll(&mut self) -> Option<(Ticket, Outcome)> {
        if let Some(ticket) = self.dropped.as_ref().first().copied().flatten() {
            self.forget_dropped(ticket);
            return Some((ticket, Outcome::Dropped));
        }
        let (index, slot) = self
            .slots
            .as_mut()
            .iter_mut()
            .enumerate()
            .find(|(_, slot)| matches!(slot.state, State::Answered(_)))?;
        let ticket = Ticket {
            slot: u16::try_from(index).ok()?,
            generation: slot.generation,
        };
        slot.take_answer().map(|outcome| (ticket, outcome))
    }

    /// Takes the answer to `ticket`, if it is there.
    pub(super) fn answer(&mut self, ticket: Ticket) -> Option<Outcome> {
        if self.forget_dropped(ticket) {
            return Some(Outcome::Dropped);
        }
        self.get_mut(ticket)?.take_answer()
    }

    fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Slot<S::SendPayload>> {
        let slot = self.slots.as_mut().get_mut(usize::from(ticket.slot))?;
        (slot.generation == ticket.generation && slot.state != State::Free).then_some(slot)
    }

    /// What is in the slot of an answered ticket.
    pub(super) fn payload(&self, ticket: Ticket) -> Option<&[u8]> {
        let slot = self.slots.as_ref().get(usize::from(ticket.slot))?;
        let readable = slot.generation == ticket.generation && slot.state == State::Held;
        slot.payload
            .as_ref()
            .get(..slot.length)
            .filter(|_| readable)
    }

    /// The transaction id of what is in the slot of a ticket, if it has one.
    pub(super) fn tid(&self, ticket: Ticket) -> Option<u16> {
        let slot = self.slots.as_ref().get(usize::from(ticket.slot))?;
        let there = slot.generation == ticket.generation && slot.state != State::Free;
        Some(slot.tid).filter(|tid| there && *tid != 0)
    }

    /// Nobody reads the payload of an answered ticket any more.
    pub(super) fn release(&mut self, ticket: Ticket) {
        if let Some(slot) = self.get_mut(ticket)
            && slot.state == State::Held
        {
            slot.free();
        }
    }

    /// Nobody waits for the answer any more.
    pub(super) fn abandon(&mut self, ticket: Ticket) {
        self.forget_dropped(ticket);
        if let Some(slot) = self.get_mut(ticket) {
            match slot.state {
                State::Answered(_) | State::Held => slot.free(),
                State::Queued | State::Written(_) => slot.abandoned = true,
                State::Free => {}
            }
        }
    }

    /// How many slots are in use.
    pub(super) fn len(&self) -> usize {
        self.slots
            .as_ref()
            .iter()
            .filter(|slot| slot.state != State::Free)
            .count()
    }
}

impl<const BYTES: usize> Slot<[u8; BYTES]> {
    pub(super) const EMPTY: Self = Self {
        generation: 0,
        state: State::Free,
        abandoned: false,
        what: What::Payload(SendKind::DataStream),
        tid: 0,
        order: 0,
        length: 0,
        payload: [0; BYTES],
    };
}

impl<P> Slot<P> {
    fn answer(&mut self, outcome: Outcome) {
        if self.abandoned {
            self.free();
        } else {
            self.state = State::Answered(outcome);
        }
    }

    fn take_answer(&mut self) -> Option<Outcome> {
        let State::Answered(outcome) = self.state else {
            return None;
        };
        if matches!(outcome, Outcome::Rejected | Outcome::Response) {
            self.state = State::Held;
        } else {
            self.free();
        }
        Some(outcome)
    }

    fn free(&mut self) {
        self.state = State::Free;
        self.generation = self.generation.wrapping_add(1);
    }
}
