use super::event::{Notices, count};
use super::link::{Asked, Link, Outgoing, Writing};
use super::marks::Marks;
use super::orders::{self, Orders};
use super::outbox::{self, Outbox};
use super::place::Place;
use super::{
    Answer, Config, Counters, Event, History, Order, OrderId, Outcome, QueueError, Record,
    SendKind, Sizes, Slots, Ticket, UnknownOrder,
};
use crate::Instant;
use crate::ngtt::Digest;

/// The device's end of an NGTT conversation, over as many connections as it
/// takes. See [the module](super) for an example.
///
/// `S` is its memory: some [`Slots`].
///
/// # Promises
/// - An order is confirmed after it was executed, and the mark that it was
///   executed is durable before the confirmation leaves. The mark stays until a
///   PONG to a later PING proves that the server has read the confirmation. No
///   further PING is written before it is durable that the mark is gone: it
///   would tell the server that the transaction id may be given to another order.
/// - An order that the server delivers again is not handed over again while its
///   mark is there. One that was handed over before and never answered comes as
///   [`History::Interrupted`], and after a start without journal as
///   [`History::Unknown`]: nothing is executed twice silently. (The only
///   identity of an order on the wire is its transaction id and its payload, so
///   this holds for servers that keep the id on redelivery.)
/// - Every ticket is answered exactly once.
///
/// [`History::Interrupted`]: super::History::Interrupted
/// [`History::Unknown`]: super::History::Unknown
pub struct ClientSession<S: Sizes = Slots> {
    pub(super) config: Place<Config>,
    pub(super) orders: Orders<S>,
    pub(super) outbox: Outbox<S>,
    pub(super) notices: Notices,
    pub(super) link: Place<Link>,
    /// The number of the current or last connection; the first is 1.
    pub(super) connection: u32,
    /// How many frames were written.
    pub(super) writes: u64,
    /// The transaction id that was given last; the first is 1.
    pub(super) last_tid: u16,
    /// Whether every order that may have been executed before the device
    /// started is known.
    pub(super) past_known: bool,
}

/// The journal remembers more orders than the session has marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MarksFull;

impl core::fmt::Display for MarksFull {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the journal holds more open orders than the session has marks")
    }
}

impl core::error::Error for MarksFull {}

impl<
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> ClientSession<Slots<ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>>
{
    /// A session of a device that remembers nothing of the time before.
    ///
    /// Orders delivered at first may have been executed before the device
    /// started, so they carry [`History::Unknown`] until the server has had
    /// time to deliver again. A device with a journal calls
    /// [`ClientSession::restore`] too.
    ///
    /// [`History::Unknown`]: super::History::Unknown
    #[must_use]
    pub const fn new(config: Config) -> Self {
        let mut session = Self::with_defaults();
        session.config = Place::Taken(config);
        session
    }

    /// [`new`](Self::new) with the values of [`Config::new`]. All its bytes are
    /// zeros: in a `static` it takes no flash.
    #[must_use]
    pub const fn with_defaults() -> Self {
        const {
            assert!(
                ORDERS > 0 && ORDERS <= u16::MAX as usize,
                "one order slot at least"
            );
            assert!(
                SENDS > 0 && SENDS <= 0x4000,
                "one send slot at least, 16384 at most"
            );
            assert!(MARKS >= ORDERS, "as many marks as order slots at least");
            assert!(
                ORDER_BYTES as u64 <= u32::MAX as u64,
                "a payload is less than 4 GiB"
            );
            assert!(
                SEND_BYTES as u64 <= u32::MAX as u64,
                "a payload is less than 4 GiB"
            );
        }
        Self {
            config: Place::Free,
            orders: Orders::new(
                [const { orders::Slot::EMPTY }; ORDERS],
                Marks::new([const { Place::Free }; MARKS]),
            ),
            outbox: Outbox::new([const { outbox::Slot::EMPTY }; SENDS], [None; SENDS]),
            notices: Notices::new(),
            link: Place::Free,
            connection: 0,
            writes: 0,
            last_tid: 0,
            past_known: false,
        }
    }
}

impl<S: Sizes> ClientSession<S> {
    /// Takes the records of a journal, oldest first, before the first
    /// connection. From then on the past is known: orders are
    /// [`History::New`] or [`History::Interrupted`]. An empty journal that was
    /// read in full counts as one.
    ///
    /// # Errors
    /// [`MarksFull`] if more orders were open at a time than there are marks. All
    /// records are taken as far as there is room, and the past stays unknown.
    ///
    /// [`History::New`]: super::History::New
    /// [`History::Interrupted`]: super::History::Interrupted
    pub fn restore(&mut self, records: impl IntoIterator<Item = Record>) -> Result<(), MarksFull> {
        self.restore_part(records)?;
        self.past_known = true;
        Ok(())
    }

