//! Waits for clients.

use core::cell::RefCell;
use core::time::Duration;

use embassy_futures::join::join_array;
use embassy_futures::select::{Either, select};
use wigwag_codec::ncp::Time;
use wigwag_codec::ncp::link::{Authenticate, LinkConfig, LinkError, ServerLink};

use super::client::{LOGIN_PORT, PORT, TIMEOUT};
use super::connection::{Connection, RemoteHostname, Rules, ServerConnection};
use super::error::{Error, NetworkError};
use super::memory::Ncp;
use crate::taps::{
    self, Disabled, EstablishmentError, LocalEndpoint, Preconnection, TransportProperties,
};

/// The number of the first field of a server's own requests. Clients begin at
/// 0: so an answer to the one is not taken for a request of the other.
const FIRST_ID: u32 = 1 << 31;

/// What a server is to be: ncplib's `start_server`. It listens on all addresses
/// of the device, of both families. There is none on TLS, as embedded-tls has no
/// server role.
///
/// ```
/// use wigwag_codec::ncp::link::{Login, ServerLink};
/// use wigwag_embassy::ncp::{self, Error, Ncp, Server, ServerConnection};
/// use wigwag_embassy::taps::Disabled;
///
/// /// Sends every field back, to up to two clients at a time.
/// async fn serve<'a>(
///     ncp: Ncp<'a, ServerLink<'a>, Disabled>,
///     login: &'a Login<'a>,
/// ) -> Result<(), Error> {
///     let server = Server::login_in_the_clear(login).listen(&ncp)?;
///     server.serve::<2, Error>(echo).await
/// }
///
/// async fn echo(client: &ServerConnection<'_>) -> Result<(), Error> {
///     let mut buffer = [0; 512];
///     while let Some(field) = client.next(&mut buffer).await? {
///         let to = field.reply_to();
///         client.reply(to, |params| ncp::echo(params, &field)).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Server<'a> {
    authenticate: Option<&'a (dyn Authenticate + Sync)>,
    port: u16,
    timeout: Duration,
    handshake_timeout: Option<Duration>,
    max_packet: Option<usize>,
    clock: Option<fn() -> Time>,
    info: [u8; 4],
}

impl core::fmt::Debug for Server<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Server")
            .field("port", &self.port)
            .field("wants_login", &self.authenticate.is_some())
            .finish_non_exhaustive()
    }
}

impl<'a> Server<'a> {
    /// In the clear, for everybody, on port 9999.
    #[must_use]
    pub const fn plain() -> Self {
        Self::new(None, PORT)
    }

    /// In the clear, for whom `authenticate` lets in, on port 80: a
    /// [`Login`](wigwag_codec::ncp::link::Login), or a function of user and
    /// password. Everybody on the way can read the password, and use it.
    #[must_use]
    pub const fn login_in_the_clear(authenticate: &'a (dyn Authenticate + Sync)) -> Self {
        Self::new(Some(authenticate), LOGIN_PORT)
    }

    const fn new(authenticate: Option<&'a (dyn Authenticate + Sync)>, port: u16) -> Self {
        Self {
            authenticate,
            port,
            timeout: TIMEOUT,
            handshake_timeout: None,
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

    /// Another time for hearing of a client that agrees to none, and for closing.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a client may take to shake hands; 10 s by default.
    #[must_use]
    pub const fn with_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = Some(timeout);
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

    fn link(&self, packet: usize) -> ServerLink<'a> {
        let most = self.max_packet.unwrap_or(packet).min(packet);
        let mut config = LinkConfig::new(most);
        config.timeout = self.timeout;
        config.info = self.info;
        if let Some(timeout) = self.handshake_timeout {
            config.handshake_timeout = timeout;
        }
        if let Some(clock) = self.clock {
            config.clock = clock;
        }
        let link = ServerLink::new(config);
        match self.authenticate {
            Some(authenticate) => link.with_authentication(authenticate),
            None => link,
        }
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// [`Error::NetworkError`].
    pub fn listen(&self, ncp: &Ncp<'a, ServerLink<'a>, Disabled>) -> Result<Listening<'a>, Error> {
        let properties = TransportProperties::RELIABLE_MESSAGE;
        let listener = Preconnection::new(properties, Disabled)
            .add_local(LocalEndpoint::new().with_port(self.port))
            .add_framer(self.link(ncp.desks.packet()))
            .listen(&ncp.transport)
            .map_err(Error::of_establishment)?;
        Ok(Listening {
            listener,
            ncp: *ncp,
            timeout: self.timeout,
        })
    }
}

/// A server that listens. Dropped, it stops; connections go on.
pub struct Listening<'a> {
    listener: taps::Listener<'a, ServerLink<'a>, Disabled>,
    ncp: Ncp<'a, ServerLink<'a>, Disabled>,
    timeout: Duration,
}

