//! What is done for a connection between its messages and the bytes below,
//! whenever something has changed or a time has come. No I/O: everything is in
//! the slot's memory, and the clock is an argument.

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameError, FrameErrorKind, Framer, Out, Start, Turn};

use super::super::stack::StackId;
use super::clock::clock;
use super::config::TransportConfig;
use super::error::{ConnectionError, EstablishmentError};
use super::memory::{SAYS, Seat};
use super::state::{Stage, State, Step};
use crate::tls::{End, LENGTH, LinkState, Wish};

/// What one look at a connection has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Something has changed, so that another look may bring more.
    pub(super) has_changed: bool,
    /// When to look again, whatever happens.
    pub(super) next: Option<Instant>,
}

/// Looks at one connection.
pub(super) fn look<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    config: &TransportConfig<'_>,
    now: Instant,
) -> Look {
    let mut state = seat.state.borrow_mut();
    let before = (state.stage, state.step, state.failed, state.lost);
    let (stage, step) = (state.stage, state.step);
    if stage == Stage::Establishing {
        give_up(seat, &mut state, now);
    }
    let is_open = seat.link.state() == LinkState::Open;
    let has_changed = match step {
        Step::Opening if is_open => open(seat, &mut state, config, now),
        Step::Handshake(until) if is_open => shake(seat, &mut state, until, now),
        Step::Ready if is_open => {
            clock(seat, &mut state, now) | retire(seat, &mut state) | close(seat, &mut state)
        }
        _ => false,
    };
    if state.is_alive() {
        cut_off(seat, &mut state, now);
    }
    let expired = seat.with_queue(|queue| queue.handle_timeout(now));
    let after = (state.stage, state.step, state.failed, state.lost);
    let has_changed = has_changed || expired || after != before;
    if has_changed {
        state.users.wake();
    }
    Look {
        has_changed,
        next: next(seat, &state),
    }
}

/// When something is due by itself.
fn next<F: Framer, S>(seat: &Seat<'_, '_, F, S>, state: &State<'_, F, S>) -> Option<Instant> {
    let deadline = match (state.stage, &state.order) {
        // What is given up already has no deadline any more.
        (Stage::Establishing, Some(order)) if state.failed.is_none() => Some(order.deadline),
        _ => None,
    };
    // The clock of a framer that has ended stands still.
    let alarm = match state.step {
        Step::Handshake(_) | Step::Ready => state.talk.alarm,
        Step::Idle | Step::Opening | Step::Stopped => None,
    };
    let handshake = match state.step {
        Step::Handshake(until) => Some(until),
        _ => None,
    };
    let messages = seat.with_queue(|queue| queue.next_timeout());
    [deadline, handshake, alarm, state.close_by, messages]
        .into_iter()
        .flatten()
        .filter(|at| *at < Instant::MAX)
        .min()
}

/// Ends an attempt that nobody wants any more, or that took too long.
fn give_up<F: Framer, S>(seat: &Seat<'_, '_, F, S>, state: &mut State<'_, F, S>, now: Instant) {
    let Some(order) = &state.order else { return };
    if state.failed.is_none() {
        state.failed = if state.is_aborted {
            Some(EstablishmentError::Aborted)
        } else if order.deadline <= now {
            Some(EstablishmentError::Timeout)
        } else {
            None
        };
    }
    // It may have connected in the very moment it was given up.
    if state.failed.is_some() && state.step != Step::Idle {
        abort(seat);
    }
}

/// Asks the owner for an end at once, if nobody has: asking wakes it.
fn abort<F: Framer, S>(seat: &Seat<'_, '_, F, S>) {
    if seat.link.wish() != Wish::Abort {
        seat.link.abort();
    }
}

/// Lets the framer begin.
fn open<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    config: &TransportConfig<'_>,
    now: Instant,
) -> bool {
    let started = speak(seat, state, |framer, talk, out| talk.start(framer, out));
    match started {
        None => false,
        Some(Ok(Start::Handshake)) => {
            state.step = Step::Handshake(now.saturating_add(config.framer_timeout));
            true
        }
        Some(Ok(Start::Ready)) => {
            ready(state);
            true
        }
        Some(Err(error)) => {
            fail(seat, state, error);
            true
        }
    }
}

