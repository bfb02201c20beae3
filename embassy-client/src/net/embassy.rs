//! [`Network`] on embassy-net.

use core::cell::RefCell;
use core::future::{Future as _, poll_fn};
use core::net::{IpAddr, SocketAddr};
use core::num::NonZeroU8;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use embassy_futures::select::{Either, select, select4};
use embassy_net::dns::DnsQueryType;
use embassy_net::tcp::{self, State};
use embassy_net::udp::{self, PacketMetadata};
use embassy_net::{IpAddress, IpEndpoint, Stack};
use embassy_time::Timer;

use super::socket::{
    BindError, ConnectError, Datagram, DatagramError, StreamError, TcpBuffers, TcpOptions,
    TcpSocket, UdpSocket,
};
use super::{Addresses, Family, Network, NoSuchPath, PathId, PathState, ResolveError};
use crate::time::duration;

/// One embassy-net stack, as a network of one path.
///
/// embassy keeps one waker for changes of link and configuration: use one
/// client, or one task, per stack to wait for them.
#[derive(Clone, Copy)]
pub struct EmbassyNetwork<'d> {
    stack: Stack<'d>,
}

impl<'d> EmbassyNetwork<'d> {
    /// The network behind `stack`, whose runner the application has spawned.
    pub fn new(stack: Stack<'d>) -> Self {
        Self { stack }
    }

    /// The stack.
    pub fn stack(&self) -> Stack<'d> {
        self.stack
    }
}

impl core::fmt::Debug for EmbassyNetwork<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EmbassyNetwork")
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

impl Network for EmbassyNetwork<'_> {
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

    fn path_state(&self, path: PathId) -> PathState {
        if path != PathId(0) || !self.stack.is_link_up() {
            PathState::LinkDown
        } else if self.stack.is_config_up() {
            PathState::Up
        } else {
            PathState::NoAddress
        }
    }

    async fn path_changed(&self, path: PathId, from: PathState) -> PathState {
        loop {
            let state = self.path_state(path);
            if state != from {
                return state;
            }
            if path != PathId(0) {
                core::future::pending::<()>().await;
            }
            // All four share one waker of the stack; each is ready at once
            // when its condition holds, so wait only for what does not hold.
            let link_up = self.stack.is_link_up();
            let config_up = self.stack.is_config_up();
            select4(
                async {
                    if link_up {
                        core::future::pending().await
                    } else {
                        self.stack.wait_link_up().await
                    }
                },
                async {
                    if link_up {
                        self.stack.wait_link_down().await
                    } else {
                        core::future::pending().await
                    }
                },
                async {
                    if config_up {
                        core::future::pending().await
                    } else {
                        self.stack.wait_config_up().await
                    }
                },
                async {
                    if config_up {
                        self.stack.wait_config_down().await
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
        if path != PathId(0) {
            return Err(ResolveError::Unsupported);
        }
        let kind = match family {
            Family::V4 => DnsQueryType::A,
            #[cfg(feature = "ipv6")]
            Family::V6 => DnsQueryType::Aaaa,
            #[cfg(not(feature = "ipv6"))]
            Family::V6 => return Err(ResolveError::Unsupported),
        };
        let query = self.stack.dns_query(name, kind);
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
        if path != PathId(0) {
            return Err(NoSuchPath);
        }
        let socket = tcp::TcpSocket::new(self.stack, buffers.receive, buffers.send);
        Ok(EmbassyTcp(RefCell::new(socket)))
    }

    fn udp<'a>(
        &'a self,
        path: PathId,
        buffers: EmbassyUdpBuffers<'a>,
    ) -> Result<EmbassyUdp<'a>, NoSuchPath> {
        if path != PathId(0) {
            return Err(NoSuchPath);
        }
        Ok(EmbassyUdp(RefCell::new(udp::UdpSocket::new(
            self.stack,
            buffers.receive_meta,
            buffers.receive,
            buffers.send_meta,
            buffers.send,
        ))))
    }
}

/// A TCP socket of embassy-net, shared by reference. The cell is borrowed
/// inside one poll only: embassy's own futures keep no state, so each poll
/// makes a new one.
pub struct EmbassyTcp<'a>(RefCell<tcp::TcpSocket<'a>>);

/// Aborts a connection attempt that is given up.
struct AbortOnDrop<'s, 'a> {
    socket: &'s EmbassyTcp<'a>,
    armed: bool,
}

impl Drop for AbortOnDrop<'_, '_> {
    fn drop(&mut self) {
        if self.armed {
            self.socket.abort();
        }
    }
}

impl EmbassyTcp<'_> {
    /// Waits until a socket that was told to connect or listen is either
    /// connected or closed.
    async fn established(&self) -> Result<(), ConnectError> {
        poll_fn(|cx| {
            let socket = self.0.borrow();
            match socket.state() {
                State::Closed | State::TimeWait => Poll::Ready(Err(ConnectError::Refused)),
                State::Listen | State::SynSent | State::SynReceived => {
                    // Not ready in these states: registers the waker.
                    let _ = pin!(socket.wait_write_ready()).poll(cx);
                    Poll::Pending
                }
                _ => Poll::Ready(Ok(())),
            }
        })
        .await
    }
}

