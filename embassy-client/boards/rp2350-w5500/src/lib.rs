#![no_std]
//! A Raspberry Pi Pico 2 with a W5500 module, or WIZnet's W5500-EVB-Pico2, which
//! is both: an RP2350 (Cortex-M33) at 150 MHz with Ethernet by SPI. What a
//! program for it needs beside the chip's HAL; the README beside it says how to
//! wire, flash and watch it, and what has not been tried on hardware.
//!
//! | Module | What it is |
//! |---|---|
//! | [`ethernet`] | the network driver, and the task that moves its packets |
//! | [`flash`] | the region of the flash that the device writes itself |
//! | [`random`] | the random generator |
//! | [`regions`] | where settings and journal are |
//! | [`reset`] | why the chip started |
//! | [`watchdog`] | resets the chip when the program hangs |

pub mod ethernet;
pub mod flash;
pub mod random;
pub mod regions;
pub mod reset;
pub mod watchdog;

use defmt_rtt as _;
use embassy_rp::Peripherals;
use embassy_time::{Duration, Instant, block_for};

// What stands before each line of the log: seconds since the start.
defmt::timestamp!("{=u64:us}", Instant::now().as_micros());

unsafe extern "C" {
    /// The lower end of the stack, from memory.x.
    static _stack_end: u32;
}

/// Starts the chip. Call it first of all.
///
/// # Panics
/// When it is called a second time.
pub fn start() -> Peripherals {
    // SAFETY: the stack is above it.
    unsafe { cortex_m::register::msplim::write((&raw const _stack_end) as u32) };
    embassy_rp::init(Default::default())
}

/// Says again and again why the device cannot start. It waits for settings to
/// be written, which resets it; a reset by itself would change nothing.
pub fn unusable(error: &dyn core::fmt::Display) -> ! {
    loop {
        defmt::error!("cannot start: {}", defmt::Display2Format(error));
        block_for(Duration::from_secs(10));
    }
}
