//! The memory of NCP's connections.

use core::cell::{OnceCell, RefCell};

use rand_core::CryptoRngCore;
use wigwag_codec::framer::Framer;

use super::client::TIMEOUT;
use super::runner::Runner;
use super::seat::{AnySeat, Seat};
use crate::net::Network;
use crate::taps::{self, Disabled, Security, Transport, TransportConfig, TransportMemory};

/// How many packets can wait to be sent on each connection.
pub(super) const MESSAGES: usize = 8;

/// All that NCP needs besides its network: one slot for each connection that
/// there can be at a time. A [`Server`](super::Server) takes two more, where its
/// next clients wait, and a client that connects again while the old connection
/// still closes takes one more.
///
/// | parameter | what it is |
/// |---|---|
/// | `F` | [`ClientLink`](wigwag_codec::ncp::link::ClientLink) or [`ServerLink`](wigwag_codec::ncp::link::ServerLink): see [`ClientMemory`](super::ClientMemory), [`ServerMemory`](super::ServerMemory) |
/// | `S` | [`Disabled`], or [`SecurityParameters`](crate::taps::SecurityParameters) for TLS |
/// | `SLOTS` | how many connections, 1 to 32 |
/// | `PACKET` | the most bytes of a packet that is received |
/// | `SEND` | the most bytes of a packet that is sent, and of all that wait to be sent on a connection |
/// | `REQUESTS` | how many fields of requests can be outstanding on a connection |
/// | `KEPT` | bytes on each for fields that came out of turn, each with 28 more than on the wire |
/// | `OUT`, `SOCKET`, `RACE`, `RECORD_IN`, `RECORD_OUT` | as of [`TransportMemory`] |
///
/// ```
/// use wigwag_embassy::ncp::{ClientMemory, ServerMemory};
///
/// // One connection at a time, and one that still closes.
/// const _: () = assert!(<ClientMemory>::STATIC_RAM < 28_000);
/// // Two clients at a time.
/// const _: () = assert!(<ServerMemory>::STATIC_RAM < 53_000);
/// ```
///
/// Put it into a `ConstStaticCell`: a `StaticCell` would build it on the stack
/// first. With TLS it has to be a `StaticCell` all the same, as a key need not be
/// `Sync`: the task that builds it needs the stack for that. A `RECORD_IN` of
/// 16,401 takes any record of a server; what `RECORD_OUT` needs grows with the
/// device's own certificate, and 2,048 do without one: see
/// [`tls::Buffers`](crate::tls::Buffers).
///
/// ```
/// use static_cell::ConstStaticCell;
/// use wigwag_embassy::ncp::{ClientMemory, ServerMemory};
///
/// static CLIENT: ConstStaticCell<ClientMemory<'static>> =
///     ConstStaticCell::new(ClientMemory::new());
/// static SERVER: ConstStaticCell<ServerMemory<'static>> =
///     ConstStaticCell::new(ServerMemory::new());
/// ```
pub struct Memory<
    'a,
    F: Framer,
    S = Disabled,
    const SLOTS: usize = 2,
    const PACKET: usize = 2048,
    const SEND: usize = 1024,
    const REQUESTS: usize = 8,
    const KEPT: usize = 512,
    const OUT: usize = 512,
    const SOCKET: usize = 2048,
    const RACE: usize = 1,
    const RECORD_IN: usize = 0,
    const RECORD_OUT: usize = 0,
> {
    transport: TransportMemory<
        'a,
        F,
        S,
        SLOTS,
        MESSAGES,
        SEND,
        PACKET,
        OUT,
        SOCKET,
        RACE,
        RECORD_IN,
        RECORD_OUT,
    >,
    desks: Desks<SLOTS, PACKET, SEND, REQUESTS, KEPT>,
}

/// The part of it that is NCP's own.
struct Desks<
    const SLOTS: usize,
    const PACKET: usize,
    const SEND: usize,
    const REQUESTS: usize,
    const KEPT: usize,
> {
    /// Filled in by [`new`], and until then zeros, as the transport's.
    seats: [OnceCell<RefCell<Seat<REQUESTS, KEPT>>>; SLOTS],
    /// Where packets are put together.
    scratch: RefCell<[u8; SEND]>,
}

/// The same of any size.
pub(super) trait AnyDesks {
    fn seat(&self, slot: usize) -> Option<&RefCell<dyn AnySeat + '_>>;
    fn scratch(&self) -> &RefCell<[u8]>;
    /// The most bytes of a packet that can be received.
    fn packet(&self) -> usize;
}

impl<
    const SLOTS: usize,
    const PACKET: usize,
    const SEND: usize,
    const REQUESTS: usize,
    const KEPT: usize,
