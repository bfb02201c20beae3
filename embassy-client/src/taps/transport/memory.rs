//! The memory of a transport, and how its parts find each other in it.

use core::cell::{Cell, OnceCell, RefCell};

use embassy_net::udp::PacketMetadata;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::waitqueue::WakerRegistration;
use wigwag_codec::framer::Framer;

use super::super::group::Group;
use super::super::property::ConnectionProperties;
use super::super::queue::{Queue, SendQueue};
use super::super::security::{Disabled, Security};
use super::config::TransportConfig;
use super::state::{Stage, State};
use crate::tls::{ByteLink, Credentials, Link, MIN_RECEIVE, MIN_SEND};

/// Most bytes of head and tail that a framer may put around a message here.
pub(super) const AROUND: usize = 64;

/// Most bytes that a framer may say by itself at once here.
pub(super) const SAYS: usize = 256;

/// How many datagrams can wait in a UDP socket, in each direction.
const DATAGRAMS: usize = 4;

/// All that a transport needs besides its network: one slot for each connection
/// that there can be at a time. One that is coming up takes a slot, and so does
/// a socket that waits for a connection.
///
/// | parameter | what it is |
/// |---|---|
/// | `F` | the framer of its connections: [`Passthrough`](wigwag_codec::framer::Passthrough) for none |
/// | `S` | [`Disabled`], or [`SecurityParameters`](super::super::SecurityParameters) for TLS |
/// | `SLOTS` | how many connections, 1 to 32 |
/// | `MESSAGES`, `BYTES` | how many messages can wait to be sent on each, and how many bytes they have together |
/// | `IN` | received bytes that can wait on each. A message that is to be received whole has to fit, with what its framer puts around it; a datagram, with two bytes more |
/// | `OUT` | bytes on their way from the messages to the socket: once there, priorities and lifetimes are of no more use. A datagram has to fit with two bytes more |
/// | `SOCKET` | bytes of a TCP socket in each direction. A UDP socket uses half of them: a datagram has up to `SOCKET / 2` bytes |
/// | `RACE` | how many addresses may be connected to at once, 1 or 2: each has a socket |
/// | `RECORD_IN`, `RECORD_OUT` | the TLS records, as in [`tls::Buffers`](crate::tls::Buffers); 0 with [`Disabled`] |
///
/// ```
/// use wigwag_codec::prefix::PrefixFramer;
/// use wigwag_embassy::taps::TransportMemory;
///
/// // Two connections in the clear.
/// type Memory = TransportMemory<'static, PrefixFramer>;
/// const _: () = assert!(Memory::STATIC_RAM < 22_000);
/// let memory: Memory = Memory::new();
/// # let _ = memory;
/// ```
///
/// Put it into a `ConstStaticCell`: a `StaticCell` would build it on the stack
/// first.
pub struct TransportMemory<
    'a,
    F: Framer,
    S = Disabled,
    const SLOTS: usize = 2,
    const MESSAGES: usize = 8,
    const BYTES: usize = 1024,
    const IN: usize = 1536,
    const OUT: usize = 512,
    const SOCKET: usize = 2048,
    const RACE: usize = 1,
    const RECORD_IN: usize = 0,
    const RECORD_OUT: usize = 0,
> {
    shared: Shared<'a>,
    // Filled in by `begin`, and until then zeros: see there.
    states: [OnceCell<RefCell<State<'a, F, S>>>; SLOTS],
    groups: [OnceCell<Cell<GroupState>>; SLOTS],
    queues: [OnceCell<RefCell<SendQueue<MESSAGES, BYTES, F::Meta>>>; SLOTS],
    pub(super) links: [Link<NoopRawMutex, IN, OUT>; SLOTS],
    pub(super) buffers: [RefCell<SocketMemory<SOCKET, RACE, RECORD_IN, RECORD_OUT>>; SLOTS],
}

/// The memory of the sockets of one slot.
pub(super) struct SocketMemory<
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
> {
    /// For each attempt: to receive, to send.
    pub(super) sockets: [[[u8; SOCKET]; 2]; RACE],
    pub(super) datagrams: Option<Cell<Metadata>>,
    pub(super) record_in: [u8; RECORD_IN],
    pub(super) record_out: [u8; RECORD_OUT],
}

/// Of the datagrams that wait: received, to be sent.
type Metadata = [[PacketMetadata; DATAGRAMS]; 2];

/// The same, filled in when it is needed: it does not begin as zeros.
pub(super) fn metadata(place: &mut Option<Cell<Metadata>>) -> &mut Metadata {
    let empty = || Cell::new([[PacketMetadata::EMPTY; DATAGRAMS]; 2]);
    place.get_or_insert_with(empty).get_mut()
}

/// What a group of connections shares.
#[derive(Clone, Copy)]
pub(super) struct GroupState {
    pub(super) properties: ConnectionProperties,
    pub(super) turn: Group,
}

/// What all connections of a transport share.
pub(super) struct Shared<'a> {
    config: OnceCell<Cell<TransportConfig<'a>>>,
    /// The runner's task.
    runner: RefCell<WakerRegistration>,
    /// Whoever waits for a free slot or an accepted connection.
    waiting: RefCell<embassy_sync::waitqueue::MultiWakerRegistration<4>>,
    /// The number that the next listener gets.
    listeners: Cell<u32>,
    /// Which of two identities is shown next.
    pub(super) credentials: Cell<Credentials>,
}

