//! A framer's clock, which runs whether or not the application receives.

use wigwag_codec::Instant;
use wigwag_codec::framer::{Framer, tick};

use super::memory::Seat;
use super::pump::{fail, speak};
use super::state::{State, Step};

/// Lets the framer's clock run if it is time. Whether it has failed.
pub(super) fn clock<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    now: Instant,
) -> bool {
    let due = state.talk.alarm.is_some_and(|alarm| alarm <= now);
    let mut arrived = waiting(seat);
    let is_more = arrived > state.talk.seen;
    if is_more {
        state.talk.stirred = true;
        state.is_heard = true;
    }
    if due && state.step == Step::Ready && !state.is_datagram() {
        arrived = pass_over(seat, state, arrived);
    }
    state.talk.seen = arrived;
    if !due && !state.talk.stirred {
        return false;
    }
    // What waits for the application may leave the peer no room to say more.
    let is_waiting = state.step == Step::Ready && arrived > state.talk.wanting;
    if let Some(framer) = &mut state.talk.framer
        && (is_more || is_waiting)
    {
        framer.heard();
    }
    // When there is no room yet, it is due until there is.
    state.talk.stirred = true;
    match speak(seat, state, |framer, _, out| tick(framer, now, out)) {
        Some(Ok(alarm)) => {
            state.talk.stirred = false;
            state.talk.alarm = alarm;
            false
        }
        Some(Err(error)) => {
            fail(seat, state, error);
            true
        }
        None => {
            state.talk.alarm = None;
            false
        }
    }
}

/// How many received bytes wait.
fn waiting<F: Framer, S>(seat: &Seat<'_, '_, F, S>) -> usize {
    let mut arrived = 0;
    let _ = seat.link.look(&mut |prefix| {
        arrived = prefix.len();
        Some(0)
    });
    arrived
}

/// Drops what comes before the next message and carries nothing, such as
/// keep-alives, so that an application that only sends does not have them pile
/// up until the peer cannot send any more. How many bytes still wait.
fn pass_over<F: Framer, S>(
    seat: &Seat<'_, '_, F, S>,
    state: &mut State<'_, F, S>,
    mut arrived: usize,
) -> usize {
    let talk = &mut state.talk;
    let Some(framer) = &mut talk.framer else {
        return arrived;
    };
    while arrived > talk.wanting && !talk.is_over {
        let mut count = 0;
        let _ = seat.link.look(&mut |prefix| {
            count = talk.receiver.pass_over(framer, prefix);
            Some(count)
        });
        if count == 0 {
            break;
        }
        arrived = arrived.saturating_sub(count);
        talk.wanting = 0;
    }
    arrived
}
