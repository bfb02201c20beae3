use core::time::Duration;

use crate::Instant;

/// The largest transaction id given to an order. Those above are for the
/// server's own PINGs.
const LAST_TID: u16 = 0x7fff;

/// The orders of one device, oldest first, up to `CAPACITY` of them.
///
/// The queue outlives connections. An order gets its transaction id when it is
/// delivered first, keeps it however often it is delivered again, and leaves
/// the queue when the device has answered it.
///
/// # When a transaction id is used again
/// A device remembers what it has executed by transaction id and payload, until
/// it knows that the server has read its answer. A server that reuses an id too
/// early for an equal payload would see the new order taken for the old one. So
/// an id is free again only when
/// - the answer was followed by two PINGs on the same connection: the second
///   proves that the device got the PONG to the first, and with it the proof
///   that its answer was read, and that it has noted so for good. An order that was delivered again before its
///   answer was read is answered again: then the last answer counts; or,
/// - if the connection ended before that, a later connection has lived for the
///   [hold](OrderQueue::with_hold) after FETCH_ORDERS, in which a device
///   forgets what is not delivered again, and two PINGs came then.
#[derive(Debug)]
pub struct OrderQueue<P, const CAPACITY: usize> {
    entries: heapless::Vec<Entry<P>, CAPACITY>,
    window: usize,
    tids: u16,
    hold: Duration,
    /// How many orders were pushed.
    pushed: u64,
    /// How many transaction ids were given out.
    given: u64,
    /// The ids given out before this one are free again.
    free: u64,
    /// The oldest id open when the last PING of this connection came.
    open_at_ping: Option<u64>,
    /// The oldest id that was answered once more since that PING.
    again: Option<u64>,
    reuse: Reuse,
}

#[derive(Debug)]
struct Entry<P> {
    payload: P,
    /// Its place among all orders.
    number: u64,
    /// Its place in the sequence of transaction ids, once it has one.
    given: Option<u64>,
    /// To be delivered on this connection.
    deliver: bool,
}

/// Whether ids of answers from earlier connections may be freed.
#[derive(Clone, Copy, Debug)]
enum Reuse {
    Yes,
    NotAsked,
    From(Instant),
}

