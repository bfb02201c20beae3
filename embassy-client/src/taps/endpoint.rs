//! The two ends of a connection (RFC 9622 section 6.1).
//!
//! An endpoint is a set of identifiers, at most one of each type; several
//! endpoints are alternatives for one another. Multicast groups (section
//! 6.1.1) and STUN servers (section 6.1.4) are not supported, so there is no
//! way to name one.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

use super::stack::StackId;
use crate::net::PathId;

/// Longest host name in bytes, without a dot at its end (RFC 1035 section
/// 2.3.4, in the form with dots).
pub const MAX_HOST_NAME: usize = 253;

/// The types of identifiers of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Identifier {
    /// A host name.
    HostName,
    /// An IP address.
    Address,
    /// A port number.
    Port,
    /// A service name.
    Service,
    /// A path of the network.
    Interface,
    /// A protocol stack.
    Protocol,
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HostName => "host name",
            Self::Address => "address",
            Self::Port => "port",
            Self::Service => "service",
            Self::Interface => "interface",
            Self::Protocol => "protocol",
        })
    }
}

/// Why an endpoint cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EndpointError {
    /// It was given two identifiers of one type. Two addresses are two
    /// endpoints.
    Repeated(Identifier),
    /// A remote endpoint without host name and address.
    NoHost,
    /// Neither a port nor a service says where to connect or listen.
    NoPort,
    /// Port 0 is not a port.
    PortZero,
    /// The host name is not one: empty, longer than [`MAX_HOST_NAME`], with an
    /// empty label or one of more than 63 bytes, or with other characters than
    /// letters, digits, hyphens and underscores. An address belongs into
    /// [`RemoteEndpoint::with_address`].
    HostName,
    /// The service is not one of [`service_port`]: give its port.
    UnknownService,
    /// The address is unspecified or the broadcast address: nobody can be
    /// reached there.
    NotAnAddress,
    /// The address is a multicast group, which is not supported here.
    Multicast,
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repeated(identifier) => write!(
                f,
                "the endpoint has two identifiers of type {identifier}: make two endpoints"
            ),
            Self::NoHost => f.write_str("the remote endpoint has no host name and no address"),
            Self::NoPort => f.write_str("the endpoint has no port and no service"),
            Self::PortZero => f.write_str("0 is not a port"),
            Self::HostName => {
                f.write_str("not a host name (an address is given with with_address)")
            }
            Self::UnknownService => f.write_str("unknown service: give its port"),
            Self::NotAnAddress => f.write_str("nobody can be reached at this address"),
            Self::Multicast => f.write_str("multicast groups are not supported"),
        }
    }
}

impl core::error::Error for EndpointError {}

/// The port of a service (the IANA registry of service names, RFC 6335), for
/// those that a device talks to; upper and lower case are the same. The
/// registry is too large for a device: others are given by their port.
///
/// ```
/// use wigwag_embassy::taps::service_port;
///
/// assert_eq!(service_port("secure-mqtt"), Some(8883));
/// assert_eq!(service_port("nonsense"), None);
/// ```
#[must_use]
pub const fn service_port(service: &str) -> Option<u16> {
    const PORTS: [(&str, u16); 14] = [
        ("echo", 7),
        ("discard", 9),
        ("ssh", 22),
        ("domain", 53),
        ("http", 80),
        ("ntp", 123),
        ("https", 443),
        ("syslog", 514),
        ("domain-s", 853),
        ("mqtt", 1883),
        ("coap", 5683),
        ("coaps", 5684),
        ("syslog-tls", 6514),
        ("secure-mqtt", 8883),
    ];
    let mut index = 0;
    while index < PORTS.len() {
        let (name, port) = PORTS[index];
        if name.eq_ignore_ascii_case(service) {
            return Some(port);
        }
        index += 1;
    }
    None
}

