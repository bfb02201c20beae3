//! Moves datagrams between the queues of connections and a UDP socket: of one
//! peer, of all peers of a listener, or of one that is still to be met.

use core::convert::Infallible;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::Poll;
use core::time::Duration;

use embassy_futures::join::join;
use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::Timer;
use heapless::Vec;
use wigwag_codec::framer::Framer;

use super::super::dial::dial;
use super::super::race::{Race, RaceError};
use super::super::security::Security;
use super::super::stack::StackId;
use super::attempt::Attempt;
use super::error::{EstablishmentError, PORT_IN_USE};
use super::memory::{SocketMemory, metadata};
use super::plain::Told;
use super::runner::given_up;
use super::state::{ConnectionEvent, Duty, State};
use super::watch::path_changes;
use crate::net::{
    ConnectError, DatagramError, EmbassyUdpBuffers, Family, Network, PathId, StreamError,
    TcpOptions, TcpSocket, UdpSocket,
};
use crate::time;
use crate::tls::{ByteLink, End, Wish};

/// Most addresses of a peer.
const CANDIDATES: usize = Family::COUNT * crate::net::MAX_ADDRESSES;

/// How often a peer is called that is still to be met: the pace of
/// connectivity checks (RFC 8445 section 14) for few candidates is faster, but a
/// device has only these.
const CALL: Duration = Duration::from_millis(250);

/// How many times an address is called before it is another one's turn. A stack
/// may keep everything behind a call to a neighbour that is not there, and asks
/// for neighbours once a second at most: a turn is longer than that.
const TURN: usize = 5;

/// How many calls are answered by who has met its peer already: those of ten
/// seconds. Both ends may answer each other's answers where the way is long, so
/// there is an end to it.
const ANSWERS: u32 = 40;

