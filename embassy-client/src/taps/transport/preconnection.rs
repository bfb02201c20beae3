//! What a connection shall be, before there is one: RFC 9622 sections 6 and 7.

use core::cell::Cell;
use core::net::SocketAddr;
use core::time::Duration;

use heapless::Vec;
use wigwag_codec::Instant;
use wigwag_codec::framer::{Framer, Over, Passthrough};

use super::super::context::MessageContext;
use super::super::endpoint::{EndpointError, LocalEndpoint, RemoteEndpoint};
use super::super::paths::plan_paths;
use super::super::planner::{Plan, framer_properties, plan};
use super::super::property::{ConnectionProperties, Role, TransportProperties};
use super::super::security::{Disabled, Security};
use super::super::stack::Stack;
use super::Transport;
use super::claim::{claim, is_in_use};
use super::connection::Connection;
use super::error::{EstablishmentError, PORT_IN_USE};
use super::listener::Listener;
use super::sending::Ticket;
use super::state::{Duty, Good, MAX_ENDPOINTS, Order, is_datagram};
use crate::net::{Family, Network, PathId, ResolveError};
use crate::time;

/// No framer: what is sent is a stream of bytes, or datagrams.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unframed;

/// With a framer, or a stack of them.
#[derive(Clone, Copy, Debug)]
pub struct With<F>(F);

/// The framers of a preconnection.
pub trait Framing: sealed::Sealed {
    /// What they are together.
    type Framer: Framer + Clone;
    /// One of them, for a connection.
    fn framer(&self) -> Self::Framer;
}

impl Framing for Unframed {
    type Framer = Passthrough;

    fn framer(&self) -> Passthrough {
        Passthrough
    }
}

impl<F: Framer + Clone> Framing for With<F> {
    type Framer = F;

    fn framer(&self) -> F {
        self.0.clone()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Unframed {}
    impl<F> Sealed for super::With<F> {}
}

/// Everything that is said about a connection before it is made: endpoints,
/// properties, security, framers. It can be used again and again, and remembers
/// where a connection was good, for the next one.
///
/// ```
/// use core::time::Duration;
/// use wigwag_codec::prefix::PrefixFramer;
/// use wigwag_embassy::taps::{
///     Disabled, MessageContext, Preconnection, RemoteEndpoint, Transport, TransportProperties,
/// };
/// /// Asks a server in the clear, and returns the length of its answer.
/// async fn ask(
///     transport: Transport<'_, PrefixFramer, Disabled>,
/// ) -> Result<usize, Box<dyn std::error::Error>> {
///     let server = RemoteEndpoint::new().with_host_name("server.test").with_port(5000);
///     let preconnection = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
///         .add_remote(server)
///         .add_framer(PrefixFramer::for_buffer(1024));
///     let connection = preconnection
///         .initiate(&transport, Some(Duration::from_secs(30)))
///         .await?;
///     connection.send(b"How late is it?", &MessageContext::new()).await?;
///     let mut answer = [0; 64];
///     let received = connection.receive(&mut answer).await?;
///     connection.close();
///     Ok(received.length)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Preconnection<'a, S, P = Unframed> {
    local: [Option<LocalEndpoint<'a>>; MAX_ENDPOINTS],
    remotes: [Option<RemoteEndpoint<'a>>; MAX_ENDPOINTS],
    /// More endpoints were given than there is room for.
    is_overfull: bool,
    transport: TransportProperties,
    connection: ConnectionProperties,
    security: S,
    framing: P,
    good: Cell<Option<Good>>,
}

impl<S> Preconnection<'_, S> {
    /// Properties and security; endpoints and framers are added.
    #[must_use]
    pub const fn new(transport: TransportProperties, security: S) -> Self {
        Self {
            local: [None; MAX_ENDPOINTS],
            remotes: [None; MAX_ENDPOINTS],
            is_overfull: false,
            transport,
            connection: ConnectionProperties::DEFAULT,
            security,
            framing: Unframed,
            good: Cell::new(None),
        }
    }
}

impl<'a, S> Preconnection<'a, S, Unframed> {
    /// Adds the first framer: the one nearest the network.
    #[must_use]
    pub fn add_framer<F: Framer + Clone>(self, framer: F) -> Preconnection<'a, S, With<F>> {
        self.framed(With(framer))
    }
}

