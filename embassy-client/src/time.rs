//! embassy's clock in the codec's terms.

use wigwag_codec::Instant;

/// The present, from embassy-time's driver.
pub fn now() -> Instant {
    Instant::from_micros(embassy_time::Instant::now().as_micros())
}

/// Waits between attempts that grow: a second, two, four, up to a minute. Whatever
/// fails may wear something out with each attempt.
pub(crate) struct Growing(u64);

impl Growing {
    const LONGEST: u64 = 60;

    pub(crate) const fn new() -> Self {
        Self(1)
    }

    pub(crate) async fn wait(&mut self) {
        embassy_time::Timer::after_secs(self.0).await;
        self.0 = (self.0 * 2).min(Self::LONGEST);
    }
}

/// A hundred years in microseconds: as good as never. Any more could overflow
/// when embassy turns it into ticks, or adds it to the present: the count of
/// ticks is multiplied with the tick rate first.
const NEVER: u64 = 100 * 366 * 24 * 3600 * 1_000_000;

/// The same instant for embassy's timers; one beyond a hundred years is cut.
pub(crate) fn instant(at: Instant) -> embassy_time::Instant {
    embassy_time::Instant::from_micros(at.as_micros().min(NEVER))
}

/// The same duration for embassy's timers; one of more than a hundred years,
/// such as `Duration::MAX` for "no limit", is cut.
pub(crate) fn duration(length: core::time::Duration) -> embassy_time::Duration {
    embassy_time::Duration::from_micros(micros(length).min(NEVER))
}

/// `length` in microseconds, cut at what 64 bits can hold.
pub(crate) fn micros(length: core::time::Duration) -> u64 {
    Instant::ZERO.saturating_add(length).as_micros()
}

/// The part of `whole` that `random` stands for: 0 is next to nothing,
/// `u32::MAX` all of it.
pub(crate) fn part(whole: u64, random: u32) -> u64 {
    // Long multiplication by a factor of up to 2^32, then a shift by 32: no sum
    // exceeds `whole`, no product 64 bits.
    let factor = u64::from(random) + 1;
    let (high, low) = (whole >> 32, whole & u64::from(u32::MAX));
    high * factor + ((low * factor) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_far_away_at_every_tick_rate() {
        let longest = duration(core::time::Duration::MAX).as_micros();
        assert_eq!(longest, NEVER);
        assert_eq!(instant(Instant::from_micros(u64::MAX)).as_micros(), NEVER);
        // From a slow clock's 32,768 Hz to a nanosecond: what embassy computes.
        for rate in [32_768, 1_000_000, 80_000_000, 1_000_000_000_u128] {
            let ticks = u128::from(NEVER) * rate / 1_000_000;
            assert!(2 * ticks < u128::from(u64::MAX), "{rate} Hz");
        }
        let second = core::time::Duration::from_secs(1);
        assert_eq!(duration(second), embassy_time::Duration::from_secs(1));
    }

    #[test]
    fn parts_are_even_and_exact_at_both_ends() {
        for whole in [0, 1, 60_000_000, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            assert_eq!(part(whole, u32::MAX), whole);
            assert_eq!(part(whole, 0), whole >> 32);
            assert_eq!(part(whole, u32::MAX / 2), whole / 2);
            let third = (u128::from(whole) * (u128::from(u32::MAX / 3) + 1)) >> 32;
            assert_eq!(u128::from(part(whole, u32::MAX / 3)), third);
        }
    }
}