/// Messages can be sent and received: the Ready event.
fn ready<F: Framer, S>(state: &mut State<'_, F, S>) {
    state.step = Step::Ready;
    if state.stage == Stage::Establishing {
        state.stage = Stage::Established;
        let good = state.candidate.take();
        if let (Some(order), Some(_)) = (&mut state.order, good) {
            order.good = good;
        }
    }
    state.users.wake();
}

/// Takes the framer's handshake as far as what was received allows.
fn shake<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    until: Instant,
    now: Instant,
) -> bool {
    if until <= now {
        fail(seat, state, FrameError::new(FrameErrorKind::Silent, 0));
        return true;
    }
    state.talk.stirred = true;
    let (capacity, _) = seat.link.capacity();
    let is_datagram = state.is_datagram();
    let before = seat.link.room();
    let step = speak(seat, state, |framer, talk, out| {
        let mut result = Ok(None);
        let look = seat.link.look(&mut |prefix| {
            let (start, input) = first(prefix, is_datagram)?;
            match talk.handshake(framer, input, capacity, out) {
                Ok(Turn::Need(_)) if is_datagram => {
                    // The rest of the handshake is not in this datagram, so
                    // it is no part of it.
                    result = Ok(Some(false));
                    Some(start + input.len())
                }
                Ok(Turn::Need(_)) => None,
                Ok(Turn::Drop(count)) => {
                    result = Ok(Some(false));
                    Some(taken(is_datagram, start, input, count))
                }
                Ok(Turn::Take { consumed, .. }) => {
                    result = Ok(Some(true));
                    Some(taken(is_datagram, start, input, consumed))
                }
                Err(error) => {
                    result = Err(error);
                    Some(0)
                }
            }
        });
        match look {
            Ok(_) => result,
            // The peer may be done while this side could still talk: there will
            // be no handshake.
            Err(End::PeerClosed) if result == Ok(None) => {
                Err(FrameError::new(FrameErrorKind::Truncated, 0))
            }
            // The owner tells why.
            Err(_) => result,
        }
    });
    match step {
        Some(Ok(Some(true))) => {
            ready(state);
            true
        }
        Some(Ok(Some(false))) => true,
        Some(Ok(None)) => seat.link.room() < before || clock(seat, state, now),
        Some(Err(error)) => {
            fail(seat, state, error);
            true
        }
        None => false,
    }
}

/// The bytes that the framer is to see: on a stream all, else those of the
/// first datagram, and where they start.
fn first(prefix: &[u8], is_datagram: bool) -> Option<(usize, &[u8])> {
    if !is_datagram {
        return Some((0, prefix));
    }
    let (length, rest) = prefix.split_first_chunk::<LENGTH>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    Some((LENGTH, rest.get(..length)?))
}

/// How many bytes of the queue are done with: a datagram goes as a whole.
const fn taken(is_datagram: bool, start: usize, input: &[u8], count: usize) -> usize {
    if is_datagram {
        start + input.len()
    } else {
        count
    }
}

/// Ends a secure connection that was used enough in good order: what was queued
/// leaves, and a message that leaves in parts may come to its end. The owner
/// below has patience for one write timeout, and closes by itself then.
fn retire<F: Framer, S>(seat: &Seat<'_, '_, F, S>, state: &mut State<'_, F, S>) -> bool {
    if state.stage != Stage::Established || !seat.link.is_retiring() {
        return false;
    }
    state.stage = Stage::Closing;
    let reason = ConnectionError::Stack(End::SessionLimit);
    state.lost = state.lost.or(Some(reason));
    seat.with_queue(|queue| queue.retire());
    true
}

