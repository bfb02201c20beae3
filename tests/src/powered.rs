//! A device with flash whose power can be cut: the real client with its journal
//! and outbox in a store on a simulated chip, on a virtual network. And what such
//! a device has really done, to be held against the server's book.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use wigwag_codec::minijson::Error;
use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::{Answer, History, WhenFull};
use wigwag_codec::ngtt::message::{LogEntry, LogsWriter, PathpointsWriter};
use wigwag_embassy::journal::FlashJournal;
use wigwag_embassy::outbox::Outbox;
use wigwag_embassy::store::{Opened, SharedStore, Store};
use wigwag_harness::flash::{FlashChip, Part, SimFlash};
use wigwag_harness::mock::DeviceBook;
use wigwag_harness::vnet::{Background, VirtualNet, alongside};

use crate::e2e::{Device, TestClient};

/// Most bytes of a batch.
pub const BATCH_BYTES: usize = 256;

/// Batches that fit into the outbox.
pub const BATCHES: usize = 12;

/// The time of reading 0.
const FIRST_READING_MS: i64 = 1_700_000_000_000;

/// The store of a device under test.
pub type TestStore<P> = Store<SimFlash<P>>;

/// The outbox of a device under test.
pub type TestOutbox<'a, P> = Outbox<'a, NoopRawMutex, SimFlash<P>, BATCHES>;

/// Opens the store that takes the whole chip.
///
/// # Panics
/// When it cannot be opened.
pub async fn open<P: Part>(chip: &FlashChip<P>) -> (TestStore<P>, Opened) {
    let size = u32::try_from(chip.bytes().len()).expect("a chip has addresses of 32 bits");
    let mut store = Store::new(chip.driver(), 0..size).expect("a whole chip is a region");
    let opened = store.open().await.expect("the store can be opened");
    (store, opened)
}

/// Boots `device` with the flash `chip` on `net`, and runs `app` to its end with
/// the client, an outbox with `rule`, and what was found in the store. `None` when
/// the power fails before.
pub async fn boot<P: Part, T>(
    chip: &FlashChip<P>,
    device: &Device,
    net: &VirtualNet,
    rule: WhenFull,
    app: impl AsyncFnOnce(TestClient<'_>, &TestOutbox<'_, P>, Opened) -> T,
) -> Option<T> {
    chip.power_on();
    let life = async {
        let (store, opened) = open(chip).await;
        let store = SharedStore::new(store);
        let outbox = Outbox::open(&store, BATCH_BYTES, rule).await;
        let outbox: TestOutbox<'_, P> = outbox.expect("the store can be read");
        let mut journal = FlashJournal::<_, _>::new(&store);
        let app = async |client: TestClient<'_>| {
            let mut buffer = [0; BATCH_BYTES + 5];
            let sending = async { outbox.run(client, &mut buffer).await };
            let background: Vec<Background<'_>> = vec![Box::pin(sending)];
            alongside(app(client, &outbox, opened), background).await
        };
        device.run(net, &mut journal, app).await
    };
    chip.power(Box::pin(life)).await
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
    /// Notes that an order is handed over, and says whether to execute it: only
    /// one that certainly was not.
    pub fn handed(&mut self, number: u64, history: History) -> bool {
        let list = match history {
            History::New => &mut self.executed,
            History::Interrupted => &mut self.interrupted,
            History::Unknown => &mut self.unknown,
        };
        *list.entry(number).or_default() += 1;
        history == History::New
    }

    /// Compares with the server's book when all is done. `refused` are the orders
    /// that the application refuses. Returns how many batches were taken by the
    /// outbox and have not arrived: none, unless its rule has dropped some.
    ///
    /// # Panics
    /// When an order is lost, was executed twice, or is answered otherwise than the
    /// application did; when an order or a batch is invented.
    pub fn compare(&self, book: &DeviceBook, refused: impl Fn(u64) -> bool) -> usize {
        assert_eq!(book.unanswered(), 0, "{self:?}");
        for (number, order) in (0..).zip(&book.orders) {
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
            let expected = match executed == 1 && !refused(number) && told == 0 {
                true => Answer::Confirm,
                false => Answer::Reject,
            };
            assert_eq!(order.answer, Some(expected), "order {number}");
        }
        let known = self.executed.keys().chain(self.interrupted.keys());
        for number in known {
            assert!(*number < book.orders.len() as u64, "{number} is invented");
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
