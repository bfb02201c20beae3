//! The region of the chip's flash that the device writes itself, with what this
//! chip demands of its user.
//!
//! - **What a power cut has torn faults when it is read.** Each word of 32 bytes
//!   carries an error-correcting code (RM0433, section 4.3.12). A word whose
//!   writing or erasing was cut short has one that does not match, and reading
//!   it is a bus error. Here it is read as zeros instead: that is neither erased
//!   nor an entry with a valid checksum, so that a log on top of it skips it.
//! - **A word is written once** between two erasures: its code cannot be changed
//!   any more, whatever the bits are.
//! - **Reading a bank that is busy holds the processor up** until it is done,
//!   seconds for a sector. So whatever has to be read at any time stands in the
//!   other bank, and each operation here waits first.
//! - **An error stays in the status register** until it is cleared, and the
//!   driver takes it for its own.

use core::arch::asm;
use core::ops::Range;
use core::sync::atomic::{Ordering, compiler_fence};

use cortex_m::peripheral::SCB;
use embassy_stm32::flash::{self, Error, InterruptHandler, WRITE_SIZE};
use embassy_stm32::{Peri, bind_interrupts, pac, peripherals};
use embassy_time::Timer;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

use crate::regions;

bind_interrupts!(struct Interrupts {
    FLASH => InterruptHandler;
});

/// The bank of the journal, as the chip's registers count: bank 2.
const BANK: usize = 1;

/// Bytes of a sector.
const SECTOR: usize = 128 * 1024;

/// The journal's region of flash; address 0 is where it begins.
pub struct Journal {
    flash: flash::Flash<'static>,
    /// As offsets from the start of the flash.
    region: Range<u32>,
}

impl Journal {
    /// Takes the flash controller over.
    pub fn new(controller: Peri<'static, peripherals::FLASH>) -> Self {
        Self {
            flash: flash::Flash::new(controller, Interrupts),
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
            _ => Err(Error::Size),
        }
    }

    /// Waits until the bank is idle, which it is not when a future of an
    /// operation was dropped, and forgets its old errors.
    async fn settle(&self) {
        while pac::FLASH.bank(BANK).sr().read().bsy() || pac::FLASH.bank(BANK).sr().read().qw() {
            Timer::after_millis(1).await;
        }
        forget_errors();
    }
}

/// Clears what the status register says of earlier operations.
fn forget_errors() {
    pac::FLASH.bank(BANK).ccr().write(|clear| {
        clear.set_clr_eop(true);
        clear.set_clr_wrperr(true);
        clear.set_clr_pgserr(true);
        clear.set_clr_strberr(true);
        clear.set_clr_incerr(true);
        clear.set_clr_operr(true);
        clear.set_clr_rdperr(true);
        clear.set_clr_rdserr(true);
        clear.set_clr_sneccerr(true);
        clear.set_clr_dbeccerr(true);
    });
}

impl ErrorType for Journal {
    type Error = Error;
}

impl ReadNorFlash for Journal {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let mut address = self.place(offset, bytes.len())? + regions::FLASH;
        self.settle().await;
        let mut rest = bytes;
        while !rest.is_empty() {
            let word = address & !(WRITE_SIZE as u32 - 1);
            let skip = (address - word) as usize;
            let length = rest.len().min(WRITE_SIZE - skip);
            let (part, after) = rest.split_at_mut(length);
            let content = read_word(word as *const u32);
            for (to, from) in part.iter_mut().zip(content.iter().skip(skip)) {
                *to = *from;
            }
            address += length as u32;
            rest = after;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.region.len()
    }
}

impl NorFlash for Journal {
    const WRITE_SIZE: usize = WRITE_SIZE;
    const ERASE_SIZE: usize = SECTOR;

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let place = self.place(offset, bytes.len())?;
        self.settle().await;
        self.flash.write(place, bytes).await
    }

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        let length = to.checked_sub(from).ok_or(Error::Size)?;
        let place = self.place(from, length as usize)?;
        self.settle().await;
        self.flash.erase(place, place + length).await
    }
}

/// A word of the flash, or zeros where its code does not match.
fn read_word(word: *const u32) -> [u8; WRITE_SIZE] {
    const QUARTER: usize = size_of::<u32>();

    let mut content = [0; WRITE_SIZE];
    without_bus_faults(|| {
        for (number, part) in content.chunks_exact_mut(QUARTER).enumerate() {
            // SAFETY: the word is one of the journal's.
            let value = unsafe { word.add(number).read_volatile() };
            part.copy_from_slice(&value.to_le_bytes());
        }
    });
    if pac::FLASH.bank(BANK).sr().read().dbeccerr() {
        forget_errors();
        content = [0; WRITE_SIZE];
    }
    content
}

/// Runs `reads` with bus errors of data ignored (Arm DDI 0403, section B3.2.8:
/// CCR.BFHFNMIGN, which counts while FAULTMASK is set).
fn without_bus_faults(reads: impl FnOnce()) {
    /// Bus faults and hard faults ignored at priorities below zero.
    const BFHFNMIGN: u32 = 1 << 8;
    /// The bits of bus faults in CFSR, which are cleared by writing them.
    const BUS_FAULTS: u32 = 0xff00;

    // SAFETY: these registers have no memory of the program in them; the state
    // from before is put back below.
    unsafe {
        asm!("cpsid f", options(nomem, nostack, preserves_flags));
        (*SCB::PTR).ccr.modify(|bits| bits | BFHFNMIGN);
    }
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
    reads();
    compiler_fence(Ordering::SeqCst);
    cortex_m::asm::dsb();
    // SAFETY: as above; faults were not masked before, as no handler calls this.
    unsafe {
        (*SCB::PTR).cfsr.write(BUS_FAULTS);
        (*SCB::PTR).ccr.modify(|bits| bits & !BFHFNMIGN);
        asm!("cpsie f", options(nomem, nostack, preserves_flags));
    }
}