/// Ends what is to end in good order, once everything has left.
fn close<F: Framer, S>(seat: &Seat<'_, '_, F, S>, state: &mut State<'_, F, S>) -> bool {
    let is_done = seat.with_queue(|queue| queue.is_final_sent());
    if is_done && state.stage == Stage::Established {
        match state.stack {
            Some(StackId::Tcp | StackId::Mptcp) => return finish(seat, state),
            // Nothing could tell the peer.
            _ if state.is_datagram() => return false,
            // The end of the sending is that of the connection.
            _ => {}
        }
        state.stage = Stage::Closing;
        // Nothing is left of it, so nothing is broken off.
        let _ = seat.with_queue(|queue| queue.close());
    }
    if state.stage != Stage::Closing || !seat.with_queue(|queue| queue.is_empty()) {
        return false;
    }
    if seat.link.wish() == Wish::Finish {
        // The last words were said behind the final message.
        state.step = Step::Stopped;
        seat.link.close();
        return true;
    }
    // Where there is no room for its last words, they wait.
    let Some(_) = speak(seat, state, |framer, _, out| {
        framer.stop(out);
        Ok(())
    }) else {
        return false;
    };
    state.step = Step::Stopped;
    seat.link.close();
    true
}

/// Ends the sending after the final message. What the peer still says is
/// received.
fn finish<F: Framer, S>(seat: &Seat<'_, '_, F, S>, state: &mut State<'_, F, S>) -> bool {
    if seat.link.wish() != Wish::Stay {
        return false;
    }
    // Where there is no room for the framer's last words, they wait.
    let said = speak(seat, state, |framer, _, out| {
        framer.stop(out);
        Ok(())
    });
    if said.is_some() {
        seat.link.finish_output();
    }
    said.is_some()
}

/// Ends at once what the application wants cut off, or what took too long to
/// close.
fn cut_off<F: Framer, S>(seat: &Seat<'_, '_, F, S>, state: &mut State<'_, F, S>, now: Instant) {
    let is_late = state.close_by.is_some_and(|by| by <= now);
    if !is_late && !state.is_aborted {
        return;
    }
    state.close_by = None;
    if state.lost.is_none() {
        state.lost = Some(if state.is_aborted {
            ConnectionError::Aborted
        } else {
            ConnectionError::CloseTimeout
        });
    }
    abort(seat);
}

/// The framer has failed: the next candidate is tried, or the connection is
/// lost. Its last words still leave.
pub(super) fn fail<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    error: FrameError,
) {
    if state.stage == Stage::Establishing {
        state.rejected = Some(EstablishmentError::Framing(error));
    } else {
        state.stage = Stage::Closing;
        // No fault of anybody's: the peer is done.
        if error.kind != FrameErrorKind::Closed && state.lost.is_none() {
            state.lost = Some(ConnectionError::Framing(error));
        }
    }
    state.step = Step::Stopped;
    state.users.wake();
    seat.link.close();
}

/// Lets the framer do something, and queues what it says. `None` where there is
/// no room for all it may say.
pub(super) fn speak<F: Framer, S, T>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    f: impl FnOnce(
        &mut F,
        &mut wigwag_codec::framer::Receiver<F::Meta>,
        &mut Out<'_>,
    ) -> Result<T, FrameError>,
) -> Option<Result<T, FrameError>> {
    let is_datagram = state.is_datagram();
    let each = if is_datagram {
        LENGTH * wigwag_codec::framer::OUT_MESSAGES
    } else {
        0
    };
    if F::OUT > 0 && seat.link.room() < F::OUT + each {
        return None;
    }
    let talk = &mut state.talk;
    let mut place = [0; SAYS];
    let mut out = Out::new(place.get_mut(..F::OUT).unwrap_or_default());
    let result = f(talk.framer.as_mut()?, &mut talk.receiver, &mut out);
    if is_datagram {
        for message in out.messages() {
            let length = (message.len() as u16).to_be_bytes();
            let _ = seat.link.try_send(&[&length, message]);
        }
    } else if !out.is_empty() {
        // There was room; where the connection is over, its owner tells why.
        let _ = seat.link.try_send(&[out.bytes()]);
    }
    Some(result)
}
