//! Sockets of a [`Network`](super::Network), and their options and errors.

use core::net::{IpAddr, SocketAddr};
use core::num::NonZeroU8;
use core::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};

/// The memory of a TCP socket: what may wait in each direction.
#[derive(Debug)]
pub struct TcpBuffers<'a> {
    /// Received and not yet read; its length is the largest receive window.
    pub receive: &'a mut [u8],
    /// Written and not yet acknowledged by the peer.
    pub send: &'a mut [u8],
}

/// What can be set on a TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOptions {
    /// Probes the peer when nothing has come for this long; off by default.
    pub keep_alive: Option<Duration>,
    /// Nagle's algorithm (RFC 896); off by default: a framed protocol knows
    /// better when a message is complete.
    pub nagle: bool,
    /// Gives the connection up when nothing at all has come from the peer for
    /// this long, not even an acknowledgement; off by default. It ends idle
    /// connections too, unless `keep_alive` is shorter: leave it off where the
    /// protocol above has its own signs of life, as NGTT has.
    pub timeout: Option<Duration>,
    /// The hop limit (time to live) of packets; the stack's own by default.
    pub hop_limit: Option<NonZeroU8>,
    /// Gives the connection up when data that was sent stays unacknowledged
    /// for this long (the user timeout of RFC 9293 section 3.9.1); the stack's
    /// own by default. [`SocketOption::UserTimeout`] tells where it acts.
    pub user_timeout: Option<Duration>,
    /// The differentiated services code point of packets (RFC 2474), 0 to 63;
    /// 0 by default. [`SocketOption::Dscp`] tells where it acts.
    pub dscp: u8,
}

/// What not every network can do for a socket; see
/// [`Network::applies`](super::Network::applies).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SocketOption {
    /// [`TcpOptions::dscp`] and [`UdpSocket::set_dscp`].
    Dscp,
    /// [`TcpOptions::user_timeout`].
    UserTimeout,
    /// A TCP connection that uses several paths at once (RFC 8684).
    Multipath,
}

impl TcpOptions {
    /// The defaults named at each option.
    pub const DEFAULT: Self = Self {
        keep_alive: None,
        nagle: false,
        timeout: None,
        hop_limit: None,
        user_timeout: None,
        dscp: 0,
    };
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a connection did not come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectError {
    /// The peer refused it, or the connection was reset while it came up.
    Refused,
    /// Nobody answered in time.
    TimedOut,
    /// This device has no address or no route for that destination.
    NoRoute,
    /// The socket is in use, or the address family is not built in.
    Unusable,
}

impl core::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Refused => "the connection was refused",
            Self::TimedOut => "nobody answered in time",
            Self::NoRoute => "no route to the host",
            Self::Unusable => "the socket cannot connect to this address",
        })
    }
}

impl core::error::Error for ConnectError {}

/// The connection was reset, by the peer or by a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StreamError;

impl core::fmt::Display for StreamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the connection was reset")
    }
}

impl core::error::Error for StreamError {}

impl embedded_io_async::Error for StreamError {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        embedded_io_async::ErrorKind::ConnectionReset
    }
}

/// A TCP socket used through `&self`: a read and a write may wait at the same
/// time, each in one future. Dropping a future that reads or writes loses
/// nothing.
#[allow(async_fn_in_trait)]
pub trait TcpSocket {
    /// Sets the options; they hold from now on.
    fn set_options(&self, options: &TcpOptions);

    /// Connects to `remote`, for `timeout` at most; after an error or a
    /// dropped future the socket is aborted.
    ///
    /// # Errors
    /// [`ConnectError`].
    async fn connect(&self, remote: SocketAddr, timeout: Duration) -> Result<(), ConnectError>;

    /// Waits for one connection to `port`.
    ///
    /// # Errors
    /// [`ConnectError`].
    async fn accept(&self, port: u16) -> Result<(), ConnectError>;

    /// Whether a peer has begun to connect to a socket that accepts, and is not
    /// connected yet: nobody else can connect to it then. `false` where the
    /// network does not tell, or where others can.
    fn is_half_open(&self) -> bool {
        false
    }

    /// Reads at least one byte; 0 is the end of the stream.
    ///
    /// # Errors
    /// [`StreamError`].
    async fn read(&self, buffer: &mut [u8]) -> Result<usize, StreamError>;

