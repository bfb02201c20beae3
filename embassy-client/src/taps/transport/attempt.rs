//! Brings one connection up, and keeps it going to its end: over TCP, secured or
//! not.

use core::future::{Future as _, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_time::Timer;
use rand_core::CryptoRngCore;
use wigwag_codec::framer::Framer;

use super::super::dial::{dial, sockets};
use super::super::endpoint::RemoteEndpoint;
use super::super::race::{KnownGood, Race, RaceError};
use super::super::security::Security;
use super::super::stack::StackId;
use super::backlog::Caller;
use super::error::EstablishmentError;
use super::memory::{Hub, Seat, SocketMemory};
use super::plain::Times;
use super::state::{Good, Order, Stage};
use super::watch::{Watched, options};
use crate::net::{ConnectError, Network, PathId, TcpBuffers, TcpOptions, TcpSocket};
use crate::time;
use crate::tls::{ByteLink, End, Link};

/// Most addresses that are looked at: all that two questions can bring.
const CANDIDATES: usize = 2 * crate::net::MAX_ADDRESSES;

/// Longest time to tell a peer that it was cut off before it was connected: where
/// nobody knows the way to it, it is never told.
const TELLING: Duration = Duration::from_millis(100);

/// What a connection is made with.
pub(super) struct Attempt<'o, 'r, 'a, F: Framer, S, N, const IN: usize, const OUT: usize> {
    pub(super) hub: &'r dyn Hub<'a, F, S>,
    pub(super) seat: Seat<'r, 'a, F, S>,
    pub(super) link: &'o Link<NoopRawMutex, IN, OUT>,
    pub(super) network: &'o N,
    pub(super) order: &'o Order<'a, F, S>,
}

