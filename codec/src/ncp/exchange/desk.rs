//! Everything that is done with an exchange.

use super::super::{FIELD_HEADER_LEN, FOOTER, FOOTER_LEN, Header, Ident, WORD};
use super::mailbox::Mailbox;
use super::outcome::{Counters, Offer, OpenError, Request, Taken, Who};
use super::table::{NONE, Table};
use crate::bytes;

/// What an exchange has besides its requests and its mailbox.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    /// Where in the packet at the front the next field stands.
    cursor: usize,
    /// The id of the next request.
    pub(super) next_id: u32,
    /// How many wait for unsolicited fields.
    waiting: u16,
    /// How many wait for anything.
    all_waiting: u16,
    /// Unsolicited fields that were dropped since the last one that was kept.
    lost: u16,
    counters: Counters,
}

impl Rest {
    pub(super) const NEW: Self = Self {
        cursor: 0,
        next_id: 0,
        waiting: 0,
        all_waiting: 0,
        lost: 0,
        counters: Counters {
            kept: 0,
            lost_answers: 0,
            lost_unsolicited: 0,
        },
    };
}

/// An [`Exchange`](super::Exchange) of any size.
pub struct Desk<'e> {
    table: Table<'e>,
    mailbox: Mailbox<'e>,
    pub(super) rest: &'e mut Rest,
}

/// The slot of an owner; `None` of what is unsolicited.
fn slot_of(owner: u16) -> Option<usize> {
    (owner != NONE).then(|| usize::from(owner))
}

impl<'e> Desk<'e> {
    pub(super) const fn new(table: Table<'e>, mailbox: Mailbox<'e>, rest: &'e mut Rest) -> Self {
        Self {
            table,
            mailbox,
            rest,
        }
    }

    /// A new connection begins, whose first id is `first_id`: requests of the
    /// one before are closed, and what was kept is gone.
    pub fn reset(&mut self, first_id: u32) {
        for slot in self.table.0.iter_mut() {
            slot.free();
        }
        *self.mailbox.used = 0;
        *self.rest = Rest {
            next_id: first_id,
            ..Rest::NEW
        };
    }

    /// The id for the first field of the next request. Its further fields have
    /// the ids that follow. None of them is outstanding.
    #[must_use]
    pub fn next_id(&self) -> u32 {
        self.table.free_ids(self.rest.next_id)
    }

