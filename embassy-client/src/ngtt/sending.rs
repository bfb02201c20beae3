//! Something submitted, and its answer to come.

use core::future::poll_fn;
use core::task::Poll;

use embassy_sync::blocking_mutex::raw::RawMutex;
use wigwag_codec::ngtt::NgttError;
use wigwag_codec::ngtt::client::{Outcome, Sizes, Slots, Ticket};

use super::client::{Client, success};

/// A request that is queued or on its way. Dropped, it is still sent, and its
/// answer is thrown away.
pub struct Sending<'a, M: RawMutex, S: Sizes = Slots> {
    client: Client<'a, M, S>,
    ticket: Ticket,
    tid: Option<u16>,
    answer: Option<Outcome>,
}

impl<'a, M: RawMutex, S: Sizes> Sending<'a, M, S> {
    pub(super) fn new(client: Client<'a, M, S>, ticket: Ticket, tid: Option<u16>) -> Self {
        Self {
            client,
            ticket,
            tid,
            answer: None,
        }
    }

    /// The transaction id under which it is sent, on every connection; `None`
    /// for logs, which are sent without one.
    pub const fn tid(&self) -> Option<u16> {
        self.tid
    }

    /// Waits for the answer, over as many connections as it takes. Can be
    /// dropped and called again: the answer is not lost.
    ///
    /// # Errors
    /// [`NgttError::DataStreamSyncFailed`] when the server refused it,
    /// [`NgttError::Dropped`] when it had to make room for something newer,
    /// [`NgttError::TooLarge`] when the reply does not fit into a slot.
    pub async fn outcome(&mut self) -> Result<Outcome, NgttError> {
        let outcome = poll_fn(|cx| {
            if let Some(answer) = self.answer {
                return Poll::Ready(answer);
            }
            let answer = self.client.state().with(|inner| {
                let answer = inner.session.answer(self.ticket);
                if answer.is_none() {
                    inner.clients.register(cx.waker());
                } else {
                    // Its slot may be free now.
                    inner.wake_all();
                }
                answer
            });
            self.answer = answer;
            answer.map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        success(outcome, S::SEND_BYTES)
    }

    /// Shows the server's reply about binary objects, or the refused batch, to
    /// `f`; `None` when there is nothing of the kind. `f` runs while the state
    /// is locked.
    pub fn with_payload<T>(&self, f: impl FnOnce(&[u8]) -> T) -> Option<T> {
        self.client
            .state()
            .with(|inner| inner.session.payload(self.ticket).map(f))
    }
}

impl<M: RawMutex, S: Sizes> Drop for Sending<'_, M, S> {
    fn drop(&mut self) {
        self.client.state().with(|inner| {
            inner.session.abandon(self.ticket);
            inner.wake_all();
        });
    }
}
