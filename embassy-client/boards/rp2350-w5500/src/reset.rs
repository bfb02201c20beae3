//! Why the chip started, and how the program starts it anew.

use embassy_rp::pac::{POWMAN, PSM, WATCHDOG};
use wigwag_embassy::last_words::ResetReason;

/// The reason of the last reset (RP2350 datasheet, sections 6.4 and 12.9.7).
pub fn reason() -> ResetReason {
    let watchdog = WATCHDOG.reason().read();
    let chip = POWMAN.chip_reset().read();
    // The watchdog's says nothing once the whole chip was reset; the chip's
    // stays while the watchdog resets less than that.
    if watchdog.force() {
        ResetReason::Software
    } else if watchdog.timer() {
        ResetReason::Watchdog
    } else if chip.had_bor() {
        ResetReason::BrownOut
    } else if chip.had_run_low() {
        ResetReason::Pin
    } else if chip.had_por() {
        ResetReason::PowerOn
    } else {
        ResetReason::Unknown(chip.0)
    }
}

/// Has the watchdog reset all parts of the chip but its two oscillators. The HAL
/// chooses the parts by their numbers in an RP2040.
pub(crate) fn choose_parts() {
    const PARTS: u32 = 0x01ff_ffff;

    PSM.wdsel().write(|parts| {
        parts.0 = PARTS;
        parts.set_rosc(false);
        parts.set_xosc(false);
    });
}

/// Where panics and faults end. By the watchdog, for the processor's own request
/// would leave the chip's other parts as they are.
#[unsafe(no_mangle)]
fn wigwag_reset() -> ! {
    choose_parts();
    WATCHDOG.ctrl().write(|control| control.set_trigger(true));
    loop {
        cortex_m::asm::nop();
    }
}
