//! An order in the application's hands.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;
use wigwag_codec::minijson::{self, Value};
use wigwag_codec::ngtt::client::{Answer, History, OrderId};
use wigwag_codec::ngtt::message::Sections;
use wigwag_codec::ngtt::{Digest, NgttError};

use super::client::Client;
use super::state::OrderKey;

/// One order. Execute it, then [`acknowledge`](Self::acknowledge) or
/// [`reject`](Self::reject) it.
///
/// It is a copy of `ORDER_BYTES` bytes that borrows nothing, so it can be held
/// over any number of awaits. Dropped unanswered, it goes back to the server:
/// [`Event::OrderUnanswered`](wigwag_codec::ngtt::client::Event) tells of it,
/// and it is delivered again on the next connection or after
/// [`Client::fetch_orders`], then with [`History::Interrupted`].
#[must_use = "an order that is dropped unanswered is delivered again"]
pub struct Order<
    'a,
    M: RawMutex,
    const ORDERS: usize = 4,
    const ORDER_BYTES: usize = 1024,
    const SENDS: usize = 4,
    const SEND_BYTES: usize = 1024,
    const MARKS: usize = 16,
> {
    client: Client<'a, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>,
    id: OrderId,
    tid: u16,
    history: History,
    length: usize,
    payload: [u8; ORDER_BYTES],
    answered: bool,
}

impl<
    'a,
    M: RawMutex,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> Order<'a, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>
{
    /// Copies an order out of its slot.
    pub(super) fn new(
        client: Client<'a, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>,
        id: OrderId,
        order: &wigwag_codec::ngtt::client::Order<'_>,
    ) -> Self {
        let mut payload = [0; ORDER_BYTES];
        let length = order.payload.len().min(ORDER_BYTES);
        payload[..length].copy_from_slice(&order.payload[..length]);
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
        self.payload.get(..self.length).unwrap_or_default()
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
    pub fn acknowledge(self) -> Recorded<'a, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS> {
        self.answer(Answer::Confirm)
    }

    /// The order is refused. As [`acknowledge`](Self::acknowledge) otherwise.
    pub fn reject(self) -> Recorded<'a, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS> {
        self.answer(Answer::Reject)
    }

    fn answer(
        mut self,
        answer: Answer,
    ) -> Recorded<'a, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS> {
        self.answered = true;
        let key = (self.tid, Digest::of(self.payload()));
        let client = self.client;
        client.state().with(|inner| {
            let known = match answer {
                Answer::Confirm => inner.session.acknowledge(self.id),
                Answer::Reject => inner.session.reject(self.id),
            };
            // A full list means only that nobody can wait for this one.
            if known.is_ok() && !inner.unrecorded.contains(&key) {
                let _ = inner.unrecorded.push(key);
            }
            inner.wake_driver();
        });
        Recorded { client, key }
    }
}

impl<
    M: RawMutex,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> Drop for Order<'_, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>
{
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

impl<
    M: RawMutex,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> core::fmt::Debug for Order<'_, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>
{
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
pub struct Recorded<
    'a,
    M: RawMutex,
    const ORDERS: usize = 4,
    const ORDER_BYTES: usize = 1024,
    const SENDS: usize = 4,
    const SEND_BYTES: usize = 1024,
    const MARKS: usize = 16,
> {
    client: Client<'a, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>,
    key: OrderKey,
}

impl<
    M: RawMutex,
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> Future for Recorded<'_, M, ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.client.state().with(|inner| {
            if inner.unrecorded.contains(&self.key) {
                inner.clients.register(cx.waker());
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
    }
}
