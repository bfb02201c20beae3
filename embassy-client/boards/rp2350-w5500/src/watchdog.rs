//! The chip's watchdog (RP2350 datasheet, section 12.9).

use embassy_rp::Peri;
use embassy_rp::peripherals::WATCHDOG;
use embassy_rp::watchdog::Watchdog as Peripheral;
use embassy_time::Duration;

use wigwag_embassy::health::{Period, handshake_ms};

use crate::reset;

/// How long it waits, in milliseconds: nearly as long as it can.
const PATIENCE_MS: u32 = 16_000;

/// How long the executor may be busy: with a handshake, and with the erasure of
/// the two sectors that one write may take.
const BUSY_MS: u32 = handshake_ms(150_000_000) + 2 * 400;

/// How often it is fed.
pub const PERIOD: Period = Period::new::<PATIENCE_MS, BUSY_MS>();

const PATIENCE: Duration = Duration::from_millis(PATIENCE_MS as u64);

/// Resets the chip when it is not fed for 16 s.
pub struct Watchdog(Peripheral);

impl Watchdog {
    /// Starts it. It waits while a debugger halts the chip.
    pub fn start(peripheral: Peri<'static, WATCHDOG>) -> Self {
        let mut watchdog = Peripheral::new(peripheral);
        watchdog.pause_on_debug(true);
        watchdog.start(PATIENCE);
        reset::choose_parts();
        Self(watchdog)
    }

    /// Feeds it.
    pub fn feed(&mut self) {
        self.0.feed(PATIENCE);
    }
}
