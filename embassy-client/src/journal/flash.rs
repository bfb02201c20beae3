//! The journal in flash.

use embassy_sync::blocking_mutex::raw::RawMutex;
use embedded_storage_async::nor_flash::NorFlash;
use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::{Record, RecordKind};

use super::{Journal, Memory};
use crate::store::{Key, SharedStore, StoreError};

/// Bytes of an entry: a big-endian `u32`, which says how old the order is among
/// the others, and the record.
const ENTRY: usize = 4 + Record::LEN;

/// A journal in flash, of up to `N` orders (255 at most): as many as the session
/// has marks (`Slots` has 16 unless told otherwise). It survives reboots and power
/// failures; the store is shared with whoever else needs one.
///
/// Each order writes three times: when it is handed to the application, when it is
/// answered, and when the server is known to know.
///
/// A journal that is new, or whose flash was lost, says so at every start until the
/// server has had time to deliver again what may have been executed before.
///
/// ```
/// use embassy_sync::blocking_mutex::raw::NoopRawMutex;
/// use embedded_storage_async::nor_flash::NorFlash;
/// use wigwag_embassy::journal::FlashJournal;
/// use wigwag_embassy::store::{SharedStore, Store, StoreError};
///
/// async fn journal<F: NorFlash>(
///     mut store: Store<F>,
///     place: &mut Option<SharedStore<NoopRawMutex, F>>,
/// ) -> Result<FlashJournal<'_, NoopRawMutex, F>, StoreError> {
///     store.open().await?;
///     Ok(FlashJournal::new(place.insert(SharedStore::new(store))))
/// }
/// ```
pub struct FlashJournal<'a, M: RawMutex, F: NorFlash, const N: usize = 16, const KEYS: usize = 64> {
    store: &'a SharedStore<M, F, KEYS>,
    is_past_known: bool,
    places: [Option<Place>; N],
    /// The age of the next order.
    next: u32,
}

/// What stands under the key of the same number.
#[derive(Clone, Copy, Debug)]
struct Place {
    age: u32,
    record: Record,
}

/// Why a record could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FlashJournalError {
    /// The store could not do it.
    Store(StoreError),
    /// There is no room for another order: give it as many as the session has
    /// marks.
    Full,
}

impl core::fmt::Display for FlashJournalError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Full => f.write_str(
                "the journal has no room for another order: give it as many as the session has marks",
            ),
        }
    }
}

impl core::error::Error for FlashJournalError {}

impl From<StoreError> for FlashJournalError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<'a, M: RawMutex, F: NorFlash, const N: usize, const KEYS: usize>
    FlashJournal<'a, M, F, N, KEYS>
{
    /// A journal in `store`, which must be open.
    pub const fn new(store: &'a SharedStore<M, F, KEYS>) -> Self {
        const { assert!(N <= 255, "a journal has keys for 255 orders") };
        Self {
            store,
            is_past_known: false,
            places: [None; N],
            next: 0,
        }
    }

    fn place_of(&self, tid: u16, digest: Digest) -> Option<usize> {
        let same = |record: &Record| record.tid == tid && record.digest == digest;
        self.places
            .iter()
            .position(|place| place.is_some_and(|place| same(&place.record)))
    }

    /// All entries, whatever was known of them before.
    fn note(&mut self, index: u8, entry: &[u8]) {
        let Some(place) = self.places.get_mut(usize::from(index)) else {
            return;
        };
        *place = entry.split_first_chunk().and_then(|(age, record)| {
            Some(Place {
                age: u32::from_be_bytes(*age),
                record: Record::from_bytes(record)?,
            })
        });
    }
}

