//! What a device has really done, to be held against the server's book.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use wigwag_codec::minijson::Error;
use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::{Answer, History};
use wigwag_codec::ngtt::message::{LogEntry, LogsWriter, PathpointsWriter};
use wigwag_harness::flash::Part;
use wigwag_harness::mock::DeviceBook;

use super::{BATCH_BYTES, TestOutbox};

/// The time of reading 0.
const FIRST_READING_MS: i64 = 1_700_000_000_000;

/// What the application does with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It executes it, unless it may have been executed before: then it refuses it.
    Execute,
    /// It refuses it.
    Refuse,
    /// It executes it whenever it comes: twice is as good as once.
    Repeat,
}

/// What a device has really done, over all its boots: known to the test, and to
/// nobody on the device.
#[derive(Debug, Default)]
pub struct Truth {
    /// How often each order, by its number, was executed.
    pub executed: BTreeMap<u64, u32>,
    /// How often the application was told that it had been interrupted.
    pub interrupted: BTreeMap<u64, u32>,
    /// How often it was handed over without knowledge of its past.
    pub unknown: BTreeMap<u64, u32>,
    /// Batches of pathpoints.
    pub readings: Batches,
    /// Batches of logs.
    pub logs: Batches,
}

/// The number of an order, by its payload.
#[must_use]
pub(super) fn number_of(payload: &[u8]) -> u64 {
    payload.last().copied().map_or(0, u64::from)
}

/// Batches of one kind, by the digests of their payloads.
#[derive(Debug, Default)]
pub struct Batches {
    /// The outbox was given them, and perhaps the power failed then.
    pub offered: BTreeSet<[u8; 16]>,
    /// It took them: they arrive.
    pub taken: BTreeSet<[u8; 16]>,
}

impl Batches {
    /// How many were taken, and have not arrived.
    ///
    /// # Panics
    /// When something arrived that was never given.
    #[must_use]
    pub fn missing(&self, arrived: &BTreeSet<[u8; 16]>) -> usize {
        assert!(arrived.is_subset(&self.offered), "a batch is invented");
        self.taken.difference(arrived).count()
    }
}

impl Truth {
    /// Notes that an order is handed over, and says how to answer it.
    pub fn handed(&mut self, number: u64, history: History, habit: Habit) -> Answer {
        let list = match history {
            History::New => &mut self.executed,
            History::Interrupted => &mut self.interrupted,
            History::Unknown => &mut self.unknown,
        };
        *list.entry(number).or_default() += 1;
        match habit {
            Habit::Repeat => Answer::Confirm,
            Habit::Execute if history == History::New => Answer::Confirm,
            Habit::Execute | Habit::Refuse => Answer::Reject,
        }
    }

    /// Compares with the server's book when all is done. `habit` is what the
    /// application does with each order. Returns how many batches were taken by the
    /// outbox and have not arrived: none, unless its rule has dropped some.
    ///
    /// # Panics
    /// When an order is lost, was executed twice, or is answered otherwise than the
    /// application did; when an order or a batch is invented.
    pub fn compare(&self, book: &DeviceBook, habit: impl Fn(u64) -> Habit) -> usize {
        assert_eq!(book.unanswered(), 0, "{self:?}");
        let numbers = book.orders.iter().map(|order| number_of(&order.payload));
        let numbers: BTreeSet<_> = numbers.collect();
        for order in &book.orders {
            let number = number_of(&order.payload);
            let of = |list: &BTreeMap<u64, u32>| list.get(&number).copied().unwrap_or(0);
            let (executed, told) = (of(&self.executed), of(&self.interrupted));
            let told = told + of(&self.unknown);
            assert!(
                executed <= 1,
                "order {number} was executed {executed} times"
            );
            assert!(
                executed + told > 0,
                "order {number} is answered, and nobody has seen it"
            );
            let expected = match habit(number) {
                Habit::Repeat => Answer::Confirm,
                Habit::Execute if told == 0 => Answer::Confirm,
                Habit::Execute | Habit::Refuse => Answer::Reject,
            };
            assert_eq!(order.answer, Some(expected), "order {number}");
        }
        let known = self.executed.keys().chain(self.interrupted.keys());
        for number in known {
            assert!(numbers.contains(number), "order {number} is invented");
        }
        let arrived = book.batches.iter().map(|batch| batch.digest.0);
        let missing = self.readings.missing(&arrived.collect());
        let arrived = book.logs.iter().map(|logs| logs.digest.0);
        let missing = missing + self.logs.missing(&arrived.collect());
        assert_eq!(book.invalid, 0);
        missing
    }
}

/// Gives the outbox a batch of pathpoints with one reading, which no other batch
/// has, and notes it. Whether it was taken.
pub async fn offer_reading<P: Part>(
    outbox: &TestOutbox<'_, P>,
    truth: &RefCell<Truth>,
    number: i64,
) -> bool {
    let write = move |batch: &mut PathpointsWriter<'_>| {
        let readings = batch.pathpoint("W1", 1)?;
        readings.value(FIRST_READING_MS + number, |value| value.int(number))?;
        Ok::<_, Error>(())
    };
    let mut bytes = [0; BATCH_BYTES];
    let mut writer = PathpointsWriter::new(&mut bytes, 1).expect("there is room");
    write(&mut writer).expect("there is room");
    let length = writer.finish().expect("it is complete");
    let digest = Digest::of(&bytes[..length]).0;
    truth.borrow_mut().readings.offered.insert(digest);
    let taken = outbox.submit_pathpoints(1, write).await.is_ok();
    if taken {
        truth.borrow_mut().readings.taken.insert(digest);
    }
    taken
}

/// Gives the outbox a log entry that no other is like, and notes it. Whether it
/// was taken.
pub async fn offer_log<P: Part>(
    outbox: &TestOutbox<'_, P>,
    truth: &RefCell<Truth>,
    number: i64,
) -> bool {
    let entry = LogEntry::text("test", number, 20, "something happened");
    let mut bytes = [0; BATCH_BYTES];
    let mut writer = LogsWriter::new(&mut bytes, 1).expect("there is room");
    writer.entry(&entry).expect("there is room");
    let length = writer.finish().expect("it is complete");
    let digest = Digest::of(&bytes[..length]).0;
    truth.borrow_mut().logs.offered.insert(digest);
    let taken = outbox.submit_logs(&[entry]).await.is_ok();
    if taken {
        truth.borrow_mut().logs.taken.insert(digest);
    }
    taken
}
