//! Keeps connections going.

use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

use embassy_futures::select::{Either, select};
use rand_core::CryptoRngCore;
use wigwag_codec::framer::Framer;
use wigwag_codec::ncp::Header;
use wigwag_codec::ncp::exchange::Offer;

use super::memory::Ncp;
use super::seat::Look;
use crate::net::Network;
use crate::taps::{self, Security, TransportMemory};

/// Runs all connections of an [`Ncp`]: spawn [`run`](Self::run) in a task of its
/// own.
///
/// `M` is the part of the [`Memory`](super::Memory) that is its transport's.
pub struct Runner<'a, F: Framer, S, M, N, R> {
    transport: taps::Runner<'a, M, N, R>,
    ncp: Ncp<'a, F, S>,
}

impl<'a, F: Framer, S, M, N, R> Runner<'a, F, S, M, N, R> {
    pub(super) const fn new(transport: taps::Runner<'a, M, N, R>, ncp: Ncp<'a, F, S>) -> Self {
        Self { transport, ncp }
    }
}

impl<
    'a,
    F: Framer<Meta = Header> + Clone,
    S: Security,
    N: Network,
    R: CryptoRngCore,
    const SLOTS: usize,
    const MESSAGES: usize,
    const BYTES: usize,
    const IN: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
>
    Runner<
        'a,
        F,
        S,
        TransportMemory<
            'a,
            F,
            S,
            SLOTS,
            MESSAGES,
            BYTES,
            IN,
            OUT,
            SOCKET,
            RACE,
            RECORD_IN,
            RECORD_OUT,
        >,
        N,
        R,
    >
{
    /// Brings connections up, keeps them going, and hands round what they
    /// receive, for as long as it is polled. Dropping it cuts all of them off;
    /// run again, it takes new ones.
    pub async fn run(&mut self) -> Infallible {
        let ncp = self.ncp;
        // Dropped last, when the transport has cut everything off.
        let _stopped = Stopped(ncp, SLOTS);
        let hand_round = poll_fn(|cx| {
            for slot in 0..SLOTS {
                if is_open(&ncp, slot) {
                    ncp.transport.register(slot, cx);
                    hand_round(&ncp, slot);
                }
            }
            Poll::<Infallible>::Pending
        });
        // Where it stays: by value it would be copied, and it is large.
        let transport = pin!(self.transport.run());
        match select(transport, hand_round).await {
            Either::First(never) | Either::Second(never) => never,
        }
    }
}

/// Tells whoever waits when the runner is dropped: nobody else would.
struct Stopped<'a, F: Framer, S>(Ncp<'a, F, S>, usize);

impl<F: Framer, S> Drop for Stopped<'_, F, S> {
    fn drop(&mut self) {
        for slot in 0..self.1 {
            if let Some(seat) = self.0.desks.seat(slot) {
                seat.borrow_mut().look().wake_all();
            }
        }
    }
}

fn is_open<F: Framer, S>(ncp: &Ncp<'_, F, S>, slot: usize) -> bool {
    ncp.desks
        .seat(slot)
        .is_some_and(|seat| seat.borrow_mut().look().common.is_open)
}

/// Wakes who can go on: whose field is here, whose turn it is to send, and
/// everybody at the end.
fn hand_round<F: Framer<Meta = Header>, S>(ncp: &Ncp<'_, F, S>, slot: usize) {
    let Some(seat) = ncp.desks.seat(slot) else {
        return;
    };
    loop {
        let seen = ncp.transport.front(slot, |header, body| {
            let mut seat = seat.borrow_mut();
            let mut look = seat.look();
            if !look.check(header, body) {
                return (true, Offer::Stays);
            }
            let (wakers, recv) = (&mut *look.wakers, &mut look.common.recv);
            let offer = look
                .desk
                .distribute(header, body, |slot| Look::wake(wakers, recv, slot));
            let is_done = offer == Offer::Done;
            if is_done {
                look.is_done();
            }
            (is_done, offer)
        });
        match seen {
            Ok(Some(Offer::Done)) => {}
            Ok(_) => break,
            Err(_) => {
                let mut seat = seat.borrow_mut();
                let mut look = seat.look();
                if !core::mem::replace(&mut look.common.is_over, true) {
                    look.wake_all();
                }
                break;
            }
        }
    }
    seat.borrow_mut().look().wake_sender();
}
