//! A connection of a transport: RFC 9622 sections 8 and 10.

use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::{Context, Poll};

use wigwag_codec::framer::Framer;

use super::super::endpoint::{EndpointError, RemoteEndpoint};
use super::super::property::{
    CommunicationDirection, ConnectionProperties, ConnectionProperty, PropertyValue,
    SelectionProperty, SetError, TransportProperties,
};
use super::super::stack::StackId;
use super::error::{ConnectionError, EstablishmentError};
use super::memory::{Hub, Seat};
use super::runner::let_go;
use super::state::{ConnectionEvent, Good, Stage, Step, overhead};
use crate::net::PathId;
use crate::time;
use crate::tls::LENGTH;

/// Where a connection stands (RFC 9622 section 8.1.11, `connState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConnectionState {
    /// It is coming up. Messages that are sent now wait.
    Establishing,
    /// Messages can be sent and received.
    Established,
    /// It is ending; what was queued before still leaves.
    Closing,
    /// It is over. What was received before can still be taken.
    Closed,
}

/// A connection. All that waits can be dropped at any time: nothing is lost.
///
/// | event of RFC 9622 | here |
/// |---|---|
/// | Ready, EstablishmentError | the result of [`ready`](Self::ready) |
/// | Sent, Expired, SendError | the outcome of a [`Ticket`](super::Ticket), see [`outcome`](Self::outcome) |
/// | Received, ReceivedPartial, ReceiveError | the result of [`receive`](Self::receive) |
/// | SoftError, PathChange | [`event`](Self::event) |
/// | Closed, ConnectionError | the result of [`closed`](Self::closed) |
///
/// A secure one that was used enough ([`SessionLimits`](crate::tls::SessionLimits):
/// 24 hours at most) takes no more messages and closes in good order by itself,
/// with [`End::SessionLimit`](crate::tls::End::SessionLimit): make a new one.
///
/// A framer's clock runs whether or not the application receives: keep-alives go
/// out, and those of the peer are taken as long as no message waits before them.
/// While one waits, the peer does not count as silent, and nothing is lost.
///
/// Dropped, it closes in good order in the background, as [`close`](Self::close)
/// does, and nobody learns more of it.
///
/// Up to three tasks besides the runner's may wait on one connection at a time.
/// More work too, but wake each other in turns and use up the processor: join
/// what waits into fewer tasks, or let one receive on behalf of the others
/// ([`poll_receive_in_place`](Self::poll_receive_in_place)).
pub struct Connection<'a, F: Framer, S> {
    pub(super) hub: &'a dyn Hub<'a, F, S>,
    pub(super) seat: Seat<'a, 'a, F, S>,
}

impl<F: Framer, S> core::fmt::Debug for Connection<'_, F, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connection")
            .field("slot", &self.seat.index)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// Why a remote endpoint was not added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RemoteError {
    /// It cannot be used at all.
    Endpoint(EndpointError),
    /// There are [`MAX_ENDPOINTS`](super::MAX_ENDPOINTS).
    TooMany,
    /// It is not one of the connection's.
    Unknown,
    /// It is the only one.
    Last,
}

impl core::fmt::Display for RemoteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Endpoint(error) => error.fmt(f),
            Self::TooMany => write!(f, "more than {} remote endpoints", super::MAX_ENDPOINTS),
            Self::Unknown => f.write_str("not a remote endpoint of this connection"),
            Self::Last => f.write_str("it is the only remote endpoint"),
        }
    }
}

impl core::error::Error for RemoteError {}

impl<'a, F: Framer, S> Connection<'a, F, S> {
    pub(super) const fn of(hub: &'a dyn Hub<'a, F, S>, seat: Seat<'a, 'a, F, S>) -> Self {
        Self { hub, seat }
    }

    /// Waits for something of this slot.
    pub(super) async fn wait<T>(
        &self,
        mut look: impl FnMut(&Seat<'a, 'a, F, S>) -> Option<T>,
    ) -> T {
        poll_fn(|cx| poll_seat(&self.seat, cx, &mut look)).await
    }