    /// As [`restore`](Self::restore), from a journal that does not know
    /// everything, because it is a new one: of an order that it does not name the
    /// past stays unknown.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn restore_part(
        &mut self,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<(), MarksFull> {
        let mut fitted = true;
        // On to the end in any case: a later record may say that a remembered
        // order was executed since, or is over.
        for record in records {
            fitted &= self.orders.marks.restore(record);
        }
        if fitted { Ok(()) } else { Err(MarksFull) }
    }

    /// Whether orders that are not remembered are known to be new: a journal was
    /// read ([`restore`](Self::restore)), or the server has had time to deliver
    /// again what was executed before.
    #[must_use]
    pub const fn is_past_known(&self) -> bool {
        self.past_known
    }

    /// A connection is there: TLS is done, frames can go both ways.
    pub fn connected(&mut self, now: Instant) {
        self.disconnected();
        self.connection = self.connection.saturating_add(1);
        self.link = Place::Taken(Link::new(now, self.config.get().fetch_on_connect));
    }

    /// The connection is gone. A frame that was not reported as
    /// [`transmitted`](Self::transmitted) counts as not written.
    pub fn disconnected(&mut self) {
        if !self.link.is_free() {
            self.link = Place::Free;
            self.orders.marks.disconnected();
            self.outbox.disconnected();
        }
    }

