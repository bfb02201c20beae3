//! Connects to a server.

use core::time::Duration;

use wigwag_codec::ncp::Time;
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Login, Names, Timing};

use super::connection::{ClientConnection, Connection, RemoteHostname, Rules};
use super::error::{Error, NetworkError, Warning};
use super::memory::Ncp;
use crate::taps::{
    Disabled, EstablishmentError, Preconnection, RemoteEndpoint, Security, SecurityParameters,
    TransportProperties,
};

/// The port of servers in the clear.
pub const PORT: u16 = 9999;
/// The port of servers in the clear that want a login.
pub const LOGIN_PORT: u16 = 80;
/// The port of servers on TLS.
pub const TLS_PORT: u16 = 443;

/// How long things take at most, unless it is said otherwise.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// A server to connect to, and what is said there: ncplib's `connect`.
///
/// The host is a DNS name or an IP address. The timeout is for connecting, for
/// hearing anything of the server, and for closing: 60 s. Errors and warnings of
/// the server become [`Error::CommandError`] and [`Warning::CommandWarning`],
/// and acknowledgements are passed over, unless each is switched off.
///
/// ```
/// use wigwag_embassy::ncp::{Client, Error, Ncp};
/// use wigwag_embassy::taps::Disabled;
/// use wigwag_codec::ncp::link::ClientLink;
///
/// /// Asks a node for its state.
/// async fn stat<'a>(ncp: Ncp<'a, ClientLink<'a>, Disabled>) -> Result<i64, Error> {
///     let client = Client::plain("node.test").with_hostname("station-7");
///     let connection = client.connect(&ncp).await?;
///     let mut buffer = [0; 512];
///     let response = connection.send("NODE", "STAT", |params| params).await?;
///     let field = response.recv(&mut buffer).await?;
///     let connections = field.value("OCON").and_then(|value| value.as_i64());
///     connection.close();
///     Ok(connections.unwrap_or_default())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Client<'a, S = Disabled> {
    host: &'a str,
    port: u16,
    security: S,
    login: Option<Login<'a>>,
    names: Names<'a>,
    remote_hostname: Option<&'a str>,
    timeout: Duration,
    rules: Rules,
    max_packet: Option<usize>,
    clock: Option<fn() -> Time>,
    info: [u8; 4],
}

impl<'a> Client<'a, Disabled> {
    /// In the clear and without a login, on port 9999.
    #[must_use]
    pub const fn plain(host: &'a str) -> Self {
        Self::new(host, PORT, Disabled)
    }

    /// With a login, in the clear, on port 80: everybody on the way can read the
    /// password, and use it. [`tls`](Client::tls) is for what matters.
    #[must_use]
    pub const fn login_in_the_clear(host: &'a str, login: Login<'a>) -> Self {
        let mut client = Self::new(host, LOGIN_PORT, Disabled);
        client.login = Some(login);
        client
    }
}

impl<'a> Client<'a, SecurityParameters<'a>> {
    /// Over TLS, on port 443. [`with_login`](Self::with_login) adds a login.
    #[must_use]
    pub const fn tls(host: &'a str, security: SecurityParameters<'a>) -> Self {
        let mut client = Self::new(host, TLS_PORT, security);
        // Servers on TLS want the tunnel in any case.
        client.login = Some(Login::NONE);
        client
    }

    /// With a login, which nobody on the way can read.
    #[must_use]
    pub const fn with_login(mut self, login: Login<'a>) -> Self {
        self.login = Some(login);
        self
    }
}

impl<'a, S> Client<'a, S> {
    const fn new(host: &'a str, port: u16, security: S) -> Self {
        Self {
            host,
            port,
            security,
            login: None,
            names: Names::of_host("wigwag"),
            remote_hostname: None,
            timeout: TIMEOUT,
            rules: Rules::ALL,
            max_packet: None,
            clock: None,
            info: [0; 4],
        }
    }

    /// Another port.
    #[must_use]
    pub const fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// What this end calls itself; `wigwag` by default. At most 64 bytes.
    #[must_use]
    pub const fn with_hostname(mut self, hostname: &'a str) -> Self {
        self.names.hostname = hostname;
        self
    }

    /// The user that this end says it is; nobody by default. At most 32 bytes.
    /// It is not a login.
    #[must_use]
    pub const fn with_connection_username(mut self, username: &'a str) -> Self {
        self.names.username = username;
        self
    }

