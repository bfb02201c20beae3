//! Waits for connections: RFC 9622 section 7.2.

use core::cell::Cell;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::{Context, Poll};

use wigwag_codec::framer::Framer;

use super::super::property::ConnectionProperties;
use super::backlog::count;
use super::claim::{claim, is_in_use};
use super::connection::Connection;
use super::error::{EstablishmentError, PORT_IN_USE};
use super::memory::Hub;
use super::runner::let_go;
use super::state::{Duty, Order, Stage, State};
use crate::time;

/// Accepts connections. It stops when it is dropped; those that were accepted
/// go on.
///
/// Over TCP it keeps two sockets waiting, each in a slot of the transport: an
/// embassy socket can wait for one connection only, and who comes when none waits
/// is refused. Over UDP it takes one slot for its socket, and the first datagram
/// of a peer makes a connection.
///
/// Two connections that are ready wait to be accepted, and nobody else comes in
/// then ([`backlog`](super::TransportConfig::backlog)). Those that are in their
/// framers' handshake keep nobody out: as long as there are free slots another
/// socket waits, and when there are none, one of them is cut off that has had
/// [`handshake_grace`](super::TransportConfig::handshake_grace), an old one of
/// those that one address has most of. So strangers that connect and say nothing,
/// or say it slowly, or never answer, hold up who is quick only as far as they
/// come first to every socket that waits. Connections that were accepted are
/// never cut off.
///
/// Without a framer's handshake a stranger's connection is ready at once, over
/// UDP with one datagram: name the remote endpoints that may come, or be quick to
/// accept. What else the transport needs slots for is kept free by
/// [`listener_slots`](super::TransportConfig::listener_slots).
///
/// There is none with TLS: embedded-tls has no server role. With
/// [`SecurityParameters`](super::super::SecurityParameters) this does not
/// compile:
///
/// ```compile_fail,E0599
/// # use wigwag_codec::framer::Passthrough;
/// # use wigwag_embassy::taps::{Preconnection, SecurityParameters, Transport};
/// fn impossible<'a>(
///     preconnection: Preconnection<'a, SecurityParameters<'a>>,
///     transport: Transport<'a, Passthrough, SecurityParameters<'a>>,
/// ) {
///     let _ = preconnection.listen(&transport);
/// }
/// ```
pub struct Listener<'a, F: Framer, S> {
    hub: &'a dyn Hub<'a, F, S>,
    number: u32,
    order: Order<'a, F, S>,
    properties: ConnectionProperties,
    limit: Cell<Option<u32>>,
    is_stopped: Cell<bool>,
}

impl<'a, F: Framer + Clone, S: Clone> Listener<'a, F, S> {
    pub(super) fn begin(
        hub: &'a dyn Hub<'a, F, S>,
        order: Order<'a, F, S>,
        properties: ConnectionProperties,
    ) -> Result<Self, EstablishmentError> {
        if is_in_use(hub, &order) {
            return Err(PORT_IN_USE);
        }
        let listener = Self {
            hub,
            number: hub.shared().next_listener(),
            order,
            properties,
            limit: Cell::new(None),
            is_stopped: Cell::new(false),
        };
        listener.arm();
        if listener.seats().next().is_none() {
            return Err(EstablishmentError::NoSlot);
        }
        Ok(listener)
    }

