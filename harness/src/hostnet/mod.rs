//! The host's own sockets as a device's [`Network`]: the same client on a
//! gateway or a workstation, without the virtual network.
//!
//! There is one path, and it is always up: what the host's links do shows in
//! connections that fail. It runs on tokio's current-thread runtime.
//!
//! A kernel has more than a small device's stack: the code point of packets and
//! the user timeout act here ([`Network::applies`]), streams can be Multipath
//! TCP or SCTP where the kernel has them ([`StreamProtocol`]), and datagrams
//! can be secured by DTLS ([`DtlsNetwork`]).
//!
//! ```
//! use std::time::Duration;
//! use wigwag_embassy::net::{Family, Network, PathId};
//! use wigwag_harness::hostnet::HostNetwork;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! // A name that no name server knows, as a test wants it.
//! let net = HostNetwork::new().with_name("ngtt.test", ["127.0.0.1".parse().unwrap()]);
//! let found = net
//!     .resolve(PathId(0), "ngtt.test", Family::V4, Duration::from_secs(5))
//!     .await
//!     .unwrap();
//! assert_eq!(found[0].to_string(), "127.0.0.1");
//! # });
//! ```

mod dtls;
mod listen;
mod options;
mod protocol;
mod stacks;
mod stream;
mod tcp;
mod udp;

pub use dtls::{DtlsFailure, DtlsNetwork, DtlsParameters, HostDtls, MAX_DATAGRAM, ParametersError};
pub use protocol::{StreamProtocol, Unavailable};
pub use stream::StreamSocket;
pub use tcp::HostTcp;
pub use udp::HostUdp;

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::timeout;
use wigwag_embassy::net::{
    Addresses, EmbassyUdpBuffers, Family, Network, NoSuchPath, PathId, PathState, ResolveError,
    SocketOption, TcpBuffers,
};

use listen::Listeners;

/// The host's network. See the [module](self).
#[derive(Debug, Clone, Default)]
pub struct HostNetwork {
    names: HashMap<String, Vec<IpAddr>>,
    streams: StreamProtocol,
    listeners: Listeners,
}

impl HostNetwork {
    /// The host's network, with the host's names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives `name` these addresses, whatever name servers say.
    #[must_use]
    pub fn with_name(mut self, name: &str, addresses: impl Into<Vec<IpAddr>>) -> Self {
        self.names
            .insert(name.to_ascii_lowercase(), addresses.into());
        self
    }

    /// Makes streams of `protocol`, both the opened and the accepted ones.
    ///
    /// # Errors
    /// [`Unavailable`] when this kernel does not have it. There is no silent
    /// way back to TCP; Multipath TCP itself goes on as plain TCP with a peer
    /// that does not know it (RFC 8684 section 3.7).
    pub fn with_streams(mut self, protocol: StreamProtocol) -> Result<Self, Unavailable> {
        protocol.available()?;
        self.streams = protocol;
        Ok(self)
    }

    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(address) = name.parse() {
            return Ok(vec![address]);
        }
        if let Some(known) = self.names.get(&name.to_ascii_lowercase()) {
            return Ok(known.clone());
        }
        let found = tokio::net::lookup_host((name, 0)).await;
        let found = found.map_err(|_| ResolveError::Failed)?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

fn only(path: PathId) -> Result<(), NoSuchPath> {
    if path == PathId(0) {
        Ok(())
    } else {
        Err(NoSuchPath)
    }
}

impl Network for HostNetwork {
    type Tcp<'a> = HostTcp;
    type Udp<'a> = HostUdp;
    /// The kernel has buffers of its own.
    type UdpBuffers<'a> = ();

    fn applies(&self, option: SocketOption) -> bool {
        match option {
            // Of TCP alone, and of Linux.
            SocketOption::UserTimeout => {
                cfg!(target_os = "linux") && self.streams != StreamProtocol::Sctp
            }
            SocketOption::Dscp => true,
            SocketOption::Multipath => self.streams == StreamProtocol::Mptcp,
            _ => false,
        }
    }

    fn path_state(&self, path: PathId) -> PathState {
        match only(path) {
            Ok(()) => PathState::Up,
            Err(NoSuchPath) => PathState::LinkDown,
        }
    }

    async fn path_changed(&self, path: PathId, from: PathState) -> PathState {
        let state = self.path_state(path);
        if state == from {
            std::future::pending::<()>().await;
        }
        state
    }

    async fn resolve(
        &self,
        path: PathId,
        name: &str,
        family: Family,
        limit: Duration,
    ) -> Result<Addresses, ResolveError> {
        only(path).map_err(|NoSuchPath| ResolveError::Unsupported)?;
        let found = timeout(limit, self.look_up(name)).await;
        let found = found.map_err(|_| ResolveError::TimedOut)??;
        let wanted = found
            .into_iter()
            .filter(|address| address.is_ipv4() == (family == Family::V4));
        let mut addresses = Addresses::new();
        for address in wanted {
            // More than fit are not needed: they are tried in turn.
            if !addresses.contains(&address) && addresses.push(address).is_err() {
                break;
            }
        }
        if addresses.is_empty() {
            return Err(ResolveError::NoAddress);
        }
        Ok(addresses)
    }

    /// The kernel has buffers of its own; these stay unused.
    fn tcp<'a>(&'a self, path: PathId, _: TcpBuffers<'a>) -> Result<HostTcp, NoSuchPath> {
        only(path).map(|()| HostTcp::new(self.streams, self.listeners.clone()))
    }

    fn udp(&self, path: PathId, (): ()) -> Result<HostUdp, NoSuchPath> {
        only(path).map(|()| HostUdp::new())
    }

    /// The kernel has buffers of its own; these stay unused.
    fn udp_in(&self, path: PathId, _: EmbassyUdpBuffers<'_>) -> Result<HostUdp, NoSuchPath> {
        self.udp(path, ())
    }
}