    /// Waits until it is ready (the Ready event). Exactly one of both results is
    /// returned, however often it is asked for.
    ///
    /// # Errors
    /// [`EstablishmentError`] when it did not come up.
    pub async fn ready(&self) -> Result<(), EstablishmentError> {
        self.wait(|seat| {
            seat.with(|state| match (state.stage, state.failed) {
                (_, Some(error)) => Some(Err(error)),
                (Stage::Establishing, None) => None,
                _ => Some(Ok(())),
            })
        })
        .await
    }

    /// Waits until it is over: `Ok` after an end in good order (the Closed
    /// event). Exactly one of both results is returned, however often it is
    /// asked for.
    ///
    /// # Errors
    /// [`ConnectionError`] when it was lost, or never came up.
    pub async fn closed(&self) -> Result<(), ConnectionError> {
        self.wait(|seat| {
            seat.with(|state| {
                if state.stage != Stage::Closed {
                    return None;
                }
                Some(match (state.lost, state.failed) {
                    (Some(error), _) => Err(error),
                    (None, Some(_)) => Err(ConnectionError::NotEstablished),
                    (None, None) => Ok(()),
                })
            })
        })
        .await
    }

    /// The next SoftError or PathChange. The last four are kept.
    pub async fn event(&self) -> ConnectionEvent {
        self.wait(|seat| seat.with(|state| state.take_event()))
            .await
    }

    /// Ends it in good order: messages that were queued leave first, then what
    /// the stack below says to end. It has
    /// [`close_timeout`](super::TransportConfig::close_timeout) for that. One
    /// that is not ready yet is given up.
    ///
    /// What comes meanwhile can still be received. It does not wait:
    /// [`closed`](Self::closed) does.
    pub fn close(&self) {
        close(self.hub, &self.seat);
    }

    /// Ends it at once. What was queued does not leave; who waits for its
    /// outcome learns [`SendError::ConnectionClosing`](super::super::SendError::ConnectionClosing).
    pub fn abort(&self) {
        let seat = self.seat;
        seat.with(|state| {
            state.is_aborted |= state.stage != Stage::Closed;
            state.users.wake();
        });
        self.hub.shared().wake_runner();
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        match self.seat.stage() {
            Stage::Free | Stage::Closed => ConnectionState::Closed,
            Stage::Establishing => ConnectionState::Establishing,
            Stage::Established => ConnectionState::Established,
            Stage::Closing => ConnectionState::Closing,
        }
    }

    /// The stack that was chosen, once it is.
    #[must_use]
    pub fn stack(&self) -> Option<StackId> {
        self.seat.with(|state| state.stack)
    }

    /// The path that it uses, once it does.
    #[must_use]
    pub fn path(&self) -> Option<PathId> {
        self.seat.with(|state| state.path)
    }

