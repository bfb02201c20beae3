//! Waits for connections: RFC 9622 section 7.2.

use core::cell::Cell;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::{Context, Poll};

use wigwag_codec::framer::Framer;

use super::super::property::ConnectionProperties;
use super::claim::{claim, is_in_use};
use super::connection::Connection;
use super::error::{EstablishmentError, PORT_IN_USE};
use super::memory::Hub;
use super::runner::let_go;
use super::state::{Duty, Order, Stage};

/// How many slots a listener takes that hold no connection of the
/// application's: sockets that wait, and connections that nobody has accepted.
pub(super) const BACKLOG: usize = 2;

/// Accepts connections. It stops when it is dropped; those that were accepted
/// go on.
///
/// Over TCP it keeps up to two sockets waiting, each in a slot of the transport:
/// an embassy socket can wait for one connection only, and who comes when none
/// waits is refused. Over UDP it takes one slot for its socket, and the first
/// datagram of a peer makes a connection. Anybody can send one datagram: strangers
/// fill the two places for what was not accepted yet, unless remote endpoints say
/// who may come, or a framer's handshake asks for more than that.
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

    /// Stops listening. Connections that were not accepted are cut off.
    pub fn stop(&self) {
        if self.is_stopped.replace(true) {
            return;
        }
        stop(self.hub, self.number);
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
        let is_gate = self.order.duty == Duty::Gate;
        let most = if is_gate { 1 } else { BACKLOG };
        let own = |duty| {
            self.seats().filter(move |seat| {
                seat.with(|state| state.order.as_ref().is_some_and(|order| order.duty == duty))
            })
        };
        let mut count = own(self.order.duty).count();
        while count < most {
            let order = self.order.clone();
            let seat = claim(self.hub, order, &self.properties, Some(self.number), false);
            if seat.is_none() {
                break;
            }
            count += 1;
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

/// How many slots of a listener hold what nobody has accepted, its gate not
/// counted.
pub(super) fn waiting<F: Framer, S>(hub: &dyn Hub<'_, F, S>, number: u32) -> usize {
    hub.seats()
        .filter(|seat| {
            seat.with(|state| {
                let duty = state.order.as_ref().map(|order| order.duty);
                state.listener == Some(number) && duty != Some(Duty::Gate)
            })
        })
        .count()
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
