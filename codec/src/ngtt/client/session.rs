use super::event::{Notices, count};
use super::keepalive::{KeepAlive, Pinged};
use super::orders::{Delivery, Orders};
use super::outbox::Outbox;
use super::{
    Answer, Config, Counters, Event, History, Order, OrderId, Outcome, QueueError, Record,
    SendKind, SkipReason, Ticket, UnknownOrder,
};
use crate::Instant;
use crate::ngtt::{Digest, Frame, FrameHead, FrameOut, FrameType, LinkFault};

/// The device's end of an NGTT conversation, over as many connections as it
/// takes. See [the module](super) for an example.
///
/// The const parameters are its memory:
/// - `ORDERS`: how many orders the application can have at a time, each of up to
///   `ORDER_BYTES` bytes;
/// - `SENDS`: how many requests can wait for their answer, each of up to
///   `SEND_BYTES` bytes (replies about binary objects included);
/// - `MARKS`: how many orders are remembered until the server is known to have
///   read their answer; at least `ORDERS`, four times as many is comfortable.
///
/// # Promises
/// - An order is confirmed after it was executed, and the mark that it was
///   executed is durable before the confirmation leaves. The mark stays until a
///   PONG to a later PING proves that the server has read the confirmation.
/// - An order that the server delivers again is not handed over again while its
///   mark is there. One that was handed over before and never answered comes as
///   [`History::Interrupted`], and after a start without journal as
///   [`History::Unknown`]: nothing is executed twice silently. (The only
///   identity of an order on the wire is its transaction id and its payload, so
///   this holds for servers that keep the id on redelivery.)
/// - Every ticket is answered exactly once.
pub struct ClientSession<
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> {
    config: Config,
    orders: Orders<ORDERS, ORDER_BYTES, MARKS>,
    outbox: Outbox<SENDS, SEND_BYTES>,
    notices: Notices,
    link: Option<Link>,
    /// The number of the current or last connection; the first is 1.
    connection: u32,
    /// How many frames were written.
    writes: u64,
    next_tid: u16,
    /// Whether an unknown order may have been executed before the device
    /// started.
    past_unknown: bool,
}

/// What belongs to one connection.
struct Link {
    keep: KeepAlive,
    writing: Option<Writing>,
    /// FETCH_ORDERS is to be written.
    fetch: bool,
    /// An order was skipped since the last FETCH_ORDERS, for want of a slot or
    /// of a mark.
    skipped_slot: bool,
    skipped_mark: bool,
    /// The server's time to deliver again what is remembered.
    redelivery: Grace,
    /// Where the first FETCH_ORDERS stands in the sequence of writes, until a
    /// later PING was answered: then the server knows what it was asked.
    asked: Asked,
    /// The server's time to deliver again what may have been executed before
    /// the device started.
    past: Grace,
}

/// Whether the server has read FETCH_ORDERS on this connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    No,
    Written(u64),
    Read,
}

/// The time in which the server delivers again what it delivered before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grace {
    /// FETCH_ORDERS was not written yet.
    NotAsked,
    /// The server has until then.
    Until(Instant),
    /// It had its time, but what it wrote may still be on the way: the PONG to
    /// a PING with this place in the sequence of writes, or a later one, comes
    /// behind it.
    Behind(u64),
    /// It has delivered what it wanted to.
    Over,
}

impl Grace {
    /// Time has passed, and so many frames were written. True if a PING is
    /// wanted.
    fn pass(&mut self, now: Instant, writes: u64) -> bool {
        match *self {
            Self::Until(at) if at <= now => {
                *self = Self::Behind(writes);
                true
            }
            _ => false,
        }
    }

    /// The PONG to the PING with this place in the sequence of writes came.
    fn pong(&mut self, sequence: u64) {
        if matches!(*self, Self::Behind(from) if from <= sequence) {
            *self = Self::Over;
        }
    }

    const fn until(self) -> Option<Instant> {
        match self {
            Self::Until(at) => Some(at),
            _ => None,
        }
    }
}

/// The frame that the driver is writing.
#[derive(Clone, Copy)]
struct Writing {
    what: Outgoing,
    /// When it last made progress.
    since: Instant,
}

