//! What survives a power failure: a small store of values under [`Key`]s, in a
//! region of flash.
//!
//! `sequential-storage` spreads the values over the sectors of the region, so
//! that all wear alike; a value is never changed in place. **When the power
//! fails during any single write or erasure, every key has its old or its new
//! value afterwards.** What that takes beyond `sequential-storage` is in this
//! module, and says why.
//!
//! A value is removed by writing an empty one: flash whose words can be written
//! only once (STM32H7 and its like) cannot do otherwise.
//!
//! ```
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use embedded_storage_async::nor_flash::NorFlash;
//! use wigwag_embassy::store::{Key, Opened, SharedStore, Store, StoreError};
//!
//! /// Counts the starts of the device.
//! async fn start<F: NorFlash>(flash: F) -> Result<SharedStore<NoopRawMutex, F>, StoreError> {
//!     // The last 64 KiB of a megabyte.
//!     let mut store: Store<F> = Store::new(flash, 0xf_0000..0x10_0000)?;
//!     let is_new = store.open().await? != Opened::Found;
//!     let mut bytes = [0; 4];
//!     let before = store.get(Key::Starts, &mut bytes).await?;
//!     let before = before.and_then(|bytes| bytes.try_into().ok());
//!     let starts = before.map_or(0, u32::from_be_bytes).saturating_add(1);
//!     assert!(!is_new || starts == 1);
//!     store.put(Key::Starts, &starts.to_be_bytes()).await?;
//!     Ok(SharedStore::new(store))
//! }
//! ```
//!
//! # Sizes
//! Each value takes, rounded up to the words of the flash, 8 bytes of header, and
//! 2 bytes more than its length. Two sectors' worth of room is taken by the way it
//! works: `n` sectors hold as much as `n - 2`. Everything that is kept must fit
//! there at the same time, and the more room there is beside it, the less often
//! a sector is erased:
//!
//! | what | values | bytes each, words of up to 8 | of 32 |
//! |---|---:|---:|---:|
//! | marks of orders | 16 (as many as the journal has) | 40 | 64 |
//! | batches on their way out, of up to 1 KiB | as many as the outbox has | 1,040 | 1,088 |
//! | renewed identities | 2 | up to 1,216 | 1,248 |
//! | the rest | 3 | up to 24 | 64 |
//!
//! # Wear
//! An order writes three records (begun, executed, forgotten): 96 bytes with words of
//! up to 8 bytes, 192 with 32-byte words. A batch of 1 KiB writes itself and its
//! removal: 1,056 and 1,152 bytes. A sector is erased once for each time that its size has
//! been written (and what was still in use, copied). So a region of 64 KiB with
//! 4 KiB sectors, for 100,000 erasures each, stands 6.5 GB of writes: a batch of
//! 1 KiB a minute and an order a minute are 1.7 MB a day, and that for ten years; a
//! batch a second, 91 MB a day, for ten weeks. Seven sectors of 128 KiB for 10,000
//! erasures each stand 9.2 GB: a batch and an order a minute, 1.9 MB a day, for
//! thirteen years. Twice the sectors last twice as long.
//!
//! A start of the device writes 16 bytes more (64 with 32-byte words); a power
//! failure in the middle of a write costs a sector, because what is behind the torn
//! word is not trusted any more. In `tests/tests/thirty_days.rs` a device with four
//! sectors of 4 KiB starts 370 times in thirty days, answers 170 orders, sends 396
//! batches and loses its power 32 times while it writes: 54 KB are written, which
//! fill 13 sectors, and 46 sectors are erased, none more than 13 times. At that pace
//! 100,000 erasures last for six hundred years.
//!
//! # Time
//! Erasing takes a chip's flash 20 to 400 ms a 4 KiB sector, and 1 to 4 s one of
//! 128 KiB; drivers of internal flash block the whole executor meanwhile, and some
//! chips cannot even run code from the same bank. The period of a watchdog must be
//! longer. One `put` erases two sectors as a rule; one that finds the store
//! [full](StoreError::Full) erases each sector once before it says so, which a
//! program that asks [`fits`](Store::fits) at its start never sees.

