//! The region of the flash that the device writes itself.
//!
//! The program runs from the same flash chip. While a page is written or a
//! sector erased, nothing can be read from it: the HAL does these from RAM, with
//! interrupts masked. Erasing a sector of 4 KiB takes such a chip some 45 ms,
//! and up to 400 ms (W25Q32JV datasheet, section 9.6), during which the device
//! does nothing else; the W5500 keeps what arrives meanwhile.

use core::ops::Range;

use embassy_rp::Peri;
use embassy_rp::flash::{Blocking, ERASE_SIZE, Error, Flash};
use embassy_rp::peripherals::FLASH;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

use crate::regions;

/// Bytes of flash that a board has at least.
const SIZE: usize = 2 * 1024 * 1024;

/// The journal's region of flash; address 0 is where it begins.
pub struct Journal {
    flash: Flash<'static, FLASH, Blocking, SIZE>,
    /// As offsets from the start of the flash.
    region: Range<u32>,
}

impl Journal {
    /// Takes the flash over.
    pub fn new(flash: Peri<'static, FLASH>) -> Self {
        Self {
            flash: Flash::new_blocking(flash),
            region: regions::journal(),
        }
    }

    /// Where `length` bytes at `offset` of the region are in the flash.
    fn place(&self, offset: u32, length: usize) -> Result<u32, Error> {
        let end = usize::try_from(offset)
            .ok()
            .and_then(|offset| offset.checked_add(length));
        match end {
            Some(end) if end <= self.region.len() => Ok(self.region.start + offset),
            _ => Err(Error::OutOfBounds),
        }
    }
}

impl ErrorType for Journal {
    type Error = Error;
}

impl ReadNorFlash for Journal {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let place = self.place(offset, bytes.len())?;
        self.flash.blocking_read(place, bytes)
    }

    fn capacity(&self) -> usize {
        self.region.len()
    }
}

impl NorFlash for Journal {
    /// The chip writes single bytes; words of four leave fewer places for a
    /// power cut to tear.
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ERASE_SIZE;

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let place = self.place(offset, bytes.len())?;
        if !offset.is_multiple_of(4) || !bytes.len().is_multiple_of(4) {
            return Err(Error::Unaligned);
        }
        self.flash.blocking_write(place, bytes)
    }

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        let length = to.checked_sub(from).ok_or(Error::OutOfBounds)?;
        let place = self.place(from, length as usize)?;
        self.flash.blocking_erase(place, place + length)
    }
}