> AnyDesks for Desks<SLOTS, PACKET, SEND, REQUESTS, KEPT>
{
    fn seat(&self, slot: usize) -> Option<&RefCell<dyn AnySeat + '_>> {
        let seat: &RefCell<Seat<REQUESTS, KEPT>> = self.seats.get(slot)?.get()?;
        Some(seat)
    }

    fn scratch(&self) -> &RefCell<[u8]> {
        &self.scratch
    }

    fn packet(&self) -> usize {
        PACKET
    }
}

/// NCP on a network: clients and servers make their connections with it. Copies
/// share the same memory.
pub struct Ncp<'a, F: Framer, S> {
    pub(super) transport: Transport<'a, F, S>,
    pub(super) desks: &'a dyn AnyDesks,
}

impl<F: Framer, S> Clone for Ncp<'_, F, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Framer, S> Copy for Ncp<'_, F, S> {}

impl<F: Framer, S> Ncp<'_, F, S> {
    /// How many connections there can still be.
    #[must_use]
    pub fn free_slots(&self) -> usize {
        self.transport.free_slots()
    }
}

impl<
    F: Framer,
    S: Security,
    const SLOTS: usize,
    const PACKET: usize,
    const SEND: usize,
    const REQUESTS: usize,
    const KEPT: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
> Memory<'_, F, S, SLOTS, PACKET, SEND, REQUESTS, KEPT, OUT, SOCKET, RACE, RECORD_IN, RECORD_OUT>
{
    /// Bytes of static memory that it takes. What comes on top is the future of
    /// [`Runner::run`], in its task.
    pub const STATIC_RAM: usize = size_of::<Self>();

    /// Free slots.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(
                PACKET >= wigwag_codec::ncp::link::MAX_HANDSHAKE_PACKET,
                "PACKET is too small for a handshake"
            );
            assert!(
                SEND >= 256,
                "SEND is too small for what a server has to say"
            );
        };
        Self {
            transport: TransportMemory::new(),
            desks: Desks {
                seats: [const { OnceCell::new() }; SLOTS],
                scratch: RefCell::new([0; SEND]),
            },
        }
    }
}

impl<
    F: Framer,
    S: Security,
    const SLOTS: usize,
    const PACKET: usize,
    const SEND: usize,
    const REQUESTS: usize,
    const KEPT: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
> Default
    for Memory<
        '_,
        F,
        S,
        SLOTS,
        PACKET,
        SEND,
        REQUESTS,
        KEPT,
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

/// The times of ncplib: 60 s until what is to be sent has to be taken, and for
/// closing. For the rest [`TransportConfig::DEFAULT`].
pub const CONFIG: TransportConfig<'static> = TransportConfig {
    write_timeout: TIMEOUT,
    close_timeout: TIMEOUT,
    ..TransportConfig::DEFAULT
};

/// NCP in `memory`, on `network`. `rng` is what TLS needs, and not used without
/// it. `config` says how addresses are raced and the like: [`CONFIG`] where nothing
/// else is wanted. Its [`framer_timeout`](TransportConfig::framer_timeout) is not
/// used, as clients and servers have one of their own.
///
/// The runner has to be run, in a task of its own, for anything to happen.
#[allow(clippy::type_complexity)] // The runner is of this very memory.
pub fn new<
    'a,
    F: Framer + Clone,
    S: Security,
    N: Network,
    R: CryptoRngCore,
    const SLOTS: usize,
    const PACKET: usize,
    const SEND: usize,
    const REQUESTS: usize,
    const KEPT: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
>(
    memory: &'a mut Memory<
        'a,
        F,
        S,
        SLOTS,
        PACKET,
        SEND,
        REQUESTS,
        KEPT,
        OUT,
        SOCKET,
        RACE,
        RECORD_IN,
        RECORD_OUT,
    >,
    network: N,
    rng: R,
    config: TransportConfig<'a>,
) -> (
    Ncp<'a, F, S>,
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
            SEND,
            PACKET,
            OUT,
            SOCKET,
            RACE,
            RECORD_IN,
            RECORD_OUT,
        >,
        N,
        R,
    >,
) {
    let Memory { transport, desks } = memory;
    for seat in &desks.seats {
        seat.get_or_init(|| RefCell::new(Seat::new()));
    }
    let config = TransportConfig {
        framer_timeout: core::time::Duration::MAX,
        ..config
    };
    let (transport, runner) = taps::new(transport, network, rng, config);
    let ncp = Ncp { transport, desks };
    (ncp, Runner::new(runner, ncp))
}
