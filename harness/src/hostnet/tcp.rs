//! A TCP socket of the host.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use wigwag_embassy::net::{ConnectError, StreamError, TcpOptions, TcpSocket};

/// A TCP socket of the host. Dropped while connected, it is reset.
#[derive(Debug)]
pub struct HostTcp {
    // Shared with the futures that wait on it.
    stream: RefCell<Option<Rc<TcpStream>>>,
    options: Cell<TcpOptions>,
    closed: Cell<bool>,
}

impl HostTcp {
    pub(super) fn new() -> Self {
        Self {
            stream: RefCell::new(None),
            options: Cell::new(TcpOptions::DEFAULT),
            closed: Cell::new(false),
        }
    }

    fn stream(&self) -> Result<Rc<TcpStream>, StreamError> {
        self.stream.borrow().clone().ok_or(StreamError)
    }

    fn take(&self, stream: TcpStream) {
        apply(&stream, &self.options.get());
        self.closed.set(false);
        *self.stream.borrow_mut() = Some(Rc::new(stream));
    }
}

/// Sets what can be set. An option that this system does not know is left out,
/// as the options' documentation allows no error.
fn apply(stream: &TcpStream, options: &TcpOptions) {
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_nodelay(!options.nagle);
    if let Some(idle) = options.keep_alive {
        let probes = TcpKeepalive::new().with_time(idle).with_interval(idle);
        let _ = socket.set_tcp_keepalive(&probes);
    }
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(options.timeout);
    if let Some(hops) = options.hop_limit {
        let _ = stream.set_ttl(hops.get().into());
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
            apply(&stream, options);
        }
    }

    async fn connect(&self, remote: SocketAddr, limit: Duration) -> Result<(), ConnectError> {
        let connected = timeout(limit, TcpStream::connect(remote)).await;
        let connected = connected.map_err(|_| ConnectError::TimedOut)?;
        self.take(connected.map_err(|error| reason(&error))?);
        Ok(())
    }

    async fn accept(&self, port: u16) -> Result<(), ConnectError> {
        let accepted = async {
            let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
            listener.accept().await
        };
        let (stream, _) = accepted.await.map_err(|error| reason(&error))?;
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

    fn local(&self) -> Option<SocketAddr> {
        self.stream().ok()?.local_addr().ok()
    }

    fn remote(&self) -> Option<SocketAddr> {
        self.stream().ok()?.peer_addr().ok()
    }
}

impl Drop for HostTcp {
    fn drop(&mut self) {
        if !self.closed.get() {
            self.abort();
        }
    }
}
