//! The network a device is on, as this crate wants to see it.
//!
//! [`Network`] stands between the clients and a TCP/IP stack: several paths
//! (interfaces), TCP and UDP, name resolution, and the options that matter on
//! small devices. Sockets work through `&self`, so that one future can read
//! while another writes. [`EmbassyNetwork`] is its form on embassy-net.
//!
//! Futures of a network are not `Send`: embassy's stack is not either.

mod embassy;
mod socket;

use core::net::IpAddr;
use core::time::Duration;

pub use embassy::{
    CheckedFrame, EmbassyNetwork, EmbassyTcp, EmbassyUdp, EmbassyUdpBuffers, FullChecksums,
    MendedFrame, SoundLeases,
};
pub(crate) use socket::StreamIo;
pub use socket::{
    BindError, ConnectError, Datagram, DatagramError, SocketOption, StreamError, TcpBuffers,
    TcpOptions, TcpSocket, UdpSocket,
};

/// Most addresses one resolution returns.
pub const MAX_ADDRESSES: usize = 4;

/// The addresses of a name.
pub type Addresses = heapless::Vec<IpAddr, MAX_ADDRESSES>;

/// One of a network's paths: its index, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PathId(pub u8);

/// Whether a path can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PathState {
    /// No cable, no radio.
    LinkDown,
    /// The link is there, an address is not (DHCP has not answered).
    NoAddress,
    /// Ready.
    Up,
}

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Family {
    /// IPv4: A records.
    V4,
    /// IPv6: AAAA records.
    V6,
}

impl Family {
    /// How many families addresses are asked for: an image without IPv6 has no
    /// use for AAAA records. (The tests of this crate want both in any case.)
    pub(crate) const COUNT: usize = if cfg!(any(feature = "ipv6", test)) {
        2
    } else {
        1
    };

    /// The family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }
}

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ResolveError {
    /// It is not a valid name.
    InvalidName,
    /// No server answered, or the answer was an error.
    Failed,
    /// There was no answer in time.
    TimedOut,
    /// The name exists without an address of this family.
    NoAddress,
    /// The network has no such path, or the stack was built without this
    /// address family.
    Unsupported,
}

impl core::fmt::Display for ResolveError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::InvalidName => "not a valid host name",
            Self::Failed => "the name could not be resolved",
            Self::TimedOut => "no name server answered in time",
            Self::NoAddress => "the name has no address of this family",
            Self::Unsupported => "this network cannot resolve such addresses",
        })
    }
}

impl core::error::Error for ResolveError {}

/// The path does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoSuchPath;

impl core::fmt::Display for NoSuchPath {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the network has no such path")
    }
}

impl core::error::Error for NoSuchPath {}

/// A network of one or several paths.
#[allow(async_fn_in_trait)] // Not Send on purpose: see the module's text.
pub trait Network {
    /// A TCP socket and the memory it borrows.
    type Tcp<'a>: TcpSocket
    where
        Self: 'a;
    /// A UDP socket and the memory it borrows.
    type Udp<'a>: UdpSocket
    where
        Self: 'a;
    /// The memory of a UDP socket.
    type UdpBuffers<'a>
    where
        Self: 'a;

    /// How many paths there are; at least one.
    fn paths(&self) -> u8 {
        1
    }

    /// Whether an option that not every network has acts on this one. It does
    /// not on embassy-net.
    fn applies(&self, option: SocketOption) -> bool {
        let _ = option;
        false
    }

    /// Whether `path` can be used now.
    fn path_state(&self, path: PathId) -> PathState;

    /// Waits until the state of `path` is another one than `from` and returns
    /// it. A path that does not exist never changes.
    async fn path_changed(&self, path: PathId, from: PathState) -> PathState;

    /// Asks the name servers of `path` for the addresses of `name` in one
    /// family, for `timeout` at most. A textual address is its own answer.
    ///
    /// # Errors
    /// [`ResolveError`]; an empty list is never returned.
    async fn resolve(
        &self,
        path: PathId,
        name: &str,
        family: Family,
        timeout: Duration,
    ) -> Result<Addresses, ResolveError>;

    /// Makes a TCP socket on `path`.
    ///
    /// # Errors
    /// [`NoSuchPath`].
    fn tcp<'a>(
        &'a self,
        path: PathId,
        buffers: TcpBuffers<'a>,
    ) -> Result<Self::Tcp<'a>, NoSuchPath>;

    /// Makes a UDP socket on `path`.
    ///
    /// # Errors
    /// [`NoSuchPath`].
    fn udp<'a>(
        &'a self,
        path: PathId,
        buffers: Self::UdpBuffers<'a>,
    ) -> Result<Self::Udp<'a>, NoSuchPath>;

    /// The same, with memory as embassy-net's sockets want it, whatever those of
    /// this network want: for code that is written for every network.
    ///
    /// # Errors
    /// [`NoSuchPath`].
    fn udp_in<'a>(
        &'a self,
        path: PathId,
        memory: EmbassyUdpBuffers<'a>,
    ) -> Result<Self::Udp<'a>, NoSuchPath>;

    /// Whether its UDP sockets secure every datagram by themselves (DTLS).
    fn secures_datagrams(&self) -> bool {
        false
    }
}