impl<'a, F, S, N, const IN: usize, const OUT: usize> Attempt<'_, '_, 'a, F, S, N, IN, OUT>
where
    F: Framer + Clone,
    S: Security,
    N: Network,
{
    /// One connection over UDP, or all of a listener. Returns when it is over.
    pub(super) async fn over_datagrams<
        const SOCKET: usize,
        const RACE: usize,
        const RI: usize,
        const RO: usize,
    >(
        &self,
        stack: StackId,
        path: PathId,
        memory: &mut SocketMemory<SOCKET, RACE, RI, RO>,
    ) -> Result<(), EstablishmentError> {
        // A secure stack on a network that does not secure anything would be
        // none, and the other way round nobody would understand it.
        if (stack == StackId::Dtls) != self.network.secures_datagrams() {
            return Err(EstablishmentError::NotSupported);
        }
        let Some([receive, send]) = memory.sockets.first_mut() else {
            return Err(EstablishmentError::NotSupported);
        };
        // Half for the socket, half for the datagram in hand.
        let (receive, incoming) = receive.split_at_mut(SOCKET / 2);
        let (send, outgoing) = send.split_at_mut(SOCKET / 2);
        let [receive_meta, send_meta] = metadata(&mut memory.datagrams);
        let memory = EmbassyUdpBuffers {
            receive_meta,
            receive,
            send_meta,
            send,
        };
        let none = EstablishmentError::Race(RaceError::NoEndpoint);
        let socket = self.network.udp_in(path, memory).map_err(|_| none)?;
        let port = match self.order.duty {
            Duty::Initiate => self.order.local.and_then(|local| local.port()).unwrap_or(0),
            _ => self.listening_port()?,
        };
        socket.bind(port).map_err(|_| PORT_IN_USE)?;
        let config = self.hub.shared().config();
        socket.set_hop_limit(config.hop_limit);
        socket.set_dscp(self.properties().conn_capacity_profile.dscp());
        let hands = Hands {
            socket: &socket,
            incoming,
            outgoing,
        };
        let changes = path_changes(&self.seat, self.network, path);
        // Whoever changes a property wakes this task.
        let beside = join(changes, poll_fn(|_| self.adjust(&socket)));
        let run = async {
            match self.order.duty {
                Duty::Gate => self.gate(stack, path, hands).await,
                Duty::Rendezvous => self.meet(stack, path, hands).await,
                _ => self.call(stack, path, hands).await,
            }
        };
        match select(run, beside).await {
            Either::First(result) => result,
            Either::Second((never, _)) => match never {},
        }
    }

    /// Keeps what can be told a socket as the properties are.
    fn adjust<U: UdpSocket>(&self, socket: &U) -> Poll<Infallible> {
        let is_changed = |state: &mut State<'_, F, S>| core::mem::take(&mut state.is_changed);
        if self.seat.with(is_changed) {
            socket.set_dscp(self.properties().conn_capacity_profile.dscp());
        }
        Poll::Pending
    }

    /// Talks to one address after the other until a framer's handshake
    /// succeeds; without a handshake to the first that has a route.
    async fn call<U: UdpSocket>(
        &self,
        stack: StackId,
        path: PathId,
        mut hands: Hands<'_, U>,
    ) -> Result<(), EstablishmentError> {
        let config = self.hub.shared().config();
        let remotes = self.remotes();
        let known = self.known(stack, path);
        let mut race: Race<'_, CANDIDATES, 1> =
            Race::new(&remotes, path, stack, &config.race, known, time::now());
        let mut failure = None;
        loop {
            let dialler = [Routed(hands.socket)];
            let dialled = dial(self.network, &dialler, &mut race);
            let winner = match select(dialled, given_up(&self.seat)).await {
                Either::First(Ok(winner)) => winner,
                Either::First(Err(error)) => {
                    return Err(failure.unwrap_or(EstablishmentError::Race(error)));
                }
                Either::Second(error) => return Err(error),
            };
            self.is_candidate(stack, path, winner.known_good());
            let end = self
                .converse(stack, path, winner.to, &mut hands, None)
                .await;
            match self.ended(Ok(end)) {
                Ok(()) => return Ok(()),
                Err(error) if self.is_given_up() => return Err(error),
                Err(error) => failure = Some(error),
            }
            race.on_rejected(winner.attempt);
        }
    }

    /// Calls all addresses of the peer until one answers (RFC 9622 section
    /// 7.3). A call is an empty datagram: it opens the way through firewalls and
    /// address translators, and is no message for anybody.
    async fn meet<U: UdpSocket>(
        &self,
        stack: StackId,
        path: PathId,
        mut hands: Hands<'_, U>,
    ) -> Result<(), EstablishmentError> {
        let peers = match select(self.addresses(path), given_up(&self.seat)).await {
            Either::First(peers) => peers?,
            Either::Second(error) => return Err(error),
        };
        let mut turns = 0..;
        let (peer, length) = loop {
            let turn: usize = turns.next().unwrap_or_default();
            let called = peers.get(turn / TURN % peers.len().max(1));
            if turn.is_multiple_of(TURN) && peers.len() > 1 {
                hands.socket.discard();
            }
            if let Some(called) = called {
                self.report(hands.socket.send_to(&[], *called).await);
            }
            let answer = async {
                loop {
                    let Ok(found) = hands.socket.receive_from(hands.incoming).await else {
                        continue;
                    };
                    if peers.contains(&found.from) {
                        break (found.from, found.length);
                    }
                }
            };
            let pause = Timer::after(time::duration(CALL));
            match select3(answer, pause, given_up(&self.seat)).await {
                Either3::First(answer) => break answer,
                Either3::Second(()) => {}
                Either3::Third(error) => return Err(error),
            }
        };
        // What this side sent before may have found no way yet, and what it
        // sent to others may never find one.
        if peers.len() > 1 {
            hands.socket.discard();
        }
        self.report(hands.socket.send_to(&[], peer).await);
        let end = self
            .converse(stack, path, peer, &mut hands, Some(length))
            .await;
        self.ended(Ok(end))
    }

    /// All addresses of the remote endpoints on a path.
    async fn addresses(
        &self,
        path: PathId,
    ) -> Result<Vec<SocketAddr, CANDIDATES>, EstablishmentError> {
        let config = self.hub.shared().config();
        let mut found = Vec::new();
        let mut failure = RaceError::NoEndpoint;
        for remote in self.remotes() {
            remote.validate().map_err(EstablishmentError::Endpoint)?;
            let Some(port) = remote.port() else { continue };
            if let Some(address) = remote.address() {
                let _ = found.push(SocketAddr::new(address, port));
                continue;
            }
            let Some(name) = remote.host_name() else {
                continue;
            };
            for family in [Family::V6, Family::V4] {
                let limit = config.race.resolve_timeout;
                match self.network.resolve(path, name, family, limit).await {
                    Ok(addresses) => {
                        for address in addresses {
                            let _ = found.push(SocketAddr::new(address, port));
                        }
                    }
                    Err(error) => failure = failure.further(RaceError::Resolve(error)),
                }
            }
        }
        if found.is_empty() {
            return Err(EstablishmentError::Race(failure));
        }
        Ok(found)
    }

    /// A connection with one peer. `first` is the length of its first datagram,
    /// which is in hand already.
    async fn converse<U: UdpSocket>(
        &self,
        stack: StackId,
        path: PathId,
        peer: SocketAddr,
        hands: &mut Hands<'_, U>,
        first: Option<usize>,
    ) -> End {
        let link: &dyn ByteLink = self.link;
        let config = self.hub.shared().config();
        link.begin();
        self.begin(stack, path, Some(peer), None);
        link.open();
        let _told = Told(link);
        if let Some(data) = first.and_then(|length| hands.incoming.get(..length)) {
            deliver(link, data);
        }
        let Hands {
            socket,
            incoming,
            outgoing,
        } = hands;
        let mut answered = (0, time::now());
        let receive = async {
            loop {
                match socket.receive_from(incoming).await {
                    // It calls still: what this side said has not arrived.
                    Ok(found) if found.from == peer && found.length == 0 => {
                        let (count, last) = answered;
                        let is_meeting = self.order.duty == Duty::Rendezvous;
                        let now = time::now();
                        if is_meeting
                            && count < ANSWERS
                            && now.saturating_duration_since(last) >= CALL / 2
                        {
                            answered = (count + 1, now);
                            self.report(socket.send_to(&[], peer).await);
                        }
                    }
                    Ok(found) if found.from == peer => {
                        let data = incoming.get(..found.length);
                        deliver(link, data.unwrap_or_default());
                    }
                    Ok(_) | Err(DatagramError::TooLong) => {}
                    Err(error) => return of_error(error),
                }
            }
        };
        let send = async {
            loop {
                let length = match poll_fn(|cx| link.poll_datagram(cx, outgoing)).await {
                    Ok(length) => length,
                    Err(wish) => return of_wish(wish),
                };
                let data = outgoing.get(..length).unwrap_or_default();
                self.report(socket.send_to(data, peer).await);
            }
        };
        let end = match select3(receive, send, super::plain::aborted(link)).await {
            Either3::First(end) | Either3::Second(end) => end,
            Either3::Third(()) => End::Aborted,
        };
        if end == End::Closed {
            // The socket goes with the connection, and what is in it.
            let patience = Timer::after(time::duration(config.close_timeout));
            select3(socket.flushed(), patience, super::plain::aborted(link)).await;
        }
        link.end(end);
        end
    }

    /// Tells the application that a datagram was not sent.
    fn report(&self, sent: Result<(), DatagramError>) {
        if let Err(error) = sent {
            self.seat
                .with(|state| state.notify(ConnectionEvent::SoftError(error)));
        }
    }
}