mod error;
mod guard;
mod key;
mod mend;
mod shared;
#[cfg(test)]
pub(crate) mod test_flash;
#[cfg(test)]
mod tests;

use core::cell::RefCell;
use core::ops::Range;

use embedded_storage_async::nor_flash::{NorFlash, NorFlashError as _};
use sequential_storage::Error as MapError;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage, SerializationError, Value};

pub use self::error::{RegionError, StoreError};
use self::guard::{Guard, GuardError, MAX_WORD};
pub use self::key::Key;
use self::key::Raw;
pub use self::shared::{SharedStore, StoreGuard};

/// Most bytes of a value.
pub const LONGEST: usize = 1200;

/// Fewest sectors of a store: one is being filled, one is being emptied, and
/// with a third it can be told which is which after a power failure.
pub const MIN_SECTORS: u32 = 3;

/// The version of what is in the store, under [`Key::Format`].
const VERSION: u8 = 1;

/// How many sectors a value may find unfit before that is an error.
const GIVE_UPS: u32 = 2;

/// Bytes before each value in flash.
const HEADER: usize = 8;

/// A key and the longest value, rounded up to the largest word.
const BUFFER: usize = (Raw::LEN + LONGEST).next_multiple_of(MAX_WORD);

type Map<F, const KEYS: usize> =
    MapStorage<Raw, Guard<F>, Cache<Uncached, Uncached, ArrayKeyPointers<Raw, KEYS>, Raw>>;

/// What was found when a store was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Opened {
    /// What was stored before.
    Found,
    /// Erased flash.
    New,
    /// Something else, or something that could not be mended: it was erased, and
    /// whatever was stored before is lost.
    Lost,
}

/// Values under keys, in flash.
///
/// `KEYS` is how many keys it remembers the places of; with more of them in use
/// it reads more. Eight bytes of RAM each, beside 1.2 KB for the longest value.
///
/// A call that is dropped before it is ready is like a power failure: the key has
/// its old or its new value, and the store can be used on.
pub struct Store<F: NorFlash, const KEYS: usize = 64> {
    map: Map<F, KEYS>,
    region: Range<u32>,
    buffer: Aligned,
}

/// Aligned for chips that move words only.
#[repr(align(4))]
struct Aligned([u8; BUFFER]);