#[derive(Clone, Copy)]
enum Outgoing {
    Echo(u16),
    Reply {
        tid: u16,
        digest: Digest,
        answer: Answer,
    },
    Fetch,
    Ping(u16),
    Send(usize),
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

/// The largest transaction id that a client uses.
const LAST_TID: u16 = 0x7fff;

impl<
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> ClientSession<ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>
{
    /// A session of a device that remembers nothing of the time before.
    ///
    /// Orders delivered at first may have been executed before the device
    /// started, so they carry [`History::Unknown`] until the server has had
    /// time to deliver again. A device with a journal calls
    /// [`ClientSession::restore`] too.
    #[must_use]
    pub const fn new(config: Config) -> Self {
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
            config,
            orders: Orders::new(),
            outbox: Outbox::new(),
            notices: Notices::new(),
            link: None,
            connection: 0,
            writes: 0,
            next_tid: 1,
            past_unknown: true,
        }
    }

    /// Takes the records of a journal, oldest first, before the first
    /// connection. From then on the past is known: orders are
    /// [`History::New`] or [`History::Interrupted`]. An empty journal that was
    /// read in full counts as one.
    ///
    /// # Errors
    /// [`MarksFull`] if more orders are open than there are marks. The records
    /// that fitted are remembered, and the past stays unknown.
    pub fn restore(&mut self, records: impl IntoIterator<Item = Record>) -> Result<(), MarksFull> {
        for record in records {
            if !self.orders.marks.restore(record) {
                return Err(MarksFull);
            }
        }
        self.past_unknown = false;
        Ok(())
    }

    /// A connection is there: TLS is done, frames can go both ways.
    pub fn connected(&mut self, now: Instant) {
        self.disconnected();
        self.connection = self.connection.saturating_add(1);
        self.link = Some(Link {
            keep: KeepAlive::new(now),
            writing: None,
            fetch: self.config.fetch_on_connect,
            skipped_slot: false,
            skipped_mark: false,
            redelivery: Grace::NotAsked,
            asked: Asked::No,
            past: Grace::NotAsked,
        });
    }

    /// The connection is gone. A frame that was not reported as
    /// [`transmitted`](Self::transmitted) counts as not written.
    pub fn disconnected(&mut self) {
        if self.link.take().is_some() {
            self.orders.marks.disconnected();
            self.outbox.disconnected();
        }
    }

    /// Whether there is a connection.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    /// Bytes arrived, though maybe no whole frame: the server is alive.
    pub fn heard(&mut self, now: Instant) {
        if let Some(link) = &mut self.link {
            link.keep.heard(now);
        }
    }

    /// A frame arrived. Never fails: what makes no sense is skipped and told of
    /// by an [`Event`].
    pub fn handle_frame(&mut self, frame: Frame<'_>, now: Instant) {
        let Some(link) = &mut self.link else { return };
        link.keep.heard(now);
        let stray = match frame.kind {
            FrameType::Ping => return self.handle_ping(frame.tid, now),
            FrameType::Order => return self.handle_order(frame.tid, frame.payload),
            FrameType::DataStreamConfirm => {
                !self.outbox.data_answered(frame.tid, Outcome::Confirmed)
            }
            FrameType::DataStreamReject => {
                let open = self.outbox.data_answered(frame.tid, Outcome::Rejected);
                if open {
                    count(&mut self.notices.counters.rejected);
                }
                !open
            }
            FrameType::SyncBaobResponse => {
                !self.outbox.baobs_answered(frame.tid, Ok(frame.payload))
            }
            _ => true,
        };
        if stray {
            self.notices.stray(frame.head());
        }
    }

    /// A frame arrived whose payload of `length` bytes was too large for the
    /// receive buffer and was skipped.
    pub fn handle_oversized(&mut self, head: FrameHead, length: usize, now: Instant) {
        let Some(link) = &mut self.link else { return };
        link.keep.heard(now);
        self.notices.note(Event::Oversized { head, length });
        match head.kind {
            FrameType::Order => self.notices.note(Event::OrderSkipped {
                tid: head.tid,
                reason: SkipReason::TooLarge { length },
            }),
            FrameType::SyncBaobResponse => {
                if !self.outbox.baobs_answered(head.tid, Err(length)) {
                    self.notices.stray(head);
                }
            }
            // The others mean the same with any payload.
            _ => self.handle_frame(Frame::new(head, &[]), now),
        }
    }

    fn handle_ping(&mut self, tid: u16, now: Instant) {
        let Some(link) = &mut self.link else { return };
        match link.keep.pinged(tid, now, &self.config) {
            Pinged::Pong(sequence) => {
                let notices = &mut self.notices;
                self.orders
                    .marks
                    .settle(sequence, |tid| notices.note(Event::OrderSettled { tid }));
                self.outbox.settle(sequence);
                link.redelivery.pong(sequence);
                if matches!(link.asked, Asked::Written(from) if from < sequence) {
                    link.asked = Asked::Read;
                }
                link.past.pong(sequence);
                if link.past == Grace::Over {
                    self.past_unknown = false;
                }
                self.forget_unseen();
            }
            Pinged::Late => self.notices.note(Event::LatePong { tid }),
            Pinged::Echo => {}
            Pinged::Suppressed => self.notices.note(Event::EchoSuppressed { tid }),
        }
    }