impl<'a> Shared<'a> {
    pub(super) fn config(&self) -> TransportConfig<'a> {
        self.config
            .get()
            .map_or(TransportConfig::DEFAULT, Cell::get)
    }

    pub(super) fn wake_runner(&self) {
        self.runner.borrow_mut().wake();
    }

    pub(super) fn register_runner(&self, waker: &core::task::Waker) {
        self.runner.borrow_mut().register(waker);
    }

    pub(super) fn wake_waiting(&self) {
        self.waiting.borrow_mut().wake();
    }

    pub(super) fn register_waiting(&self, waker: &core::task::Waker) {
        self.waiting.borrow_mut().register(waker);
    }

    pub(super) fn next_listener(&self) -> u32 {
        let number = self.listeners.get().wrapping_add(1);
        self.listeners.set(number);
        number
    }
}

/// Everything of one slot but its socket.
pub(super) struct Seat<'h, 'a, F: Framer, S> {
    pub(super) index: usize,
    pub(super) state: &'h RefCell<State<'a, F, S>>,
    pub(super) queue: &'h RefCell<dyn AnyQueue<F::Meta> + 'h>,
    pub(super) link: &'h dyn ByteLink,
}

impl<F: Framer, S> Clone for Seat<'_, '_, F, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Framer, S> Copy for Seat<'_, '_, F, S> {}

impl<'a, F: Framer, S> Seat<'_, 'a, F, S> {
    /// Looks at its state.
    pub(super) fn with<T>(&self, f: impl FnOnce(&mut State<'a, F, S>) -> T) -> T {
        f(&mut self.state.borrow_mut())
    }

    /// Looks at its messages.
    pub(super) fn with_queue<T>(&self, f: impl FnOnce(&mut Queue<'_, F::Meta>) -> T) -> T {
        f(&mut self.queue.borrow_mut().queue())
    }

    pub(super) fn stage(&self) -> Stage {
        self.with(|state| state.stage)
    }

    /// The application may want to know what has changed.
    pub(super) fn wake_users(&self) {
        self.with(|state| state.users.wake());
    }
}

/// A [`SendQueue`] of any size.
pub(super) trait AnyQueue<X> {
    fn queue(&mut self) -> Queue<'_, X>;
}

impl<const MESSAGES: usize, const BYTES: usize, X: Copy> AnyQueue<X>
    for SendQueue<MESSAGES, BYTES, X>
{
    fn queue(&mut self) -> Queue<'_, X> {
        self.queue()
    }
}

/// A [`TransportMemory`] of any size, as handles see it.
pub(super) trait Hub<'a, F: Framer, S> {
    fn shared(&self) -> &Shared<'a>;
    fn slots(&self) -> usize;
    fn seat(&self, index: usize) -> Option<Seat<'_, 'a, F, S>>;
    fn group(&self, index: usize) -> Option<&Cell<GroupState>>;
    /// The most bytes of a datagram that the socket can take.
    fn datagram_limit(&self) -> usize;
}

impl<'a, 'h, F: Framer, S> dyn Hub<'a, F, S> + 'h {
    /// All slots.
    pub(super) fn seats(&self) -> impl Iterator<Item = Seat<'_, 'a, F, S>> {
        (0..self.slots()).filter_map(|index| self.seat(index))
    }

    /// The members of a group that are not over.
    pub(super) fn members(&self, group: u8) -> impl Iterator<Item = Seat<'_, 'a, F, S>> {
        self.seats().filter(move |seat| {
            seat.with(|state| state.stage != Stage::Free && state.group == group)
        })
    }
}

impl<
    'a,
    F: Framer,
    S,
    const SLOTS: usize,
    const MESSAGES: usize,
    const BYTES: usize,
    const IN: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
