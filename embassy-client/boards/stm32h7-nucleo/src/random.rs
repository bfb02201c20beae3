//! The chip's random generator, which tests its own source of noise all the
//! time (RM0433, chapter 34).

use embassy_stm32::peripherals::RNG;
use embassy_stm32::rng::{InterruptHandler, Rng};
use embassy_stm32::{Peri, bind_interrupts};

/// A cryptographic generator in hardware: there is no seed to forget. A source
/// of noise that has died keeps it waiting, until the watchdog resets the chip.
pub type Random = Rng<'static, RNG>;

bind_interrupts!(struct Interrupts {
    RNG => InterruptHandler<RNG>;
});

/// Starts it.
pub fn start(generator: Peri<'static, RNG>) -> Random {
    Rng::new(generator, Interrupts)
}
