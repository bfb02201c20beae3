#![no_std]
//! Espressif's ESP32-C6, a RISC-V at 160 MHz with Wi-Fi: what a program for it
//! needs beside the chip's HAL. The README beside it says how to flash and watch
//! it, and what has not been tried on hardware.
//!
//! | Module | What it is |
//! |---|---|
//! | [`executor`] | runs the tasks, and counts the time without work |
//! | [`flash`] | settings, and the region that the device writes itself |
//! | [`last_words`] | why the device stopped, told at its next start |
//! | [`regions`] | where settings and journal are |
//! | [`reset`] | why the chip started |
//! | [`stack`] | how deep the stack has been |
//! | [`watchdog`] | resets the chip when the program hangs |
//! | [`wifi`] | the network driver, and the task that joins the network |
//!
//! **There is a heap, for the radio only**: its driver, a binary of Espressif's,
//! takes its buffers from there. The device itself allocates nothing.

pub mod executor;
pub mod flash;
pub mod last_words;
pub mod regions;
pub mod reset;
pub mod stack;
pub mod watchdog;
pub mod wifi;

use embassy_time::{Duration, Instant, block_for};
use esp_hal::clock::CpuClock;
use esp_hal::peripherals::Peripherals;
use esp_println as _;

// What stands before each line of the log: seconds since the start.
defmt::timestamp!("{=u64:us}", Instant::now().as_micros());

// What the bootloader looks at. The times are no times: the same sources make the
// same image.
esp_bootloader_esp_idf::esp_app_desc!(
    env!("CARGO_PKG_VERSION"),
    env!("CARGO_PKG_NAME"),
    "00:00:00",
    "1970-01-01",
    esp_bootloader_esp_idf::ESP_IDF_COMPATIBLE_VERSION,
    esp_bootloader_esp_idf::MMU_PAGE_SIZE,
    0,
    u16::MAX,
    esp_bootloader_esp_idf::SECURE_VERSION
);

/// Starts the chip, at its full speed. Call it first of all.
///
/// # Panics
/// When it is called a second time.
pub fn start() -> Peripherals {
    stack::paint();
    esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()))
}

/// Says again and again why the device cannot start. It waits for settings to
/// be written, which resets it; a reset by itself would change nothing.
pub fn unusable(error: &dyn core::fmt::Display) -> ! {
    loop {
        defmt::error!("cannot start: {}", defmt::Display2Format(error));
        block_for(Duration::from_secs(10));
    }
}
