//! One device's network on the host: the real embassy-net stack, a virtual
//! Ethernet link, and a gateway that gives DHCP and DNS and takes TCP
//! connections and UDP datagrams to wherever the [`Dial`] hook says. No
//! privileges are needed.
//!
//! The gateway is a smoltcp stack of its own that takes every address of IPv4
//! and IPv6 for its own. It holds each SYN until the hook has answered, so a
//! refused port is a true reset; resets and half closes pass in both
//! directions. Datagrams pass between a port of the device and a server until
//! there was none for two minutes; where the server is not there, the device
//! gets ICMP's port unreachable.
//!
//! The device has IPv4 by DHCP, and IPv6 if [`Families`] says so.
//!
//! ```
//! use embassy_net::dns::DnsQueryType;
//! use embassy_net::tcp::TcpSocket;
//! use std::net::Ipv4Addr;
//! use tokio::io::AsyncWriteExt;
//! use wigwag_harness::vnet::{VirtualNet, loopback};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! // A server of the host.
//! let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//! let port = server.local_addr().unwrap().port();
//! tokio::spawn(async move { server.accept().await.unwrap().0.write_all(b"hello").await });
//!
//! // A device that finds it by name.
//! let net = VirtualNet::new(loopback());
//! net.names().set("server.test", [Ipv4Addr::new(192, 0, 2, 1)]);
//! net.run(async |stack| {
//!     stack.wait_config_up().await;
//!     let found = stack.dns_query("server.test", DnsQueryType::A).await.unwrap();
//!     let (mut rx, mut tx) = ([0; 1024], [0; 1024]);
//!     let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
//!     socket.connect((found[0], port)).await.unwrap();
//!     let mut hello = [0; 5];
//!     assert_eq!(socket.read(&mut hello).await, Ok(5));
//!     assert_eq!(&hello, b"hello");
//! })
//! .await;
//! # });
//! ```
//!
//! A device that is another process, an emulator for example, comes to the same
//! gateway by its Ethernet frames: [`VirtualNet::carry_wire`].
//!
//! A device that listens is reached with [`VirtualNet::forward`].
//!
//! Two devices without a gateway, so that one can listen and the other connect,
//! are joined by a [`Cable`].
//!
//! A network belongs to one device and one thread. Many devices are many
//! networks; an idle one costs no processor time.

mod addressing;
mod associations;
mod cable;
mod datagram;
mod dhcp;
mod dial;
mod dns;
mod emit;
mod flow;
mod forward;
mod gateway;
mod joint;
mod lane;
mod link;
mod segment;
mod tasks;
mod wire;

pub use addressing::{Addressing, AddressingV6, Families};
pub use cable::{Cable, End};
pub use datagram::{DatagramEnd, HostDatagrams, PAIR_QUEUE, datagram_pair};
pub use dial::{Answer, Dial, Dialled, HostStream, always, loopback, with_datagrams};
pub use dns::Names;
pub use link::{Port, Received, Transmit};
pub use tasks::{Background, alongside};
pub use wire::{LONGEST_ANNOUNCED, WireCounts, WireError};

use crate::faults::{Direction, Faults};
use embassy_net::{Config, Runner, Stack, StackResources};
use gateway::Gateway;
use link::Link;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use wigwag_embassy::net::{FullChecksums, SoundLeases};

/// Sockets that the stack of [`VirtualNet::run`] has room for, those of DHCP
/// and DNS included.
pub const SOCKETS: usize = 16;

/// One device's network. See the [module](self).
pub struct VirtualNet {
    link: Rc<Link>,
    gateway: RefCell<Gateway>,
    addressing: Addressing,
    names: Names,
    faults: Faults,
    seed: u64,
    boots: Cell<u64>,
}

/// What a [`VirtualNet`] may be told before it is made.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The seed of all chances: the faults, ports and sequence numbers.
    pub seed: u64,
    /// The network's addresses.
    pub addressing: Addressing,
    /// The names that DNS knows. Give several networks clones of one table.
    pub names: Names,
    /// The script of accidents; new, with chances from the seed, unless one is
    /// given. Given, it can be written before there is a network.
    pub faults: Option<Faults>,
}

impl VirtualNet {
    /// A network with the default [`Options`].
    pub fn new(dial: impl Dial + 'static) -> Self {
        Self::with(Options::default(), dial)
    }

    /// A network.
    pub fn with(options: Options, dial: impl Dial + 'static) -> Self {
        let Options {
            seed,
            addressing,
            names,
            faults,
        } = options;
        let faults = faults.unwrap_or_else(|| Faults::seeded(seed));
        let link = Link::new(faults.clone());
        let gateway = Gateway::new(
            link.clone(),
            Rc::new(dial),
            names.clone(),
            addressing,
            faults.clone(),
            seed,
        );
        Self {
            addressing,
            link,
            gateway: RefCell::new(gateway),
            names,
            faults,
            seed,
            boots: Cell::new(0),
        }
    }

    /// The names that DNS knows.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The script of accidents.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How the device's stack is configured in [`VirtualNet::run`]: by
    /// [`Addressing::families`].
    #[must_use]
    pub fn config(&self) -> Config {
        self.addressing.config()
    }

    /// Boots the device, runs `app` on its stack to the end, and switches the
    /// device off.
    ///
    /// Dropping the future is a power failure: servers are told nothing. The
    /// gateway keeps their connections, and goes on with the next boot.
    pub async fn run<T>(&self, app: impl AsyncFnOnce(Stack<'_>) -> T) -> T {
        let mut resources = Box::new(StackResources::<SOCKETS>::new());
        let (stack, mut runner) = self.attach(&mut resources, self.config());
        let runner = async { runner.run().await };
        alongside(
            app(stack),
            vec![
                Box::pin(async { match runner.await {} }),
                Box::pin(self.carry()),
            ],
        )
        .await
    }

    /// Attaches a stack of the caller's making: with another number of
    /// sockets, another configuration, or run in another way. The caller runs
    /// the runner and [`VirtualNet::carry`], each under a waker of its own
    /// ([`alongside`]). What an earlier stack had under way on the link is
    /// lost.
    pub fn attach<'d, const N: usize>(
        &self,
        resources: &'d mut StackResources<N>,
        config: Config,
    ) -> (Stack<'d>, Runner<'d, FullChecksums<SoundLeases<Port>>>) {
        self.link.clear();
        let boot = self.boots.get();
        self.boots.set(boot + 1);
        let port = Port {
            link: self.link.clone(),
            address: [2, 0, 0, 0, 1, 0],
            sends: Direction::ToServer,
        };
        // Another boot, other ports and sequence numbers.
        let seed = self
            .seed
            .wrapping_add(boot)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let driver = FullChecksums::new(SoundLeases::new(port));
        embassy_net::new(driver, config, resources, seed)
    }

    /// Runs the gateway, for as long as it is polled.
    pub async fn carry(&self) -> Infallible {
        poll_fn(|cx| {
            self.gateway.borrow_mut().poll(cx);
            Poll::<Infallible>::Pending
        })
        .await
    }
}
