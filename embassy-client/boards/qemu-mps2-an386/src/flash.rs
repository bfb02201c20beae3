//! Memory that behaves as flash does: erased a sector at a time, written a word at
//! a time, and only where it is erased. It keeps its contents over a reset of the
//! board. With the word `flash=PATH` they are in that file of the host too, as
//! they are in memory, and outlive QEMU; without it they end with QEMU, which the
//! log tells. In a write or an erasure the power [can fail](crate::power).

use core::ops::Range;

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use semihosting::fs::File;
use semihosting::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use crate::host;
use crate::memory;
use crate::power::{Change, Power};
use crate::words::Words;

/// Bytes of a sector.
pub(crate) const SECTOR: usize = 4096;

/// What a byte is after an erasure.
pub(crate) const ERASED: u8 = 0xff;

/// The region of memory that memory.x sets apart for it.
#[derive(Debug)]
pub struct Flash {
    bytes: &'static mut [u8],
    file: Option<File>,
    power: Power,
}

impl Flash {
    /// The flash as it was left; erased where QEMU has just begun, and a file is
    /// not named, or not there yet.
    ///
    /// # Panics
    /// When it is called a second time, or the file cannot be read and written.
    pub fn start(words: &Words) -> Self {
        let mut flash = Self {
            bytes: memory::journal(),
            file: None,
            power: words.power(),
        };
        match words.flash {
            Some(path) => flash.open(path).expect("the file of the flash"),
            // What QEMU begins with, and no flash in use looks like.
            None if flash.bytes.iter().all(|byte| *byte == 0) => {
                defmt::info!("flash: erased, and only until QEMU ends");
                flash.bytes.fill(ERASED);
            }
            None => {}
        }
        flash
    }

    /// Takes over what is in the file; what it is too short for is erased.
    fn open(&mut self, path: &str) -> io::Result<()> {
        host::with_path(path, |path| {
            let mut known = File::options();
            known.read(true).write(true);
            let mut fresh = File::options();
            fresh.read(true).write(true).create(true).truncate(true);
            let mut file = known.open(path).or_else(|_| fresh.open(path))?;
            let mut length = 0;
            while let Some(rest) = self.bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
                match file.read(rest)? {
                    0 => break,
                    read => length += read,
                }
            }
            self.bytes[length..].fill(ERASED);
            self.file = Some(file);
            self.keep(length..self.bytes.len())
        })
    }

    /// Writes a part to the file.
    fn keep(&mut self, part: Range<usize>) -> io::Result<()> {
        if let (Some(file), false) = (&mut self.file, part.is_empty()) {
            file.seek(SeekFrom::Start(part.start as u64))?;
            file.write_all(&self.bytes[part])?;
        }
        Ok(())
    }

    /// The bytes from `offset` on, if they are whole units and there.
    fn part(
        &self,
        offset: u32,
        length: usize,
        unit: usize,
    ) -> Result<Range<usize>, NorFlashErrorKind> {
        let from = offset as usize;
        if !from.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let to = from
            .checked_add(length)
            .filter(|to| *to <= self.bytes.len());
        to.map_or(Err(NorFlashErrorKind::OutOfBounds), |to| Ok(from..to))
    }

    /// Changes this part, unless the power fails meanwhile.
    fn change(&mut self, part: Range<usize>, change: Change<'_>) -> Result<(), NorFlashErrorKind> {
        let failed = self.power.change(&mut self.bytes[part.clone()], change);
        let kept = self.keep(part);
        if failed {
            Power::end();
        }
        // A file that cannot be written is worn-out flash.
        kept.map_err(|_| NorFlashErrorKind::Other)
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let part = self.part(offset, bytes.len(), Self::READ_SIZE)?;
        bytes.copy_from_slice(&self.bytes[part]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let length = to.checked_sub(from).ok_or(NorFlashErrorKind::OutOfBounds)?;
        let part = self.part(from, length as usize, SECTOR)?;
        for sector in part.step_by(SECTOR) {
            self.change(sector..sector + SECTOR, Change::Erase)?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let part = self.part(offset, bytes.len(), Self::WRITE_SIZE)?;
        if self.bytes[part.clone()].iter().any(|byte| *byte != ERASED) {
            defmt::error!("flash: written where it is not erased, at {}", offset);
            return Err(NorFlashErrorKind::Other);
        }
        self.change(part, Change::Write(bytes))
    }
}
