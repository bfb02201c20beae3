//! The independent watchdog (RM0433, chapter 47), which has a clock of its own.

use embassy_stm32::Peri;
use embassy_stm32::peripherals::IWDG1;
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_time::Timer;

/// How long it waits, in microseconds. A handshake and the erasure of a sector,
/// which is done beside the program, are shorter.
const PATIENCE: u32 = 8_000_000;

/// Resets the chip when it is not fed for [`PATIENCE`].
pub struct Watchdog(IndependentWatchdog<'static, IWDG1>);

impl Watchdog {
    /// Starts it. Nothing stops it again.
    pub fn start(peripheral: Peri<'static, IWDG1>) -> Self {
        let mut watchdog = IndependentWatchdog::new(peripheral, PATIENCE);
        watchdog.unleash();
        Self(watchdog)
    }

    /// Feeds it for as long as the executor runs.
    pub async fn run(&mut self) -> ! {
        loop {
            self.0.pet();
            Timer::after_secs(1).await;
        }
    }
}
