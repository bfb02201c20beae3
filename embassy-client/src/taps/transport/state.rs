//! What is known of one connection.

use core::net::{IpAddr, SocketAddr};

use embassy_sync::waitqueue::MultiWakerRegistration;
use wigwag_codec::Instant;
use wigwag_codec::framer::{Framer, Receiver};

use super::super::endpoint::{LocalEndpoint, RemoteEndpoint};
use super::super::group::Share;
use super::super::paths::PathPlan;
use super::super::planner::Plan;
use super::super::property::TransportProperties;
use super::super::race::KnownGood;
use super::super::stack::StackId;
use super::backlog::Caller;
use super::error::{ConnectionError, EstablishmentError};
use super::memory::AROUND;
use crate::net::{DatagramError, PathId, PathState};

/// Most local or remote endpoints of a preconnection.
pub const MAX_ENDPOINTS: usize = 4;

/// How many events wait for an application that does not look.
const EVENTS: usize = 4;

/// Where a slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Free,
    Establishing,
    Established,
    Closing,
    Closed,
}

/// How far the transport below, and the framer on it, have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing is connected.
    Idle,
    /// The transport below is coming up, or TLS on it.
    Opening,
    /// The framer talks with its peer, up to a time.
    Handshake(Instant),
    /// Messages can be sent and received.
    Ready,
    /// The framer has said its last words.
    Stopped,
}

/// What a slot is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// Connects to a remote endpoint.
    Initiate,
    /// Waits for one connection over a stream.
    Accept,
    /// Has the UDP socket of a listener.
    Gate,
    /// A peer of a [`Gate`](Self::Gate), in this slot.
    Guest(u8),
    /// Meets its peer, both at once.
    Rendezvous,
}

/// Where a connection of the same preconnection or group was good before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Good {
    pub(super) stack: StackId,
    pub(super) path: PathId,
    pub(super) known: KnownGood,
}

/// What was asked for.
#[derive(Clone)]
pub(super) struct Order<'a, F, S> {
    pub(super) duty: Duty,
    pub(super) remotes: [Option<RemoteEndpoint<'a>>; MAX_ENDPOINTS],
    pub(super) local: Option<LocalEndpoint<'a>>,
    pub(super) security: S,
    pub(super) framer: F,
    pub(super) transport: TransportProperties,
    pub(super) stacks: Plan,
    pub(super) paths: PathPlan,
    pub(super) good: Option<Good>,
    /// When it is given up.
    pub(super) deadline: Instant,
}

/// Something that happened to a connection and did not end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConnectionEvent {
    /// The path that the connection uses has changed (the PathChange event of
    /// RFC 9622 section 8.3.2): it went down, came back, or lost its address.
    PathChange(PathState),
    /// A datagram was not sent (the SoftError event of section 8.3.1). Of TCP
    /// there are none: neither smoltcp nor the standard library passes ICMP
    /// errors on.
    SoftError(DatagramError),
}

/// The framer and what it is in the middle of.
pub(super) struct Talk<F: Framer> {
    pub(super) framer: Option<F>,
    pub(super) receiver: Receiver<F::Meta>,
    /// How many received bytes were there at the last look.
    pub(super) seen: usize,
    /// How many of them the application has looked at and found to be too few.
    pub(super) wanting: usize,
    /// Something was received or sent, or the connection has begun: the framer's
    /// clock is to be looked at.
    pub(super) stirred: bool,
    /// When to look at it again.
    pub(super) alarm: Option<Instant>,
    /// What follows the message whose parts are leaving.
    pub(super) tail: [u8; AROUND],
    pub(super) tail_length: u8,
    /// How many bytes of the first datagram were taken.
    pub(super) taken: usize,
    /// The message that ends with the stream was received to its end.
    pub(super) is_over: bool,
}

