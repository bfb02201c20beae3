//! Why the chip started.

use esp_hal::rtc_cntl::SocResetReason;
use wigwag_embassy::last_words::ResetReason;

/// The reason of the last reset (ESP32-C6 Technical Reference Manual, table
/// "Reset Source").
pub fn reason() -> ResetReason {
    match esp_hal::system::reset_reason() {
        Some(SocResetReason::ChipPowerOn) => ResetReason::PowerOn,
        Some(SocResetReason::CoreSw | SocResetReason::Cpu0Sw) => ResetReason::Software,
        Some(
            SocResetReason::CoreMwdt0
            | SocResetReason::CoreMwdt1
            | SocResetReason::CoreRtcWdt
            | SocResetReason::Cpu0Mwdt0
            | SocResetReason::Cpu0Mwdt1
            | SocResetReason::Cpu0RtcWdt
            | SocResetReason::SysRtcWdt
            | SocResetReason::SysSuperWdt,
        ) => ResetReason::Watchdog,
        Some(SocResetReason::SysBrownOut) => ResetReason::BrownOut,
        Some(other) => ResetReason::Unknown(other as u32),
        None => ResetReason::Unknown(0),
    }
}