    fn handle_order(&mut self, tid: u16, payload: &[u8]) {
        let Some(link) = &mut self.link else { return };
        let fresh = if self.past_unknown {
            History::Unknown
        } else {
            History::New
        };
        let notices = &mut self.notices;
        let delivery = self
            .orders
            .deliver(tid, payload, self.connection, fresh, || {
                notices.note(Event::OrderReplaced { tid });
            });
        match delivery {
            Delivery::Taken => count(&mut notices.counters.orders_taken),
            Delivery::Repeated => notices.note(Event::OrderRepeated { tid }),
            Delivery::InProgress => notices.note(Event::OrderInProgress { tid }),
            Delivery::Skipped(reason) => {
                let (slot, mark) = (reason == SkipReason::NoSlot, reason == SkipReason::NoMark);
                link.skipped_slot |= slot;
                link.skipped_mark |= mark;
                if slot || mark {
                    // It comes again after the next FETCH_ORDERS, and may still
                    // be one from before the start.
                    link.past = Grace::NotAsked;
                }
                notices.note(Event::OrderSkipped { tid, reason });
            }
        }
    }

    /// Time has passed: call this at [`ClientSession::next_timeout`] or later,
    /// then [`ClientSession::poll_transmit`].
    ///
    /// # Errors
    /// [`LinkFault`] if the connection is dead and must be closed; again at
    /// every call until [`ClientSession::disconnected`].
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), LinkFault> {
        let Some(link) = &mut self.link else {
            return Ok(());
        };
        if link.redelivery.pass(now, self.writes) | link.past.pass(now, self.writes) {
            link.keep.settle(now);
        }
        link.keep.ping_due(now, &self.config);
        let writing_since = link.writing.map(|writing| writing.since);
        let fault = link.keep.fault(now, writing_since, &self.config);
        fault.map_or(Ok(()), Err)
    }

    fn forget_unseen(&mut self) {
        if self
            .link
            .as_ref()
            .is_some_and(|link| link.redelivery == Grace::Over)
        {
            let notices = &mut self.notices;
            let note = |tid| notices.note(Event::OrderForgotten { tid });
            self.orders.marks.forget_unseen(self.connection, note);
        }
    }

    /// When [`ClientSession::handle_timeout`] is to be called; `None` without a
    /// connection. Right after that call it is later than the time given there,
    /// unless the connection is dead.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let link = self.link.as_ref()?;
        let writing_since = link.writing.map(|writing| writing.since);
        let mut at = link.keep.next_timeout(writing_since, &self.config);
        for grace in [link.redelivery, link.past] {
            at = grace.until().map_or(at, |until| at.min(until));
        }
        Some(at)
    }

    /// The frame to write now, the same one until it is
    /// [`transmitted`](Self::transmitted). The order: echoes, answers to orders,
    /// FETCH_ORDERS, PING, what the application sends.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<FrameOut<'_>> {
        let what = match self.link.as_ref()?.writing {
            Some(writing) => writing.what,
            None => {
                let what = self.choose(now)?;
                let link = self.link.as_mut()?;
                link.writing = Some(Writing { what, since: now });
                what
            }
        };
        Some(match what {
            Outgoing::Echo(tid) | Outgoing::Ping(tid) => FrameOut::new(FrameType::Ping, tid, &[]),
            Outgoing::Reply {
                tid,
                answer: Answer::Confirm,
                ..
            } => FrameOut::new(FrameType::OrderConfirm, tid, &[]),
            Outgoing::Reply {
                tid,
                answer: Answer::Reject,
                ..
            } => FrameOut::new(FrameType::OrderReject, tid, &[]),
            Outgoing::Fetch => FrameOut::new(FrameType::FetchOrders, 0, &[]),
            Outgoing::Send(index) => {
                let (kind, tid, body) = self.outbox.frame(index)?;
                FrameOut::new(kind, tid, body)
            }
        })
    }

    fn choose(&mut self, now: Instant) -> Option<Outgoing> {
        let (free_slot, free_mark) = (self.orders.has_room(), self.orders.marks.has_room());
        let link = self.link.as_mut()?;
        if let Some(tid) = link.keep.next_echo() {
            return Some(Outgoing::Echo(tid));
        }
        if let Some((tid, digest, answer)) = self.orders.marks.next_reply() {
            return Some(Outgoing::Reply {
                tid,
                digest,
                answer,
            });
        }
        let room =
            (link.skipped_slot && free_slot) || (link.skipped_mark && free_slot && free_mark);
        if link.fetch || room || self.outbox.wants_fetch() {
            return Some(Outgoing::Fetch);
        }
        if link.keep.ping_due(now, &self.config) {
            return self.allocate_tid().map(Outgoing::Ping);
        }
        self.outbox
            .next(self.config.data_window)
            .map(Outgoing::Send)
    }

    /// A part of the frame was written: the server takes bytes. Not needed for
    /// frames that are written at once.
    pub fn transmitting(&mut self, now: Instant) {
        if let Some(writing) = self.link.as_mut().and_then(|link| link.writing.as_mut()) {
            writing.since = writing.since.max(now);
        }
    }

    /// The frame of [`ClientSession::poll_transmit`] was written to its last
    /// byte.
    pub fn transmitted(&mut self, now: Instant) {
        let Some(link) = &mut self.link else { return };
        let Some(Writing { what, .. }) = link.writing.take() else {
            return;
        };
        let sequence = self.writes;
        self.writes = self.writes.saturating_add(1);
        link.keep.wrote(now);
        let settle_at = now.saturating_add(self.config.settle_after);
        match what {
            Outgoing::Echo(_) => {
                link.keep.echo_written();
                count(&mut self.notices.counters.echoes);
            }
            Outgoing::Reply { tid, digest, .. } => {
                self.orders.marks.reply_written(tid, digest, sequence);
                link.keep.settle(if self.orders.marks.crowded() {
                    now
                } else {
                    settle_at
                });
            }
            Outgoing::Fetch => {
                let grace = Grace::Until(now.saturating_add(self.config.redelivery_grace));
                if link.redelivery == Grace::NotAsked {
                    link.redelivery = grace;
                }
                if self.past_unknown && link.past == Grace::NotAsked {
                    link.past = grace;
                }
                if link.asked == Asked::No {
                    link.asked = Asked::Written(sequence);
                    if self.orders.marks.len() > 0 {
                        link.keep.settle(settle_at);
                    }
                }
                link.fetch = false;
                link.skipped_slot = false;
                link.skipped_mark = false;
                self.outbox.fetch_written();
            }
            Outgoing::Ping(tid) => link.keep.wrote_ping(tid, sequence, now),
            Outgoing::Send(index) => {
                if self.outbox.written(index, sequence) {
                    link.keep.settle(settle_at);
                }
            }
        }
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
        let connection = self.link.is_some().then_some(self.connection);
        self.orders.answer(id, answer, connection)
    }

    /// The application does not answer the order. The server delivers it again
    /// on the next connection or after FETCH_ORDERS, then as
    /// [`History::Interrupted`].
    ///
    /// # Errors
    /// [`UnknownOrder`] if it was answered or given back already.
    pub fn give_back(&mut self, id: OrderId) -> Result<(), UnknownOrder> {
        let tid = self.orders.give_back(id)?;
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
            SendKind::DataStream => self.config.data,
            SendKind::Logs => self.config.logs,
            SendKind::SyncBaobs => self.config.baobs,
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

    /// Whether there is nothing left to do on this connection: no order is with
    /// the application, the server has read every answer that it asked for, and
    /// every request was answered. False without a connection.
    ///
    /// Orders answered on an earlier connection may still be remembered. The
    /// server has had its chance to ask for those answers again: it has read
    /// FETCH_ORDERS since.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let asked = self.link.as_ref().map(|link| link.asked);
        let known = asked == Some(Asked::Read) || self.orders.marks.len() == 0;
        asked.is_some()
            && known
            && self.orders.len() == 0
            && self.outbox.len() == 0
            && self.orders.marks.at_rest()
    }

    /// A transaction id that is not in use, from 1 below 0x8000.
    fn allocate_tid(&mut self) -> Option<u16> {
        for _ in 0..LAST_TID {
            let tid = self.next_tid;
            self.next_tid = if tid >= LAST_TID {
                1
            } else {
                tid.saturating_add(1)
            };
            let pinged = self
                .link
                .as_ref()
                .is_some_and(|link| link.keep.uses_tid(tid));
            if !pinged && !self.outbox.uses_tid(tid) {
                return Some(tid);
            }
        }
        None
    }
}
