//! What is done before the map sees the flash: a migration or an erasure that the
//! power cut short.
//!
//! When a sector is full, the map copies what still counts from the oldest
//! sector (the source) into a new one (the target), and then erases the source.
//! After a power failure in between there is a target with a source behind it,
//! and the map does it again: it erases the target and copies anew. That is right
//! as long as the copying was not finished. If the power failed while the source
//! was being *erased*, what is left of it may look like a sector that is still
//! whole, and the only good copies would be erased with the target. The two are
//! told apart by what is in them: a copy that was finished has everything that
//! can still be read in the source. A target with nothing in it is none: it may be
//! half erased itself, and the map erases it.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};

use super::error::StoreError;
use super::guard::{Guard, View};
use super::key::Raw;

/// What a sector's marks say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sector {
    Open,
    InUse,
    Full,
    /// No state of the map: an erasure was cut short.
    Torn,
}

async fn sector<F: NorFlash>(flash: &mut Guard<F>, index: u32) -> Result<Sector, StoreError> {
    Ok(match flash.marks(index).await? {
        (false, false) => Sector::Open,
        (true, false) => Sector::InUse,
        (true, true) => Sector::Full,
        (false, true) => Sector::Torn,
    })
}

/// Finishes what was cut short, as far as the map would not do it right.
pub(super) async fn mend<F: NorFlash, const KEYS: usize>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    buffer: &mut [u8],
) -> Result<(), StoreError> {
    let count = flash.sectors();
    let mut is_any_open = false;
    for index in 0..count {
        match sector(flash, index).await? {
            Sector::Torn => {
                flash.erase_sector(index).await?;
                is_any_open = true;
            }
            Sector::Open => is_any_open = true,
            Sector::InUse | Sector::Full => {}
        }
    }
    for target in 0..count {
        let (before, source) = ((target + count - 1) % count, (target + 1) % count);
        // The source of a cut migration may look as if it were in use: what is
        // before the target does not.
        if sector(flash, target).await? == Sector::InUse
            && sector(flash, before).await? != Sector::InUse
            && sector(flash, source).await? != Sector::Open
        {
            let in_target = keys::<F, KEYS>(flash, region, target, buffer).await?;
            if in_target.is_none_or(|keys| !keys.is_empty())
                && is_copied::<F, KEYS>(flash, region, source, buffer).await?
            {
                flash.erase_sector(source).await?;
            }
            return Ok(());
        }
    }
    if !is_any_open {
        // Some chips write zeros everywhere before they erase: that looks full.
        for index in 0..count {
            if keys::<F, KEYS>(flash, region, index, buffer)
                .await?
                .is_some_and(|keys| keys.is_empty())
            {
                flash.erase_sector(index).await?;
            }
        }
    }
    Ok(())
}

/// Whether everything that can be read in `source` is in another sector too.
async fn is_copied<F: NorFlash, const KEYS: usize>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    source: u32,
    buffer: &mut [u8],
) -> Result<bool, StoreError> {
    let Some(keys) = keys::<F, KEYS>(flash, region, source, buffer).await? else {
        return Ok(false);
    };
    flash.look(View::Without(source));
    let limit = buffer.len();
    let mut map = view(flash, region)?;
    let mut is_copied = true;
    for key in keys {
        match map.fetch_item::<&[u8]>(buffer, &key).await {
            Ok(Some(_)) => {}
            Ok(None) => is_copied = false,
            Err(error) => {
                flash.look(View::All);
                return Err(StoreError::of(error, limit));
            }
        }
    }
    flash.look(View::All);
    Ok(is_copied)
}

/// The keys of all items that can be read in a sector; `None` when there are
/// too many.
async fn keys<F: NorFlash, const KEYS: usize>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    sector: u32,
    buffer: &mut [u8],
) -> Result<Option<heapless::Vec<Raw, KEYS>>, StoreError> {
    flash.look(View::Only(sector));
    let found = read_keys(flash, region, buffer).await;
    flash.look(View::All);
    found
}

async fn read_keys<F: NorFlash, const KEYS: usize>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    buffer: &mut [u8],
) -> Result<Option<heapless::Vec<Raw, KEYS>>, StoreError> {
    let limit = buffer.len();
    let mut map = view(flash, region)?;
    let items = map.fetch_all_items(buffer).await;
    let mut items = items.map_err(|error| StoreError::of(error, limit))?;
    let mut keys = heapless::Vec::new();
    loop {
        let item = items.next::<&[u8]>(buffer).await;
        let Some((key, _)) = item.map_err(|error| StoreError::of(error, limit))? else {
            return Ok(Some(keys));
        };
        if !keys.contains(&key) && keys.push(key).is_err() {
            return Ok(None);
        }
    }
}

type Uncached = Cache<
    sequential_storage::cache::Uncached,
    sequential_storage::cache::Uncached,
    sequential_storage::cache::Uncached,
    Raw,
>;

/// A map over what can be seen of the flash, to be read only.
fn view<'f, F: NorFlash>(
    flash: &'f mut Guard<F>,
    region: &Range<u32>,
) -> Result<MapStorage<Raw, &'f mut Guard<F>, Uncached>, StoreError> {
    let config = MapConfig::try_new(region.clone()).map_err(|_| StoreError::Corrupted)?;
    Ok(MapStorage::new(flash, config, Cache::new_uncached()))
}
