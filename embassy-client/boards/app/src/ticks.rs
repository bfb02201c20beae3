//! Arithmetic for a board's clock: a 32-bit counter made 64 bits wide, and its
//! counts in other units. No register in it, so that it is tested on the host.

/// How far the counter may seem to go back: 65,536 counts.
const TOLERANCE: u32 = 0x1_0000;

/// A free-running 32-bit counter, continued to 64 bits.
///
/// There is no wrap interrupt to be early, late or pending at the wrong moment.
/// Each look adds the distance from the last one, and that distance is right
/// across a wrap because subtraction modulo 2³² is. What has to hold is that
/// somebody looks before the counter has gone round once more: the longest
/// alarm of a driver, [`FARTHEST`](Self::FARTHEST), is half a round, which
/// leaves the other half for a late interrupt.
///
/// ```
/// use wigwag_app::ticks::Extended;
///
/// let mut clock = Extended::new();
/// assert_eq!(clock.look(0x8000_0000), 0x8000_0000);
/// assert_eq!(clock.look(0x0000_0100), 0x1_0000_0100);
/// ```
#[derive(Debug, Default)]
pub struct Extended {
    last: u64,
}

impl Extended {
    /// The longest time between two looks that an alarm may leave, in counts.
    pub const FARTHEST: u32 = 1 << 31;

    /// A clock whose counter has just started from zero.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: 0 }
    }

    /// The time in counts since the start; `counter` is what the hardware
    /// shows, counting up. Never less than at the look before: a counter that
    /// seems to have gone back a little (an emulator's may, by rounding) has
    /// stood still.
    pub fn look(&mut self, counter: u32) -> u64 {
        let passed = counter.wrapping_sub(self.last as u32);
        if passed <= u32::MAX - TOLERANCE {
            self.last = self.last.saturating_add(u64::from(passed));
        }
        self.last
    }
}

/// Counts of a counter of `megahertz` MHz in microseconds, rounded down. The
/// whole count is divided each time, so nothing adds up.
#[must_use]
pub const fn micros(counts: u64, megahertz: u64) -> u64 {
    counts / megahertz
}

/// Counts for an alarm `at` (microseconds, on the same clock), seen at the time
/// `now` (counts): at least one, so that an alarm in the past rings at once, at
/// most [`Extended::FARTHEST`], after which the driver sets the rest.
#[must_use]
pub fn alarm(at: u64, now: u64, megahertz: u64) -> u32 {
    let left = at.saturating_mul(megahertz).saturating_sub(now);
    u32::try_from(left).map_or(Extended::FARTHEST, |left| left.clamp(1, Extended::FARTHEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MHZ: u64 = 25;

    #[test]
    fn the_wrap_is_passed_at_every_step() {
        for step in [1, 7, 1 << 16, Extended::FARTHEST, u32::MAX - TOLERANCE] {
            let mut clock = Extended::new();
            let mut expected = 0;
            for _ in 0..1000 {
                expected += u64::from(step);
                assert_eq!(clock.look(expected as u32), expected);
            }
        }
    }

    #[test]
    fn around_the_wrap_no_count_is_lost_or_doubled() {
        let mut clock = Extended::new();
        clock.look(0x8000_0000);
        for count in 0xffff_fff0..0x1_0000_0010_u64 {
            assert_eq!(clock.look(count as u32), count);
            assert_eq!(clock.look(count as u32), count);
        }
    }

    #[test]
    fn a_step_back_is_standing_still() {
        let mut clock = Extended::new();
        clock.look(0x8000_0000);
        assert_eq!(clock.look(0x10), 0x1_0000_0010);
        assert_eq!(clock.look(0xffff_ffff), 0x1_0000_0010);
        assert_eq!(clock.look(0x0f), 0x1_0000_0010);
        assert_eq!(clock.look(0x11), 0x1_0000_0011);
    }

    #[test]
    fn microseconds_do_not_drift() {
        assert_eq!(micros(24, MHZ), 0);
        assert_eq!(micros(25, MHZ), 1);
        // A hundred years, to the microsecond.
        let century = 100 * 365 * 24 * 3600 * 1_000_000_u64;
        assert_eq!(micros(century * MHZ, MHZ), century);
        assert_eq!(micros(century * MHZ + 24, MHZ), century);
    }

    #[test]
    fn an_alarm_is_never_early_and_never_missed() {
        // In the past and now: at once.
        assert_eq!(alarm(0, 1000, MHZ), 1);
        assert_eq!(alarm(40, 1000, MHZ), 1);
        // In the future: when it is due, not a count before.
        assert_eq!(alarm(41, 1000, MHZ), 25);
        assert_eq!(alarm(41, 1001, MHZ), 24);
        assert_eq!(micros(1001 + 24, MHZ), 41);
        // Far in the future, or never: in steps.
        assert_eq!(alarm(1 << 40, 1000, MHZ), Extended::FARTHEST);
        assert_eq!(alarm(u64::MAX, 1000, MHZ), Extended::FARTHEST);
    }
}