/// What both kinds of endpoints are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Identifiers<'a> {
    host_name: Option<&'a str>,
    address: Option<IpAddr>,
    port: Option<u16>,
    service: Option<&'a str>,
    /// Looked up when the service is given: who never does links no table.
    service_port: Option<u16>,
    interface: Option<PathId>,
    protocol: Option<StackId>,
    repeated: Option<Identifier>,
}

impl Identifiers<'_> {
    const NONE: Self = Self {
        host_name: None,
        address: None,
        port: None,
        service: None,
        service_port: None,
        interface: None,
        protocol: None,
        repeated: None,
    };

    /// Notes the first identifier that is given twice.
    const fn given(mut self, identifier: Identifier, before: bool) -> Self {
        if before && self.repeated.is_none() {
            self.repeated = Some(identifier);
        }
        self
    }

    /// The port wins over the service.
    const fn port(&self) -> Option<u16> {
        match self.port {
            None => self.service_port,
            port => port,
        }
    }

    fn validate(&self) -> Result<(), EndpointError> {
        if let Some(identifier) = self.repeated {
            return Err(EndpointError::Repeated(identifier));
        }
        if self.host_name.is_some_and(|name| !is_host_name(name)) {
            return Err(EndpointError::HostName);
        }
        if let Some(address) = &self.address {
            if address.is_multicast() {
                return Err(EndpointError::Multicast);
            }
            if !is_reachable(address) {
                return Err(EndpointError::NotAnAddress);
            }
        }
        if self.port == Some(0) {
            return Err(EndpointError::PortZero);
        }
        if self.service.is_some() && self.port().is_none() {
            return Err(EndpointError::UnknownService);
        }
        Ok(())
    }
}

/// Whether somebody can be at this address at all. Answers of name servers are
/// held to the same.
pub(super) fn is_reachable(address: &IpAddr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && *address != Ipv4Addr::BROADCAST
}

/// Whether `name` can be asked for: letters, digits, hyphens and, as some names
/// in the field have them, underscores. One whose last label is a number is an
/// address, or meant as one.
fn is_host_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= MAX_HOST_NAME
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

macro_rules! identifiers {
    ($endpoint:ident) => {
        impl<'a> $endpoint<'a> {
            /// An endpoint without an identifier.
            #[must_use]
            pub const fn new() -> Self {
                Self(Identifiers::NONE)
            }

            /// With an IP address, version 4 or 6.
            #[must_use]
            pub const fn with_address(mut self, address: IpAddr) -> Self {
                let before = self.0.address.is_some();
                self.0.address = Some(address);
                Self(self.0.given(Identifier::Address, before))
            }

            /// With a port, 1 to 65535. It wins over a service.
            #[must_use]
            pub const fn with_port(mut self, port: u16) -> Self {
                let before = self.0.port.is_some();
                self.0.port = Some(port);
                Self(self.0.given(Identifier::Port, before))
            }

            /// With a service of [`service_port`], in place of a port.
            #[must_use]
            pub const fn with_service(mut self, service: &'a str) -> Self {
                let before = self.0.service.is_some();
                self.0.service = Some(service);
                self.0.service_port = service_port(service);
                Self(self.0.given(Identifier::Service, before))
            }

            /// On one path of the network only. A link-local address of a
            /// network of several paths needs it.
            #[must_use]
            pub const fn with_interface(mut self, interface: PathId) -> Self {
                let before = self.0.interface.is_some();
                self.0.interface = Some(interface);
                Self(self.0.given(Identifier::Interface, before))
            }

            /// For one protocol stack only (RFC 9622 section 6.1.3): others do
            /// not look at this endpoint.
            #[must_use]
            pub const fn with_protocol(mut self, protocol: StackId) -> Self {
                let before = self.0.protocol.is_some();
                self.0.protocol = Some(protocol);
                Self(self.0.given(Identifier::Protocol, before))
            }

            /// The address, if it was given.
            #[must_use]
            pub const fn address(&self) -> Option<IpAddr> {
                self.0.address
            }

            /// The port, or that of the service.
            #[must_use]
            pub const fn port(&self) -> Option<u16> {
                self.0.port()
            }

            /// The service, if it was given.
            #[must_use]
            pub const fn service(&self) -> Option<&'a str> {
                self.0.service
            }

            /// The path that it is bound to, if it is.
            #[must_use]
            pub const fn interface(&self) -> Option<PathId> {
                self.0.interface
            }

            /// The protocol stack that it is for, if it is for one only.
            #[must_use]
            pub const fn protocol(&self) -> Option<StackId> {
                self.0.protocol
            }

            /// Whether it is meant for this path and this protocol stack.
            #[must_use]
            pub fn is_for(&self, path: PathId, stack: StackId) -> bool {
                self.0.interface.is_none_or(|interface| interface == path)
                    && self.0.protocol.is_none_or(|protocol| protocol == stack)
            }
        }
    };
}

