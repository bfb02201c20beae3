//! For protocols of this crate whose messages have several receivers: what
//! their own task needs of a slot, while the application has the handle.

use core::task::Context;

use wigwag_codec::framer::Framer;

use super::Transport;
use super::connection::Connection;
use super::error::{ConnectionError, ReceiveError};
use super::in_place;

impl<F: Framer, S> Connection<'_, F, S> {
    /// Its slot: nobody else has it as long as this handle is there.
    pub(crate) const fn slot(&self) -> usize {
        self.seat.index
    }

    /// Why it was lost, if it was.
    pub(crate) fn lost(&self) -> Option<ConnectionError> {
        self.seat.with(|state| state.lost)
    }
}

impl<F: Framer, S> Transport<'_, F, S> {
    /// Wakes when something of a slot has changed.
    pub(crate) fn register(&self, slot: usize, cx: &mut Context<'_>) {
        if let Some(seat) = self.hub.seat(slot) {
            seat.with(|state| state.users.register(cx.waker()));
            seat.link.register(cx);
        }
    }

    /// Lets the runner look again.
    pub(crate) fn wake_runner(&self) {
        self.hub.shared().wake_runner();
    }

    /// Shows the next whole message of a slot to `f`, which says whether it is
    /// done with; `None` when there is none yet.
    ///
    /// # Errors
    /// As of [`Connection::receive_in_place`].
    pub(crate) fn front<T>(
        &self,
        slot: usize,
        f: impl FnMut(&F::Meta, &[u8]) -> (bool, T),
    ) -> Result<Option<T>, ReceiveError> {
        match self.hub.seat(slot) {
            Some(seat) => in_place::front(self.hub, &seat, f),
            None => Err(ReceiveError::Closed(None)),
        }
    }
}