impl<'a, F, S, N, const IN: usize, const OUT: usize> Attempt<'_, '_, 'a, F, S, N, IN, OUT>
where
    F: Framer + Clone,
    S: Security,
    N: Network,
{
    /// Races the addresses on one path, and goes on with the next where TLS or
    /// the framer fails. Returns when the connection is over.
    pub(super) async fn over_stream<
        R,
        const SOCKET: usize,
        const RACE: usize,
        const RI: usize,
        const RO: usize,
    >(
        &self,
        stack: StackId,
        path: PathId,
        memory: &mut SocketMemory<SOCKET, RACE, RI, RO>,
        rng: &mut R,
    ) -> Result<(), EstablishmentError>
    where
        R: CryptoRngCore,
    {
        let config = self.hub.shared().config();
        let remotes = self.remotes();
        let known = self.known(stack, path);
        let mut race: Race<'_, CANDIDATES, RACE> =
            Race::new(&remotes, path, stack, &config.race, known, time::now());
        let mut failure = None;
        loop {
            let buffers = memory.sockets.each_mut().map(|[receive, send]| TcpBuffers {
                receive: &mut receive[..],
                send: &mut send[..],
            });
            let sockets = sockets(self.network, path, buffers, &self.options())
                .map_err(|_| EstablishmentError::Race(RaceError::NoEndpoint))?;
            let dialled = select(
                dial(self.network, &sockets, &mut race),
                super::runner::given_up(&self.seat),
            );
            let winner = match dialled.await {
                Either::First(Ok(winner)) => winner,
                Either::First(Err(error)) => {
                    return Err(failure.unwrap_or(EstablishmentError::Race(error)));
                }
                Either::Second(error) => return Err(error),
            };
            self.is_candidate(stack, path, winner.known_good());
            // There is one at each place.
            let Some(socket) = sockets.get(winner.attempt.place()) else {
                return Err(EstablishmentError::Race(RaceError::NoEndpoint));
            };
            let remote = remotes.get(usize::from(winner.remote)).copied();
            let records = (&mut memory.record_in[..], &mut memory.record_out[..]);
            let end = self
                .own(
                    stack,
                    path,
                    (remote.unwrap_or_default(), winner.to),
                    socket,
                    records,
                    rng,
                )
                .await;
            match self.ended(end) {
                Ok(()) => return Ok(()),
                Err(error) if self.is_given_up() => return Err(error),
                Err(error) => failure = Some(error),
            }
            race.on_rejected(winner.attempt);
        }
    }

    /// Waits for one connection to `port`, and keeps it going.
    pub(super) async fn accept<
        R,
        const SOCKET: usize,
        const RACE: usize,
        const RI: usize,
        const RO: usize,
    >(
        &self,
        stack: StackId,
        path: PathId,
        port: u16,
        memory: &mut SocketMemory<SOCKET, RACE, RI, RO>,
        rng: &mut R,
    ) -> Result<(), EstablishmentError>
    where
        R: CryptoRngCore,
    {
        loop {
            let buffers = memory.sockets.each_mut().map(|[receive, send]| TcpBuffers {
                receive: &mut receive[..],
                send: &mut send[..],
            });
            let sockets = sockets(self.network, path, buffers, &self.options())
                .map_err(|_| EstablishmentError::Race(RaceError::NoEndpoint))?;
            let Some(socket) = sockets.first() else {
                return Err(EstablishmentError::Race(RaceError::NoEndpoint));
            };
            self.seat.with(|state| {
                state.caller = None;
                state.cut = None;
            });
            let accepted = select3(
                self.called(socket, port),
                // Whoever cuts it off wakes this task.
                poll_fn(|_| match self.seat.with(|state| state.cut) {
                    Some(_) => Poll::Ready(()),
                    None => Poll::Pending,
                }),
                super::runner::given_up(&self.seat),
            );
            match accepted.await {
                Either3::First(Ok(())) => {}
                Either3::First(Err(error)) => {
                    return Err(EstablishmentError::Race(RaceError::Connect(error)));
                }
                Either3::Second(()) => {
                    cut(socket).await;
                    continue;
                }
                Either3::Third(error) => {
                    cut(socket).await;
                    return Err(error);
                }
            }
            let here = socket.local();
            let is_let_in = |to: &SocketAddr| self.is_welcome(*to) && self.is_listening(here);
            let Some(to) = socket.remote().filter(is_let_in) else {
                cut(socket).await;
                continue;
            };
            self.comes(Some(to));
            let records = (&mut memory.record_in[..], &mut memory.record_out[..]);
            let remote = (RemoteEndpoint::new(), to);
            let end = self.own(stack, path, remote, socket, records, rng);
            match self.ended(end.await) {
                Ok(()) => return Ok(()),
                Err(error @ (EstablishmentError::Aborted | EstablishmentError::Timeout)) => {
                    return Err(error);
                }
                // Whoever that was, the next one may do better.
                Err(_) => {}
            }
        }
    }

    /// Waits for a peer, and notes one that has only begun to connect.
    async fn called<T: TcpSocket>(&self, socket: &T, port: u16) -> Result<(), ConnectError> {
        let mut accepted = pin!(socket.accept(port));
        poll_fn(|cx| {
            let result = accepted.as_mut().poll(cx);
            let is_known = self.seat.with(|state| state.caller.is_some());
            match (socket.is_half_open(), is_known) {
                (true, false) => self.comes(None),
                // It was reset, and the socket waits again.
                (false, true) if result.is_pending() => {
                    self.seat.with(|state| state.caller = None);
                }
                _ => {}
            }
            result
        })
        .await
    }

    /// A peer has come to a socket that waited: another one may have to wait in
    /// its place.
    fn comes(&self, from: Option<SocketAddr>) {
        let from = from.map(|from| from.ip());
        self.seat.with(|state| {
            let since = state.caller.map_or_else(time::now, |caller| caller.since);
            state.caller = Some(Caller { since, from });
        });
        self.hub.shared().wake_waiting();
        self.hub.shared().wake_runner();
    }

    /// Keeps a connected socket going to its end.
    async fn own<T: TcpSocket, R: CryptoRngCore>(
        &self,
        stack: StackId,
        path: PathId,
        (remote, to): (RemoteEndpoint<'a>, SocketAddr),
        socket: &T,
        records: (&mut [u8], &mut [u8]),
        rng: &mut R,
    ) -> Result<End, EstablishmentError> {
        let config = self.hub.shared().config();
        let times = Times {
            write: config.write_timeout,
            close: config.close_timeout,
        };
        let socket = Watched::new(socket);
        let order = self.order;
        self.begin(stack, path, Some(to), socket.local());
        let isolated = self.properties().isolate_session;
        let _forgotten = isolated.then(|| Forgotten::of(self.link));
        let owner = order.security.own(
            &remote, to, self.link, &socket, records, rng, times, self.hub, &self.seat,
        );
        let beside = socket.beside(self.hub, &self.seat, &order.transport, self.network, path);
        match select(owner, beside).await {
            Either::First(end) => end.map_err(EstablishmentError::Name),
            Either::Second(never) => match never {},
        }
    }

    /// The transport below is connected.
    pub(super) fn begin(
        &self,
        stack: StackId,
        path: PathId,
        remote: Option<SocketAddr>,
        local: Option<SocketAddr>,
    ) {
        let is_datagram = super::state::is_datagram(stack);
        self.seat
            .with_queue(|queue| queue.set_streaming(!is_datagram));
        self.seat.with(|state| {
            state.talk.begin(self.order.framer.clone());
            state.attach(stack, path, remote);
            state.local = local;
        });
    }

    /// A candidate has come to its end. `Ok` if it had been ready: then that was
    /// the connection.
    pub(super) fn ended(
        &self,
        end: Result<End, EstablishmentError>,
    ) -> Result<(), EstablishmentError> {
        use super::error::ConnectionError;
        let has_messages = !self.seat.with_queue(|queue| queue.is_empty());
        self.seat.with(|state| {
            if state.stage == Stage::Establishing {
                state.step = super::state::Step::Idle;
                let of_end = end.map_or_else(|error| error, EstablishmentError::Secure);
                return Err(state.failed.or(state.rejected).unwrap_or(of_end));
            }
            let lost = match end {
                Ok(End::Closed) => None,
                Ok(End::PeerClosed) => has_messages.then_some(ConnectionError::PeerClosed),
                Ok(End::Aborted) => Some(ConnectionError::Aborted),
                Ok(end) => Some(ConnectionError::Stack(end)),
                Err(_) => Some(ConnectionError::Stack(End::Handshake)),
            };
            state.lost = state.lost.or(lost);
            Ok(())
        })
    }

    /// Whether nobody wants it any more, so that nothing else is tried.
    pub(super) fn is_given_up(&self) -> bool {
        self.seat.with(|state| state.failed.is_some())
    }

    /// Whether a listener lets it in.
    pub(super) fn is_welcome(&self, remote: SocketAddr) -> bool {
        let mut named = self.order.remotes.iter().flatten().peekable();
        named.peek().is_none()
            || named.any(|allowed| {
                allowed.address() == Some(remote.ip())
                    && allowed.port().is_none_or(|port| port == remote.port())
            })
    }

    /// Whether a listener is at this address: a socket that waits is at all of a
    /// path.
    fn is_listening(&self, here: Option<SocketAddr>) -> bool {
        let named = self.order.local.and_then(|local| local.address());
        named.is_none_or(|named| here.is_some_and(|here| here.ip() == named))
    }

    pub(super) fn remotes(&self) -> heapless::Vec<RemoteEndpoint<'a>, { super::MAX_ENDPOINTS }> {
        self.order.remotes.iter().flatten().copied().collect()
    }

    /// What is remembered of this address if the connection becomes ready.
    pub(super) fn is_candidate(&self, stack: StackId, path: PathId, known: KnownGood) {
        let good = Good { stack, path, known };
        self.seat.with(|state| state.candidate = Some(good));
    }

    pub(super) fn known(&self, stack: StackId, path: PathId) -> Option<KnownGood> {
        let good = self.order.good?;
        (good.stack == stack && good.path == path && !self.properties().isolate_session)
            .then_some(good.known)
    }

    pub(super) fn properties(&self) -> super::super::property::ConnectionProperties {
        let group = self.seat.with(|state| state.group);
        self.hub.group(group.into()).map_or(
            super::super::property::ConnectionProperties::DEFAULT,
            |group| group.get().properties,
        )
    }

    pub(super) fn options(&self) -> TcpOptions {
        let config = self.hub.shared().config();
        options(&self.order.transport, &self.properties(), &config)
    }
}

/// Cuts off a socket whose peer may not be there to be told.
async fn cut<T: TcpSocket>(socket: &T) {
    socket.abort();
    select(socket.flushed(), Timer::after(time::duration(TELLING))).await;
}

/// Keeps a session apart (`isolateSession`): it knows nothing of the one before
/// in the same slot, and leaves nothing behind.
struct Forgotten<'l>(&'l dyn ByteLink);

impl<'l> Forgotten<'l> {
    fn of(link: &'l dyn ByteLink) -> Self {
        link.forget();
        Self(link)
    }
}

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;
    use crate::tls::{ChainMemory, Remember, Validity};

    #[test]
    fn an_isolated_session_knows_no_chain_and_leaves_none() {
        let link: Link<NoopRawMutex, 4, 4> = Link::new();
        let known = || format!("{:?}", link.chain());
        let validity = Validity {
            not_before: 1,
            not_after: 2,
        };
        let (empty, chain) = (known(), ChainMemory::new([7; 32], validity));
        link.remember(chain);
        assert_ne!(known(), empty);
        let isolated = Forgotten::of(&link);
        assert_eq!(known(), empty);
        link.remember(chain);
        drop(isolated);
        assert_eq!(known(), empty);
    }
}