impl<'a, S, F: Framer + Clone> Preconnection<'a, S, With<F>> {
    /// Adds a framer above those that are there: the one added last is nearest
    /// the application (RFC 9622 section 9.1.2.1).
    #[must_use]
    pub fn add_framer<G: Framer + Clone>(self, framer: G) -> Preconnection<'a, S, With<Over<G, F>>>
    where
        Over<G, F>: Framer + Clone,
    {
        let below = self.framing.0.clone();
        self.framed(With(Over::new(framer, below)))
    }
}

impl<'a, S, P> Preconnection<'a, S, P> {
    fn framed<Q>(self, framing: Q) -> Preconnection<'a, S, Q> {
        Preconnection {
            local: self.local,
            remotes: self.remotes,
            is_overfull: self.is_overfull,
            transport: self.transport,
            connection: self.connection,
            security: self.security,
            framing,
            good: self.good,
        }
    }

    /// Adds a local endpoint. More than [`MAX_ENDPOINTS`] are an error later.
    #[must_use]
    pub fn add_local(mut self, endpoint: LocalEndpoint<'a>) -> Self {
        match self.local.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(endpoint),
            None => self.is_overfull = true,
        }
        self
    }

    /// Adds a remote endpoint, an alternative to those that are there: they are
    /// tried in this order. More than [`MAX_ENDPOINTS`] are an error later.
    #[must_use]
    pub fn add_remote(mut self, endpoint: RemoteEndpoint<'a>) -> Self {
        match self.remotes.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(endpoint),
            None => self.is_overfull = true,
        }
        self
    }

    /// With connection properties that hold from the start.
    #[must_use]
    pub const fn with_connection_properties(mut self, properties: ConnectionProperties) -> Self {
        self.connection = properties;
        self
    }

    /// What was asked for.
    #[must_use]
    pub const fn transport_properties(&self) -> &TransportProperties {
        &self.transport
    }

    /// What holds from the start.
    #[must_use]
    pub const fn connection_properties(&self) -> &ConnectionProperties {
        &self.connection
    }

    /// Resolves the remote endpoints on a path (the Resolve action of RFC 9622
    /// section 6.1), A and AAAA each asked for by itself.
    ///
    /// # Errors
    /// [`ResolveError`] when there is not one address.
    pub async fn resolve<N: Network>(
        &self,
        network: &N,
        path: PathId,
        timeout: Duration,
    ) -> Result<Vec<SocketAddr, 16>, ResolveError> {
        let mut found = Vec::new();
        let mut failure = ResolveError::NoAddress;
        for remote in self.remotes.iter().flatten() {
            let port = remote.port().unwrap_or_default();
            if let Some(address) = remote.address() {
                let _ = found.push(SocketAddr::new(address, port));
                continue;
            }
            let Some(name) = remote.host_name() else {
                continue;
            };
            for family in [Family::V6, Family::V4] {
                match network.resolve(path, name, family, timeout).await {
                    // What does not fit is not needed.
                    Ok(addresses) => found.extend(
                        addresses
                            .into_iter()
                            .map(|address| SocketAddr::new(address, port))
                            .take(16 - found.len()),
                    ),
                    Err(error) => failure = error,
                }
            }
        }
        if found.is_empty() {
            return Err(failure);
        }
        Ok(found)
    }
}