    /// This end's address, where the stack tells.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.seat.with(|state| state.local)
    }

    /// The other end's address, once it is connected.
    #[must_use]
    pub fn remote(&self) -> Option<SocketAddr> {
        self.seat.with(|state| state.remote)
    }

    /// What was asked for when it was made.
    #[must_use]
    pub fn transport_properties(&self) -> TransportProperties {
        self.seat.with(|state| {
            state
                .order
                .as_ref()
                .map_or(TransportProperties::DEFAULT, |order| order.transport)
        })
    }

    /// Whether the stack that was chosen has a property; `None` before one was
    /// (RFC 9622 section 8.1.11.4: what was only preferred may not be there).
    #[must_use]
    pub fn has(&self, property: SelectionProperty) -> Option<bool> {
        let stack = self.stack()?;
        let config = self.hub.shared().config();
        let known = config.stacks.iter().find(|known| known.id == stack)?;
        let keeps = F::PRESERVES_BOUNDARIES && property == SelectionProperty::PreserveMsgBoundaries;
        Some(known.has().contains(property) || keeps)
    }

    /// The connection properties that hold. All but `connPriority` are those of
    /// its group.
    #[must_use]
    pub fn properties(&self) -> ConnectionProperties {
        let (group, priority) = self.seat.with(|state| (state.group, state.priority));
        let shared = self.hub.group(group.into());
        let properties = shared.map_or(ConnectionProperties::DEFAULT, |group| {
            group.get().properties
        });
        properties.with_conn_priority(priority)
    }

    /// A connection property by name, those that can only be read among them.
    /// `None` is said of lengths before a stack was chosen, and of
    /// `singularTransmissionMsgMaxLen` on a stream.
    #[must_use]
    pub fn property(&self, property: ConnectionProperty) -> Option<PropertyValue> {
        use ConnectionProperty as C;
        let number =
            |number: Option<usize>| number.map(|number| PropertyValue::Number(number as u64));
        match property {
            C::ConnState => Some(PropertyValue::State(self.state())),
            C::CanSend => Some(PropertyValue::Flag(self.can_send())),
            C::CanReceive => Some(PropertyValue::Flag(self.can_receive())),
            C::SingularTransmissionMsgMaxLen => number(self.singular_limit()),
            C::SendMsgMaxLen => number(self.send_limit()),
            C::RecvMsgMaxLen => number(self.receive_limit()),
            _ => self.properties().get(property),
        }
    }

    /// Sets a connection property: for all of its group, unless it is
    /// `connPriority`.
    ///
    /// # Errors
    /// [`SetError`]; nothing has changed then.
    pub fn set_property(
        &self,
        property: ConnectionProperty,
        value: PropertyValue,
    ) -> Result<(), SetError> {
        let mut properties = self.properties();
        properties.set(property, value)?;
        self.set_properties(&properties);
        Ok(())
    }

    /// Sets all connection properties: for all of its group, but for
    /// `connPriority`.
    pub fn set_properties(&self, properties: &ConnectionProperties) {
        let group = self.seat.with(|state| {
            state.priority = properties.conn_priority;
            state.group
        });
        let Some(shared) = self.hub.group(group.into()) else {
            return;
        };
        let mut now = shared.get();
        if now.properties.conn_scheduler != properties.conn_scheduler {
            now.turn.restart(core::iter::empty());
            for seat in self.hub.members(group) {
                seat.with(|state| state.share = super::super::group::Share::NONE);
            }
        }
        now.properties = *properties;
        shared.set(now);
        for seat in self.hub.members(group) {
            seat.with(|state| state.is_changed = true);
        }
        self.hub.shared().wake_runner();
    }

    /// Whether messages are taken (`canSend`).
    #[must_use]
    pub fn can_send(&self) -> bool {
        let seat = self.seat;
        let direction = self.transport_properties().direction();
        direction != CommunicationDirection::UnidirectionalReceive
            && matches!(seat.stage(), Stage::Establishing | Stage::Established)
            && seat.with_queue(|queue| queue.is_open())
    }

    /// Whether messages may still come (`canReceive`).
    #[must_use]
    pub fn can_receive(&self) -> bool {
        let seat = self.seat;
        let direction = self.transport_properties().direction();
        direction != CommunicationDirection::UnidirectionalSend
            && seat.stage() == Stage::Established
            && !seat.link.is_finished()
    }

    /// The longest message that one packet carries (`singularTransmissionMsgMaxLen`).
    fn singular_limit(&self) -> Option<usize> {
        self.seat.with(|state| {
            state.stack?;
            state
                .is_datagram()
                .then(|| self.datagram_limit(state.remote))
        })
    }

    /// The longest message that can be sent whole (`sendMsgMaxLen`).
    fn send_limit(&self) -> Option<usize> {
        let seat = self.seat;
        let most = seat.with_queue(|queue| queue.capacity());
        seat.with(|state| {
            state.stack?;
            Some(if state.is_datagram() {
                most.min(self.datagram_limit(state.remote))
            } else {
                most
            })
        })
    }

    /// The longest message that can be received whole (`recvMsgMaxLen`).
    fn receive_limit(&self) -> Option<usize> {
        let seat = self.seat;
        let (capacity, _) = seat.link.capacity();
        seat.with(|state| {
            state.stack?;
            let most = if state.is_datagram() {
                (capacity - LENGTH).min(self.hub.datagram_limit())
            } else {
                capacity
            };
            Some(most.saturating_sub(F::HEAD + F::TAIL))
        })
    }

    /// The longest message in a datagram.
    pub(super) fn datagram_limit(&self, remote: Option<SocketAddr>) -> usize {
        datagram_limit(self.hub, &self.seat, remote)
    }

    /// Adds a remote endpoint, for the connections that are cloned from this one
    /// (RFC 9622 section 7.5). A stack here uses one address for all of a
    /// connection's life, so it does not move.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn add_remote(&self, endpoint: RemoteEndpoint<'a>) -> Result<(), RemoteError> {
        endpoint.validate().map_err(RemoteError::Endpoint)?;
        self.with_remotes(|remotes| {
            if remotes.iter().flatten().any(|known| *known == endpoint) {
                return Ok(());
            }
            let place = remotes.iter_mut().find(|place| place.is_none());
            *place.ok_or(RemoteError::TooMany)? = Some(endpoint);
            Ok(())
        })
    }

    /// Removes a remote endpoint. The connection goes on even if it uses it.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn remove_remote(&self, endpoint: &RemoteEndpoint<'a>) -> Result<(), RemoteError> {
        self.with_remotes(|remotes| {
            let count = remotes.iter().flatten().count();
            let place = remotes
                .iter_mut()
                .find(|place| place.as_ref() == Some(endpoint));
            let place = place.ok_or(RemoteError::Unknown)?;
            if count == 1 {
                return Err(RemoteError::Last);
            }
            *place = None;
            Ok(())
        })
    }

    fn with_remotes(
        &self,
        f: impl FnOnce(
            &mut [Option<RemoteEndpoint<'a>>; super::MAX_ENDPOINTS],
        ) -> Result<(), RemoteError>,
    ) -> Result<(), RemoteError> {
        self.seat.with(|state| {
            let order = state.order.as_mut().ok_or(RemoteError::Unknown)?;
            f(&mut order.remotes)?;
            // Where it was good is counted by the order of the list.
            order.good = None;
            Ok(())
        })
    }

    /// Where it was good, for the next one.
    pub(super) fn good(&self) -> Option<Good> {
        self.seat
            .with(|state| state.order.as_ref().and_then(|order| order.good))
    }
}

