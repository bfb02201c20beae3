//! Keeps fields whose owner was not there, in the order in which they came.

use core::ops::Range;

use super::super::{Header, Ident, Time};
use super::table::NONE;
use crate::bytes;

/// Bytes that stand before each field.
pub(super) const RECORD: usize = 28;

/// Bytes of kept fields, one behind the other.
pub(super) struct Mailbox<'k> {
    pub(super) bytes: &'k mut [u8],
    /// How many of them are in use.
    pub(super) used: &'k mut usize,
}

/// A field that was kept.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The slot that it belongs to.
    pub(super) owner: u16,
    /// How many fields of that slot were dropped before it.
    pub(super) lost: u16,
    /// The header of its packet.
    pub(super) header: Header,
    /// Where it stands.
    pub(super) field: Range<usize>,
}

impl Record {
    const fn start(&self) -> usize {
        self.field.start.saturating_sub(RECORD)
    }
}

impl Mailbox<'_> {
    /// Whether a field of so many bytes would fit if `more` bytes were free.
    fn fits(&self, length: usize, more: usize) -> bool {
        let used = self.used.saturating_sub(more);
        used.saturating_add(RECORD).saturating_add(length) <= self.bytes.len()
    }

    /// Keeps a field if there is room.
    pub(super) fn put(&mut self, owner: u16, lost: u16, header: &Header, field: &[u8]) -> bool {
        let (Ok(length), true) = (u32::try_from(field.len()), self.fits(field.len(), 0)) else {
            return false;
        };
        let [o0, o1] = owner.to_le_bytes();
        let [l0, l1] = lost.to_le_bytes();
        let words = [
            [o0, o1, l0, l1],
            length.to_le_bytes(),
            header.kind.bytes(),
            header.id.to_le_bytes(),
            header.time.secs().to_le_bytes(),
            header.time.nanos().to_le_bytes(),
            header.info,
        ];
        let end = self.used.saturating_add(RECORD).saturating_add(field.len());
        let Some(place) = self.bytes.get_mut(*self.used..end) else {
            return false;
        };
        let Some((head, rest)) = place.split_at_mut_checked(RECORD) else {
            return false;
        };
        for (place, word) in head.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *place = word;
        }
        bytes::copy(rest, field);
        *self.used = end;
        true
    }

    /// Drops unsolicited fields, the oldest first, until there is room for a
    /// field of so many bytes; none where that would not be enough. How many.
    pub(super) fn make_room(&mut self, length: usize, lost: &mut u16) -> u32 {
        let unsolicited: usize = self
            .records()
            .filter(|record| record.owner == NONE)
            .map(|record| RECORD.saturating_add(record.field.len()))
            .sum();
        if !self.fits(length, unsolicited) {
            return 0;
        }
        let mut dropped = 0_u32;
        while !self.fits(length, 0) {
            let Some(record) = self.oldest(NONE) else {
                break;
            };
            self.remove(&record);
            dropped = dropped.saturating_add(1);
            let count = record.lost.saturating_add(1);
            match self.oldest(NONE) {
                Some(next) => self.set_lost(&next, next.lost.saturating_add(count)),
                None => *lost = lost.saturating_add(count),
            }
        }
        dropped
    }

    /// All of them, in their order.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        let mut at = 0_usize;
        core::iter::from_fn(move || {
            let record = self.record(at)?;
            at = record.field.end;
            Some(record)
        })
    }

    fn oldest(&self, owner: u16) -> Option<Record> {
        self.records().find(|record| record.owner == owner)
    }

    fn record(&self, at: usize) -> Option<Record> {
        let used = self.bytes.get(..*self.used)?;
        let (head, rest) = used.get(at..)?.split_first_chunk::<RECORD>()?;
        let mut words = [[0; 4]; 7];
        for (word, from) in words.iter_mut().zip(head.as_chunks::<4>().0) {
            *word = *from;
        }
        let [[o0, o1, l0, l1], length, kind, id, secs, nanos, info] = words;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let start = at.saturating_add(RECORD);
        let time = Time::new(u32::from_le_bytes(secs), u32::from_le_bytes(nanos));
        (length <= rest.len()).then_some(Record {
            owner: u16::from_le_bytes([o0, o1]),
            lost: u16::from_le_bytes([l0, l1]),
            header: Header {
                kind: Ident::from_wire(kind),
                id: u32::from_le_bytes(id),
                time: time.unwrap_or_default(),
                info,
            },
            field: start..start.saturating_add(length),
        })
    }

    /// The bytes of a field.
    pub(super) fn field(&self, record: &Record) -> &[u8] {
        self.bytes.get(record.field.clone()).unwrap_or_default()
    }

    /// What was dropped before this one.
    pub(super) fn set_lost(&mut self, record: &Record, lost: u16) {
        let at = record.start().saturating_add(2);
        let place = self.bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        if let Some(place) = place {
            *place = lost.to_le_bytes();
        }
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, record: &Record) {
        let (start, end) = (record.start(), record.field.end);
        if end <= *self.used && *self.used <= self.bytes.len() {
            bytes::shift(self.bytes, end..*self.used, start);
            *self.used = self.used.saturating_sub(end.saturating_sub(start));
        }
    }

    /// Takes out all of an owner.
    pub(super) fn remove_all(&mut self, owner: u16) {
        while let Some(record) = self.oldest(owner) {
            self.remove(&record);
        }
    }
}
