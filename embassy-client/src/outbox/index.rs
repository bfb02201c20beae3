//! Which batches are in flash, in which order, and what is being done with each.

use embassy_sync::waitqueue::MultiWakerRegistration;
use wigwag_codec::ngtt::client::{SendKind, WhenFull};

use super::Counters;

/// Tasks that can wait at the same time without waking each other needlessly.
const WAITING: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    sequence: u32,
    kind: SendKind,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody has it.
    Waiting,
    /// It is on its way to the server.
    Sending,
    /// Something newer is being written in its place.
    Yielding,
}

/// A place in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Free,
    /// The first batch in it is being written.
    Reserved,
    Taken(Entry),
}

pub(super) struct Index<const N: usize> {
    places: [Place; N],
    next: u32,
    pub(super) counters: Counters,
    pub(super) wakers: MultiWakerRegistration<WAITING>,
}

/// Where a new batch may go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// There.
    Place { place: u8, sequence: u32 },
    /// Nowhere, for good.
    Dropped,
    /// Nowhere yet.
    None,
}

/// `index` as a place's number: there are at most 255 places.
fn number(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}

pub(super) fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}

impl<const N: usize> Index<N> {
    pub(super) const fn new() -> Self {
        Self {
            places: [Place::Free; N],
            next: 0,
            counters: Counters {
                delivered: 0,
                rejected: 0,
                dropped: 0,
                failures: 0,
            },
            wakers: MultiWakerRegistration::new(),
        }
    }

    /// What stands in flash; a later call for the same place counts.
    pub(super) fn note(&mut self, place: u8, head: Option<(u32, SendKind)>) {
        if let Some(to) = self.places.get_mut(usize::from(place)) {
            *to = head.map_or(Place::Free, |(sequence, kind)| {
                Place::Taken(Entry {
                    sequence,
                    kind,
                    state: State::Waiting,
                })
            });
        }
    }

    /// Everything was noted: new batches follow the ones that are there.
    pub(super) fn order(&mut self) {
        let last = self.entries().map(|(_, entry)| entry.sequence).max();
        self.next = last.map_or(0, |last| last.saturating_add(1));
    }

    fn entries(&self) -> impl Iterator<Item = (usize, Entry)> + '_ {
        let places = self.places.iter().enumerate();
        places.filter_map(|(index, place)| match place {
            Place::Taken(entry) => Some((index, *entry)),
            _ => None,
        })
    }

    fn entry(&mut self, place: u8) -> Option<&mut Entry> {
        match self.places.get_mut(usize::from(place)) {
            Some(Place::Taken(entry)) => Some(entry),
            _ => None,
        }
    }

    fn oldest_waiting(&self) -> Option<(usize, Entry)> {
        self.entries()
            .filter(|(_, entry)| entry.state == State::Waiting)
            .min_by_key(|(_, entry)| entry.sequence)
    }

    pub(super) fn len(&self) -> usize {
        self.entries().count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.iter().all(|place| *place == Place::Free)
    }

    /// Finds a place for a new batch, and keeps it for that.
    pub(super) fn reserve(&mut self, rule: WhenFull) -> Room {
        let free = self.places.iter().position(|place| *place == Place::Free);
        let index = match (free, rule) {
            (Some(index), _) => {
                if let Some(place) = self.places.get_mut(index) {
                    *place = Place::Reserved;
                }
                index
            }
            (None, WhenFull::Block) => return Room::None,
            (None, WhenFull::DropNewest) => {
                count(&mut self.counters.dropped);
                return Room::Dropped;
            }
            (None, WhenFull::DropOldest) => {
                let Some((index, _)) = self.oldest_waiting() else {
                    // All are on their way: one will be free soon.
                    return Room::None;
                };
                if let Some(entry) = self.entry(number(index)) {
                    entry.state = State::Yielding;
                }
                index
            }
        };
        let sequence = self.next;
        self.next = sequence.saturating_add(1);
        Room::Place {
            place: number(index),
            sequence,
        }
    }

    /// The reserved place was written, or not.
    pub(super) fn settle_reservation(&mut self, place: u8, filled: Option<(u32, SendKind)>) {
        let index = usize::from(place);
        let was = self.places.get(index).copied();
        match (filled, was) {
            (Some(_), was) => {
                if matches!(was, Some(Place::Taken(_))) {
                    count(&mut self.counters.dropped);
                }
                self.note(place, filled);
            }
            (None, Some(Place::Taken(_))) => self.wait_again(place),
            (None, _) => self.note(place, None),
        }
        self.wakers.wake();
    }

    /// The oldest batch that waits; it is on its way from now on.
    pub(super) fn take(&mut self) -> Option<u8> {
        let (index, _) = self.oldest_waiting()?;
        let place = number(index);
        self.entry(place)?.state = State::Sending;
        Some(place)
    }

    /// It did not get there: it waits again.
    pub(super) fn wait_again(&mut self, place: u8) {
        if let Some(entry) = self.entry(place) {
            entry.state = State::Waiting;
        }
        self.wakers.wake();
    }

    /// It is gone.
    pub(super) fn free(&mut self, place: u8) {
        self.note(place, None);
        self.wakers.wake();
    }
}
