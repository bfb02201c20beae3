//! How often a watchdog has to be fed, and how long it may have to wait.

use core::time::Duration;

/// Instructions of a TLS handshake as this crate makes it on a Cortex-M4,
/// rounded up: QEMU counts 32.0 million of the first one and 25.4 million of a
/// reconnect (`boards/qemu-mps2-an386/budgets.toml`). All but a little of it runs
/// in two polls.
pub const HANDSHAKE_INSTRUCTIONS: u32 = 40_000_000;

/// How long an executor may be busy with one thing before what waits for it is
/// taken to be stuck: nothing is called stuck sooner than so long after its
/// limit.
pub const LONGEST_STALL: Duration = Duration::from_secs(30);

/// How long a handshake keeps an Armv7-M core at `core_hz` busy, in milliseconds,
/// at two clock cycles an instruction. Where the program runs from slow flash
/// without a cache, or on another kind of core, measure it.
///
/// # Panics
/// In a `const`, so while the program is compiled: when `core_hz` is below
/// 1,000.
pub const fn handshake_ms(core_hz: u32) -> u32 {
    assert!(core_hz >= 1_000, "the frequency is in hertz");
    (HANDSHAKE_INSTRUCTIONS * 2).div_ceil(core_hz / 1_000)
}

/// How often the watchdog is fed, chosen so that it never bites a device that is
/// merely busy.
///
/// Between two feeds lies what [`watch`](super::watch) waits, and then whatever
/// keeps the executor from going on with it: at worst everything else that it has
/// to do, one after the other. Two things are long:
///
/// - **a TLS handshake**: [`handshake_ms`];
/// - **erasing flash**, which stops the core where the program runs from the bank
///   that is erased: up to 4 s for the 128 KiB sector of an STM32H7 (the maximum
///   for x8 programming in the data sheets of the STM32H743 and its kin), about
///   0.4 s for the 4 KiB sector of a serial flash chip (see its data sheet). Count
///   as many as may follow each other without a return to the executor. With a
///   driver that only pretends to be asynchronous (`BlockingAsync`) these are all
///   erasures of one write.
///
/// ```
/// use wigwag_embassy::health::{Period, handshake_ms};
///
/// // An STM32H743 at 400 MHz, its independent watchdog at the longest.
/// const PERIOD: Period = Period::new::<32_000, { handshake_ms(400_000_000) + 4_000 }>();
/// assert_eq!(PERIOD.every().as_millis(), 13_900);
/// ```
///
/// A watchdog that is too short for that does not compile:
///
/// ```compile_fail
/// use wigwag_embassy::health::Period;
///
/// const PERIOD: Period = Period::new::<4_000, 4_200>();
/// # let _ = PERIOD;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Period {
    every: Duration,
}

impl Period {
    /// For a watchdog that bites after `TIMEOUT_MS` milliseconds, and an executor
    /// that may be busy for `STALL_MS` without a pause.
    ///
    /// It is fed after half of what is left; the other half is for the watchdog's
    /// own clock, often an RC oscillator that is some percent off. Does not
    /// compile unless the stall leaves a fifth of the timeout, or when it is
    /// longer than [`LONGEST_STALL`].
    pub const fn new<const TIMEOUT_MS: u32, const STALL_MS: u32>() -> Self {
        const {
            assert!(
                STALL_MS as u128 <= LONGEST_STALL.as_millis(),
                "the executor may be busy for longer than LONGEST_STALL"
            );
            assert!(
                TIMEOUT_MS >= 100 && STALL_MS as u64 * 5 <= TIMEOUT_MS as u64 * 4,
                "the watchdog would bite a device that is merely busy: lengthen its timeout"
            );
        }
        Self {
            every: Duration::from_millis(((TIMEOUT_MS - STALL_MS) / 2) as u64),
        }
    }

    /// The wait between two looks, and so between two feeds.
    pub const fn every(&self) -> Duration {
        self.every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_waits_and_the_stall_fit_into_the_timeout() {
        const SHORT: Period = Period::new::<100, 80>();
        const NO_STALL: Period = Period::new::<8_000, 0>();
        const LONG: Period = Period::new::<{ u32::MAX }, 30_000>();
        assert_eq!(SHORT.every(), Duration::from_millis(10));
        assert_eq!(NO_STALL.every(), Duration::from_secs(4));
        assert_eq!(
            LONG.every().as_millis(),
            (u128::from(u32::MAX) - 30_000) / 2
        );
    }

    #[test]
    fn a_handshake_is_not_shorter_than_its_instructions() {
        for (hz, ms) in [
            (1_000, 80_000_000),
            (25_000_000, 3_200),
            (64_000_000, 1_250),
            (550_000_000, 146),
            (u32::MAX, 19),
        ] {
            assert_eq!(handshake_ms(hz), ms, "{hz} Hz");
        }
    }
}