impl TcpSocket for EmbassyTcp<'_> {
    fn set_options(&self, options: &TcpOptions) {
        let mut socket = self.0.borrow_mut();
        socket.set_keep_alive(options.keep_alive.map(duration));
        socket.set_nagle_enabled(options.nagle);
        socket.set_timeout(options.timeout.map(duration));
        socket.set_hop_limit(options.hop_limit.map(NonZeroU8::get));
    }

    async fn connect(&self, remote: SocketAddr, timeout: Duration) -> Result<(), ConnectError> {
        let remote = endpoint(remote).ok_or(ConnectError::Unusable)?;
        // One poll sends the SYN; the rest is watched through the state, so
        // that the cell is never borrowed while waiting.
        let begun = poll_fn(|cx| {
            let mut socket = self.0.borrow_mut();
            Poll::Ready(match pin!(socket.connect(remote)).poll(cx) {
                Poll::Ready(Err(tcp::ConnectError::NoRoute)) => Err(ConnectError::NoRoute),
                Poll::Ready(Err(tcp::ConnectError::ConnectionReset)) => Err(ConnectError::Refused),
                Poll::Ready(Err(tcp::ConnectError::TimedOut)) => Err(ConnectError::TimedOut),
                Poll::Ready(Err(tcp::ConnectError::InvalidState)) => Err(ConnectError::Unusable),
                Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
            })
        })
        .await;
        begun?;
        let mut attempt = AbortOnDrop {
            socket: self,
            armed: true,
        };
        // An own clock tells a timeout from a refusal: the stack does not.
        match select(self.established(), Timer::after(duration(timeout))).await {
            Either::First(result) => {
                attempt.armed = result.is_err();
                result
            }
            Either::Second(()) => Err(ConnectError::TimedOut),
        }
    }

    async fn accept(&self, port: u16) -> Result<(), ConnectError> {
        poll_fn(|cx| {
            let mut socket = self.0.borrow_mut();
            Poll::Ready(match pin!(socket.accept(port)).poll(cx) {
                Poll::Ready(Err(_)) => Err(ConnectError::Unusable),
                Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
            })
        })
        .await?;
        let mut attempt = AbortOnDrop {
            socket: self,
            armed: true,
        };
        let result = self.established().await;
        attempt.armed = result.is_err();
        result
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, StreamError> {
        poll_fn(|cx| {
            let mut socket = self.0.borrow_mut();
            pin!(socket.read(buffer)).poll(cx)
        })
        .await
        .map_err(|tcp::Error::ConnectionReset| StreamError)
    }

    async fn write(&self, data: &[u8]) -> Result<usize, StreamError> {
        poll_fn(|cx| {
            let mut socket = self.0.borrow_mut();
            pin!(socket.write(data)).poll(cx)
        })
        .await
        .map_err(|tcp::Error::ConnectionReset| StreamError)
    }

    async fn flushed(&self) {
        poll_fn(|cx| {
            let mut socket = self.0.borrow_mut();
            pin!(socket.flush()).poll(cx).map(|_| ())
        })
        .await;
    }

    fn close(&self) {
        self.0.borrow_mut().close();
    }

    fn abort(&self) {
        self.0.borrow_mut().abort();
    }

    fn local(&self) -> Option<SocketAddr> {
        self.0.borrow().local_endpoint().and_then(socket_address)
    }

    fn remote(&self) -> Option<SocketAddr> {
        self.0.borrow().remote_endpoint().and_then(socket_address)
    }
}

/// The memory of a UDP socket of embassy-net.
#[allow(missing_debug_implementations)]
pub struct EmbassyUdpBuffers<'a> {
    /// One entry a datagram that can wait to be read.
    pub receive_meta: &'a mut [PacketMetadata],
    /// The bytes of received datagrams.
    pub receive: &'a mut [u8],
    /// One entry a datagram that can wait to be sent.
    pub send_meta: &'a mut [PacketMetadata],
    /// The bytes of datagrams to send.
    pub send: &'a mut [u8],
}

/// A UDP socket of embassy-net, shared by reference.
pub struct EmbassyUdp<'a>(RefCell<udp::UdpSocket<'a>>);

impl UdpSocket for EmbassyUdp<'_> {
    fn bind(&self, port: u16) -> Result<(), BindError> {
        self.0.borrow_mut().bind(port).map_err(|_| BindError)
    }

    fn set_hop_limit(&self, hop_limit: Option<NonZeroU8>) {
        self.0
            .borrow_mut()
            .set_hop_limit(hop_limit.map(NonZeroU8::get));
    }

    async fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), DatagramError> {
        let to = endpoint(to).ok_or(DatagramError::NoRoute)?;
        poll_fn(|cx| self.0.borrow().poll_send_to(data, to, cx))
            .await
            .map_err(|error| match error {
                udp::SendError::PacketTooLarge => DatagramError::TooLong,
                udp::SendError::NoRoute | udp::SendError::SocketNotBound => DatagramError::NoRoute,
            })
    }

    async fn receive_from(&self, buffer: &mut [u8]) -> Result<Datagram, DatagramError> {
        loop {
            let (length, meta) = poll_fn(|cx| self.0.borrow().poll_recv_from(buffer, cx))
                .await
                .map_err(|udp::RecvError::Truncated| DatagramError::TooLong)?;
            if let Some(from) = socket_address(meta.endpoint) {
                let to = meta.local_address.and_then(from_embassy);
                return Ok(Datagram { length, from, to });
            }
        }
    }
}