/// The longest message in a datagram: of the packet, the socket and the queue
/// below, the smallest decides.
pub(super) fn datagram_limit<F: Framer, S>(
    hub: &dyn Hub<'_, F, S>,
    seat: &Seat<'_, '_, F, S>,
    remote: Option<SocketAddr>,
) -> usize {
    let config = hub.shared().config();
    let packet = usize::from(config.packet_size).saturating_sub(overhead(remote));
    let (_, capacity) = seat.link.capacity();
    packet
        .min(hub.datagram_limit())
        .min(capacity.saturating_sub(LENGTH))
        .saturating_sub(F::HEAD + F::TAIL)
}

/// Polls `look`, and wakes when something has changed.
pub(super) fn poll_seat<'a, F: Framer, S, T>(
    seat: &Seat<'a, 'a, F, S>,
    cx: &mut Context<'_>,
    look: &mut impl FnMut(&Seat<'a, 'a, F, S>) -> Option<T>,
) -> Poll<T> {
    seat.with(|state| state.users.register(cx.waker()));
    seat.link.register(cx);
    look(seat).map_or(Poll::Pending, Poll::Ready)
}

/// Ends a connection in good order.
pub(super) fn close<F: Framer, S>(hub: &dyn Hub<'_, F, S>, seat: &Seat<'_, '_, F, S>) {
    let config = hub.shared().config();
    match seat.stage() {
        Stage::Establishing => seat.with(|state| state.is_aborted = true),
        Stage::Established => {
            let is_whole = seat.with_queue(|queue| queue.close());
            seat.with(|state| {
                state.stage = Stage::Closing;
                state.close_by = Some(time::now().saturating_add(config.close_timeout));
                if !is_whole {
                    state.lost = Some(ConnectionError::BrokenOff);
                    state.step = Step::Stopped;
                    seat.link.abort();
                }
            });
        }
        Stage::Free | Stage::Closing | Stage::Closed => {}
    }
    seat.wake_users();
    hub.shared().wake_runner();
}

impl<F: Framer, S> Drop for Connection<'_, F, S> {
    fn drop(&mut self) {
        let seat = self.seat;
        close(self.hub, &seat);
        seat.with(|state| state.is_held = false);
        let_go(self.hub, &seat);
    }
}
