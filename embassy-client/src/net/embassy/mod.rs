//! [`Network`] on embassy-net.

mod checksum;
mod congestion;
mod leases;
mod tcp;
mod udp;

use core::cell::RefCell;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use embassy_futures::select::{Either, select, select4};
use embassy_net::dns::DnsQueryType;
use embassy_net::udp as embassy_udp;
use embassy_net::{IpAddress, IpEndpoint, Stack};
use embassy_time::Timer;

use super::socket::TcpBuffers;
use super::{Addresses, Family, Network, NoSuchPath, PathId, PathState, ResolveError};
use crate::time::duration;

pub use checksum::{CheckedFrame, FullChecksums};
pub use leases::{MendedFrame, SoundLeases};
pub use tcp::EmbassyTcp;
pub use udp::{EmbassyUdp, EmbassyUdpBuffers};

/// One or several embassy-net stacks, as the paths of one network: [`PathId`]
/// is the index of the stack. A device with Ethernet and a radio has a driver,
/// a [`Stack`] and a runner for each.
///
/// embassy keeps one waker for changes of link and configuration: use one
/// client, or one task, per stack to wait for them.
///
/// Where a path has both address families, its first packet of the second one
/// may be a second late: smoltcp asks for one hardware address a second at
/// most, whichever the family (ARP, RFC 826; neighbour discovery, RFC 4861).
///
/// ```
/// use embassy_net::Stack;
/// use wigwag_embassy::net::{EmbassyNetwork, Network as _, PathId, PathState};
///
/// fn usable(ethernet: Stack<'static>, radio: Stack<'static>) -> Option<PathId> {
///     let network = EmbassyNetwork::with_paths([ethernet, radio]);
///     (0..network.paths())
///         .map(PathId)
///         .find(|path| network.path_state(*path) == PathState::Up)
/// }
/// ```
#[derive(Clone, Copy)]
pub struct EmbassyNetwork<'d, const PATHS: usize = 1> {
    stacks: [Stack<'d>; PATHS],
}

impl<'d> EmbassyNetwork<'d> {
    /// The network behind `stack`, whose runner the application has spawned:
    /// one path.
    pub fn new(stack: Stack<'d>) -> Self {
        Self::with_paths([stack])
    }

    /// The stack.
    pub fn stack(&self) -> Stack<'d> {
        let [stack] = self.stacks;
        stack
    }
}

impl<'d, const PATHS: usize> EmbassyNetwork<'d, PATHS> {
    /// The network behind these stacks, whose runners the application has
    /// spawned. From 1 to 255 of them; another number does not compile.
    pub fn with_paths(stacks: [Stack<'d>; PATHS]) -> Self {
        const {
            assert!(
                PATHS >= 1 && PATHS <= u8::MAX as usize,
                "a network has 1 to 255 paths"
            );
        }
        Self { stacks }
    }

    /// The stack of a path, if there is such a path.
    pub fn path_stack(&self, path: PathId) -> Option<Stack<'d>> {
        self.stacks.get(usize::from(path.0)).copied()
    }
}

impl<const PATHS: usize> core::fmt::Debug for EmbassyNetwork<'_, PATHS> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EmbassyNetwork")
            .field("paths", &PATHS)
            .finish_non_exhaustive()
    }
}

/// `None` when the stack was built without the address's family.
fn to_embassy(address: IpAddr) -> Option<IpAddress> {
    match address {
        IpAddr::V4(address) => Some(IpAddress::Ipv4(address)),
        #[cfg(feature = "ipv6")]
        IpAddr::V6(address) => Some(IpAddress::Ipv6(address)),
        #[cfg(not(feature = "ipv6"))]
        IpAddr::V6(_) => None,
    }
}

fn from_embassy(address: IpAddress) -> Option<IpAddr> {
    match address {
        IpAddress::Ipv4(address) => Some(IpAddr::V4(address)),
        #[cfg(feature = "ipv6")]
        IpAddress::Ipv6(address) => Some(IpAddr::V6(address)),
        // The application may have enabled a family on its own.
        #[allow(unreachable_patterns)]
        _ => None,
    }
}

fn endpoint(address: SocketAddr) -> Option<IpEndpoint> {
    Some(IpEndpoint::new(to_embassy(address.ip())?, address.port()))
}

fn socket_address(endpoint: IpEndpoint) -> Option<SocketAddr> {
    Some(SocketAddr::new(from_embassy(endpoint.addr)?, endpoint.port))
}