    /// A request is about to be sent, in a packet of type `kind`: the names of
    /// its fields, and their ids, which are [`next_id`](Self::next_id) and those
    /// that follow, or those of fields that are answered.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        &mut self,
        kind: Ident,
        fields: impl Iterator<Item = (Ident, u32)>,
    ) -> Result<Request, OpenError> {
        let mut next = self.next_id();
        let fields = fields.inspect(|(_, id)| {
            if *id == next {
                next = next.wrapping_add(1);
            }
        });
        let request = self.table.open(kind, fields)?;
        self.rest.next_id = next;
        Ok(request)
    }

    /// Nobody wants answers to a request any more: those that were kept are
    /// gone.
    pub fn close(&mut self, request: Request) {
        let mailbox = &mut self.mailbox;
        self.table.close(request, |slot| mailbox.remove_all(slot));
    }

    /// `who` waits from now on, until [`leave`](Self::leave). Several may.
    pub fn wait(&mut self, who: &Who) {
        self.count(who, true);
    }

    /// One that waited as `who` does not any more.
    pub fn leave(&mut self, who: &Who) {
        self.count(who, false);
    }

    fn count(&mut self, who: &Who, more: bool) {
        let change = |count: &mut u16| {
            *count = if more {
                count.saturating_add(1)
            } else {
                count.saturating_sub(1)
            };
        };
        change(&mut self.rest.all_waiting);
        match who {
            Who::Recv => change(&mut self.rest.waiting),
            _ => self.table.count(who, more),
        }
    }

    /// Whether anybody waits.
    #[must_use]
    pub const fn is_waited_for(&self) -> bool {
        self.rest.all_waiting > 0
    }

    /// The slots whose wakers `who` has to leave its own at; none of
    /// [`Who::Recv`].
    pub fn slots(&self, who: &Who) -> impl Iterator<Item = usize> {
        self.table.slots(who).map(usize::from)
    }

    /// Takes the oldest field that was kept for `who`.
    pub fn take(&mut self, who: &Who, buffer: &mut [u8]) -> Taken {
        let (table, mailbox) = (&self.table, &mut self.mailbox);
        let record = mailbox
            .records()
            .find(|record| table.is_for(who, record.owner));
        let Some(record) = record else {
            return match self.take_lost(who) {
                0 => Taken::Nothing,
                lost => Taken::Lost(lost),
            };
        };
        if record.lost > 0 {
            mailbox.set_lost(&record, 0);
            return Taken::Lost(record.lost);
        }
        let length = record.field.len();
        let Some(place) = buffer.get_mut(..length) else {
            return Taken::TooSmall { needed: length };
        };
        bytes::copy(place, mailbox.field(&record));
        mailbox.remove(&record);
        Taken::Field {
            header: record.header,
            length,
        }
    }

    /// Offers the packet at the front of the receive queue to `who`, for whom
    /// [`take`](Self::take) has nothing: its header, and its fields, whose
    /// structure [`Packet::from_parts`](super::super::Packet::from_parts) has found to be sound. `wake` is called
    /// with the slot whose owner is to be woken, `None` for that of unsolicited
    /// fields.
    ///
    /// The same packet is to be offered until it is said to be done.
    pub fn offer(
        &mut self,
        header: &Header,
        body: &[u8],
        who: &Who,
        buffer: &mut [u8],
        mut wake: impl FnMut(Option<usize>),
    ) -> Offer {
        loop {
            let Some((name, id, field)) = self.next_field(body) else {
                self.rest.cursor = 0;
                return Offer::Done;
            };
            let owner = self.table.find(header.kind, name, id);
            let length = field.len();
            if self.table.is_for(who, owner) {
                let Some(place) = buffer.get_mut(..length) else {
                    return Offer::TooSmall { needed: length };
                };
                bytes::copy(place, field);
                self.advance(length);
                let is_done = self.next_field(body).is_none();
                if is_done {
                    self.rest.cursor = 0;
                }
                return Offer::Field { length, is_done };
            }
            if !self.put_by(owner, header, field, &mut wake) {
                return Offer::Stays;
            }
            self.advance(length);
        }
    }

    /// Hands the packet at the front of the receive queue round, as
    /// [`offer`](Self::offer) does, on behalf of all who wait: for a task of its
    /// own, that looks whenever something has arrived. A field for which alone
    /// somebody waits stays where it is, and is not copied twice.
    pub fn distribute(
        &mut self,
        header: &Header,
        body: &[u8],
        mut wake: impl FnMut(Option<usize>),
    ) -> Offer {
        if self.rest.all_waiting == 0 {
            return Offer::Stays;
        }
        loop {
            let Some((name, id, field)) = self.next_field(body) else {
                self.rest.cursor = 0;
                return Offer::Done;
            };
            let owner = self.table.find(header.kind, name, id);
            let length = field.len();
            if self.waiting(owner) == self.rest.all_waiting {
                wake(slot_of(owner));
                return Offer::Stays;
            }
            if !self.put_by(owner, header, field, &mut wake) {
                return Offer::Stays;
            }
            self.advance(length);
        }
    }

    /// Puts a field out of the way of others, and wakes its owner; `false` if it
    /// has to stay.
    fn put_by(
        &mut self,
        owner: u16,
        header: &Header,
        field: &[u8],
        wake: &mut impl FnMut(Option<usize>),
    ) -> bool {
        if self.keep(owner, header, field) {
            wake(slot_of(owner));
        } else if self.waiting(owner) > 0 {
            wake(slot_of(owner));
            return false;
        } else {
            self.lose(owner);
        }
        true
    }

    /// Whether a packet was begun that is not done yet.
    #[must_use]
    pub const fn is_begun(&self) -> bool {
        self.rest.cursor > 0
    }

    /// What was counted since the connection began.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.rest.counters
    }

    /// How many fields of requests are outstanding, and how many bytes of the
    /// mailbox are in use.
    #[must_use]
    pub fn in_use(&self) -> (usize, usize) {
        (self.table.open_slots(), *self.mailbox.used)
    }

    /// The field that is next, behind footers that stand in between.
    fn next_field<'b>(&mut self, body: &'b [u8]) -> Option<(Ident, u32, &'b [u8])> {
        let mut rest = body.get(self.rest.cursor..)?;
        while let Some(after) = rest.strip_prefix(&FOOTER) {
            self.advance(FOOTER_LEN);
            rest = after;
        }
        let (head, _) = rest.split_first_chunk::<FIELD_HEADER_LEN>()?;
        let [n0, n1, n2, n3, s0, s1, s2, _, i0, i1, i2, i3] = *head;
        let words = u32::from_le_bytes([s0, s1, s2, 0]);
        let length = usize::try_from(words).ok()?.saturating_mul(WORD);
        // Its structure was checked.
        let field = rest.get(..length.max(FIELD_HEADER_LEN))?;
        let name = Ident::from_wire([n0, n1, n2, n3]);
        Some((name, u32::from_le_bytes([i0, i1, i2, i3]), field))
    }

    const fn advance(&mut self, length: usize) {
        self.rest.cursor = self.rest.cursor.saturating_add(length);
    }

    /// Keeps a field; an answer at the cost of what is unsolicited.
    fn keep(&mut self, owner: u16, header: &Header, field: &[u8]) -> bool {
        if owner != NONE {
            let dropped = self.mailbox.make_room(field.len(), &mut self.rest.lost);
            let counter = &mut self.rest.counters.lost_unsolicited;
            *counter = counter.saturating_add(dropped);
        }
        let lost = match self.table.get_mut(owner) {
            Some(slot) => &mut slot.lost,
            None => &mut self.rest.lost,
        };
        let is_kept = self.mailbox.put(owner, *lost, header, field);
        if is_kept {
            *lost = 0;
            self.rest.counters.kept = self.rest.counters.kept.saturating_add(1);
        }
        is_kept
    }

    /// How many wait for fields of an owner.
    fn waiting(&self, owner: u16) -> u16 {
        match self.table.get(owner) {
            Some(slot) => slot.waiting(),
            None => self.rest.waiting,
        }
    }

    fn lose(&mut self, owner: u16) {
        let (lost, counter) = match self.table.get_mut(owner) {
            Some(slot) => (&mut slot.lost, &mut self.rest.counters.lost_answers),
            None => (
                &mut self.rest.lost,
                &mut self.rest.counters.lost_unsolicited,
            ),
        };
        *lost = lost.saturating_add(1);
        *counter = counter.saturating_add(1);
    }

    /// What was dropped of the fields of `who` behind those that were kept.
    fn take_lost(&mut self, who: &Who) -> u16 {
        if *who == Who::Recv {
            return core::mem::take(&mut self.rest.lost);
        }
        let has_lost = |index: &u16| self.table.get(*index).is_some_and(|slot| slot.lost > 0);
        let first = self.table.slots(who).find(has_lost);
        first
            .and_then(|index| self.table.get_mut(index))
            .map_or(0, |slot| core::mem::take(&mut slot.lost))
    }
}
