//! A UDP socket of the host.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU8;
use std::rc::Rc;

use tokio::net::UdpSocket;
use wigwag_embassy::net::{BindError, Datagram, DatagramError, UdpSocket as Socket};

/// A UDP socket of the host, for IPv4.
#[derive(Debug)]
pub struct HostUdp {
    socket: RefCell<Option<Rc<UdpSocket>>>,
    hop_limit: Cell<Option<NonZeroU8>>,
}

impl HostUdp {
    pub(super) fn new() -> Self {
        Self {
            socket: RefCell::new(None),
            hop_limit: Cell::new(None),
        }
    }

    /// The local address, once bound.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.socket.borrow().as_ref()?.local_addr().ok()
    }

    fn socket(&self) -> Result<Rc<UdpSocket>, DatagramError> {
        self.socket.borrow().clone().ok_or(DatagramError::NoRoute)
    }
}

impl Socket for HostUdp {
    fn bind(&self, port: u16) -> Result<(), BindError> {
        if self.socket.borrow().is_some() {
            return Err(BindError);
        }
        let bound = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).and_then(|socket| {
            socket.set_nonblocking(true)?;
            UdpSocket::from_std(socket)
        });
        *self.socket.borrow_mut() = Some(Rc::new(bound.map_err(|_| BindError)?));
        self.set_hop_limit(self.hop_limit.get());
        Ok(())
    }

    fn set_hop_limit(&self, hop_limit: Option<NonZeroU8>) {
        self.hop_limit.set(hop_limit);
        if let (Some(hops), Ok(socket)) = (hop_limit, self.socket()) {
            // The socket is open and the value in range: it cannot fail.
            let _ = socket.set_ttl(hops.get().into());
        }
    }

    async fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), DatagramError> {
        let sent = self.socket()?.send_to(data, to).await;
        sent.map(drop).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => DatagramError::TooLong,
            // EMSGSIZE has no kind of its own.
            _ if data.len() > 65_507 => DatagramError::TooLong,
            _ => DatagramError::NoRoute,
        })
    }

    async fn receive_from(&self, buffer: &mut [u8]) -> Result<Datagram, DatagramError> {
        let socket = self.socket()?;
        // One byte more tells a datagram that was too long from one that fits.
        let mut room = vec![0; buffer.len() + 1];
        loop {
            let (length, from) = match socket.recv_from(&mut room).await {
                Ok(received) => received,
                // An ICMP error that an earlier datagram brought; told once.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => continue,
                Err(_) => return Err(DatagramError::NoRoute),
            };
            let place = buffer.get_mut(..length).ok_or(DatagramError::TooLong)?;
            place.copy_from_slice(&room[..length]);
            return Ok(Datagram {
                length,
                from,
                to: None,
            });
        }
    }
}
