//! embassy's clock in the codec's terms.

use wigwag_codec::Instant;

/// The present, from embassy-time's driver.
pub fn now() -> Instant {
    Instant::from_micros(embassy_time::Instant::now().as_micros())
}

/// The same instant for embassy's timers.
pub(crate) fn instant(at: Instant) -> embassy_time::Instant {
    embassy_time::Instant::from_micros(at.as_micros())
}

/// The same duration for embassy's timers; one too long to count is cut.
pub(crate) fn duration(length: core::time::Duration) -> embassy_time::Duration {
    embassy_time::Duration::from_micros(u64::try_from(length.as_micros()).unwrap_or(u64::MAX / 4))
}