impl<M: RawMutex, F: NorFlash, const N: usize, const KEYS: usize> Journal
    for FlashJournal<'_, M, F, N, KEYS>
{
    type Error = FlashJournalError;

    async fn load(&mut self, each: &mut dyn FnMut(Record)) -> Result<Memory, FlashJournalError> {
        self.places = [None; N];
        let store = self.store;
        let mut store = store.lock().await;
        let read = store.each(|key, entry| match key {
            Key::Mark(index) => self.note(index, entry),
            Key::Past => self.is_past_known = !entry.is_empty(),
            _ => {}
        });
        read.await?;
        drop(store);

        let mut told = None;
        loop {
            // The oldest of those that are younger than the last one.
            let places = self.places.iter().flatten();
            let next = places
                .filter(|place| told.is_none_or(|told| place.age > told))
                .min_by_key(|place| place.age);
            let Some(place) = next else { break };
            each(place.record);
            told = Some(place.age);
        }
        self.next = told.map_or(0, |age| age.saturating_add(1));
        Ok(if self.is_past_known {
            Memory::Kept
        } else {
            Memory::Lost
        })
    }

    async fn append(&mut self, record: Record) -> Result<(), FlashJournalError> {
        let known = self.place_of(record.tid, record.digest);
        let free = || self.places.iter().position(Option::is_none);
        let index = match (record.kind, known) {
            (RecordKind::Released, None) => return Ok(()),
            (_, Some(index)) => index,
            (_, None) => free().ok_or(FlashJournalError::Full)?,
        };
        let key = u8::try_from(index).map(Key::Mark);
        let key = key.map_err(|_| FlashJournalError::Full)?;
        let mut store = self.store.lock().await;
        let place = if record.kind == RecordKind::Released {
            store.remove(key).await?;
            None
        } else {
            let known = self.places.get(index).copied().flatten();
            let age = known.map_or(self.next, |place| place.age);
            let mut entry = [0; ENTRY];
            if let Some((to, rest)) = entry.split_first_chunk_mut() {
                *to = age.to_be_bytes();
                rest.copy_from_slice(&record.to_bytes());
            }
            store.put(key, &entry).await?;
            if known.is_none() {
                self.next = age.saturating_add(1);
            }
            Some(Place { age, record })
        };
        if let Some(to) = self.places.get_mut(index) {
            *to = place;
        }
        Ok(())
    }

    async fn past_known(&mut self) -> Result<(), FlashJournalError> {
        if !self.is_past_known {
            self.store.lock().await.put(Key::Past, &[1]).await?;
            self.is_past_known = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use embassy_sync::blocking_mutex::raw::NoopRawMutex;
    use wigwag_codec::ngtt::client::Answer;

    use super::*;
    use crate::store::test_flash::{Flash, now};
    use crate::store::{Opened, Store};

    type Chip = Flash<4, 4096>;
    type Shared = SharedStore<NoopRawMutex, Chip>;

    /// Power on: the store as it is found.
    fn start(flash: &Chip) -> Shared {
        let mut store = Store::new(flash.clone(), Chip::region()).unwrap();
        now(store.open()).unwrap();
        SharedStore::new(store)
    }

    fn record(kind: RecordKind, tid: u16) -> Record {
        Record {
            kind,
            tid,
            digest: Digest::of(&tid.to_be_bytes()),
        }
    }

    fn load<const N: usize>(
        journal: &mut FlashJournal<'_, NoopRawMutex, Chip, N>,
    ) -> (Memory, Vec<Record>) {
        let mut records = Vec::new();
        let memory = now(journal.load(&mut |record| records.push(record)));
        (memory.unwrap(), records)
    }

    const EXECUTED: RecordKind = RecordKind::Executed(Answer::Confirm);

    #[test]
    fn what_was_appended_is_there_after_a_restart_oldest_first() {
        let flash = Chip::new();
        let store = start(&flash);
        let mut journal = FlashJournal::<_, _, 4>::new(&store);
        assert_eq!(load(&mut journal), (Memory::Lost, Vec::new()));
        now(journal.past_known()).unwrap();
        for (kind, tid) in [
            (RecordKind::Started, 1),
            (RecordKind::Started, 2),
            (RecordKind::Started, 3),
            (RecordKind::Released, 1),
            (RecordKind::Released, 9),
            // In the place of 1, and younger than 2 all the same.
            (RecordKind::Started, 4),
            (EXECUTED, 2),
        ] {
            now(journal.append(record(kind, tid))).unwrap();
        }
        let kept = [
            record(EXECUTED, 2),
            record(RecordKind::Started, 3),
            record(RecordKind::Started, 4),
        ];
        for _ in 0..2 {
            let store = start(&flash);
            let mut journal = FlashJournal::<_, _, 4>::new(&store);
            assert_eq!(load(&mut journal), (Memory::Kept, kept.to_vec()));
        }
    }

    #[test]
    fn the_past_is_unknown_until_it_is_said_to_be_known() {
        let flash = Chip::new();
        for _ in 0..2 {
            let store = start(&flash);
            let mut journal = FlashJournal::<_, _, 4>::new(&store);
            assert_eq!(load(&mut journal).0, Memory::Lost);
            now(journal.append(record(RecordKind::Started, 1))).unwrap();
        }
        let store = start(&flash);
        let mut journal = FlashJournal::<_, _, 4>::new(&store);
        load(&mut journal);
        now(journal.past_known()).unwrap();
        let store = start(&flash);
        let mut journal = FlashJournal::<_, _, 4>::new(&store);
        let begun = record(RecordKind::Started, 1);
        assert_eq!(load(&mut journal), (Memory::Kept, std::vec![begun]));
    }

    #[test]
    fn a_full_journal_says_so_until_there_is_room() {
        let flash = Chip::new();
        let store = start(&flash);
        let mut journal = FlashJournal::<_, _, 2>::new(&store);
        for tid in 1..=2 {
            now(journal.append(record(RecordKind::Started, tid))).unwrap();
        }
        let third = record(RecordKind::Started, 3);
        assert_eq!(now(journal.append(third)), Err(FlashJournalError::Full));
        now(journal.append(record(EXECUTED, 2))).unwrap();
        now(journal.append(record(RecordKind::Released, 1))).unwrap();
        now(journal.append(third)).unwrap();
    }

    #[test]
    fn a_record_that_could_not_be_written_is_tried_again() {
        let flash = Chip::new();
        let store = start(&flash);
        let mut journal = FlashJournal::<_, _, 2>::new(&store);
        let begun = record(RecordKind::Started, 1);
        flash.cut_at(0);
        assert!(now(journal.append(begun)).is_err());
        flash.power_on();
        now(journal.append(begun)).unwrap();
        let mut journal = FlashJournal::<_, _, 2>::new(&store);
        assert_eq!(load(&mut journal).1, [begun]);
    }

    #[test]
    fn a_smaller_journal_leaves_alone_what_it_has_no_place_for() {
        let flash = Chip::new();
        let mut store = Store::new(flash.clone(), Chip::region()).unwrap();
        assert_eq!(now(store.open()), Ok(Opened::New));
        let store: Shared = SharedStore::new(store);
        let mut journal = FlashJournal::<_, _, 4>::new(&store);
        for tid in 1..=4 {
            now(journal.append(record(RecordKind::Started, tid))).unwrap();
        }
        let mut journal = FlashJournal::<_, _, 2>::new(&store);
        assert_eq!(load(&mut journal).1.len(), 2);
    }
}
