//! How the registers are reached: a trait, and the memory-mapped chip.

use crate::registers::Register;

/// Access to the registers of one chip.
///
/// [`Mmio`] is the ordinary implementation. Another one serves a chip behind
/// something else: a bus bridge, a DMA channel for the FIFOs, a simulation.
///
/// Values are 32-bit words in the processor's own order: bit 0 is the data
/// sheet's bit 0.
pub trait Registers {
    /// Reads a register once.
    fn read(&self, register: Register) -> u32;

    /// Writes a register once.
    fn write(&self, register: Register, value: u32);

    /// Takes ⌈`bytes.len()` / 4⌉ words from the RX data FIFO. The first byte of
    /// a frame is in bits 7:0 of its first word; the bytes of the last word
    /// that do not fit are dropped.
    fn read_fifo(&self, bytes: &mut [u8]) {
        let (words, rest) = bytes.as_chunks_mut();
        for word in words {
            *word = self.read(Register::RX_DATA_FIFO).to_le_bytes();
        }
        if !rest.is_empty() {
            let word = self.read(Register::RX_DATA_FIFO).to_le_bytes();
            rest.copy_from_slice(&word[..rest.len()]);
        }
    }

    /// Puts ⌈`bytes.len()` / 4⌉ words into the TX data FIFO, the last one filled
    /// up with zeros, in the order of [`read_fifo`](Self::read_fifo).
    fn write_fifo(&self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write(Register::TX_DATA_FIFO, u32::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 4];
            word[..rest.len()].copy_from_slice(rest);
            self.write(Register::TX_DATA_FIFO, u32::from_le_bytes(word));
        }
    }
}

/// A chip on the processor's memory bus.
///
/// Every access is one aligned 32-bit load or store. That is right for a chip
/// on a 32-bit bus, and for one on a 16-bit bus whose memory controller makes
/// two accesses of each (lower address first, as the chips want it).
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mmio {
    base: usize,
}

impl Mmio {
    /// A chip whose registers begin at the address `base`.
    ///
    /// # Safety
    ///
    /// As long as the value or a copy of it is used:
    /// - `base` is aligned to 4, and at `base..base + 0x100` are the registers
    ///   of a chip of the family and no memory of the program;
    /// - the bus there is set up (clocks, chip select, at least the chip's
    ///   cycle times), and the region is mapped as device memory, so that
    ///   accesses are neither cached nor merged nor reordered;
    /// - nobody else touches these registers.
    #[allow(unsafe_code)]
    pub const unsafe fn new(base: usize) -> Self {
        Self { base }
    }

    fn pointer(self, register: Register) -> *mut u32 {
        core::ptr::with_exposed_provenance_mut(self.base + register.offset())
    }
}

impl Registers for Mmio {
    #[allow(unsafe_code)]
    fn read(&self, register: Register) -> u32 {
        // SAFETY: the caller of `new` promised that the registers are there
        // and ours; `register.offset()` is below 0x100 and a multiple of 4. A
        // single load races with nothing that the program owns.
        unsafe { self.pointer(register).read_volatile() }
    }

    #[allow(unsafe_code)]
    fn write(&self, register: Register, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.pointer(register).write_volatile(value) }
    }
}
