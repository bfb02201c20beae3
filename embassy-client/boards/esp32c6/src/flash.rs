//! The flash beside the program: the settings, and what the device writes
//! itself.
//!
//! The program runs from the same flash chip, through a cache. While a page is
//! written or a sector of 4 KiB erased, nothing can be read from it: esp-storage
//! does these by functions in the chip's ROM, with interrupts masked. The device
//! and the radio wait meanwhile.

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use esp_hal::peripherals::FLASH;
use esp_storage::{FlashStorage, FlashStorageError};
use static_cell::ConstStaticCell;

use crate::regions;

/// Bytes of the settings' region.
const SETTINGS: usize = (regions::SETTINGS.end - regions::SETTINGS.start) as usize;

/// The journal's region of flash; address 0 is where it begins.
pub struct Journal(FlashStorage<'static>);

/// Takes the flash over, and reads the settings' region into memory.
///
/// # Errors
/// What the flash says.
///
/// # Panics
/// When it is called a second time.
pub fn start(flash: FLASH<'static>) -> Result<(Journal, &'static [u8]), FlashStorageError> {
    #[repr(align(4))]
    struct Aligned([u8; SETTINGS]);
    static PLACE: ConstStaticCell<Aligned> = ConstStaticCell::new(Aligned([0; SETTINGS]));

    let mut flash = FlashStorage::new(flash);
    let Aligned(settings) = PLACE.take();
    flash.read_nor(regions::SETTINGS.start, settings)?;
    Ok((Journal(flash), settings))
}

impl Journal {
    /// Where `length` bytes at `offset` of the region are in the flash.
    fn place(&self, offset: u32, length: usize) -> Result<u32, FlashStorageError> {
        let end = usize::try_from(offset)
            .ok()
            .and_then(|offset| offset.checked_add(length));
        match end {
            Some(end) if end <= regions::JOURNAL.len() => Ok(regions::JOURNAL.start + offset),
            _ => Err(FlashStorageError::OutOfBounds),
        }
    }
}

impl ErrorType for Journal {
    type Error = FlashStorageError;
}

impl ReadNorFlash for Journal {
    const READ_SIZE: usize = FlashStorage::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashStorageError> {
        let place = self.place(offset, bytes.len())?;
        self.0.read_nor(place, bytes)
    }

    fn capacity(&self) -> usize {
        regions::JOURNAL.len()
    }
}

impl NorFlash for Journal {
    const WRITE_SIZE: usize = FlashStorage::WRITE_SIZE;
    const ERASE_SIZE: usize = FlashStorage::ERASE_SIZE;

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashStorageError> {
        let place = self.place(offset, bytes.len())?;
        self.0.write_nor(place, bytes)
    }

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashStorageError> {
        let out_of_bounds = FlashStorageError::OutOfBounds;
        let length = to.checked_sub(from).ok_or(out_of_bounds)?;
        let place = self.place(from, length as usize)?;
        self.0.erase(place, place + length)
    }
}