    /// Writes at least one byte of a non-empty `data`.
    ///
    /// # Errors
    /// [`StreamError`].
    async fn write(&self, data: &[u8]) -> Result<usize, StreamError>;

    /// How many bytes that were written the peer has not acknowledged; `None`
    /// where the network does not tell.
    fn unacknowledged(&self) -> Option<usize> {
        None
    }

    /// Waits until everything written (and a FIN or RST) has left, and where
    /// it is acknowledged at all, has been acknowledged.
    async fn flushed(&self);

    /// Ends the sending direction in good order (FIN).
    fn close(&self);

    /// Ends both directions at once (RST).
    fn abort(&self);

    /// This end's address, once connected.
    fn local(&self) -> Option<SocketAddr>;

    /// The other end's address, once connected.
    fn remote(&self) -> Option<SocketAddr>;
}

/// Why a UDP socket could not be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BindError;

impl core::fmt::Display for BindError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the socket is bound already")
    }
}

impl core::error::Error for BindError {}

/// Why a datagram was not sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DatagramError {
    /// No route to the destination, or the socket is not bound.
    NoRoute,
    /// The datagram is larger than the buffer.
    TooLong,
    /// On a network that secures datagrams: the peer did not prove who it is,
    /// refused this end, or did not answer in time.
    NotSecured,
    /// On a network that secures datagrams: the peer has closed.
    Closed,
}

impl core::fmt::Display for DatagramError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoRoute => "no route to the destination",
            Self::TooLong => "the datagram is larger than the buffer",
            Self::NotSecured => "no secure connection with the peer",
            Self::Closed => "the peer has closed the connection",
        })
    }
}

impl core::error::Error for DatagramError {}

/// A received datagram's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Bytes received.
    pub length: usize,
    /// Who sent it.
    pub from: SocketAddr,
    /// The local address it was sent to, when the stack tells.
    pub to: Option<IpAddr>,
}

/// A UDP socket used through `&self`.
#[allow(async_fn_in_trait)]
pub trait UdpSocket {
    /// Whether this device has an address to send to `to` from.
    fn has_route(&self, to: SocketAddr) -> bool {
        let _ = to;
        true
    }

    /// Binds to a local port; 0 lets the stack choose.
    ///
    /// # Errors
    /// [`BindError`].
    fn bind(&self, port: u16) -> Result<(), BindError>;

    /// The port it is bound to, where the stack tells.
    fn local_port(&self) -> Option<u16> {
        None
    }

    /// Sets the hop limit of packets; `None` is the stack's own.
    fn set_hop_limit(&self, hop_limit: Option<NonZeroU8>);

    /// Sets the differentiated services code point of packets (RFC 2474), 0 to
    /// 63, where the network can ([`SocketOption::Dscp`]).
    fn set_dscp(&self, dscp: u8) {
        let _ = dscp;
    }

    /// Forgets datagrams that wait in the stack, in both directions, where the
    /// first of them may wait for ever for its neighbour.
    fn discard(&self) {}

    /// Sends one datagram. It may wait until the one before has left.
    ///
    /// # Errors
    /// [`DatagramError`].
    async fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), DatagramError>;

    /// Receives one datagram.
    ///
    /// # Errors
    /// [`DatagramError::TooLong`] when it did not fit; it is lost then.
    async fn receive_from(&self, buffer: &mut [u8]) -> Result<Datagram, DatagramError>;

    /// Waits until every datagram that was sent has left the socket, or cannot:
    /// dropping the socket before would lose them. Nothing to wait for where
    /// sending does.
    async fn flushed(&self) {}
}

/// A borrowed socket as `embedded-io-async` reader and writer. Copies share
/// the socket.
pub(crate) struct StreamIo<'s, T>(pub(crate) &'s T);

impl<T> Clone for StreamIo<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StreamIo<'_, T> {}

impl<T> ErrorType for StreamIo<'_, T> {
    type Error = StreamError;
}

impl<T: TcpSocket> Read for StreamIo<'_, T> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StreamError> {
        self.0.read(buffer).await
    }
}

impl<T: TcpSocket> Write for StreamIo<'_, T> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, StreamError> {
        self.0.write(data).await
    }

    async fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }
}