impl<P, const CAPACITY: usize> OrderQueue<P, CAPACITY> {
    /// An empty queue, with a window of 16, all transaction ids and a hold of
    /// 300 s.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: heapless::Vec::new(),
            window: 16,
            tids: LAST_TID,
            hold: Duration::from_secs(300),
            pushed: 0,
            given: 0,
            free: 0,
            open_at_ping: None,
            again: None,
            reuse: Reuse::Yes,
        }
    }

    /// At most `window` orders are delivered and unanswered at a time, at least
    /// one.
    #[must_use]
    pub fn with_window(self, window: usize) -> Self {
        Self {
            window: window.max(1),
            ..self
        }
    }

    /// Transaction ids go from 1 to `last`, at least 1 and at most 0x7fff. For
    /// tests: the more ids, the longer until one is used again.
    #[must_use]
    pub fn with_last_tid(self, last: u16) -> Self {
        Self {
            tids: last.clamp(1, LAST_TID),
            ..self
        }
    }

    /// How long a connection must live before ids answered on an earlier one
    /// are free. Must be longer than the devices'
    /// [`redelivery_grace`](crate::ngtt::client::Config::redelivery_grace).
    #[must_use]
    pub fn with_hold(self, hold: Duration) -> Self {
        Self { hold, ..self }
    }

    /// Appends an order and returns its number, counted from 0. The payload is
    /// less than 4 GiB long.
    ///
    /// # Errors
    /// Gives `payload` back if the queue is full.
    pub fn push(&mut self, payload: P) -> Result<u64, P> {
        let number = self.pushed;
        let entry = Entry {
            payload,
            number,
            given: None,
            deliver: false,
        };
        self.entries.push(entry).map_err(|entry| entry.payload)?;
        self.pushed = self.pushed.saturating_add(1);
        Ok(number)
    }

    /// How many orders are not answered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether every order was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many orders were delivered at least once and are not answered.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.given.is_some())
            .count()
    }

    /// The number of the order that has this transaction id now.
    #[must_use]
    pub fn number_of(&self, tid: u16) -> Option<u64> {
        self.find(tid)
            .and_then(|index| self.entries.get(index))
            .map(|entry| entry.number)
    }

    /// A new connection of the device: nothing was delivered on it.
    pub(super) fn connected(&mut self) {
        for entry in &mut self.entries {
            entry.deliver = false;
        }
        self.open_at_ping = None;
        self.again = None;
        self.reuse = if self.free < self.given {
            Reuse::NotAsked
        } else {
            Reuse::Yes
        };
    }

    /// The device wants what it has not answered.
    pub(super) fn fetch(&mut self, now: Instant) {
        for entry in &mut self.entries {
            entry.deliver = true;
        }
        if let Reuse::NotAsked = self.reuse {
            self.reuse = Reuse::From(now.saturating_add(self.hold));
        }
    }

    /// A PING came from the device.
    pub(super) fn pinged(&mut self, now: Instant) {
        let again = self.again.take();
        match (self.reuse, self.open_at_ping) {
            (Reuse::Yes, Some(open)) => {
                self.free = self.free.max(again.map_or(open, |again| again.min(open)));
            }
            // The PINGs that count are those after the hold.
            (Reuse::From(at), _) if at <= now => self.reuse = Reuse::Yes,
            _ => {}
        }
        let oldest = self.entries.iter().filter_map(|entry| entry.given).min();
        self.open_at_ping = Some(oldest.unwrap_or(self.given));
    }

    const fn tid(&self, given: u64) -> u16 {
        // At most LAST_TID.
        match given.checked_rem(self.tids as u64) {
            Some(place) => (place as u16).saturating_add(1),
            None => 1,
        }
    }

    /// The transaction id of the next order to deliver, the oldest. Gives it
    /// one if it has none.
    pub(super) fn next(&mut self) -> Option<u16> {
        let in_flight = self.in_flight();
        let new =
            in_flight < self.window && self.given < self.free.saturating_add(u64::from(self.tids));
        let entry = self.entries.iter_mut().find(|entry| {
            if entry.given.is_some() {
                entry.deliver
            } else {
                new
            }
        })?;
        let given = *entry.given.get_or_insert(self.given);
        if given == self.given {
            self.given = self.given.saturating_add(1);
            entry.deliver = true;
        }
        Some(self.tid(given))
    }

    /// The order that was given this transaction id and is not answered.
    #[must_use]
    pub fn with_tid(&self, tid: u16) -> Option<&P> {
        self.find(tid)
            .and_then(|index| self.entries.get(index))
            .map(|entry| &entry.payload)
    }

    /// The order with this transaction id was delivered.
    pub(super) fn delivered(&mut self, tid: u16) {
        if let Some(index) = self.find(tid)
            && let Some(entry) = self.entries.get_mut(index)
        {
            entry.deliver = false;
        }
    }

    fn find(&self, tid: u16) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.given.is_some_and(|at| self.tid(at) == tid))
    }

    /// The device has answered: takes the order out, with its number. `None` if
    /// no order has this transaction id.
    pub(super) fn answered(&mut self, tid: u16) -> Option<(u64, P)> {
        let Some(index) = self.find(tid) else {
            let again = self.last_given(tid);
            self.again = match (self.again, again) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            return None;
        };
        // `remove` would panic on an index out of range; this one was just found.
        let entry = (index < self.entries.len()).then(|| self.entries.remove(index))?;
        Some((entry.number, entry.payload))
    }

    /// The place in the sequence of transaction ids at which this one was given
    /// out last.
    fn last_given(&self, tid: u16) -> Option<u64> {
        let last = self.given.checked_sub(1)?;
        let back = (u64::from(self.tid(last)).saturating_add(self.tids.into()))
            .checked_sub(tid.into())?
            .checked_rem(self.tids.into())?;
        last.checked_sub(back)
    }
}

impl<P, const CAPACITY: usize> Default for OrderQueue<P, CAPACITY> {
    fn default() -> Self {
        Self::new()
    }
}