/// A UDP socket and the datagrams in hand.
pub(super) struct Hands<'h, U> {
    pub(super) socket: &'h U,
    pub(super) incoming: &'h mut [u8],
    pub(super) outgoing: &'h mut [u8],
}

/// Queues a received datagram; one for which there is no room is lost, as any
/// datagram may be. An empty one is a call, or nothing at all.
pub(super) fn deliver(link: &dyn ByteLink, data: &[u8]) {
    if !data.is_empty() {
        let _ = link.put_datagram(data);
    }
}

/// What a wish of the application's makes of its connection.
pub(super) const fn of_wish(wish: Wish) -> End {
    match wish {
        Wish::Stay | Wish::Finish | Wish::Close => End::Closed,
        Wish::Abort => End::Aborted,
    }
}

/// What an error of a socket means for its connection.
const fn of_error(error: DatagramError) -> End {
    match error {
        DatagramError::Closed => End::PeerClosed,
        DatagramError::NotSecured => End::Handshake,
        DatagramError::NoRoute | DatagramError::TooLong => End::Reset,
    }
}

/// A UDP socket that is raced: to connect means to have a route.
struct Routed<'s, U>(&'s U);

impl<U: UdpSocket> TcpSocket for Routed<'_, U> {
    fn set_options(&self, _: &TcpOptions) {}

    async fn connect(&self, remote: SocketAddr, _: Duration) -> Result<(), ConnectError> {
        if self.0.has_route(remote) {
            Ok(())
        } else {
            Err(ConnectError::NoRoute)
        }
    }

    async fn accept(&self, _: u16) -> Result<(), ConnectError> {
        Err(ConnectError::Unusable)
    }

    async fn read(&self, _: &mut [u8]) -> Result<usize, StreamError> {
        Err(StreamError)
    }

    async fn write(&self, _: &[u8]) -> Result<usize, StreamError> {
        Err(StreamError)
    }

    async fn flushed(&self) {}

    fn close(&self) {}

    fn abort(&self) {}

    fn local(&self) -> Option<SocketAddr> {
        None
    }

    fn remote(&self) -> Option<SocketAddr> {
        None
    }
}
