//! What a stream of the host can be made of.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

/// The protocol under a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StreamProtocol {
    /// TCP (RFC 9293).
    #[default]
    Tcp,
    /// Multipath TCP (RFC 8684): one connection over several paths. Linux has
    /// it; `sysctl net.mptcp.enabled` switches it.
    Mptcp,
    /// SCTP (RFC 9260), one stream of bytes. Linux has it as a module (`modprobe
    /// sctp`) that many distributions leave out.
    Sctp,
}

/// This kernel does not offer the protocol.
#[derive(Debug)]
pub struct Unavailable {
    /// What was wanted.
    pub protocol: StreamProtocol,
    /// What the kernel said.
    pub source: io::Error,
}

impl core::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (name, remedy) = match self.protocol {
            StreamProtocol::Tcp => ("TCP", ""),
            StreamProtocol::Mptcp => ("Multipath TCP", "; try `sysctl net.mptcp.enabled=1`"),
            StreamProtocol::Sctp => ("SCTP", "; try `modprobe sctp`"),
        };
        write!(
            f,
            "this kernel does not offer {name}: {}{remedy}",
            self.source
        )
    }
}

impl std::error::Error for Unavailable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl StreamProtocol {
    /// Asks the kernel, by making a socket and dropping it.
    ///
    /// # Errors
    /// [`Unavailable`] with the kernel's reason.
    pub fn available(self) -> Result<(), Unavailable> {
        let made = self.socket(Domain::IPV4);
        made.map(drop).map_err(|source| Unavailable {
            protocol: self,
            source,
        })
    }

    fn number(self) -> Protocol {
        // The last is the number of IANA.
        match self {
            Self::Tcp => Protocol::TCP,
            Self::Mptcp => Protocol::MPTCP,
            Self::Sctp => Protocol::from(132),
        }
    }

    fn socket(self, domain: Domain) -> io::Result<Socket> {
        let socket = Socket::new(domain, Type::STREAM, Some(self.number()))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// A socket to connect to `remote` with.
    pub(super) fn connecting(self, remote: SocketAddr) -> io::Result<tokio::net::TcpSocket> {
        let socket = self.socket(Domain::for_address(remote))?;
        Ok(tokio::net::TcpSocket::from_std_stream(socket.into()))
    }

    /// A socket that listens on `port` of all addresses: of both families where
    /// the host has both, else of IPv4.
    pub(super) fn listening(self, port: u16) -> io::Result<tokio::net::TcpListener> {
        let bind = |domain, address: SocketAddr| {
            let socket = self.socket(domain)?;
            if domain == Domain::IPV6 {
                socket.set_only_v6(false)?;
            }
            socket.set_reuse_address(true)?;
            socket.bind(&address.into())?;
            socket.listen(BACKLOG)?;
            io::Result::Ok(socket)
        };
        let both = bind(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, port).into());
        let socket = match both {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(_) => bind(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, port).into())?,
            Ok(socket) => socket,
        };
        tokio::net::TcpListener::from_std(socket.into())
    }
}

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;

/// The address as the application knows it: a socket of both families shows
/// IPv4 peers as IPv6 addresses.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_the_kernels_reason() {
        let missing = Unavailable {
            protocol: StreamProtocol::Sctp,
            source: io::Error::other("no such protocol"),
        };
        assert_eq!(
            missing.to_string(),
            "this kernel does not offer SCTP: no such protocol; try `modprobe sctp`"
        );
        assert!(StreamProtocol::Tcp.available().is_ok());
    }
}
