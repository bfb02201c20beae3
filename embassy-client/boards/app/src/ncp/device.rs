//! Puts a device of NCP together: network stack, connections, node and
//! application.

use core::cell::{Cell, RefCell};
use core::pin::pin;

use embassy_futures::join::join3;
use embassy_net::{DhcpConfig, Stack, StackResources};
use embassy_net_driver::Driver;
use rand_core::CryptoRngCore;
use static_cell::{ConstStaticCell, StaticCell};
use wigwag_embassy::ncp::{
    self, ClientLink, ClientMemory, ClientRunner, Login, ServerLink, ServerMemory, ServerRunner,
    Time,
};
use wigwag_embassy::net::{EmbassyNetwork, Network as _, PathId, PathState, SoundLeases};
use wigwag_embassy::taps::{Disabled, TransportConfig};

use super::application::Application;
use super::node::Node;
use super::report::Report;
use super::words::Words;
use crate::device::{Board, Network};

/// Bytes of the largest packet from the server: a sweep of
/// [`MOST_POINTS`](super::words::MOST_POINTS), and what is around it.
pub(super) const ANSWER: usize = 4096 + 512;

/// Bytes of the largest packet from a client of the node, and of its answer.
pub(super) const QUESTION: usize = 2048;

/// Clients of the node at a time.
pub(super) const CLIENTS: usize = 2;

/// Connections to the server: one, and one that is still being closed.
const OUTGOING: usize = 2;
/// Connections of clients: those that are served, and those that wait.
const INCOMING: usize = CLIENTS + 2;

/// Bytes of packets that wait to be sent to the server.
const COMMANDS: usize = 512;
/// Requests that are outstanding at a time.
const REQUESTS: usize = 2;
/// Bytes of fields that came out of turn.
const KEPT: usize = 128;
/// Bytes between packets and socket.
const OUT: usize = 512;
/// Bytes of a socket, in each direction.
const SOCKET: usize = 1536;

/// The memory of the connections to the server.
type Outgoing =
    ClientMemory<'static, Disabled, OUTGOING, ANSWER, COMMANDS, REQUESTS, KEPT, OUT, SOCKET>;
type OutgoingRunner<R> = ClientRunner<
    'static,
    EmbassyNetwork<'static>,
    R,
    Disabled,
    OUTGOING,
    ANSWER,
    COMMANDS,
    OUT,
    SOCKET,
>;

/// The memory of the clients' connections.
type Incoming = ServerMemory<'static, INCOMING, QUESTION, QUESTION, REQUESTS, KEPT, OUT, SOCKET>;
type IncomingRunner<R> =
    ServerRunner<'static, EmbassyNetwork<'static>, R, INCOMING, QUESTION, QUESTION, OUT, SOCKET>;

pub(super) type Client = ncp::Ncp<'static, ClientLink<'static>, Disabled>;
pub(super) type Server = ncp::Ncp<'static, ServerLink<'static>, Disabled>;

/// Connections, DHCP and DNS.
const SOCKETS: usize = OUTGOING + INCOMING + 2;

/// A device whose parts wait to be run, each in a task of its own on the same
/// executor.
#[allow(missing_debug_implementations)] // embassy-net's runner has none.
pub struct Device<D: Driver, R> {
    /// Moves packets: `run` it.
    pub network: Network<D>,
    /// Keeps the connections going: [`run`](Connections::run) them.
    pub connections: Connections<R>,
    /// Answers the device's own clients: [`run`](Node::run) it.
    pub node: Node,
    /// Asks the server: [`run`](Application::run) it, or
    /// [`on_trial`](Application::on_trial).
    pub application: Application<R>,
}

/// All connections, in both directions.
#[allow(missing_debug_implementations)] // The runners have none.
pub struct Connections<R> {
    outgoing: OutgoingRunner<R>,
    incoming: IncomingRunner<R>,
    stack: Stack<'static>,
}

impl<R: CryptoRngCore> Connections<R> {
    /// Runs for ever.
    pub async fn run(&mut self) -> ! {
        // In one task: the stack has one waker for changes of its link, and two
        // tasks would keep waking each other over it.
        let link = tell_of_link(self.stack);
        // Each where it stays: joined by value, they would be copied together.
        let outgoing = pin!(self.outgoing.run());
        let incoming = pin!(self.incoming.run());
        match join3(outgoing, incoming, link).await.0 {}
    }
}