    /// Waits for the next connection (the ConnectionReceived event). One whose
    /// framers do not come to terms is dropped, and the next one is waited for.
    ///
    /// # Errors
    /// [`EstablishmentError::Aborted`] after [`stop`](Self::stop) (the Stopped
    /// event), or when the runner was dropped; any other reason when nothing can
    /// be listened to.
    pub async fn accept(&self) -> Result<Connection<'a, F, S>, EstablishmentError> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Connection<'a, F, S>, EstablishmentError>> {
        self.hub.shared().register_waiting(cx.waker());
        if self.is_stopped.get() {
            return Poll::Ready(Err(EstablishmentError::Aborted));
        }
        let mut failure = None;
        for seat in self.seats() {
            let (stage, failed) = seat.with(|state| (state.stage, state.failed));
            match stage {
                Stage::Established | Stage::Closing if self.limit.get() != Some(0) => {
                    if let Some(limit) = self.limit.get() {
                        self.limit.set(Some(limit - 1));
                    }
                    seat.with(|state| {
                        state.is_held = true;
                        state.listener = None;
                    });
                    self.arm();
                    return Poll::Ready(Ok(Connection::of(self.hub, seat)));
                }
                // The slot waits for this look.
                Stage::Closed if failed.is_some_and(is_lasting) => {
                    failure = failed;
                    seat.with(|state| state.listener = None);
                    let_go(self.hub, &seat);
                }
                _ => {}
            }
        }
        if let Some(error) = failure {
            return Poll::Ready(Err(error));
        }
        self.arm();
        Poll::Pending
    }

    /// The most connections that [`accept`](Self::accept) still returns
    /// (`SetNewConnectionLimit`); `None` for no limit, which is the default.
    /// Further ones wait until it is set again.
    pub fn set_new_connection_limit(&self, limit: Option<u32>) {
        self.limit.set(limit);
        self.hub.shared().wake_waiting();
    }

    /// Stops listening. Connections that were not accepted are cut off. It does
    /// not wait: [`stopped`](Self::stopped) does.
    pub fn stop(&self) {
        if self.is_stopped.replace(true) {
            return;
        }
        stop(self.hub, self.number);
    }

    /// Waits until it has stopped: until [`stop`](Self::stop) was called and its
    /// sockets are gone, with their slots free. Over UDP its one socket stays
    /// until the last connection is over that was accepted from it.
    pub async fn stopped(&self) {
        poll_fn(|cx| {
            self.hub.shared().register_waiting(cx.waker());
            if self.is_stopped.get() && self.seats().next().is_none() {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }

    /// Where it listens, once it does; over TCP not before somebody connects.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.seats().find_map(|seat| seat.with(|state| state.local))
    }

    fn seats(&self) -> impl Iterator<Item = super::memory::Seat<'a, 'a, F, S>> {
        let (hub, number) = (self.hub, self.number);
        hub.seats()
            .filter(move |seat| seat.with(|state| state.listener == Some(number)))
    }

    /// Takes slots as far as there are.
    fn arm(&self) {
        let take = || {
            let order = self.order.clone();
            claim(self.hub, order, &self.properties, Some(self.number), false).is_some()
        };
        if self.order.duty == Duty::Gate {
            let is_gate = |order: &Order<'a, F, S>| order.duty == Duty::Gate;
            let has_gate = |state: &mut State<'a, F, S>| state.order.as_ref().is_some_and(is_gate);
            if !self.seats().any(|seat| seat.with(has_gate)) {
                take();
            }
            return;
        }
        let config = self.hub.shared().config();
        let mut backlog = count(self.hub, self.number, time::now());
        while backlog.waiting + backlog.ready < config.backlog.max(1)
            && backlog.slots() < config.listener_slots.max(1)
            && take()
        {
            backlog.waiting += 1;
        }
    }
}

/// Whether nothing can be listened to with it at all.
pub(super) const fn is_lasting(error: EstablishmentError) -> bool {
    matches!(
        error,
        EstablishmentError::Race(_)
            | EstablishmentError::NotSupported
            | EstablishmentError::MissingEndpoint
            | EstablishmentError::Endpoint(_)
            | EstablishmentError::Aborted
    )
}

fn stop<F: Framer, S>(hub: &dyn Hub<'_, F, S>, number: u32) {
    for seat in hub.seats() {
        let is_its = seat.with(|state| {
            let is_its = state.listener == Some(number);
            state.is_aborted |= is_its;
            is_its
        });
        if is_its {
            seat.wake_users();
            let_go(hub, &seat);
        }
    }
    hub.shared().wake_waiting();
}

impl<F: Framer, S> Drop for Listener<'_, F, S> {
    fn drop(&mut self) {
        if !self.is_stopped.get() {
            stop(self.hub, self.number);
        }
    }
}
