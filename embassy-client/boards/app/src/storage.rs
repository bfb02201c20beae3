//! What survives a reset: the journal of orders, data and logs on their way out,
//! and how often the device has started.

use core::cell::RefCell;
use core::ops::Range;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_storage_async::nor_flash::NorFlash;
use rand_core::CryptoRngCore;
use static_cell::StaticCell;
use wigwag_codec::ngtt::client::WhenFull;
use wigwag_embassy::journal::FlashJournal;
use wigwag_embassy::settings::Fingerprint;
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

    /// Opens the store in all of `flash`. What was kept for other settings than
    /// those with this fingerprint is erased: another server's orders and another
    /// device's data are not this one's.
    pub(crate) async fn open(
        &'static self,
        flash: F,
        settings: &Fingerprint,
    ) -> Result<Parts<F>, StoreError> {
        let (mut store, opened) = open(flash).await?;
        let mut bytes = [0; size_of::<Fingerprint>()];
        let kept = store.get(Key::Settings, &mut bytes).await?;
        if kept != Some(settings) {
            if opened == Opened::Found {
                let mut flash = store.into_flash();
                let region = region(&flash);
                Store::<F, KEYS>::erase(&mut flash, region).await?;
                (store, _) = open(flash).await?;
            }
            store.put(Key::Settings, settings).await?;
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

fn region<F: NorFlash>(flash: &F) -> Range<u32> {
    0..u32::try_from(flash.capacity()).unwrap_or(u32::MAX)
}

async fn open<F: NorFlash>(flash: F) -> Result<(Store<F, KEYS>, Opened), StoreError> {
    let region = region(&flash);
    let mut store = Store::new(flash, region)?;
    // So that the journal never finds the flash full of batches.
    store.fits(&[(MARKS, 24), (BATCHES, BUFFER), (2, LONGEST), (8, 32)])?;
    let opened = store.open().await?;
    match opened {
        Opened::Found => {}
        Opened::New => defmt::info!("store: new"),
        Opened::Lost => defmt::warn!("store: what was in it is lost"),
    }
    Ok((store, opened))
}

async fn count_start<F: NorFlash>(store: &mut Store<F, KEYS>) -> Result<u32, StoreError> {
    let mut bytes = [0; 4];
    let before = store.get(Key::Starts, &mut bytes).await?;
    let before = before.and_then(|bytes| bytes.try_into().ok());
    let starts = before.map_or(0, u32::from_be_bytes).saturating_add(1);
    store.put(Key::Starts, &starts.to_be_bytes()).await?;
    Ok(starts)
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};
    use std::boxed::Box;
    use std::rc::Rc;
    use std::vec;
    use std::vec::Vec;

    use embedded_storage_async::nor_flash::{ErrorType, ReadNorFlash};
    use wigwag_codec::ngtt::message::LogEntry;

    use super::*;

    /// 128 KiB that outlive a start.
    #[derive(Clone)]
    struct Flash(Rc<RefCell<Vec<u8>>>);

    impl ErrorType for Flash {
        type Error = Infallible;
    }

    impl ReadNorFlash for Flash {
        const READ_SIZE: usize = 1;

        async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
            let from = offset as usize;
            bytes.copy_from_slice(&self.0.borrow()[from..from + bytes.len()]);
            Ok(())
        }

        fn capacity(&self) -> usize {
            self.0.borrow().len()
        }
    }

    impl NorFlash for Flash {
        const WRITE_SIZE: usize = 4;
        const ERASE_SIZE: usize = 4096;

        async fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
            self.0.borrow_mut()[from as usize..to as usize].fill(0xff);
            Ok(())
        }

        async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
            let from = offset as usize;
            self.0.borrow_mut()[from..from + bytes.len()].copy_from_slice(bytes);
            Ok(())
        }
    }

    /// This flash never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("waits"),
        }
    }

    /// A start of a device with these settings.
    fn start(flash: &Flash, settings: u8) -> Parts<Flash> {
        let storage: &Storage<Flash, ()> = Box::leak(Box::new(Storage::new()));
        now(storage.open(flash.clone(), &[settings; 32])).unwrap()
    }

    #[test]
    fn what_was_kept_stays_with_its_settings() {
        let flash = Flash(Rc::new(RefCell::new(vec![0xff; 128 * 1024])));
        for (settings, starts, waiting) in [(1, 1, 0), (1, 2, 1), (1, 3, 2), (2, 1, 0), (1, 1, 0)] {
            let parts = start(&flash, settings);
            assert_eq!(parts.starts, starts, "settings {settings}");
            assert_eq!(parts.outbox.len(), waiting, "settings {settings}");
            let entry = LogEntry::text("device", 0, 20, "booted");
            now(parts.outbox.submit_logs(&[entry])).unwrap();
        }
    }

    #[test]
    fn flash_that_is_too_small_for_all_of_it_is_refused() {
        let flash = Flash(Rc::new(RefCell::new(vec![0xff; 6 * 4096])));
        let storage: &Storage<Flash, ()> = Box::leak(Box::new(Storage::new()));
        let opened = now(storage.open(flash, &[1; 32])).map(|_| ());
        assert_eq!(opened, Err(StoreError::Full));
    }
}
