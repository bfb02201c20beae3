//! Hands messages down, turn by turn: RFC 9622 sections 8.1.5 and 9.2.6.

use core::cell::Cell;

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameErrorKind, Framer};

use super::super::group::{Candidate, Group};
use super::super::message::SendError;
use super::super::queue::Head;
use super::connection::datagram_limit;
use super::memory::{AROUND, GroupState, Hub, Seat};
use super::state::{State, Step};
use crate::tls::LENGTH;

/// Hands down what there is room for, of all connections of a group. Whether
/// there was something; and when there may be more, if the group has sent as
/// fast as it may.
pub(super) fn hand_down<'a, F: Framer, S>(
    hub: &dyn Hub<'a, F, S>,
    group: u8,
    shared: &Cell<GroupState>,
    now: Instant,
) -> (bool, Option<Instant>) {
    let mut has_changed = false;
    loop {
        let GroupState { properties, turn } = shared.get();
        let from = turn.may_send_at(properties.max_send_rate);
        let candidates = hub.members(group).filter_map(|seat| candidate(hub, &seat));
        let Some(member) = turn.choose(properties.conn_scheduler, candidates) else {
            return (has_changed, None);
        };
        if from > now {
            return (has_changed, Some(from));
        }
        let Some(seat) = hub.seat(member) else {
            return (has_changed, None);
        };
        has_changed = true;
        if let Some((bytes, end_of_message)) = piece(hub, &seat) {
            let mut turn: Group = turn;
            let rate = properties.max_send_rate;
            let scheduler = properties.conn_scheduler;
            seat.with(|state| {
                turn.served(
                    scheduler,
                    &mut state.share,
                    bytes,
                    end_of_message,
                    rate,
                    now,
                );
            });
            shared.set(GroupState { properties, turn });
        }
        seat.wake_users();
    }
}

/// What a connection has to hand down and room for, if it has.
fn candidate<F: Framer, S>(
    hub: &dyn Hub<'_, F, S>,
    seat: &Seat<'_, '_, F, S>,
) -> Option<Candidate> {
    let (is_datagram, remote, conn_priority, share) = seat.with(|state| {
        let may = state.step == Step::Ready && state.is_alive();
        may.then_some((
            state.is_datagram(),
            state.remote,
            state.priority,
            state.share,
        ))
    })?;
    let idle = seat.link.is_idle();
    let room = seat.link.room();
    let (_, capacity) = seat.link.capacity();
    let datagram = is_datagram.then(|| datagram_limit(hub, seat, remote));
    seat.with_queue(|queue| {
        let head = queue.head(idle)?;
        fits::<F>(&head, datagram, room, capacity).then_some(Candidate {
            member: seat.index,
            conn_priority,
            rank: head.rank,
            begun: head.begun,
            share,
        })
    })
}

/// Whether there is room for what should leave at once: all of a message that
/// fits the queue below; else a good part of it.
fn fits<F: Framer>(
    head: &Head<'_, F::Meta>,
    datagram: Option<usize>,
    room: usize,
    capacity: usize,
) -> bool {
    if let Some(limit) = datagram {
        // What never fits is refused at its turn.
        return head.length > limit || LENGTH + F::HEAD + head.length + F::TAIL <= room;
    }
    let around = if head.begun { 0 } else { F::HEAD };
    let needed = around + head.data.len() + F::TAIL;
    // A framer that puts much around a message leaves little for a part.
    let part = (around + F::TAIL + capacity / 4).min(capacity);
    needed <= room || (needed > capacity && room >= part && room > 0)
}

/// Hands down a message, or a part of one: how many bytes, and whether it ends
/// with them. `None` when it was refused instead.
fn piece<F: Framer, S>(
    hub: &dyn Hub<'_, F, S>,
    seat: &Seat<'_, '_, F, S>,
) -> Option<(usize, bool)> {
    let mut state = seat.state.borrow_mut();
    let limit = datagram_limit(hub, seat, state.remote);
    let datagram = state.is_datagram().then_some(limit);
    let idle = seat.link.is_idle();
    let room = seat.link.room();
    seat.with_queue(|queue| {
        let head = queue.head(idle)?;
        let id = head.id;
        match send(seat, &mut state, &head, datagram, room) {
            Ok((bytes, data)) => {
                state.talk.stirred = true;
                let end = head.end_of_message && data == head.data.len();
                queue.begin(id);
                queue.advance(id, data);
                Some((bytes, end))
            }
            Err(error) => {
                queue.refuse(id, error);
                None
            }
        }
    })
}