    /// Whether there is a connection.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        !self.link.is_free()
    }

    /// The record that must become durable next, the same one until it is
    /// [`persisted`](Self::persisted). A device without journal says so at once.
    #[must_use]
    pub fn poll_persist(&self) -> Option<Record> {
        self.orders.marks.poll_persist()
    }

    /// `record` is durable.
    pub fn persisted(&mut self, record: Record) {
        self.orders.marks.persisted(record);
        self.forget_unseen();
    }

    /// Whether the answer to this order is durable, if there was one. An order
    /// is known by its transaction id and its digest.
    #[must_use]
    pub fn is_recorded(&self, tid: u16, digest: Digest) -> bool {
        self.orders.marks.is_recorded(tid, digest)
    }

    /// The next order for the application. It keeps the order's slot until it
    /// is [acknowledged](Self::acknowledge), [rejected](Self::reject) or
    /// [given back](Self::give_back).
    pub fn poll_order(&mut self) -> Option<OrderId> {
        self.orders.poll()
    }

    /// The order, while the application has it.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<Order<'_>> {
        self.orders.get(id)
    }

    /// The order was executed.
    ///
    /// # Errors
    /// [`UnknownOrder`] if it was answered or given back already.
    pub fn acknowledge(&mut self, id: OrderId) -> Result<(), UnknownOrder> {
        self.answer_order(id, Answer::Confirm)
    }

    /// The order is refused.
    ///
    /// # Errors
    /// [`UnknownOrder`] if it was answered or given back already.
    pub fn reject(&mut self, id: OrderId) -> Result<(), UnknownOrder> {
        self.answer_order(id, Answer::Reject)
    }

    fn answer_order(&mut self, id: OrderId, answer: Answer) -> Result<(), UnknownOrder> {
        let connection = self.link.as_ref().map(|_| self.connection);
        self.orders.answer(id, answer, connection)?;
        count(&mut self.notices.counters.orders_answered);
        if let Some(link) = self.link.as_mut() {
            link.progress = true;
        }
        Ok(())
    }

    /// The application does not answer the order. The server delivers it again
    /// on the next connection or after FETCH_ORDERS, then as
    /// [`History::Interrupted`].
    ///
    /// Orders that were skipped for want of a slot are fetched at once. If this
    /// one came as [`History::Interrupted`] already they are fetched with the
    /// next PING: an application that gives everything back does not make the
    /// server deliver without end.
    ///
    /// # Errors
    /// [`UnknownOrder`] if it was answered or given back already.
    ///
    /// [`History::Interrupted`]: super::History::Interrupted
    pub fn give_back(&mut self, id: OrderId) -> Result<(), UnknownOrder> {
        let (tid, history) = self.orders.give_back(id)?;
        if let Some(link) = self.link.as_mut() {
            link.progress |= history != History::Interrupted;
        }
        self.notices.note(Event::OrderUnanswered { tid });
        Ok(())
    }

    /// Submits something for sending. `write` gets a slot of `SEND_BYTES` bytes
    /// and returns how many it wrote. When the queue is full its rule decides
    /// (see [`Config`]); [`WhenFull::DropOldest`](super::WhenFull::DropOldest)
    /// drops before `write` is called.
    ///
    /// # Errors
    /// See [`QueueError`]; then no ticket was given and nothing will be sent.
    pub fn submit<E>(
        &mut self,
        kind: SendKind,
        write: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<Ticket, QueueError<E>> {
        let rule = match kind {
            SendKind::DataStream => self.config.get().data,
            SendKind::Logs => self.config.get().logs,
            SendKind::SyncBaobs => self.config.get().baobs,
        };
        let tid = match kind {
            // Logs are not answered.
            SendKind::Logs => 0,
            _ => self.allocate_tid().ok_or(QueueError::Full)?,
        };
        let busy = match self.link.as_ref().and_then(|link| link.writing) {
            Some(Writing {
                what: Outgoing::Send(index),
                ..
            }) => Some(index),
            _ => None,
        };
        self.outbox.submit(kind, rule, tid, busy, write)
    }

    /// Asks the server to deliver what is not confirmed. The ticket is answered
    /// when that was written.
    ///
    /// # Errors
    /// [`QueueError::Full`] if no send slot is free.
    pub fn fetch_orders(&mut self) -> Result<Ticket, QueueError<core::convert::Infallible>> {
        self.outbox.fetch().ok_or(QueueError::Full)
    }

    /// The transaction id under which `ticket` is sent, on this connection and
    /// on later ones, until its slot is free: most answers free it when they
    /// are taken. `None` then, and for logs and FETCH_ORDERS, which are sent
    /// without one.
    #[must_use]
    pub fn tid(&self, ticket: Ticket) -> Option<u16> {
        self.outbox.tid(ticket)
    }

    /// The next answer to any ticket.
    pub fn poll_answer(&mut self) -> Option<(Ticket, Outcome)> {
        self.outbox.poll()
    }

    /// The answer to `ticket`, if it is there and was not taken.
    pub fn answer(&mut self, ticket: Ticket) -> Option<Outcome> {
        self.outbox.answer(ticket)
    }

    /// The reply about binary objects, or the pathpoints that were refused:
    /// from when the answer was taken until the ticket is
    /// [released](Self::release).
    #[must_use]
    pub fn payload(&self, ticket: Ticket) -> Option<&[u8]> {
        self.outbox.payload(ticket)
    }

    /// The payload was read: frees the slot. Needed after
    /// [`Outcome::Response`] and [`Outcome::Rejected`], harmless after others.
    pub fn release(&mut self, ticket: Ticket) {
        self.outbox.release(ticket);
    }

    /// Nobody waits for the answer to `ticket` any more. What was submitted is
    /// still sent, and its slot is free when it is answered.
    pub fn abandon(&mut self, ticket: Ticket) {
        self.outbox.abandon(ticket);
    }

    /// The next notice.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.notices.pop()
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        Counters {
            delivered: self.outbox.delivered,
            dropped: self.outbox.drops,
            ..self.notices.counters
        }
    }

    /// How many order slots, send slots and marks are in use.
    #[must_use]
    pub fn in_use(&self) -> (usize, usize, usize) {
        (
            self.orders.len(),
            self.outbox.len(),
            self.orders.marks.len(),
        )
    }

    /// Whether there is nothing left to do on this connection: no order is here
    /// that the application has to take or to answer, and all is
    /// [settled](Self::is_settled). False without a connection.
    ///
    /// Orders answered on an earlier connection may still be remembered. The
    /// server has had its chance to ask for those answers again: it has read
    /// FETCH_ORDERS since.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let remembered = self.orders.marks.len() > 0;
        self.is_settled() && self.orders.len() == 0 && (self.has_been_asked() || !remembered)
    }

    /// Whether everything that the application gave has arrived: the server has
    /// read every answer that it asked for, and every request was answered.
    /// False without a connection.
    ///
    /// Orders that the application has not answered do not count: this is for
    /// one that takes no more of them. The server delivers those again on the
    /// next connection.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_connected()
            && (self.has_been_asked() || !self.orders.marks.any_answered())
            && self.outbox.len() == 0
            && self.orders.marks.at_rest()
    }

    /// Whether the server is known to have read FETCH_ORDERS on this connection.
    fn has_been_asked(&self) -> bool {
        matches!(self.link.as_ref(), Some(link) if link.asked == Asked::Read)
    }
}
