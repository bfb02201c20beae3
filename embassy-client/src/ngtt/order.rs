//! An order in the application's hands.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;
use wigwag_codec::minijson::{self, Value};
use wigwag_codec::ngtt::client::{Answer, History, OrderId, Sizes, Slots};
use wigwag_codec::ngtt::message::Sections;
use wigwag_codec::ngtt::{Digest, NgttError};

use super::client::Client;

/// One order. Execute it, then [`acknowledge`](Self::acknowledge) or
/// [`reject`](Self::reject) it.
///
/// It is a copy of [`Sizes::ORDER_BYTES`] bytes that borrows nothing, so it can
/// be held over any number of awaits. Dropped unanswered, it goes back to the server:
/// [`Event::OrderUnanswered`](wigwag_codec::ngtt::client::Event) tells of it,
/// and it is delivered again on the next connection or after
/// [`Client::fetch_orders`], then with [`History::Interrupted`].
#[must_use = "an order that is dropped unanswered is delivered again"]
pub struct Order<'a, M: RawMutex, S: Sizes = Slots> {
    client: Client<'a, M, S>,
    id: OrderId,
    tid: u16,
    history: History,
    length: usize,
    payload: S::OrderPayload,
    answered: bool,
}

impl<'a, M: RawMutex, S: Sizes> Order<'a, M, S> {
    /// Copies an order out of its slot.
    pub(super) fn new(
        client: Client<'a, M, S>,
        id: OrderId,
        order: &wigwag_codec::ngtt::client::Order<'_>,
    ) -> Self {
        let mut payload = S::order_payload();
        let length = order.payload.len().min(S::ORDER_BYTES);
        payload.as_mut()[..length].copy_from_slice(&order.payload[..length]);
        Self {
            client,
            id,
            tid: order.tid,
            history: order.history,
            length,
            payload,
            answered: false,
        }
    }

    /// The transaction id that the server gave it.
    pub fn tid(&self) -> u16 {
        self.tid
    }

    /// Whether it may have been executed before.
    pub fn history(&self) -> History {
        self.history
    }

    /// The payload: one minijson value, a list of sections.
    pub fn payload(&self) -> &[u8] {
        self.payload.as_ref().get(..self.length).unwrap_or_default()
    }

    /// The payload as a value.
    ///
    /// # Errors
    /// When it is not one valid minijson value: reject such an order.
    pub fn value(&self) -> Result<Value<'_>, minijson::Error> {
        Value::parse(self.payload())
    }

    /// The payload as sections of commands.
    ///
    /// # Errors
    /// [`NgttError::InvalidFrame`] when it is not one minijson list: reject
    /// such an order.
    pub fn sections(&self) -> Result<Sections<'_>, NgttError> {
        Sections::parse(self.payload())
    }

    /// The order was executed. The answer is noted in this call; awaiting the
    /// returned future waits until the journal has recorded it, from when on
    /// the order is not handed over again even after a power failure. The
    /// confirmation leaves after that, as soon as there is a connection.
    pub fn acknowledge(self) -> Recorded<'a, M, S> {
        self.answer(Answer::Confirm)
    }

    /// The order is refused. As [`acknowledge`](Self::acknowledge) otherwise.
    pub fn reject(self) -> Recorded<'a, M, S> {
        self.answer(Answer::Reject)
    }

    fn answer(mut self, answer: Answer) -> Recorded<'a, M, S> {
        self.answered = true;
        let (client, tid) = (self.client, self.tid);
        let digest = Digest::of(self.payload());
        client.state().with(|inner| {
            // The order is ours until it is answered: it is known.
            let _ = match answer {
                Answer::Confirm => inner.session.acknowledge(self.id),
                Answer::Reject => inner.session.reject(self.id),
            };
            inner.wake_driver();
        });
        Recorded {
            client,
            tid,
            digest,
        }
    }
}

impl<M: RawMutex, S: Sizes> Drop for Order<'_, M, S> {
    fn drop(&mut self) {
        if !self.answered {
            self.client.state().with(|inner| {
                // The order is ours until it is answered: it is known.
                let _ = inner.session.give_back(self.id);
                inner.wake_all();
            });
        }
    }
}

impl<M: RawMutex, S: Sizes> core::fmt::Debug for Order<'_, M, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Order")
            .field("tid", &self.tid)
            .field("history", &self.history)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Waits until an answer is recorded in the journal. May be dropped: the
/// answer is noted already.
pub struct Recorded<'a, M: RawMutex, S: Sizes = Slots> {
    client: Client<'a, M, S>,
    tid: u16,
    digest: Digest,
}

impl<M: RawMutex, S: Sizes> Future for Recorded<'_, M, S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.client.state().with(|inner| {
            if inner.session.is_recorded(self.tid, self.digest) {
                return Poll::Ready(());
            }
            inner.clients.register(cx.waker());
            Poll::Pending
        })
    }
}
