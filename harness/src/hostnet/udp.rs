//! A UDP socket of the host.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU8;
use std::rc::Rc;

use socket2::{Domain, Protocol, SockRef, Type};
use tokio::net::UdpSocket;
use wigwag_embassy::net::{BindError, Datagram, DatagramError, UdpSocket as Socket};

use super::options;
use super::protocol::canonical;

/// A UDP socket of the host, for both address families where the host has both.
#[derive(Debug)]
pub struct HostUdp {
    socket: RefCell<Option<Rc<UdpSocket>>>,
    hop_limit: Cell<Option<NonZeroU8>>,
    dscp: Cell<u8>,
}

/// A socket of both families, else of IPv4.
pub(super) fn bound(port: u16) -> std::io::Result<UdpSocket> {
    let bind = |domain, address: SocketAddr| {
        let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        if domain == Domain::IPV6 {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        std::io::Result::Ok(socket)
    };
    let socket = match bind(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, port).into()) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(error),
        Err(_) => bind(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, port).into())?,
        Ok(socket) => socket,
    };
    UdpSocket::from_std(socket.into())
}

/// `to` as `socket` wants it: one of both families reaches IPv4 by mapped
/// addresses (RFC 4291 section 2.5.5.2).
pub(super) fn mapped(socket: &UdpSocket, to: SocketAddr) -> SocketAddr {
    match (socket.local_addr(), to.ip()) {
        (Ok(SocketAddr::V6(_)), IpAddr::V4(address)) => {
            SocketAddr::new(address.to_ipv6_mapped().into(), to.port())
        }
        _ => to,
    }
}

impl HostUdp {
    pub(super) fn new() -> Self {
        Self {
            socket: RefCell::new(None),
            hop_limit: Cell::new(None),
            dscp: Cell::new(0),
        }
    }

    /// The local address, once bound.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.socket
            .borrow()
            .as_ref()?
            .local_addr()
            .ok()
            .map(canonical)
    }

    fn socket(&self) -> Result<Rc<UdpSocket>, DatagramError> {
        self.socket.borrow().clone().ok_or(DatagramError::NoRoute)
    }
}

impl Socket for HostUdp {
    fn has_route(&self, to: SocketAddr) -> bool {
        // Connecting a UDP socket looks the route up and sends nothing.
        let from: SocketAddr = match to {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        std::net::UdpSocket::bind(from).is_ok_and(|socket| socket.connect(to).is_ok())
    }

    fn local_port(&self) -> Option<u16> {
        let socket = self.socket.borrow();
        Some(socket.as_ref()?.local_addr().ok()?.port())
    }

    fn bind(&self, port: u16) -> Result<(), BindError> {
        if self.socket.borrow().is_some() {
            return Err(BindError);
        }
        *self.socket.borrow_mut() = Some(Rc::new(bound(port).map_err(|_| BindError)?));
        self.set_hop_limit(self.hop_limit.get());
        self.set_dscp(self.dscp.get());
        Ok(())
    }

    fn set_hop_limit(&self, hop_limit: Option<NonZeroU8>) {
        self.hop_limit.set(hop_limit);
        if let Ok(socket) = self.socket() {
            options::set_hop_limit(&SockRef::from(&*socket), hop_limit);
        }
    }

    fn set_dscp(&self, dscp: u8) {
        self.dscp.set(dscp);
        if let Ok(socket) = self.socket() {
            options::set_dscp(&SockRef::from(&*socket), dscp);
        }
    }

    async fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), DatagramError> {
        let socket = self.socket()?;
        let sent = socket.send_to(data, mapped(&socket, to)).await;
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
                from: canonical(from),
                to: None,
            });
        }
    }
}
