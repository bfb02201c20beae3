//! Where the gateway takes connections to: the `dial` hook.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

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

/// The answer of a [`Dial`], to come.
pub type Dialled = Pin<Box<dyn Future<Output = io::Result<Box<dyn HostStream>>>>>;

/// Answers the device's connections. The gateway holds the device's SYN until
/// the answer is there.
///
/// Any `async` closure or function from an address to a stream will do:
///
/// ```
/// use std::net::SocketAddrV4;
/// use wigwag_harness::vnet::VirtualNet;
///
/// let net = VirtualNet::new(|_to: SocketAddrV4| async {
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
    fn dial(&self, to: SocketAddrV4) -> Dialled;
}

impl<F, A, S> Dial for F
where
    F: Fn(SocketAddrV4) -> A,
    A: Future<Output = io::Result<S>> + 'static,
    S: HostStream + 'static,
{
    fn dial(&self, to: SocketAddrV4) -> Dialled {
        let answer = self(to);
        Box::pin(async move {
            let stream: Box<dyn HostStream> = Box::new(answer.await?);
            Ok(stream)
        })
    }
}

/// Takes every address to the host's loopback, the port as it is.
#[must_use]
pub fn loopback() -> impl Dial {
    |to: SocketAddrV4| connect((Ipv4Addr::LOCALHOST, to.port()).into())
}

/// Takes everything to one address.
#[must_use]
pub fn always(server: SocketAddr) -> impl Dial {
    move |_| connect(server)
}

async fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(server).await?;
    // The device's stack decides about segments; the gateway adds no waiting.
    stream.set_nodelay(true)?;
    Ok(stream)
}
