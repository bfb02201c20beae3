//! The independent watchdog (RM0433, chapter 47), which has a clock of its own.

use embassy_stm32::Peri;
use embassy_stm32::peripherals::IWDG1;
use embassy_stm32::wdg::IndependentWatchdog;
use wigwag_embassy::health::{Period, handshake_ms};

/// How long it waits, in milliseconds.
const PATIENCE_MS: u32 = 16_000;

/// How long the executor may be busy: with a handshake, and with a read of the
/// flash's second bank while it erases a sector, should one ever slip in.
const BUSY_MS: u32 = handshake_ms(400_000_000) + 4_000;

/// How often it is fed.
pub const PERIOD: Period = Period::new::<PATIENCE_MS, BUSY_MS>();

/// Resets the chip when it is not fed for 16 s.
pub struct Watchdog(IndependentWatchdog<'static, IWDG1>);

impl Watchdog {
    /// Starts it. Nothing stops it again.
    pub fn start(peripheral: Peri<'static, IWDG1>) -> Self {
        let mut watchdog = IndependentWatchdog::new(peripheral, PATIENCE_MS * 1_000);
        watchdog.unleash();
        Self(watchdog)
    }

    /// Feeds it.
    pub fn feed(&mut self) {
        self.0.pet();
    }
}