/// Whether the stack has an address to speak to `remote` from. Without one of
/// IPv4, smoltcp drops datagrams and says nothing; without one of IPv6, it sends
/// from the loopback address, to nobody, and an attempt lasts until it is given
/// up.
fn has_source(stack: Stack<'_>, remote: SocketAddr) -> bool {
    match remote {
        SocketAddr::V4(_) => stack.config_v4().is_some(),
        #[cfg(feature = "ipv6")]
        SocketAddr::V6(_) => stack.config_v6().is_some(),
        #[cfg(not(feature = "ipv6"))]
        SocketAddr::V6(_) => {
            let _ = stack;
            false
        }
    }
}

fn state(stack: Stack<'_>) -> PathState {
    if !stack.is_link_up() {
        PathState::LinkDown
    } else if stack.is_config_up() {
        PathState::Up
    } else {
        PathState::NoAddress
    }
}

impl<const PATHS: usize> Network for EmbassyNetwork<'_, PATHS> {
    type Tcp<'a>
        = EmbassyTcp<'a>
    where
        Self: 'a;
    type Udp<'a>
        = EmbassyUdp<'a>
    where
        Self: 'a;
    type UdpBuffers<'a>
        = EmbassyUdpBuffers<'a>
    where
        Self: 'a;

    fn paths(&self) -> u8 {
        // Checked where the network was made.
        PATHS as u8
    }

    fn path_state(&self, path: PathId) -> PathState {
        self.path_stack(path).map_or(PathState::LinkDown, state)
    }

    async fn path_changed(&self, path: PathId, from: PathState) -> PathState {
        let Some(stack) = self.path_stack(path) else {
            if from != PathState::LinkDown {
                return PathState::LinkDown;
            }
            return core::future::pending().await;
        };
        loop {
            let state = state(stack);
            if state != from {
                return state;
            }
            // All four share one waker of the stack; each is ready at once
            // when its condition holds, so wait only for what does not hold.
            let link_up = stack.is_link_up();
            let config_up = stack.is_config_up();
            select4(
                async {
                    if link_up {
                        core::future::pending().await
                    } else {
                        stack.wait_link_up().await
                    }
                },
                async {
                    if link_up {
                        stack.wait_link_down().await
                    } else {
                        core::future::pending().await
                    }
                },
                async {
                    if config_up {
                        core::future::pending().await
                    } else {
                        stack.wait_config_up().await
                    }
                },
                async {
                    if config_up {
                        stack.wait_config_down().await
                    } else {
                        core::future::pending().await
                    }
                },
            )
            .await;
        }
    }

    async fn resolve(
        &self,
        path: PathId,
        name: &str,
        family: Family,
        timeout: Duration,
    ) -> Result<Addresses, ResolveError> {
        let stack = self.path_stack(path).ok_or(ResolveError::Unsupported)?;
        let kind = match family {
            Family::V4 => DnsQueryType::A,
            #[cfg(feature = "ipv6")]
            Family::V6 => DnsQueryType::Aaaa,
            #[cfg(not(feature = "ipv6"))]
            Family::V6 => return Err(ResolveError::Unsupported),
        };
        let query = stack.dns_query(name, kind);
        let found = match select(query, Timer::after(duration(timeout))).await {
            Either::First(Ok(found)) => found,
            Either::First(Err(embassy_net::dns::Error::Failed)) => {
                return Err(ResolveError::Failed);
            }
            Either::First(Err(_)) => return Err(ResolveError::InvalidName),
            Either::Second(()) => return Err(ResolveError::TimedOut),
        };
        let addresses: Addresses = found
            .into_iter()
            .filter_map(from_embassy)
            .take(super::MAX_ADDRESSES)
            .collect();
        if addresses.is_empty() {
            return Err(ResolveError::NoAddress);
        }
        Ok(addresses)
    }

    fn tcp<'a>(
        &'a self,
        path: PathId,
        buffers: TcpBuffers<'a>,
    ) -> Result<EmbassyTcp<'a>, NoSuchPath> {
        let stack = self.path_stack(path).ok_or(NoSuchPath)?;
        Ok(EmbassyTcp::new(stack, buffers.receive, buffers.send))
    }

    fn udp<'a>(
        &'a self,
        path: PathId,
        buffers: EmbassyUdpBuffers<'a>,
    ) -> Result<EmbassyUdp<'a>, NoSuchPath> {
        let stack = self.path_stack(path).ok_or(NoSuchPath)?;
        let socket = embassy_udp::UdpSocket::new(
            stack,
            buffers.receive_meta,
            buffers.receive,
            buffers.send_meta,
            buffers.send,
        );
        Ok(EmbassyUdp {
            socket: RefCell::new(socket),
            stack,
        })
    }

    fn udp_in<'a>(
        &'a self,
        path: PathId,
        memory: EmbassyUdpBuffers<'a>,
    ) -> Result<EmbassyUdp<'a>, NoSuchPath> {
        self.udp(path, memory)
    }
}
