//! Why the chip started.

use embassy_stm32::pac::RCC;

/// The reason of the last reset, and forgets it: the chip adds them up until
/// then (RM0433, section 8.7.38).
pub fn reason() -> &'static str {
    let flags = RCC.rsr().read();
    RCC.rsr().modify(|register| register.set_rmvf(true));
    // A power on sets several of them, and each reset that of the pin as well.
    if flags.porrstf() {
        "power on"
    } else if flags.borrstf() {
        "low voltage"
    } else if flags.iwdg1rstf() {
        "watchdog"
    } else if flags.lpwrrstf() {
        "a low-power mode that is not allowed"
    } else if flags.sftrstf() {
        "the program"
    } else if flags.pinrstf() {
        "the reset pin"
    } else {
        "an unknown reset"
    }
}
