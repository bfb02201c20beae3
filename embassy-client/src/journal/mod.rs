//! What must survive a reboot: which orders were begun and which answered.
//!
//! The session hands out [`Record`]s in the order in which they must become
//! durable; the runner appends them here, and lets the confirmation of an
//! order out only after its record is. [`RamJournal`] keeps them in memory:
//! enough against lost connections, not against a reboot. [`FlashJournal`] keeps
//! them in flash.

mod flash;

use wigwag_codec::ngtt::client::{Record, RecordKind};

pub use self::flash::{FlashJournal, FlashJournalError};

/// What a journal knew when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Memory {
    /// Everything that was appended before. An order that is not in it was not
    /// begun.
    Kept,
    /// No more than it has told, which may be nothing: whatever else was executed
    /// before is unknown, and orders are handed over as such for a while.
    Lost,
}

/// Keeps records over connections, and in its durable forms over reboots.
#[allow(async_fn_in_trait)] // Not Send on purpose: flash drivers are not.
pub trait Journal {
    /// Why a record could not be read or written.
    type Error: core::fmt::Debug;

    /// Calls `each` with every record that is still needed, oldest first.
    ///
    /// # Errors
    /// When the records cannot be read; the runner then goes on as with
    /// [`Memory::Lost`].
    async fn load(&mut self, each: &mut dyn FnMut(Record)) -> Result<Memory, Self::Error>;

    /// Makes `record` durable; it is so when the future is ready.
    ///
    /// # Errors
    /// When it could not be written. The runner tries again; until it succeeds
    /// the order's confirmation is held back.
    async fn append(&mut self, record: Record) -> Result<(), Self::Error>;

    /// Whatever was executed before and is not in the journal has come again by
    /// now: the journal knows everything from here on. One that answered
    /// [`Memory::Lost`] may answer [`Memory::Kept`] the next time, and not sooner.
    ///
    /// # Errors
    /// As [`append`](Self::append); the runner tries again.
    async fn past_known(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl<J: Journal> Journal for &mut J {
    type Error = J::Error;

    async fn load(&mut self, each: &mut dyn FnMut(Record)) -> Result<Memory, Self::Error> {
        J::load(self, each).await
    }

    async fn append(&mut self, record: Record) -> Result<(), Self::Error> {
        J::append(self, record).await
    }

    async fn past_known(&mut self) -> Result<(), Self::Error> {
        J::past_known(self).await
    }
}

/// A journal in memory, of up to `N` orders: as many as the session has marks
/// (`Slots` has 16 unless told otherwise). Where no type says which `N`, as the
/// program of [the front page](crate) does, write `RamJournal::<16>::new()`.
///
/// The first [`load`](Journal::load) of a new one answers [`Memory::Lost`],
/// because it cannot know what was before; one that was used and kept (in
/// memory that a warm start leaves alone, or in a test) answers
/// [`Memory::Kept`].
#[derive(Clone, Debug)]
pub struct RamJournal<const N: usize = 16> {
    records: heapless::Vec<Record, N>,
    used: bool,
}

/// The journal has no room for another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct JournalFull;

impl<const N: usize> RamJournal<N> {
    /// An empty journal that knows nothing.
    pub const fn new() -> Self {
        Self {
            records: heapless::Vec::new(),
            used: false,
        }
    }

    /// What is kept, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

impl<const N: usize> Default for RamJournal<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Journal for RamJournal<N> {
    type Error = JournalFull;

    async fn load(&mut self, each: &mut dyn FnMut(Record)) -> Result<Memory, JournalFull> {
        let memory = if self.used {
            Memory::Kept
        } else {
            Memory::Lost
        };
        self.used = true;
        for record in &self.records {
            each(*record);
        }
        Ok(memory)
    }

    async fn append(&mut self, record: Record) -> Result<(), JournalFull> {
        let same = |kept: &Record| kept.tid == record.tid && kept.digest == record.digest;
        let at = self.records.iter().position(same);
        match (record.kind, at) {
            (RecordKind::Released, Some(at)) => {
                self.records.remove(at);
            }
            (RecordKind::Released, None) => {}
            (_, Some(at)) => {
                if let Some(kept) = self.records.get_mut(at) {
                    *kept = record;
                }
            }
            (_, None) => self.records.push(record).map_err(|_| JournalFull)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};
    use std::vec::Vec;

    use wigwag_codec::ngtt::Digest;
    use wigwag_codec::ngtt::client::Answer;

    use super::*;

    /// The journal in memory never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("waits"),
        }
    }

    fn record(kind: RecordKind, tid: u16) -> Record {
        Record {
            kind,
            tid,
            digest: Digest::of(&tid.to_be_bytes()),
        }
    }

    fn load<const N: usize>(journal: &mut RamJournal<N>) -> (Memory, Vec<Record>) {
        let mut records = Vec::new();
        let memory = now(journal.load(&mut |record| records.push(record)));
        (memory.unwrap(), records)
    }

    #[test]
    fn the_last_record_of_an_order_counts() {
        let executed = RecordKind::Executed(Answer::Confirm);
        let mut journal = RamJournal::<4>::new();
        assert_eq!(load(&mut journal), (Memory::Lost, Vec::new()));
        for (kind, tid) in [
            (RecordKind::Started, 1),
            (RecordKind::Started, 2),
            (executed, 1),
            (RecordKind::Started, 3),
            (RecordKind::Released, 2),
            (RecordKind::Released, 9),
        ] {
            now(journal.append(record(kind, tid))).unwrap();
        }
        let kept = [record(executed, 1), record(RecordKind::Started, 3)];
        assert_eq!(load(&mut journal), (Memory::Kept, kept.to_vec()));
        assert_eq!(journal.records(), kept);
    }

    #[test]
    fn the_same_id_with_another_payload_is_another_order() {
        let mut journal = RamJournal::<4>::new();
        let other = Record {
            digest: Digest::of(b"other"),
            ..record(RecordKind::Started, 1)
        };
        now(journal.append(record(RecordKind::Started, 1))).unwrap();
        now(journal.append(other)).unwrap();
        assert_eq!(journal.records().len(), 2);
    }

    #[test]
    fn a_full_journal_says_so_until_there_is_room() {
        let mut journal = RamJournal::<2>::new();
        for tid in 1..=2 {
            now(journal.append(record(RecordKind::Started, tid))).unwrap();
        }
        let third = record(RecordKind::Started, 3);
        assert_eq!(now(journal.append(third)), Err(JournalFull));
        // What is there can still change.
        let executed = RecordKind::Executed(Answer::Reject);
        now(journal.append(record(executed, 2))).unwrap();
        now(journal.append(record(RecordKind::Released, 1))).unwrap();
        now(journal.append(third)).unwrap();
    }
}
