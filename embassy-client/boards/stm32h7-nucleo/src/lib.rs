#![no_std]
//! ST's NUCLEO-H743ZI2, a Cortex-M7 at 400 MHz with Ethernet: what a program for
//! it needs beside the chip's HAL. The README beside it says how to wire, flash
//! and watch it, and what has not been tried on hardware.
//!
//! | Module | What it is |
//! |---|---|
//! | [`ethernet`] | the network driver |
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
use embassy_stm32::Peripherals;
use embassy_stm32::rcc::{
    AHBPrescaler, APBPrescaler, HSIPrescaler, Pll, PllDiv, PllMul, PllPreDiv, PllSource, Sysclk,
    VoltageScale,
};
use embassy_time::{Duration, Instant, block_for};

// What stands before each line of the log: seconds since the start.
defmt::timestamp!("{=u64:us}", Instant::now().as_micros());

/// Starts the chip. Call it first of all.
///
/// # Panics
/// When it is called a second time.
pub fn start() -> Peripherals {
    let mut core = cortex_m::Peripherals::take().expect("taken once");
    // Instructions only. The data cache stays off: the Ethernet's DMA and the
    // processor then see the same memory.
    core.SCB.enable_icache();
    embassy_stm32::init(clocks())
}

/// 400 MHz from the internal oscillator, which needs nothing beside the chip.
fn clocks() -> embassy_stm32::Config {
    let mut config = embassy_stm32::Config::default();
    let rcc = &mut config.rcc;
    rcc.hsi = Some(HSIPrescaler::DIV1);
    // For the random generator.
    rcc.hsi48 = Some(Default::default());
    rcc.pll1 = Some(Pll {
        source: PllSource::HSI,
        prediv: PllPreDiv::DIV4,
        mul: PllMul::MUL50,
        fracn: None,
        divp: Some(PllDiv::DIV2),
        divq: None,
        divr: None,
    });
    rcc.sys = Sysclk::PLL1_P;
    rcc.ahb_pre = AHBPrescaler::DIV2;
    rcc.apb1_pre = APBPrescaler::DIV2;
    rcc.apb2_pre = APBPrescaler::DIV2;
    rcc.apb3_pre = APBPrescaler::DIV2;
    rcc.apb4_pre = APBPrescaler::DIV2;
    rcc.voltage_scale = VoltageScale::Scale1;
    config
}

/// Says again and again why the device cannot start. It waits for settings to
/// be written, which resets it; a reset by itself would change nothing.
pub fn unusable(error: &dyn core::fmt::Display) -> ! {
    loop {
        defmt::error!("cannot start: {}", defmt::Display2Format(error));
        block_for(Duration::from_secs(10));
    }
}
