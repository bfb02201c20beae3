//! A TCP socket of the host.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use wigwag_embassy::net::{ConnectError, StreamError, TcpOptions, TcpSocket};

use super::listen::Listeners;
use super::options::apply_tcp;
use super::protocol::{StreamProtocol, canonical};

/// A TCP socket of the host, or one of a protocol that takes its place.
/// Dropped while connected, it is reset.
#[derive(Debug)]
pub struct HostTcp {
    protocol: StreamProtocol,
    listeners: Listeners,
    /// Where it was accepted: kept, so that the port stays open between two
    /// calls of `accept`.
    listener: RefCell<Option<Rc<TcpListener>>>,
    // Shared with the futures that wait on it.
    stream: RefCell<Option<Rc<TcpStream>>>,
    options: Cell<TcpOptions>,
    closed: Cell<bool>,
}

impl HostTcp {
    pub(super) fn new(protocol: StreamProtocol, listeners: Listeners) -> Self {
        Self {
            protocol,
            listeners,
            listener: RefCell::new(None),
            stream: RefCell::new(None),
            options: Cell::new(TcpOptions::DEFAULT),
            closed: Cell::new(false),
        }
    }

    fn stream(&self) -> Result<Rc<TcpStream>, StreamError> {
        self.stream.borrow().clone().ok_or(StreamError)
    }

    fn take(&self, stream: TcpStream) {
        apply_tcp(&SockRef::from(&stream), &self.options.get());
        self.closed.set(false);
        *self.stream.borrow_mut() = Some(Rc::new(stream));
    }
}

fn reason(error: &io::Error) -> ConnectError {
    match error.kind() {
        ErrorKind::TimedOut => ConnectError::TimedOut,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => ConnectError::NoRoute,
        ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::AddrInUse => {
            ConnectError::Unusable
        }
        _ => ConnectError::Refused,
    }
}

impl TcpSocket for HostTcp {
    fn set_options(&self, options: &TcpOptions) {
        self.options.set(*options);
        if let Ok(stream) = self.stream() {
            apply_tcp(&SockRef::from(&*stream), options);
        }
    }

    async fn connect(&self, remote: SocketAddr, limit: Duration) -> Result<(), ConnectError> {
        let socket = self.protocol.connecting(remote);
        let socket = socket.map_err(|error| reason(&error))?;
        // The first packet shall have the options, too.
        apply_tcp(&SockRef::from(&socket), &self.options.get());
        let connected = timeout(limit, socket.connect(remote)).await;
        let connected = connected.map_err(|_| ConnectError::TimedOut)?;
        self.take(connected.map_err(|error| reason(&error))?);
        Ok(())
    }

    async fn accept(&self, port: u16) -> Result<(), ConnectError> {
        let listener = self.listeners.get(self.protocol, port);
        let listener = listener.map_err(|error| reason(&error))?;
        *self.listener.borrow_mut() = Some(listener.clone());
        let (stream, _) = listener.accept().await.map_err(|error| reason(&error))?;
        self.take(stream);
        Ok(())
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, StreamError> {
        let stream = self.stream()?;
        let read = stream.async_io(Interest::READABLE, || stream.try_read(buffer));
        read.await.map_err(|_| StreamError)
    }

    async fn write(&self, data: &[u8]) -> Result<usize, StreamError> {
        let stream = self.stream()?;
        let written = stream.async_io(Interest::WRITABLE, || stream.try_write(data));
        written.await.map_err(|_| StreamError)
    }

    /// The kernel sends what it took, after a close too.
    async fn flushed(&self) {}

    fn close(&self) {
        if let Ok(stream) = self.stream() {
            // It may be gone already.
            let _ = SockRef::from(&*stream).shutdown(Shutdown::Write);
            self.closed.set(true);
        }
    }

    fn abort(&self) {
        if let Some(stream) = self.stream.borrow_mut().take() {
            let _ = stream.set_zero_linger();
            if Rc::strong_count(&stream) > 1 {
                // A future that waits keeps it open: wake it with an end. The
                // reset follows when it has let go.
                let _ = SockRef::from(&*stream).shutdown(Shutdown::Both);
            }
        }
    }

    /// While it waits for a connection: where it listens.
    fn local(&self) -> Option<SocketAddr> {
        let local = match (self.stream(), &*self.listener.borrow()) {
            (Ok(stream), _) => stream.local_addr(),
            (Err(StreamError), Some(listener)) => listener.local_addr(),
            (Err(StreamError), None) => return None,
        };
        local.ok().map(canonical)
    }

    fn remote(&self) -> Option<SocketAddr> {
        self.stream().ok()?.peer_addr().ok().map(canonical)
    }
}

impl Drop for HostTcp {
    fn drop(&mut self) {
        if !self.closed.get() {
            self.abort();
        }
    }
}