/// The other end of a connection, or one of several alternatives for it.
///
/// With a host name and an address, the address is where to connect to and the
/// name whom to find there: nothing is resolved.
///
/// ```
/// use wigwag_embassy::taps::{EndpointError, Identifier, RemoteEndpoint};
///
/// let server = RemoteEndpoint::new()
///     .with_host_name("example.com")
///     .with_service("https");
/// assert_eq!(server.validate(), Ok(()));
/// assert_eq!(server.port(), Some(443));
///
/// let two = server.with_host_name("example.net");
/// let error = EndpointError::Repeated(Identifier::HostName);
/// assert_eq!(two.validate(), Err(error));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteEndpoint<'a>(Identifiers<'a>);

identifiers!(RemoteEndpoint);

impl<'a> RemoteEndpoint<'a> {
    /// With a host name, preferred over addresses (RFC 9622 section 6.1).
    #[must_use]
    pub const fn with_host_name(mut self, name: &'a str) -> Self {
        let before = self.0.host_name.is_some();
        self.0.host_name = Some(name);
        Self(self.0.given(Identifier::HostName, before))
    }

    /// With what a person wrote: an address, or else a host name.
    #[must_use]
    pub fn with_host(self, host: &'a str) -> Self {
        match host.parse() {
            Ok(address) => self.with_address(address),
            Err(_) => self.with_host_name(host),
        }
    }

    /// The host name, if it was given.
    #[must_use]
    pub const fn host_name(&self) -> Option<&'a str> {
        self.0.host_name
    }

    /// Looks for what is wrong with it from its identifiers alone, before
    /// anything is sent.
    ///
    /// # Errors
    /// [`EndpointError`], the first that is found.
    pub fn validate(&self) -> Result<(), EndpointError> {
        self.0.validate()?;
        if self.0.host_name.is_none() && self.0.address.is_none() {
            return Err(EndpointError::NoHost);
        }
        if self.port().is_none() {
            return Err(EndpointError::NoPort);
        }
        Ok(())
    }
}

/// This end of a connection: where to listen, or from where to connect. It
/// needs no identifier unless it listens.
///
/// ```
/// use wigwag_embassy::taps::{EndpointError, LocalEndpoint};
///
/// assert_eq!(LocalEndpoint::new().validate(), Ok(()));
/// assert_eq!(LocalEndpoint::new().listening_port(), Err(EndpointError::NoPort));
/// assert_eq!(LocalEndpoint::new().with_port(80).listening_port(), Ok(80));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalEndpoint<'a>(Identifiers<'a>);

identifiers!(LocalEndpoint);

impl LocalEndpoint<'_> {
    /// Looks for what is wrong with it from its identifiers alone.
    ///
    /// # Errors
    /// [`EndpointError`], the first that is found.
    pub fn validate(&self) -> Result<(), EndpointError> {
        self.0.validate()
    }

    /// The port to listen on.
    ///
    /// # Errors
    /// [`EndpointError::NoPort`] when none was given, or as
    /// [`validate`](Self::validate).
    pub fn listening_port(&self) -> Result<u16, EndpointError> {
        self.validate()?;
        self.port().ok_or(EndpointError::NoPort)
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
