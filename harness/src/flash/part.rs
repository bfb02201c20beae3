//! Kinds of flash memory: what real chips read, write and erase at a time.

use core::time::Duration;

/// A kind of flash memory.
///
/// Sizes are in bytes. Times are the longest that the maker states: a device
/// has to live with them.
pub trait Part: 'static {
    /// What it is called in messages.
    const NAME: &'static str;
    /// What is read at a time.
    const READ: usize;
    /// What is written at a time: a word.
    const WRITE: usize;
    /// What is erased at a time: a sector.
    const ERASE: usize;
    /// Bytes that the chip programs side by side. A power cut can leave any of
    /// them half written, whatever their order.
    const PAGE: usize;
    /// What becomes of a word that is written again without being erased.
    const AGAIN: Again;
    /// How long a [page](Self::PAGE) takes to be written.
    const WRITE_TIME: Duration;
    /// How long a sector takes to be erased.
    const ERASE_TIME: Duration;
    /// How often the maker says that a sector can be erased.
    const ENDURANCE: u32;
}

/// What becomes of a word that is written again without being erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Bits go from 1 to 0 only: the result is both words, bit by bit.
    Clears,
    /// As [`Clears`](Self::Clears), but a word takes only so many writes.
    Times(u8),
    /// It is refused. The word has an error correcting code, which was made for
    /// the first content; a word that is neither erased nor written whole
    /// cannot be read.
    Never,
}

/// The flash of a Raspberry Pi Pico 2: a W25Q32JV behind the RP2350, as
/// embassy-rp 0.10 drives it. Times and endurance are of Winbond's data sheet.
#[derive(Debug)]
pub enum Rp2350 {}

impl Part for Rp2350 {
    const NAME: &'static str = "RP2350";
    const READ: usize = 1;
    const WRITE: usize = 1;
    const ERASE: usize = 4096;
    const PAGE: usize = 256;
    const AGAIN: Again = Again::Clears;
    const WRITE_TIME: Duration = Duration::from_millis(3);
    const ERASE_TIME: Duration = Duration::from_millis(400);
    const ENDURANCE: u32 = 100_000;
}

/// The flash of an ESP32 module, as esp-storage 0.10 drives it: words of four
/// bytes also for reading. The chip is of the same kind as [`Rp2350`]'s.
#[derive(Debug)]
pub enum Esp32 {}

impl Part for Esp32 {
    const NAME: &'static str = "ESP32";
    const READ: usize = 4;
    const WRITE: usize = 4;
    const ERASE: usize = 4096;
    const PAGE: usize = 256;
    const AGAIN: Again = Again::Clears;
    const WRITE_TIME: Duration = Duration::from_millis(3);
    const ERASE_TIME: Duration = Duration::from_millis(400);
    const ENDURANCE: u32 = 100_000;
}

/// The internal flash of an STM32H743, as embassy-stm32 0.6 drives it: words of
/// 32 bytes with an error correcting code, sectors of 128 KiB. Times and
/// endurance are of ST's data sheet (DS12110), programming 8 bits at a time.
#[derive(Debug)]
pub enum Stm32H7 {}

impl Part for Stm32H7 {
    const NAME: &'static str = "STM32H7";
    const READ: usize = 1;
    const WRITE: usize = 32;
    const ERASE: usize = 128 * 1024;
    const PAGE: usize = 32;
    const AGAIN: Again = Again::Never;
    const WRITE_TIME: Duration = Duration::from_micros(580);
    const ERASE_TIME: Duration = Duration::from_secs(4);
    const ENDURANCE: u32 = 10_000;
}

/// The internal flash of an nRF52840, as embassy-nrf drives it. A word takes two
/// writes between erases (nWRITE of Nordic's product specification, whose times
/// and endurance these are).
#[derive(Debug)]
pub enum Nrf52 {}

impl Part for Nrf52 {
    const NAME: &'static str = "nRF52840";
    const READ: usize = 1;
    const WRITE: usize = 4;
    const ERASE: usize = 4096;
    const PAGE: usize = 4;
    const AGAIN: Again = Again::Times(2);
    const WRITE_TIME: Duration = Duration::from_micros(41);
    const ERASE_TIME: Duration = Duration::from_millis(85);
    const ENDURANCE: u32 = 10_000;
}