> Hub<'a, F, S>
    for TransportMemory<
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
    >
{
    fn shared(&self) -> &Shared<'a> {
        &self.shared
    }

    fn slots(&self) -> usize {
        SLOTS
    }

    fn seat(&self, index: usize) -> Option<Seat<'_, 'a, F, S>> {
        Some(Seat {
            index,
            state: self.states.get(index)?.get()?,
            queue: self.queues.get(index)?.get()?,
            link: self.links.get(index)?,
        })
    }

    fn group(&self, index: usize) -> Option<&Cell<GroupState>> {
        self.groups.get(index)?.get()
    }

    fn datagram_limit(&self) -> usize {
        SOCKET / 2
    }
}

impl<
    'a,
    F: Framer,
    S: Security,
    const SLOTS: usize,
    const MESSAGES: usize,
    const BYTES: usize,
    const IN: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
> TransportMemory<'a, F, S, SLOTS, MESSAGES, BYTES, IN, OUT, SOCKET, RACE, RECORD_IN, RECORD_OUT>
{
    /// Bytes of static memory that it takes. What comes on top is the future of
    /// [`Runner::run`](super::Runner::run), in its task.
    pub const STATIC_RAM: usize = size_of::<Self>();

    /// Free slots.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(SLOTS >= 1 && SLOTS <= 32, "a transport has 1 to 32 slots");
            assert!(RACE == 1 || RACE == 2, "RACE is 1 or 2");
            assert!(
                F::HEAD + F::TAIL <= AROUND,
                "the framer puts more than 64 bytes around a message"
            );
            assert!(
                F::OUT <= SAYS && F::OUT <= OUT,
                "the framer says more at once than OUT or 256 bytes"
            );
            assert!(
                F::HEAD + F::TAIL < OUT && F::HEAD < IN,
                "what the framer puts around a message does not fit IN or OUT"
            );
            assert!(SOCKET >= 128, "SOCKET is too small to be useful");
            assert!(
                !S::SECURE || RECORD_IN >= MIN_RECEIVE,
                "RECORD_IN is too small for any handshake"
            );
            assert!(
                !S::SECURE || RECORD_OUT >= MIN_SEND,
                "RECORD_OUT is too small for any handshake"
            );
        };
        Self {
            shared: Shared {
                config: OnceCell::new(),
                runner: RefCell::new(WakerRegistration::new()),
                waiting: RefCell::new(embassy_sync::waitqueue::MultiWakerRegistration::new()),
                listeners: Cell::new(0),
                credentials: Cell::new(Credentials::new(false)),
            },
            states: [const { OnceCell::new() }; SLOTS],
            groups: [const { OnceCell::new() }; SLOTS],
            queues: [const { OnceCell::new() }; SLOTS],
            links: [const { Link::new() }; SLOTS],
            buffers: [const { RefCell::new(SocketMemory::NEW) }; SLOTS],
        }
    }

    /// Fills in what does not begin as zeros. A static whose bytes are not all
    /// zeros has all of them in flash as well, the buffers among them; so until
    /// here everything is, and a `Cell` keeps the compiler from marking an
    /// absent value by anything else than a zero.
    pub(super) fn begin(&self, config: TransportConfig<'a>) {
        let cell = self.shared.config.get_or_init(|| Cell::new(config));
        cell.set(config);
        for state in &self.states {
            state.get_or_init(|| RefCell::new(State::FREE));
        }
        for group in &self.groups {
            group.get_or_init(|| Cell::new(GroupState::NEW));
        }
        for queue in &self.queues {
            queue.get_or_init(|| RefCell::new(SendQueue::new()));
        }
    }
}

impl<
    F: Framer,
    S: Security,
    const SLOTS: usize,
    const MESSAGES: usize,
    const BYTES: usize,
    const IN: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
> Default
    for TransportMemory<
        '_,
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
    >
{
    fn default() -> Self {
        Self::new()
    }
}

impl GroupState {
    pub(super) const NEW: Self = Self {
        properties: ConnectionProperties::DEFAULT,
        turn: Group::NEW,
    };
}

impl<const SOCKET: usize, const RACE: usize, const RECORD_IN: usize, const RECORD_OUT: usize>
    SocketMemory<SOCKET, RACE, RECORD_IN, RECORD_OUT>
{
    const NEW: Self = Self {
        sockets: [[[0; SOCKET]; 2]; RACE],
        datagrams: None,
        record_in: [0; RECORD_IN],
        record_out: [0; RECORD_OUT],
    };
}
