//! The clock of every state machine in this crate.

use core::time::Duration;

/// A point in time, in microseconds since an origin that the caller chooses.
///
/// Nothing in this crate reads a clock: drivers pass the time in. The origin
/// does not matter (boot on a device, process start in a test), it only has to
/// stay the same for the life of a state machine, and time must not run
/// backwards. 64 bits of microseconds last for more than 580,000 years.
///
/// ```
/// use core::time::Duration;
/// use wigwag_codec::Instant;
///
/// let start = Instant::from_secs(10);
/// let later = start.saturating_add(Duration::from_millis(1500));
/// assert_eq!(later.as_micros(), 11_500_000);
/// assert_eq!(later.saturating_duration_since(start), Duration::from_millis(1500));
/// assert_eq!(start.checked_duration_since(later), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The origin of the clock.
    pub const ZERO: Self = Self(0);
    /// The last point in time that can be told.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `micros` microseconds after the origin.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the origin, [`Instant::MAX`] if
    /// that is out of range.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// The instant `secs` seconds after the origin, [`Instant::MAX`] if that is
    /// out of range.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the origin.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }

    /// `self` plus `duration`, [`Instant::MAX`] if that is out of range.
    #[must_use]
    // `Duration::as_micros` computes in 128 bits, which takes a small device four
    // times the code; and one copy of this is enough.
    #[inline(never)]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        let seconds = duration.as_secs().saturating_mul(1_000_000);
        let micros = seconds.saturating_add(duration.subsec_micros() as u64);
        Self(self.0.saturating_add(micros))
    }

    /// The time from `earlier` to `self`; `None` if `earlier` is the later one.
    #[must_use]
    pub const fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        match self.0.checked_sub(earlier.0) {
            Some(micros) => Some(Duration::from_micros(micros)),
            None => None,
        }
    }

    /// The time from `earlier` to `self`; zero if `earlier` is the later one.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_never_overflows() {
        assert_eq!(Instant::MAX.saturating_add(Duration::MAX), Instant::MAX);
        assert_eq!(Instant::from_secs(u64::MAX), Instant::MAX);
        assert_eq!(Instant::from_millis(u64::MAX), Instant::MAX);
        let longest = Duration::from_micros(u64::MAX);
        assert_eq!(Instant::ZERO.saturating_add(longest), Instant::MAX);
        let shorter = longest.saturating_sub(Duration::from_micros(1));
        assert_eq!(Instant::ZERO.saturating_add(shorter).0, u64::MAX - 1);
        let seconds = Duration::from_secs(u64::MAX / 1_000_000 + 1);
        assert_eq!(Instant::ZERO.saturating_add(seconds), Instant::MAX);
        let a = Instant::from_millis(3);
        assert_eq!(a.as_micros(), 3_000);
        assert_eq!(a.saturating_duration_since(Instant::MAX), Duration::ZERO);
        assert_eq!(
            Instant::MAX.checked_duration_since(a),
            Some(Duration::from_micros(u64::MAX - 3_000))
        );
    }

    #[test]
    fn order_is_the_order_of_time() {
        assert!(Instant::ZERO < Instant::from_micros(1));
        assert!(Instant::from_secs(1) > Instant::from_millis(999));
        assert_eq!(Instant::from_micros(1_999).as_millis(), 1);
    }
}
