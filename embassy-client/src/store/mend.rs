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
//! told apart by what is in them: after a copy that was finished, everything that
//! can still be read in the source is elsewhere too. Then the source is erased.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};

use super::error::StoreError;
use super::guard::{Guard, HEADER, View};
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
    let (mut open, mut full) = (0, 0);
    for index in 0..count {
        match sector(flash, index).await? {
            Sector::Torn => {
                flash.erase_sector(index).await?;
                open += 1;
            }
            Sector::Open => {
                // Half erased cells may read differently the next time.
                if !flash.is_sector_erased(index).await? {
                    flash.erase_sector(index).await?;
                }
                open += 1;
            }
            Sector::Full => full += 1,
            Sector::InUse => {}
        }
    }
    for target in 0..count {
        let (before, source) = ((target + count - 1) % count, (target + 1) % count);
        // The source of a cut migration may look as if it were in use: what is
        // before the target does not.
        if sector(flash, target).await? == Sector::InUse
            && sector(flash, before).await? != Sector::InUse
        {
            // Its marks may read as erased this time, and not the next time.
            if !flash.is_sector_erased(source).await? {
                if !is_copied::<F, KEYS>(flash, region, source, buffer).await? {
                    // The map copies again.
                    return Ok(flash.erase_sector(target).await?);
                }
                flash.erase_sector(source).await?;
            }
            return close_torn(flash, region, target, buffer).await;
        }
    }
    if open == 0 {
        // Some chips write zeros everywhere before they erase: that looks full.
        for index in 0..count {
            let keys = keys::<F, KEYS>(flash, region, index, 0, buffer).await?;
            if keys.is_empty() {
                return Ok(flash.erase_sector(index).await?);
            }
        }
    } else if open > 1 && full > 0 {
        // The map takes the first one, wherever the full ones end.
        for index in 0..count {
            let before = (index + count - 1) % count;
            if sector(flash, index).await? == Sector::Open
                && sector(flash, before).await? == Sector::Full
            {
                return Ok(flash.mark(index).await?);
            }
        }
    }
    Ok(())
}

/// Gives up the rest of a sector in use whose last write was cut short. What is
/// left of it may read as the header of an item the next time, and hide what was
/// written behind it.
async fn close_torn<F: NorFlash>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    index: u32,
    buffer: &mut [u8],
) -> Result<(), StoreError> {
    flash.look(View::Only(index));
    let end = end_of_items(flash, region, buffer).await;
    flash.look(View::All);
    let end = end?;
    if flash.is_rest_erased(index, end).await? {
        return Ok(());
    }
    if end > Guard::<F>::WORD as u32 {
        let first = flash.address(index);
        flash.give_up_rest(first).await?;
    } else {
        // A full sector has items: one without any is known to be half erased.
        flash.erase_sector(index).await?;
        flash.mark(index).await?;
    }
    Ok(())
}

/// Where the items of the only sector that can be seen end, in bytes from its
/// start.
async fn end_of_items<F: NorFlash>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    buffer: &mut [u8],
) -> Result<u32, StoreError> {
    let limit = buffer.len();
    let words = |bytes: usize| bytes.next_multiple_of(Guard::<F>::WORD);
    let mut map = view(flash, region)?;
    let items = map.fetch_all_items(buffer).await;
    let mut items = items.map_err(|error| StoreError::of(error, limit))?;
    // The first word is the mark.
    let mut end = Guard::<F>::WORD;
    loop {
        let item = items.next::<&[u8]>(buffer).await;
        let Some((_, value)) = item.map_err(|error| StoreError::of(error, limit))? else {
            return Ok(u32::try_from(end).unwrap_or(u32::MAX));
        };
        end += words(HEADER) + words(Raw::LEN + value.len());
    }
}

/// Whether everything that can be read in `source` is in another sector too.
async fn is_copied<F: NorFlash, const KEYS: usize>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    source: u32,
    buffer: &mut [u8],
) -> Result<bool, StoreError> {
    let mut passed = 0;
    loop {
        let keys = keys::<F, KEYS>(flash, region, source, passed, buffer).await?;
        passed += keys.len();
        flash.look(View::Without(source));
        let found = are_found(flash, region, &keys, buffer).await;
        flash.look(View::All);
        if !found? {
            return Ok(false);
        }
        if keys.len() < KEYS {
            return Ok(true);
        }
    }
}

/// Whether all keys have a value in what can be seen.
async fn are_found<F: NorFlash>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    keys: &[Raw],
    buffer: &mut [u8],
) -> Result<bool, StoreError> {
    let limit = buffer.len();
    let mut map = view(flash, region)?;
    for key in keys {
        match map.fetch_item::<&[u8]>(buffer, key).await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(false),
            Err(error) => return StoreError::of(error, limit).or_nonsense(false),
        }
    }
    Ok(true)
}

/// The keys of items that can be read in a sector, as many as fit, after the first
/// `passed` ones.
async fn keys<F: NorFlash, const KEYS: usize>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    sector: u32,
    passed: usize,
    buffer: &mut [u8],
) -> Result<heapless::Vec<Raw, KEYS>, StoreError> {
    flash.look(View::Only(sector));
    let mut keys = heapless::Vec::new();
    let read = read_keys(flash, region, passed, &mut keys, buffer).await;
    flash.look(View::All);
    // Where it makes no sense, the sector is half erased.
    read.or_else(|error| error.or_nonsense(()))?;
    Ok(keys)
}

async fn read_keys<F: NorFlash, const KEYS: usize>(
    flash: &mut Guard<F>,
    region: &Range<u32>,
    passed: usize,
    keys: &mut heapless::Vec<Raw, KEYS>,
    buffer: &mut [u8],
) -> Result<(), StoreError> {
    let limit = buffer.len();
    let mut map = view(flash, region)?;
    let items = map.fetch_all_items(buffer).await;
    let mut items = items.map_err(|error| StoreError::of(error, limit))?;
    let mut left = passed;
    loop {
        let item = items.next::<&[u8]>(buffer).await;
        let Some((key, _)) = item.map_err(|error| StoreError::of(error, limit))? else {
            return Ok(());
        };
        if left > 0 {
            left -= 1;
        } else if keys.push(key).is_err() {
            return Ok(());
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
