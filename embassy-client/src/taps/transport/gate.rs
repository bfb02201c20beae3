//! Moves the datagrams of all peers of a listener over its one UDP socket.

use core::convert::Infallible;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::Poll;

use embassy_futures::select::{Either3, select, select3};
use embassy_time::Timer;
use wigwag_codec::framer::Framer;

use super::super::security::Security;
use super::super::stack::StackId;
use super::attempt::Attempt;
use super::datagrams::{Hands, deliver, of_wish};
use super::error::EstablishmentError;
use super::memory::{Hub, Seat};
use super::state::{ConnectionEvent, Duty, Order, Stage, State};
use crate::net::{Network, PathId, UdpSocket};
use crate::time;
use crate::tls::{End, LinkState};

impl<'a, F, S, N, const IN: usize, const OUT: usize> Attempt<'_, '_, 'a, F, S, N, IN, OUT>
where
    F: Framer + Clone,
    S: Security,
    N: Network,
{
    /// Moves the datagrams of all peers of a listener, and lets new ones in
    /// while it listens and there are free slots.
    pub(super) async fn gate<U: UdpSocket>(
        &self,
        stack: StackId,
        path: PathId,
        hands: Hands<'_, U>,
    ) -> Result<(), EstablishmentError> {
        let Hands {
            socket,
            incoming,
            outgoing,
        } = hands;
        self.seat.with(|state| {
            state.path = Some(path);
            state.stack = Some(stack);
            state.local = socket
                .local_port()
                .map(|port| SocketAddr::new(core::net::Ipv4Addr::UNSPECIFIED.into(), port));
            state.users.wake();
        });
        self.hub.shared().wake_waiting();
        let gate = u8::try_from(self.seat.index).unwrap_or(u8::MAX);
        let receive = async {
            loop {
                let Ok(found) = socket.receive_from(incoming).await else {
                    continue;
                };
                let data = incoming.get(..found.length).unwrap_or_default();
                let guest = guests(self.hub, gate)
                    .find(|seat| seat.with(|state| state.remote == Some(found.from)));
                let guest = match guest {
                    Some(guest) => guest,
                    None => match self.admit(stack, path, gate, found.from) {
                        Some(guest) => guest,
                        // Nobody is there to take it.
                        None => continue,
                    },
                };
                deliver(guest.link, data);
            }
        };
        let send = async {
            loop {
                let (length, peer, guest) = poll_fn(|cx| {
                    for guest in guests(self.hub, gate) {
                        // A guest has a peer from the start.
                        let Some(peer) = guest.with(|state| state.remote) else {
                            continue;
                        };
                        match guest.link.poll_datagram(cx, outgoing) {
                            Poll::Ready(Ok(length)) => {
                                return Poll::Ready((length, peer, guest.index));
                            }
                            Poll::Ready(Err(wish)) => guest.link.end(of_wish(wish)),
                            Poll::Pending => {}
                        }
                    }
                    Poll::Pending
                })
                .await;
                let data = outgoing.get(..length).unwrap_or_default();
                let sent = socket.send_to(data, peer).await;
                if let (Err(error), Some(guest)) = (sent, self.hub.seat(guest)) {
                    guest.with(|state| state.notify(ConnectionEvent::SoftError(error)));
                }
            }
        };
        // Its connections outlive the listener (RFC 9622 section 7.2).
        let stopped = poll_fn(|_| {
            let is_stopped = self.seat.with(|state| state.failed.is_some());
            if is_stopped && guests(self.hub, gate).next().is_none() {
                return Poll::Ready(());
            }
            Poll::Pending
        });
        let _cut = CutOff {
            hub: self.hub,
            gate,
        };
        let moved: Either3<Infallible, Infallible, ()> = select3(receive, send, stopped).await;
        match moved {
            Either3::First(never) | Either3::Second(never) => match never {},
            Either3::Third(()) => {
                // The last words of the last guests.
                let config = self.hub.shared().config();
                let patience = Timer::after(time::duration(config.close_timeout));
                select(socket.flushed(), patience).await;
                Err(EstablishmentError::Aborted)
            }
        }
    }

    /// Gives a new peer a slot, if the listener takes new ones.
    fn admit(
        &self,
        stack: StackId,
        path: PathId,
        gate: u8,
        peer: SocketAddr,
    ) -> Option<Seat<'_, 'a, F, S>> {
        let listener = self.seat.with(|state| {
            let listens = state.failed.is_none() && !state.is_aborted;
            state.listener.filter(|_| listens)
        })?;
        let config = self.hub.shared().config();
        let now = time::now();
        let backlog = super::backlog::count(self.hub, listener, now);
        if backlog.ready >= config.backlog || !self.is_welcome(peer) {
            return None;
        }
        let order = Order {
            duty: Duty::Guest(gate),
            deadline: now.saturating_add(config.framer_timeout),
            ..self.order.clone()
        };
        let properties = self.properties();
        let is_full = backlog.slots() >= config.listener_slots.max(1);
        let claimed = || super::claim::claim(self.hub, order, &properties, Some(listener), false);
        let Some(guest) = (!is_full).then(claimed).flatten() else {
            // There is room when it says it again.
            if super::backlog::give_way(self.hub, &config, listener, now).is_ok() {
                self.hub.shared().wake_runner();
            }
            return None;
        };
        guest.link.begin();
        guest.with_queue(|queue| queue.set_streaming(false));
        guest.with(|state| {
            state.talk.begin(self.order.framer.clone());
            state.attach(stack, path, Some(peer));
            state.caller = Some(super::backlog::Caller {
                since: now,
                // Anybody can write any address on a datagram.
                from: None,
            });
        });
        guest.link.open();
        Some(guest)
    }
}

/// The connections of a gate that are not over.
fn guests<'h, 'a, F: Framer, S>(
    hub: &'h dyn Hub<'a, F, S>,
    gate: u8,
) -> impl Iterator<Item = Seat<'h, 'a, F, S>> {
    hub.seats().filter(move |seat| {
        !matches!(seat.link.state(), LinkState::Ended(_))
            && seat.with(|state: &mut State<'a, F, S>| {
                let duty = state.order.as_ref().map(|order| order.duty);
                duty == Some(Duty::Guest(gate))
                    && !matches!(state.stage, Stage::Free | Stage::Closed)
            })
    })
}

/// Ends what a gate has moved when the gate is gone.
struct CutOff<'r, 'a, F: Framer, S> {
    hub: &'r dyn Hub<'a, F, S>,
    gate: u8,
}

impl<F: Framer, S> Drop for CutOff<'_, '_, F, S> {
    fn drop(&mut self) {
        for guest in guests(self.hub, self.gate) {
            guest.link.end(End::Aborted);
        }
    }
}