impl<'a> Listening<'a> {
    /// Waits for the next client that has shaken hands. Others are dropped, with
    /// an answer where there is one, and the next is waited for.
    ///
    /// # Errors
    /// [`Error::Stopped`] after [`stop`](Self::stop); [`Error::NetworkError`]
    /// when nothing can be listened to.
    pub async fn accept(&self) -> Result<ServerConnection<'a>, Error> {
        let inner = self.listener.accept().await.map_err(|error| match error {
            EstablishmentError::Aborted => Error::Stopped,
            error => Error::NetworkError(NetworkError::Establishment(error)),
        })?;
        let said = inner.with_framer(|link| {
            let peer = link.peer()?;
            (!peer.hostname.is_empty()).then(|| peer.hostname.clone())
        });
        let remote = match (said.flatten(), inner.remote()) {
            (Some(name), _) => RemoteHostname::Said(name),
            (None, Some(address)) => RemoteHostname::Address(address),
            (None, None) => RemoteHostname::Unknown,
        };
        let (ncp, rules) = (self.ncp, Rules::NONE);
        Ok(Connection::begin(
            inner,
            ncp,
            rules,
            remote,
            self.timeout,
            FIRST_ID,
        ))
    }

    /// Serves up to `N` clients at a time, each with a call of `handler`, until
    /// [`stop`](Self::stop) is called and those that are there have ended. The
    /// memory should have two slots more.
    ///
    /// A connection is closed when its handler ends, after `ERRO` 500 when it
    /// ends with an error; and the handler is dropped when its connection is
    /// over. A client that sends a packet that is not sound is told `ERRO` 400.
    /// One that closes in good order is not gone at once: the handler learns
    /// [`Error::ConnectionClosed`] when it has received all.
    ///
    /// All handlers share a task. Dropping the future drops them, and their
    /// connections close in the background.
    ///
    /// # Errors
    /// [`Error::NetworkError`] when nothing can be listened to.
    pub async fn serve<const N: usize, E>(
        &self,
        handler: impl AsyncFn(&ServerConnection<'a>) -> Result<(), E>,
    ) -> Result<(), Error> {
        let failure = RefCell::new(None);
        let places = core::array::from_fn::<_, N, _>(|_| async {
            loop {
                match self.accept().await {
                    Ok(connection) => self.attend(&connection, &handler).await,
                    Err(Error::Stopped) => return,
                    Err(error) => {
                        *failure.borrow_mut() = Some(error);
                        self.stop();
                        return;
                    }
                }
            }
        });
        join_array(places).await;
        failure.into_inner().map_or(Ok(()), Err)
    }

    /// Runs a handler, and ends its connection.
    async fn attend<E>(
        &self,
        connection: &ServerConnection<'a>,
        handler: &impl AsyncFn(&ServerConnection<'a>) -> Result<(), E>,
    ) {
        match select(handler(connection), connection.over()).await {
            Either::First(Err(_)) if !connection.is_closing() => {
                connection.say(LinkError::ServerError);
            }
            Either::First(_) | Either::Second(()) => {}
        }
        connection.close();
        // Nobody is there who wants to know how it ended.
        let _ = connection.wait_closed().await;
    }

    /// Listens no more. Connections that nobody has accepted are cut off; those
    /// that were go on.
    pub fn stop(&self) {
        self.listener.stop();
    }
}

impl core::fmt::Debug for Listening<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Listening")
    }
}
