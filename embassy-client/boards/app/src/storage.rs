//! What survives a reset: the journal of orders, data and logs on their way out,
//! and how often the device has started.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_storage_async::nor_flash::NorFlash;
use rand_core::CryptoRngCore;
use static_cell::StaticCell;
use wigwag_codec::ngtt::client::WhenFull;
use wigwag_embassy::journal::FlashJournal;
use wigwag_embassy::store::{Key, LONGEST, Opened, SharedStore, Store, StoreError};
use wigwag_embassy::{outbox, renewal};

use crate::rng::SharedRng;

/// Batches that wait for the server in flash; the oldest makes room for a new one.
pub(crate) const BATCHES: usize = 16;

/// Most bytes of a batch: those of a send slot of the client.
pub(crate) const BATCH_BYTES: usize = 1024;

/// Orders that are remembered until the server is known to have read the answer.
pub(crate) const MARKS: usize = 16;

/// What the outbox needs to hand a batch to the client.
pub(crate) const BUFFER: usize = BATCH_BYTES + 5;

/// Marks of orders, batches, and the rest.
const KEYS: usize = MARKS + BATCHES + 8;

pub(crate) type Shared<F> = SharedStore<NoopRawMutex, F, KEYS>;
pub(crate) type Journal<F> = FlashJournal<'static, NoopRawMutex, F, MARKS, KEYS>;
pub(crate) type Renewals<F> = renewal::Keeper<'static, NoopRawMutex, F, KEYS>;
pub(crate) type Outbox<F> = outbox::Outbox<'static, NoopRawMutex, F, BATCHES, KEYS>;

/// Memory for what only the board knows the type of, its flash and its random
/// generator: for a `static` of the board.
#[allow(missing_debug_implementations)] // Nothing to tell before it is used.
pub struct Storage<F: NorFlash + 'static, R: 'static> {
    rng: StaticCell<RefCell<R>>,
    store: StaticCell<Shared<F>>,
    outbox: StaticCell<Outbox<F>>,
    renewals: StaticCell<Renewals<F>>,
}

impl<F: NorFlash, R> Default for Storage<F, R> {
    fn default() -> Self {
        Self::new()
    }
}

/// The store, open.
pub(crate) struct Parts<F: NorFlash + 'static> {
    pub(crate) store: &'static Shared<F>,
    pub(crate) outbox: &'static Outbox<F>,
    /// How often the device has started, this time included.
    pub(crate) starts: u32,
}

impl<F: NorFlash, R> Storage<F, R> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            rng: StaticCell::new(),
            store: StaticCell::new(),
            outbox: StaticCell::new(),
            renewals: StaticCell::new(),
        }
    }

    /// Shares the random generator.
    pub(crate) fn share(&'static self, rng: R) -> SharedRng
    where
        R: CryptoRngCore,
    {
        SharedRng::new(self.rng.init(RefCell::new(rng)))
    }

    /// Shares what knows the device's certificates.
    pub(crate) fn keep(&'static self, renewals: Renewals<F>) -> &'static Renewals<F> {
        self.renewals.init(renewals)
    }

    /// Opens the store in all of `flash`.
    pub(crate) async fn open(&'static self, flash: F) -> Result<Parts<F>, StoreError> {
        let capacity = u32::try_from(flash.capacity()).unwrap_or(u32::MAX);
        let mut store = Store::new(flash, 0..capacity)?;
        // So that the journal never finds the flash full of batches.
        store.fits(&[(MARKS, 24), (BATCHES, BUFFER), (2, LONGEST), (8, 16)])?;
        match store.open().await? {
            Opened::Found => {}
            Opened::New => defmt::info!("store: new"),
            Opened::Lost => defmt::warn!("store: what was in it is lost"),
        }
        let starts = count_start(&mut store).await?;
        let store = &*self.store.init(SharedStore::new(store));
        let outbox = Outbox::open(store, BATCH_BYTES, WhenFull::DropOldest).await?;
        Ok(Parts {
            store,
            outbox: &*self.outbox.init(outbox),
            starts,
        })
    }
}

async fn count_start<F: NorFlash>(store: &mut Store<F, KEYS>) -> Result<u32, StoreError> {
    let mut bytes = [0; 4];
    let before = store.get(Key::Starts, &mut bytes).await?;
    let before = before.and_then(|bytes| bytes.try_into().ok());
    let starts = before.map_or(0, u32::from_be_bytes).saturating_add(1);
    store.put(Key::Starts, &starts.to_be_bytes()).await?;
    Ok(starts)
}