    /// The domain of that user; none by default. At most 32 bytes.
    #[must_use]
    pub const fn with_connection_domain(mut self, domain: &'a str) -> Self {
        self.names.domain = domain;
        self
    }

    /// What the server is called here; `host:port` by default.
    #[must_use]
    pub const fn with_remote_hostname(mut self, hostname: &'a str) -> Self {
        self.remote_hostname = Some(hostname);
        self
    }

    /// Another time for connecting, hearing and closing. The server may agree to
    /// 5 s to 60 s of it for hearing.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether fields with ERRO or ERRC become [`Error::CommandError`].
    #[must_use]
    pub const fn with_auto_erro(mut self, on: bool) -> Self {
        self.rules.erro = on;
        self
    }

    /// Whether fields with WARN or WARC become [`Warning::CommandWarning`], and
    /// are handed out all the same.
    #[must_use]
    pub const fn with_auto_warn(mut self, on: bool) -> Self {
        self.rules.warn = on;
        self
    }

    /// Whether fields with ACKN are passed over.
    #[must_use]
    pub const fn with_auto_ackn(mut self, on: bool) -> Self {
        self.rules.ackn = on;
        self
    }

    /// The most bytes of a packet that is received; as many as the memory has
    /// room for by default. A larger one ends the connection when its header is
    /// here.
    #[must_use]
    pub const fn with_max_packet(mut self, bytes: usize) -> Self {
        self.max_packet = Some(bytes);
        self
    }

    /// The time of day for what is sent. Without it packets say 1970.
    #[must_use]
    pub const fn with_clock(mut self, clock: fn() -> Time) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Who says it, in each packet: bytes 2 to 5 of a hardware address.
    #[must_use]
    pub const fn with_info(mut self, info: [u8; 4]) -> Self {
        self.info = info;
        self
    }

    fn config(&self, packet: usize) -> LinkConfig {
        let most = self.max_packet.unwrap_or(packet).min(packet);
        let mut config = LinkConfig::new(most);
        config.timeout = self.timeout;
        config.info = self.info;
        if let Some(clock) = self.clock {
            config.clock = clock;
        }
        config
    }
}

impl<'a, S: Security> Client<'a, S> {
    /// Connects: names, addresses, TLS, tunnel and handshake, all within the
    /// timeout. Dropping the future gives it up.
    ///
    /// # Errors
    /// [`Error::NetworkError`], [`Error::AuthenticationError`],
    /// [`Error::NetworkTimeoutError`], [`Error::ConnectionClosed`] when the
    /// server closes at once, [`Error::DecodeError`] when it is no server of NCP,
    /// [`Error::Name`] when this end cannot call itself so.
    pub async fn connect(
        &self,
        ncp: &Ncp<'a, ClientLink<'a>, S>,
    ) -> Result<ClientConnection<'a, S>, Error> {
        let config = self.config(ncp.desks.packet());
        let link = ClientLink::new(config, self.names).map_err(Error::Name)?;
        let link = match self.login {
            Some(login) => link.with_login(login),
            None => link,
        };
        let server = RemoteEndpoint::new()
            .with_host(self.host)
            .with_port(self.port);
        let properties = TransportProperties::RELIABLE_MESSAGE;
        let inner = Preconnection::new(properties, self.security.clone())
            .add_remote(server)
            .add_framer(link)
            .initiate(&ncp.transport, Some(self.timeout))
            .await
            .map_err(Error::of_establishment)?;
        let remote = match self.remote_hostname {
            Some(name) => RemoteHostname::Given(name),
            None => RemoteHostname::Host(self.host, self.port),
        };
        let connection = Connection::begin(inner, *ncp, self.rules, remote, self.timeout, 0);
        let agreed = match connection.timing() {
            Some(Timing::Agreed(time)) => time.as_secs(),
            _ => 0,
        };
        if agreed != self.timeout.as_secs() {
            connection.look(|look| look.warn(Warning::TimeoutChanged(agreed)));
        }
        Ok(connection)
    }

    /// Whether anybody on the way can have made an attempt fail so.
    pub(super) fn may_be_forged(&self, error: &Error) -> bool {
        match error {
            Error::NetworkError(NetworkError::Establishment(EstablishmentError::Secure(end))) => {
                end.may_be_forged()
            }
            _ => !S::SECURE,
        }
    }
}