impl<'a, S: Security, P: Framing> Preconnection<'a, S, P> {
    /// Connects, and waits until the connection is ready. Dropping the future
    /// gives it up.
    ///
    /// `timeout` is for all of it: names, addresses, TLS, framers; `None` leaves
    /// the times of [`TransportConfig`](super::TransportConfig), which end too.
    ///
    /// # Errors
    /// [`EstablishmentError`].
    pub async fn initiate(
        &self,
        transport: &Transport<'a, P::Framer, S>,
        timeout: Option<Duration>,
    ) -> Result<Connection<'a, P::Framer, S>, EstablishmentError> {
        let connection = self.begin(transport, timeout)?;
        connection.ready().await?;
        if !connection.properties().isolate_session {
            self.good.set(connection.good());
        }
        Ok(connection)
    }

    /// Connects, with a first message that leaves as soon as the connection is
    /// ready: RFC 9622's InitiateWithSend. The ticket tells what becomes of it,
    /// [`Connection::ready`] what becomes of the connection.
    ///
    /// No stack here sends data before its handshake is complete, so the message
    /// is never sent twice.
    ///
    /// # Errors
    /// [`EstablishmentError`].
    #[allow(clippy::type_complexity)] // A pair of two known things.
    pub fn initiate_with_send(
        &self,
        transport: &Transport<'a, P::Framer, S>,
        data: &[u8],
        context: &MessageContext<<P::Framer as Framer>::Meta>,
        timeout: Option<Duration>,
    ) -> Result<
        (
            Connection<'a, P::Framer, S>,
            Ticket<<P::Framer as Framer>::Meta>,
        ),
        EstablishmentError,
    > {
        let connection = self.begin(transport, timeout)?;
        let ticket = connection
            .try_send(data, context)
            .map_err(EstablishmentError::FirstMessage)?;
        Ok((connection, ticket))
    }

    /// Begins to connect, and does not wait: messages can be queued already, and
    /// [`Connection::ready`] tells when they can leave.
    ///
    /// # Errors
    /// [`EstablishmentError`], of the kinds that are found before anything is
    /// sent.
    pub fn begin(
        &self,
        transport: &Transport<'a, P::Framer, S>,
        timeout: Option<Duration>,
    ) -> Result<Connection<'a, P::Framer, S>, EstablishmentError> {
        self.make(transport, Duty::Initiate, timeout)
    }

    /// Meets a peer that does the same (RFC 9622 section 7.3), over UDP: both
    /// call each other until they are heard, through firewalls and address
    /// translators. Needs a local endpoint with a port, and the peer's. Without
    /// a `timeout` it ends after [`RaceConfig::deadline`](super::super::RaceConfig::deadline).
    ///
    /// # Errors
    /// [`EstablishmentError`]; [`EstablishmentError::NotSupported`] when no
    /// stack that fits has datagrams: TCP's simultaneous open is not supported.
    pub async fn rendezvous(
        &self,
        transport: &Transport<'a, P::Framer, S>,
        timeout: Option<Duration>,
    ) -> Result<Connection<'a, P::Framer, S>, EstablishmentError> {
        let connection = self.make(transport, Duty::Rendezvous, timeout)?;
        connection.ready().await?;
        Ok(connection)
    }

    fn make(
        &self,
        transport: &Transport<'a, P::Framer, S>,
        duty: Duty,
        timeout: Option<Duration>,
    ) -> Result<Connection<'a, P::Framer, S>, EstablishmentError> {
        let order = self.order(transport, duty, timeout)?;
        if is_in_use(transport.hub, &order) {
            return Err(PORT_IN_USE);
        }
        let seat = claim(transport.hub, order, &self.connection, None, true)
            .ok_or(EstablishmentError::NoSlot)?;
        Ok(Connection::of(transport.hub, seat))
    }

    /// Checks everything that can be checked before anything is sent.
    pub(super) fn order(
        &self,
        transport: &Transport<'a, P::Framer, S>,
        duty: Duty,
        timeout: Option<Duration>,
    ) -> Result<Order<'a, P::Framer, S>, EstablishmentError> {
        if self.is_overfull {
            return Err(EstablishmentError::TooManyEndpoints);
        }
        let role = match duty {
            Duty::Initiate => Role::Initiate,
            Duty::Rendezvous => Role::Rendezvous,
            Duty::Accept | Duty::Gate | Duty::Guest(_) => Role::Listen,
        };
        let properties = self.transport.for_role(role);
        for remote in self.remotes.iter().flatten() {
            match (remote.validate(), role) {
                (Ok(()), Role::Initiate | Role::Rendezvous) => {}
                // Who may connect: from any port, but a name says nothing about
                // an address that is seen.
                (Ok(()) | Err(EndpointError::NoPort), Role::Listen) => {
                    if remote.address().is_none() {
                        return Err(EstablishmentError::NotSupported);
                    }
                }
                (Err(error), _) => return Err(EstablishmentError::Endpoint(error)),
            }
        }
        for local in self.local.iter().flatten() {
            local.validate().map_err(EstablishmentError::Endpoint)?;
        }
        let local = self.local.iter().flatten().next().copied();
        let needs_local = !matches!(duty, Duty::Initiate);
        let needs_remote = matches!(duty, Duty::Initiate | Duty::Rendezvous);
        if (needs_local && local.is_none())
            || (needs_remote && self.remotes.iter().all(Option::is_none))
        {
            return Err(EstablishmentError::MissingEndpoint);
        }
        if let (true, Some(local)) = (needs_local, &local) {
            local
                .listening_port()
                .map_err(EstablishmentError::Endpoint)?;
        }
        let config = transport.hub.shared().config();
        let stacks = self.stacks(&properties, config.stacks)?;
        let is_possible = match duty {
            Duty::Rendezvous => stacks.stacks().iter().any(|stack| is_datagram(*stack)),
            _ => true,
        };
        if !is_possible {
            return Err(EstablishmentError::NotSupported);
        }
        let mut paths = config.paths;
        let bound;
        if let Some(path) = local.and_then(|local| local.interface()) {
            bound = config.paths.iter().position(|info| info.id == path);
            paths = bound
                .and_then(|index| config.paths.get(index..=index))
                .unwrap_or_default();
        }
        let paths = plan_paths(&properties, paths).map_err(EstablishmentError::NoPath)?;
        let timeout = match duty {
            // A race has an end of its own, and silence has none.
            Duty::Rendezvous => timeout.or(Some(config.race.deadline)),
            _ => timeout,
        };
        let deadline = match timeout {
            Some(timeout) => time::now().saturating_add(timeout),
            None => Instant::MAX,
        };
        Ok(Order {
            duty,
            remotes: self.remotes,
            local,
            security: self.security.clone(),
            framer: self.framing.framer(),
            transport: properties,
            stacks,
            paths,
            good: self.good.get(),
            deadline,
        })
    }

    /// The stacks that fit, best first, among those that the security allows.
    fn stacks(
        &self,
        properties: &TransportProperties,
        offered: &[Stack],
    ) -> Result<Plan, EstablishmentError> {
        let permitted: Vec<Stack, { super::super::planner::MAX_STACKS }> = offered
            .iter()
            .filter(|stack| S::permits(stack.id))
            .take(super::super::planner::MAX_STACKS)
            .copied()
            .collect();
        let framer = framer_properties(P::Framer::PRESERVES_BOUNDARIES);
        plan(properties, &permitted, framer).map_err(EstablishmentError::Unsatisfiable)
    }
}

impl<'a, P: Framing> Preconnection<'a, Disabled, P> {
    /// Waits for connections to the local endpoint (RFC 9622 section 7.2), over
    /// TCP or UDP, of all address families that the network has; there is no TLS for it, see [`Listener`].
    ///
    /// Remote endpoints restrict who may connect, by address and, if there is
    /// one, by port; one with a host name is [`EstablishmentError::NotSupported`].
    ///
    /// # Errors
    /// [`EstablishmentError`], of the kinds that are found before anything is
    /// sent.
    pub fn listen(
        &self,
        transport: &Transport<'a, P::Framer, Disabled>,
    ) -> Result<Listener<'a, P::Framer, Disabled>, EstablishmentError> {
        let order = self.order(transport, Duty::Accept, None)?;
        let duty = if is_datagram(order.stacks.first()) {
            Duty::Gate
        } else {
            Duty::Accept
        };
        let order = Order { duty, ..order };
        Listener::begin(transport.hub, order, self.connection)
    }
}
