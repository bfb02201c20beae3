//! The watchdog of the chip's RTC, which has a clock of its own.

use esp_hal::peripherals::RTC_TIMER;
use esp_hal::rtc_cntl::{Rtc, RwdtStage};
use esp_hal::time::Duration;
use wigwag_embassy::health::{Period, handshake_ms};

/// How long it waits, in milliseconds.
const PATIENCE_MS: u32 = 30_000;

/// How long the executor may be busy: with a handshake, with the erasure of the two
/// sectors that one write may take, and with waiting for the radio's threads. It
/// has not been measured on this chip: four times what a handshake takes an Arm at
/// this speed.
const BUSY_MS: u32 = 4 * handshake_ms(160_000_000) + 2 * 400;

/// How often it is fed.
pub const PERIOD: Period = Period::new::<PATIENCE_MS, BUSY_MS>();

/// Resets the chip when it is not fed for 30 s.
pub struct Watchdog(Rtc<'static>);

impl Watchdog {
    /// Starts it.
    pub fn start(timer: RTC_TIMER<'static>) -> Self {
        let mut rtc = Rtc::new(timer);
        rtc.rwdt.enable();
        rtc.rwdt
            .set_timeout(RwdtStage::Stage0, Duration::from_millis(PATIENCE_MS.into()));
        rtc.rwdt.feed();
        Self(rtc)
    }

    /// Feeds it.
    pub fn feed(&mut self) {
        self.0.rwdt.feed();
    }
}