/// Says on the log when the link comes and goes, and which address the device
/// has got.
async fn tell_of_link(stack: Stack<'static>) -> ! {
    const PATH: PathId = PathId(0);

    let network = EmbassyNetwork::new(stack);
    let mut before = PathState::LinkDown;
    loop {
        let now = network.path_changed(PATH, before).await;
        if before == PathState::LinkDown {
            defmt::info!("link up");
        }
        match now {
            PathState::LinkDown => defmt::info!("link down"),
            PathState::NoAddress => {}
            PathState::Up => {
                if let Some(config) = stack.config_v4() {
                    defmt::info!("address {}", defmt::Display2Format(&config.address));
                }
            }
        }
        before = now;
    }
}

/// Puts the device together. It gets its address by DHCP.
///
/// `rng` must be a cryptographic generator seeded from hardware, of which clones
/// are as good; `now` is the time of day, which [`time`] makes of a board's.
///
/// # Panics
/// When it is called a second time: the memory of the device is static.
pub fn start<D: Driver, R: CryptoRngCore + Clone>(
    board: Board,
    driver: D,
    mut rng: R,
    words: Words<'static>,
    now: fn() -> Time,
) -> Device<D, R> {
    static RESOURCES: ConstStaticCell<StackResources<SOCKETS>> =
        ConstStaticCell::new(StackResources::new());
    static OUTGOING: ConstStaticCell<Outgoing> = ConstStaticCell::new(Outgoing::new());
    static INCOMING: ConstStaticCell<Incoming> = ConstStaticCell::new(Incoming::new());
    static GUARD: StaticCell<Login<'static>> = StaticCell::new();
    static REPORT: ConstStaticCell<RefCell<Report>> =
        ConstStaticCell::new(RefCell::new(Report::new()));

    static BUFFERS: ConstStaticCell<[RefCell<[u8; QUESTION]>; CLIENTS]> =
        ConstStaticCell::new([const { RefCell::new([0; QUESTION]) }; CLIENTS]);
    static THERE: ConstStaticCell<Cell<u32>> = ConstStaticCell::new(Cell::new(0));

    defmt::info!(
        "wigwag {=str} for NCP on {=str}, started by {=str}",
        env!("CARGO_PKG_VERSION"),
        board.name,
        board.reset.words()
    );
    let clients: &'static Cell<u32> = THERE.take();
    let guard = words.guard.map(|guard| &*GUARD.init(guard));
    let report: &'static RefCell<Report> = REPORT.take();
    let dhcp = embassy_net::Config::dhcpv4(DhcpConfig::default());
    let (stack, network) = embassy_net::new(
        SoundLeases::new(driver),
        dhcp,
        RESOURCES.take(),
        rng.next_u64(),
    );
    let on_stack = || EmbassyNetwork::new(stack);
    let config = TransportConfig::DEFAULT;
    let (client, outgoing) = ncp::new(OUTGOING.take(), on_stack(), rng.clone(), config);
    let (server, incoming) = ncp::new(INCOMING.take(), on_stack(), rng.clone(), config);
    Device {
        network,
        connections: Connections {
            outgoing,
            incoming,
            stack,
        },
        node: Node {
            ncp: server,
            guard,
            now,
            report,
            clients,
            buffers: BUFFERS.take(),
        },
        application: Application {
            ncp: client,
            rng,
            board,
            now,
            words,
            report,
            clients,
        },
    }
}

/// A board's time of day, of microseconds since 1970, as NCP says it. 1970 while
/// it is not known, and from 2106 on.
#[must_use]
pub fn time(unix_micros: Option<u64>) -> Time {
    let micros = unix_micros.unwrap_or(0);
    let secs = u32::try_from(micros / 1_000_000);
    let nanos = u32::try_from(micros % 1_000_000 * 1000);
    match (secs, nanos) {
        (Ok(secs), Ok(nanos)) => Time::new(secs, nanos).unwrap_or_default(),
        _ => Time::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_is_told_to_the_microsecond() {
        let told = time(Some(1_600_000_000_123_456));
        assert_eq!((told.secs(), told.nanos()), (1_600_000_000, 123_456_000));
        let last = u64::from(u32::MAX) * 1_000_000 + 999_999;
        assert_eq!(time(Some(last)).secs(), u32::MAX);
        for unknown in [None, Some(last + 1), Some(u64::MAX)] {
            assert_eq!(time(unknown), Time::default());
        }
    }
}
