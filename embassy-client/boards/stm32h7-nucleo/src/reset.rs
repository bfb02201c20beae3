//! Why the chip started, and how the program starts it anew.

use cortex_m::peripheral::SCB;
use embassy_stm32::pac::RCC;
use wigwag_embassy::last_words::ResetReason;

/// The reason of the last reset, and forgets it: the chip adds them up until
/// then (RM0433, section 8.7.38).
pub fn reason() -> ResetReason {
    let flags = RCC.rsr().read();
    RCC.rsr().modify(|register| register.set_rmvf(true));
    // A power on sets several of them, and each reset that of the pin as well.
    if flags.porrstf() {
        ResetReason::PowerOn
    } else if flags.borrstf() {
        ResetReason::BrownOut
    } else if flags.iwdg1rstf() {
        ResetReason::Watchdog
    } else if flags.sftrstf() {
        ResetReason::Software
    } else if flags.pinrstf() {
        ResetReason::Pin
    } else {
        ResetReason::Unknown(flags.0)
    }
}

/// Where panics and faults end. The processor's request resets all of this chip.
#[unsafe(no_mangle)]
fn wigwag_reset() -> ! {
    SCB::sys_reset()
}