/// Queues the next bytes of a message below: how many in all, and how many of
/// its data.
fn send<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    head: &Head<'_, F::Meta>,
    datagram: Option<usize>,
    room: usize,
) -> Result<(usize, usize), SendError> {
    let length = head.length;
    if let Some(limit) = datagram.filter(|limit| length > *limit) {
        return Err(SendError::MessageTooLarge { length, limit });
    }
    let mut before = [0; AROUND];
    let mut before_length = 0;
    if !head.begun {
        let framer = state.talk.framer.as_mut();
        let framer = framer.ok_or(SendError::ConnectionClosing)?;
        let encoded = framer.encode(
            &head.extra,
            head.length,
            before.get_mut(..F::HEAD).unwrap_or_default(),
            state.talk.tail.get_mut(..F::TAIL).unwrap_or_default(),
        );
        let (first, last) = encoded.map_err(|error| match error.kind {
            FrameErrorKind::TooLarge { length, limit } => {
                SendError::MessageTooLarge { length, limit }
            }
            _ => SendError::Framing(error.kind),
        })?;
        before_length = first;
        // AROUND is less than 256.
        state.talk.tail_length = last as u8;
    }
    let before = before.get(..before_length).unwrap_or_default();
    let tail_length = usize::from(state.talk.tail_length);
    let tail = state.talk.tail.get(..tail_length).unwrap_or_default();
    let around = before.len() + tail.len();
    let result = if datagram.is_some() {
        // Less than a packet, whose size has 16 bits.
        let length = around + head.data.len();
        let prefix = (length as u16).to_be_bytes();
        let parts = [&prefix, before, head.data, tail];
        (length, head.data.len(), seat.link.try_send(&parts))
    } else {
        let place = room.saturating_sub(around);
        let data = head.data.get(..head.data.len().min(place));
        let data = data.unwrap_or_default();
        let is_last = head.end_of_message && data.len() == head.data.len();
        let tail = if is_last { tail } else { &[] };
        let bytes = before.len() + data.len() + tail.len();
        (bytes, data.len(), seat.link.try_send(&[before, data, tail]))
    };
    match result {
        (bytes, data, Ok(())) => Ok((bytes, data)),
        // There was room, so the connection is over or closing below.
        (_, _, Err(_)) => Err(SendError::ConnectionClosing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taps::{SendQueue, Terms};
    use wigwag_codec::framer::{FrameError, Step};

    /// Puts 50 bytes around a message.
    struct Wide;

    impl Framer for Wide {
        const HEAD: usize = 40;
        const TAIL: usize = 10;
        const PRESERVES_BOUNDARIES: bool = true;
        type Meta = ();

        fn decode(&mut self, _: &[u8]) -> Result<Step<()>, FrameError> {
            Ok(Step::Need(1))
        }

        fn encode(
            &mut self,
            (): &(),
            _: usize,
            _: &mut [u8],
            _: &mut [u8],
        ) -> Result<(usize, usize), FrameError> {
            Ok((Self::HEAD, Self::TAIL))
        }
    }

    #[test]
    fn a_message_of_any_length_leaves_when_the_queue_below_is_empty() {
        for capacity in 51..200 {
            for length in 0..300 {
                let mut queue: SendQueue<1, 300> = SendQueue::new();
                let mut queue = queue.queue();
                let data = [0; 300];
                let message = queue.push(Instant::ZERO, &[&data[..length]], Terms::DEFAULT, ());
                message.unwrap();
                let head = queue.head(true).unwrap();
                assert!(fits::<Wide>(&head, None, capacity, capacity));
                assert!(!fits::<Wide>(&head, None, 50, capacity) || length == 0);
            }
        }
    }
}
