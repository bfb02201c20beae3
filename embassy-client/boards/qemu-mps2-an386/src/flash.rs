//! Memory that behaves as flash does: erased a sector at a time, written a word at
//! a time, and only where it is erased. It keeps its contents over a reset of the
//! board, and loses them when QEMU ends.

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

use crate::memory;

/// Bytes of a sector.
const SECTOR: usize = 4096;
/// Bytes of a word.
const WORD: usize = 4;
const ERASED: u8 = 0xff;

/// The region of memory that memory.x sets apart for it.
#[derive(Debug)]
pub struct Flash(&'static mut [u8]);

impl Flash {
    /// The flash as it was left.
    ///
    /// # Panics
    /// When it is called a second time.
    pub fn start() -> Self {
        Self(memory::journal())
    }

    /// The bytes at `offset`, which must begin and end at a multiple of `unit`.
    fn bytes(
        &mut self,
        offset: u32,
        length: usize,
        unit: usize,
    ) -> Result<&mut [u8], NorFlashErrorKind> {
        let from = offset as usize;
        if !from.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let end = from.checked_add(length);
        end.and_then(|to| self.0.get_mut(from..to))
            .ok_or(NorFlashErrorKind::OutOfBounds)
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        bytes.copy_from_slice(self.bytes(offset, bytes.len(), Self::READ_SIZE)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let length = to.checked_sub(from);
        let length = length.ok_or(NorFlashErrorKind::OutOfBounds)?;
        self.bytes(from, length as usize, SECTOR)?.fill(ERASED);
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let place = self.bytes(offset, bytes.len(), WORD)?;
        if place.iter().any(|byte| *byte != ERASED) {
            return Err(NorFlashErrorKind::Other);
        }
        place.copy_from_slice(bytes);
        Ok(())
    }
}
