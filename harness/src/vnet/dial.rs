//! Where the gateway takes connections and datagrams to: the `dial` hook.

use super::datagram::HostDatagrams;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpStream, UdpSocket};

/// A stream to a server: a socket of the host or something in this process.
///
/// Shutting it down for writing is a half close. Dropping it is an orderly
/// end, after [`HostStream::reset`] a disorderly one.
pub trait HostStream: AsyncRead + AsyncWrite + Unpin {
    /// Makes the coming drop a reset, if the stream knows such a thing.
    fn reset(&mut self) {}
}

impl HostStream for TcpStream {
    fn reset(&mut self) {
        // A socket that is dead already cannot be set, and need not be.
        let _ = self.set_zero_linger();
    }
}

impl HostStream for DuplexStream {}

impl<S: HostStream + ?Sized> HostStream for Box<S> {
    fn reset(&mut self) {
        (**self).reset();
    }
}

/// An answer of a [`Dial`], to come.
pub type Answer<T> = Pin<Box<dyn Future<Output = io::Result<T>>>>;

/// The stream of a connection, to come.
pub type Dialled = Answer<Box<dyn HostStream>>;

/// Answers the device's connections and datagrams. The gateway holds the
/// device's SYN, or its first datagrams, until the answer is there.
///
/// Any `async` closure or function from an address to a stream will do where
/// no datagrams are sent; [`with_datagrams`] adds them:
///
/// ```
/// use std::net::SocketAddr;
/// use wigwag_harness::vnet::VirtualNet;
///
/// let net = VirtualNet::new(|_to: SocketAddr| async {
///     let (gateway, mut server) = tokio::io::duplex(4096);
///     tokio::spawn(async move {
///         let (mut read, mut write) = tokio::io::split(server);
///         tokio::io::copy(&mut read, &mut write).await
///     });
///     Ok(gateway)
/// });
/// ```
pub trait Dial {
    /// Opens a stream for a connection to `to`.
    ///
    /// An error becomes a TCP reset, as from a port where nobody listens;
    /// [`io::ErrorKind::TimedOut`] becomes silence, as from a host that is
    /// not there.
    fn dial(&self, to: SocketAddr) -> Dialled;

    /// Opens a way for the datagrams from one port of the device to `to`, and
    /// back. Not called for DNS (port 53) and DHCP, which the gateway serves.
    ///
    /// An error becomes ICMP's port unreachable (RFC 792, RFC 4443),
    /// [`io::ErrorKind::TimedOut`] becomes silence. That nobody listens is the
    /// answer unless something else is said.
    fn dial_datagrams(&self, to: SocketAddr) -> Answer<Box<dyn HostDatagrams>> {
        let _ = to;
        Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) })
    }
}

impl<F, A, S> Dial for F
where
    F: Fn(SocketAddr) -> A,
    A: Future<Output = io::Result<S>> + 'static,
    S: HostStream + 'static,
{
    fn dial(&self, to: SocketAddr) -> Dialled {
        let answer = self(to);
        Box::pin(async move {
            let stream: Box<dyn HostStream> = Box::new(answer.await?);
            Ok(stream)
        })
    }
}

/// Connections where `streams` takes them, and datagrams where `datagrams`
/// does, an `async` closure or function as well:
///
/// ```
/// use std::net::SocketAddr;
/// use wigwag_harness::vnet::{VirtualNet, datagram_pair, loopback, with_datagrams};
///
/// // A service in this process that answers each datagram with itself.
/// let net = VirtualNet::new(with_datagrams(loopback(), |_to: SocketAddr| async {
///     let (gateway, mut service) = datagram_pair();
///     tokio::spawn(async move {
///         while let Some(question) = service.receive().await {
///             service.send(question);
///         }
///     });
///     Ok(gateway)
/// }));
/// ```
pub fn with_datagrams<F, A, H>(streams: impl Dial, datagrams: F) -> impl Dial
where
    F: Fn(SocketAddr) -> A,
    A: Future<Output = io::Result<H>> + 'static,
    H: HostDatagrams + 'static,
{
    WithDatagrams { streams, datagrams }
}

struct WithDatagrams<D, F> {
    streams: D,
    datagrams: F,
}

impl<D, F, A, H> Dial for WithDatagrams<D, F>
where
    D: Dial,
    F: Fn(SocketAddr) -> A,
    A: Future<Output = io::Result<H>> + 'static,
    H: HostDatagrams + 'static,
{
    fn dial(&self, to: SocketAddr) -> Dialled {
        self.streams.dial(to)
    }

    fn dial_datagrams(&self, to: SocketAddr) -> Answer<Box<dyn HostDatagrams>> {
        let answer = (self.datagrams)(to);
        Box::pin(async move {
            let datagrams: Box<dyn HostDatagrams> = Box::new(answer.await?);
            Ok(datagrams)
        })
    }
}

/// Takes every address of both families to the host's 127.0.0.1, the port as
/// it is: connections and datagrams.
#[must_use]
pub fn loopback() -> impl Dial + Copy {
    Host(None)
}

/// Takes everything to one address: connections and datagrams.
#[must_use]
pub fn always(server: SocketAddr) -> impl Dial + Copy {
    Host(Some(server))
}

/// Sockets of the host, all to one address if there is one.
#[derive(Clone, Copy)]
struct Host(Option<SocketAddr>);

impl Host {
    fn server(self, to: SocketAddr) -> SocketAddr {
        self.0
            .unwrap_or_else(|| (Ipv4Addr::LOCALHOST, to.port()).into())
    }
}

impl Dial for Host {
    fn dial(&self, to: SocketAddr) -> Dialled {
        let server = self.server(to);
        Box::pin(async move {
            let stream = TcpStream::connect(server).await?;
            // The device's stack decides about segments; the gateway adds no
            // waiting.
            stream.set_nodelay(true)?;
            let stream: Box<dyn HostStream> = Box::new(stream);
            Ok(stream)
        })
    }

    fn dial_datagrams(&self, to: SocketAddr) -> Answer<Box<dyn HostDatagrams>> {
        let server = self.server(to);
        Box::pin(async move {
            let any: SocketAddr = match server {
                SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
            };
            let socket = UdpSocket::bind(any).await?;
            // Only this server's datagrams come back, and that nobody listens
            // is told.
            socket.connect(server).await?;
            let datagrams: Box<dyn HostDatagrams> = Box::new(socket);
            Ok(datagrams)
        })
    }
}