/// One slot.
pub(super) struct State<'a, F: Framer, S> {
    pub(super) stage: Stage,
    pub(super) step: Step,
    /// Somebody has a handle.
    pub(super) is_held: bool,
    /// The runner has it in hand.
    pub(super) is_running: bool,
    pub(super) order: Option<Order<'a, F, S>>,
    /// The listener that it waits for.
    pub(super) listener: Option<u32>,
    /// Who has come to it, if it is one of a listener's.
    pub(super) caller: Option<Caller>,
    /// When that one was cut off to make room for others.
    pub(super) cut: Option<Instant>,
    pub(super) talk: Talk<F>,
    pub(super) group: u8,
    pub(super) priority: u32,
    pub(super) share: Share,
    pub(super) stack: Option<StackId>,
    pub(super) path: Option<PathId>,
    pub(super) local: Option<SocketAddr>,
    pub(super) remote: Option<SocketAddr>,
    /// When a close in good order is given up.
    pub(super) close_by: Option<Instant>,
    /// Where the candidate in hand is: good, if it becomes ready.
    pub(super) candidate: Option<Good>,
    /// The application wants it cut off.
    pub(super) is_aborted: bool,
    /// Why the candidate in hand is given up.
    pub(super) rejected: Option<EstablishmentError>,
    /// Why it did not come up at all.
    pub(super) failed: Option<EstablishmentError>,
    /// Why it was lost.
    pub(super) lost: Option<ConnectionError>,
    /// Data was received.
    pub(super) is_heard: bool,
    /// The socket does not know all options yet.
    pub(super) is_changed: bool,
    pub(super) events: [Option<ConnectionEvent>; EVENTS],
    pub(super) users: MultiWakerRegistration<4>,
}

impl<F: Framer> Talk<F> {
    const NEW: Self = Self {
        framer: None,
        receiver: Receiver::new(),
        seen: 0,
        wanting: 0,
        stirred: true,
        alarm: None,
        tail: [0; AROUND],
        tail_length: 0,
        taken: 0,
        is_over: false,
    };

    /// Begins anew with `framer`.
    pub(super) fn begin(&mut self, framer: F) {
        *self = Self::NEW;
        self.framer = Some(framer);
    }
}

impl<F: Framer, S> State<'_, F, S> {
    pub(super) const FREE: Self = Self {
        stage: Stage::Free,
        step: Step::Idle,
        is_held: false,
        is_running: false,
        order: None,
        listener: None,
        caller: None,
        cut: None,
        talk: Talk::NEW,
        group: 0,
        priority: 100,
        share: Share::NONE,
        stack: None,
        path: None,
        local: None,
        remote: None,
        close_by: None,
        candidate: None,
        is_aborted: false,
        rejected: None,
        failed: None,
        lost: None,
        is_heard: false,
        is_changed: false,
        events: [None; EVENTS],
        users: MultiWakerRegistration::new(),
    };

    /// Adds an event; the oldest goes when there are too many.
    pub(super) fn notify(&mut self, event: ConnectionEvent) {
        if self.events.iter().all(Option::is_some) {
            self.events.rotate_left(1);
            if let Some(last) = self.events.last_mut() {
                *last = None;
            }
        }
        if let Some(place) = self.events.iter_mut().find(|place| place.is_none()) {
            *place = Some(event);
        }
        self.users.wake();
    }

    /// The oldest event.
    pub(super) fn take_event(&mut self) -> Option<ConnectionEvent> {
        let event = self.events.first_mut()?.take()?;
        self.events.rotate_left(1);
        Some(event)
    }

    /// The transport below is connected, or about to be.
    pub(super) fn attach(&mut self, stack: StackId, path: PathId, remote: Option<SocketAddr>) {
        self.stack = Some(stack);
        self.path = Some(path);
        self.remote = remote;
        self.local = None;
        self.step = Step::Opening;
        self.rejected = None;
        self.is_heard = false;
    }

    pub(super) fn is_datagram(&self) -> bool {
        self.stack.is_some_and(is_datagram)
    }

    /// Whether something of the application's still has to leave or to be cut
    /// off.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.stage, Stage::Established | Stage::Closing)
    }
}

/// Whether messages are datagrams on it.
pub(super) const fn is_datagram(stack: StackId) -> bool {
    matches!(stack, StackId::Udp | StackId::Dtls)
}

/// The bytes that a datagram's headers take of a packet.
pub(super) const fn overhead(remote: Option<SocketAddr>) -> usize {
    match remote {
        Some(remote) => match remote.ip() {
            IpAddr::V4(_) => 20 + 8,
            IpAddr::V6(_) => 40 + 8,
        },
        None => 40 + 8,
    }
}