impl<F: NorFlash, const KEYS: usize> core::fmt::Debug for Store<F, KEYS> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Store")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl<F: NorFlash, const KEYS: usize> Store<F, KEYS> {
    /// A store in `region` of `flash`, in bytes from its start. Nothing is read
    /// yet: [`open`](Self::open) it.
    ///
    /// # Errors
    /// [`StoreError::Region`] when the region does not consist of at least
    /// [`MIN_SECTORS`] whole sectors of the flash, or the flash is of an unusual
    /// kind.
    pub fn new(flash: F, region: Range<u32>) -> Result<Self, StoreError> {
        const { assert!(KEYS > 0, "a store remembers the place of one key at least") };
        let refused = |error| Err(StoreError::Region(error));
        let sector = Guard::<F>::SECTOR;
        let capacity = u32::try_from(flash.capacity()).unwrap_or(u32::MAX);
        if region.start > region.end || region.end > capacity {
            return refused(RegionError::OutOfBounds);
        }
        // A mark at both ends, and the longest value with its header between.
        let least = BUFFER + 3 * MAX_WORD;
        if !Guard::<F>::HAS_WORDS || F::ERASE_SIZE < least {
            return refused(RegionError::Geometry);
        }
        if !region.start.is_multiple_of(sector) || !region.end.is_multiple_of(sector) {
            return refused(RegionError::NotAligned);
        }
        if (region.end - region.start) / sector < MIN_SECTORS {
            return refused(RegionError::TooFewSectors);
        }
        let Ok(config) = MapConfig::try_new(region.clone()) else {
            return refused(RegionError::Geometry);
        };
        // States of sectors are two words each: not worth remembering.
        let cache = Cache::new(Uncached, Uncached, ArrayKeyPointers::new());
        let guard = Guard::new(flash, region.clone());
        Ok(Self {
            map: MapStorage::new(guard, config, cache),
            region,
            buffer: Aligned([0; BUFFER]),
        })
    }

    /// Whether so many values of so many bytes each always have room beside each
    /// other, however they change: (count, longest) for each kind of value. A
    /// program that knows what it will store asks this at its start, so that no
    /// record finds the store [full](StoreError::Full) one day because something
    /// else has filled it.
    ///
    /// ```
    /// # use embedded_storage_async::nor_flash::NorFlash;
    /// # use wigwag_embassy::store::{Store, StoreError};
    /// # fn example<F: NorFlash>(store: &Store<F>) -> Result<(), StoreError> {
    /// // 16 marks of orders, 16 batches of 1 KiB, two identities.
    /// store.fits(&[(16, 24), (16, 1029), (2, 1200)])
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Full`].
    pub fn fits(&self, values: &[(usize, usize)]) -> Result<(), StoreError> {
        let word = Guard::<F>::WORD;
        let rounded = |bytes: usize| bytes.div_ceil(word).saturating_mul(word);
        // A header, the key, the value.
        let taken = |bytes: usize| {
            let value = rounded(bytes.saturating_add(Raw::LEN));
            rounded(HEADER).saturating_add(value)
        };
        let all = values.iter().chain(&[(1, 1)]);
        let (mut needed, mut longest) = (0_usize, 0);
        for (count, bytes) in all {
            needed = needed.saturating_add(count.saturating_mul(taken(*bytes)));
            longest = longest.max(taken(*bytes));
        }
        // A value is in one sector: the end of each may be left empty.
        let sectors = (self.region.end - self.region.start) / Guard::<F>::SECTOR;
        let each = F::ERASE_SIZE.saturating_sub(longest.saturating_add(2 * word));
        let room = each.saturating_mul(sectors.saturating_sub(2) as usize);
        if needed <= room {
            Ok(())
        } else {
            Err(StoreError::Full)
        }
    }

    /// Mends what a power failure has left, and tells what is there. Call it
    /// once, before anything else.
    ///
    /// # Errors
    /// [`StoreError::UnknownVersion`], and what the flash says. The contents are
    /// left as they are.
    pub async fn open(&mut self) -> Result<Opened, StoreError> {
        let is_new = self.is_erased().await?;
        let buffer = &mut self.buffer.0;
        let mended = mend::mend::<F, KEYS>(self.map.flash(), &self.region, buffer).await;
        let version = match mended {
            Ok(()) => {
                self.get_with(Key::Format, |bytes| bytes.first().copied())
                    .await
            }
            Err(error) => Err(error),
        };
        match version {
            Ok(Some(Some(VERSION))) => {
                // Written again, it makes the map finish a migration now.
                self.put(Key::Format, &[VERSION]).await?;
                Ok(Opened::Found)
            }
            Ok(Some(Some(version))) => Err(StoreError::UnknownVersion { version }),
            Ok(_) | Err(StoreError::Corrupted) => {
                self.format().await?;
                Ok(if is_new { Opened::New } else { Opened::Lost })
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets everything: erases `region`, for a store to be made in it. For a
    /// device that changes hands.
    ///
    /// # Errors
    /// What the flash says.
    pub async fn erase(flash: &mut F, region: Range<u32>) -> Result<(), StoreError> {
        let erased = flash.erase(region.start, region.end).await;
        erased.map_err(|error| StoreError::Flash(error.kind()))
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.map.destroy().0.into_flash()
    }

    /// Begins anew. Only while nothing was read: the map would not notice.
    async fn format(&mut self) -> Result<(), StoreError> {
        let erased = self.map.erase_all().await;
        erased.map_err(|error| StoreError::of(error, LONGEST))?;
        self.put(Key::Format, &[VERSION]).await
    }

    async fn is_erased(&mut self) -> Result<bool, StoreError> {
        let guard = self.map.flash();
        for sector in 0..guard.sectors() {
            if !guard.is_sector_erased(sector).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Copies the value of `key` to the start of `out`; `None` when there is
    /// none.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] when it is longer than `out`, and what the flash
    /// says.
    pub async fn get<'b>(
        &mut self,
        key: Key,
        out: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, StoreError> {
        let limit = out.len();
        let copied = self
            .get_with(key, |value| {
                let place = out.get_mut(..value.len())?;
                place.copy_from_slice(value);
                Some(value.len())
            })
            .await?;
        match copied {
            None => Ok(None),
            Some(Some(length)) => Ok(out.get(..length)),
            Some(None) => Err(StoreError::TooLong { limit }),
        }
    }

    /// Shows the value of `key` to `look`; `None` when there is none.
    ///
    /// # Errors
    /// What the flash says.
    pub async fn get_with<T>(
        &mut self,
        key: Key,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        let key = Raw::from(key);
        let value = self.map.fetch_item::<&[u8]>(&mut self.buffer.0, &key);
        let value = value
            .await
            .map_err(|error| StoreError::of(error, LONGEST))?;
        Ok(value.filter(|value| !value.is_empty()).map(look))
    }

    /// Stores `value` under `key`; it survives a power failure when the future
    /// is ready. An empty value is none.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] beyond [`LONGEST`], [`StoreError::Full`], and what
    /// the flash says. The key may have its old value then, or the new one.
    pub async fn put(&mut self, key: Key, value: &[u8]) -> Result<(), StoreError> {
        self.put_with(key, |place| {
            let place = place.get_mut(..value.len())?;
            place.copy_from_slice(value);
            Some(value.len())
        })
        .await
    }

    /// Stores what `write` puts at the start of the room it is given,
    /// [`LONGEST`] bytes; it returns the length, or `None` if there is not
    /// enough room. It may be called more than once.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn put_with(
        &mut self,
        key: Key,
        write: impl FnMut(&mut [u8]) -> Option<usize>,
    ) -> Result<(), StoreError> {
        let (key, value) = (Raw::from(key), Written(RefCell::new(write)));
        for _ in 0..GIVE_UPS {
            let stored = self.map.store_item(&mut self.buffer.0, &key, &value);
            let Err(error) = stored.await else {
                return Ok(());
            };
            // Where the power failed in a write, some cells may be as good as
            // written.
            let MapError::Storage {
                value: GuardError::Worn { offset },
                ..
            } = error
            else {
                return Err(StoreError::of(error, LONGEST));
            };
            if !self.map.flash().give_up_rest(offset).await? {
                return Err(StoreError::Worn { offset });
            }
        }
        let stored = self.map.store_item(&mut self.buffer.0, &key, &value);
        stored.await.map_err(|error| StoreError::of(error, LONGEST))
    }

    /// Removes the value of `key`, if there is one.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn remove(&mut self, key: Key) -> Result<(), StoreError> {
        match self.get_with(key, |_| ()).await? {
            None => Ok(()),
            Some(()) => self.put(key, &[]).await,
        }
    }

    /// Shows all keys and values to `look`, older ones first. **A key may come
    /// more than once: the last time counts**, and an empty value is none.
    ///
    /// # Errors
    /// What the flash says.
    pub async fn each(&mut self, mut look: impl FnMut(Key, &[u8])) -> Result<(), StoreError> {
        let buffer = &mut self.buffer.0;
        let failed = |error| StoreError::of(error, LONGEST);
        let mut items = self.map.fetch_all_items(buffer).await.map_err(failed)?;
        while let Some((raw, value)) = items.next::<&[u8]>(buffer).await.map_err(failed)? {
            if let Some(key) = raw.key() {
                look(key, value);
            }
        }
        Ok(())
    }
}

/// A value that is written where it will stand.
struct Written<W>(RefCell<W>);

impl<'a, W: FnMut(&mut [u8]) -> Option<usize>> Value<'a> for Written<W> {
    fn serialize_into(&self, buffer: &mut [u8]) -> Result<usize, SerializationError> {
        // The buffer is longer: it is rounded up.
        let end = buffer.len().min(LONGEST);
        let place = buffer.get_mut(..end).unwrap_or_default();
        let length = (self.0.borrow_mut())(place);
        length
            .filter(|length| *length <= end)
            .ok_or(SerializationError::BufferTooSmall)
    }

    fn deserialize_from(_: &'a [u8]) -> Result<(Self, usize), SerializationError> {
        // Only written, never read.
        Err(SerializationError::InvalidData)
    }
}
