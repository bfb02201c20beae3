//! Groups of connections: RFC 9622 sections 7.4 and 10.

use core::time::Duration;

use wigwag_codec::Instant;
use wigwag_codec::framer::Framer;

use super::claim::claim_in;
use super::connection::{Connection, close};
use super::error::{CloneError, EstablishmentError};
use super::state::{Duty, Order, Stage};
use crate::time;

impl<'a, F: Framer + Clone, S: Clone> Connection<'a, F, S> {
    /// Makes another connection to the same peer, in the same group: they share
    /// all connection properties but `connPriority`, and take turns in sending
    /// (`connScheduler`). It begins where this one was connected, and goes on
    /// with the other remote endpoints if that fails.
    ///
    /// # Errors
    /// [`CloneError`]; this connection is as it was.
    pub async fn clone_connection(&self, timeout: Option<Duration>) -> Result<Self, CloneError> {
        self.clone_framed(timeout, |_| {}).await
    }

    /// The same with another framer, or changes to the one that it would have:
    /// `change` is shown a copy of the one that this connection began with.
    ///
    /// # Errors
    /// [`CloneError`]; this connection is as it was.
    pub async fn clone_framed(
        &self,
        timeout: Option<Duration>,
        change: impl FnOnce(&mut F),
    ) -> Result<Self, CloneError> {
        let deadline = timeout.map_or(Instant::MAX, |timeout| time::now().saturating_add(timeout));
        let (order, group, priority) = self.seat.with(|state| {
            if state.stage != Stage::Established {
                return Err(CloneError::NotEstablished);
            }
            let order = state.order.clone().ok_or(CloneError::NotEstablished)?;
            if order.duty != Duty::Initiate {
                return Err(CloneError::NotCloneable);
            }
            Ok((order, state.group, state.priority))
        })?;
        let mut order = Order { deadline, ..order };
        change(&mut order.framer);
        let seat = claim_in(self.hub, order, group, priority, true);
        let seat = seat.ok_or(CloneError::Establishment(EstablishmentError::NoSlot))?;
        let connection = Self::of(self.hub, seat);
        connection.ready().await?;
        Ok(connection)
    }
}

impl<'a, F: Framer, S> Connection<'a, F, S> {
    /// The connections of its group that are not over, this one among them
    /// (RFC 9622's `groupedConnections`). Those that are coming up count.
    #[must_use]
    pub fn grouped_connections(&self) -> usize {
        self.members().count()
    }

    /// Whether `other` is in the same group.
    #[must_use]
    pub fn is_grouped_with(&self, other: &Self) -> bool {
        let group = |connection: &Self| connection.seat.with(|state| state.group);
        core::ptr::addr_eq(self.hub, other.hub) && group(self) == group(other)
    }

    /// Ends all connections of its group in good order.
    pub fn close_group(&self) {
        for seat in self.members() {
            close(self.hub, &seat);
        }
    }

    /// Ends all connections of its group at once.
    pub fn abort_group(&self) {
        for seat in self.members() {
            seat.with(|state| {
                state.is_aborted = true;
                state.users.wake();
            });
        }
        self.hub.shared().wake_runner();
    }

    fn members(&self) -> impl Iterator<Item = super::memory::Seat<'a, 'a, F, S>> {
        let group = self.seat.with(|state| state.group);
        let hub = self.hub;
        hub.members(group)
            .filter(|seat| seat.stage() != Stage::Closed)
    }
}
