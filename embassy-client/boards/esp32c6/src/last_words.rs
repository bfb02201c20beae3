//! Why the device stopped, kept in memory that a reset leaves alone and told at
//! the next start: [`LastWords`] in the chip's RTC memory.

use core::fmt;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use wigwag_embassy::health::Stuck;
use wigwag_embassy::last_words::{Cause, LastWords, Words};

/// In the section that neither esp-hal nor the bootloader clears.
#[unsafe(link_section = ".rtc_fast.persistent.LAST_WORDS")]
static mut LAST_WORDS: LastWords = LastWords::new();

/// What was recorded before the reset, once.
pub fn take() -> Option<Words> {
    let place = &raw mut LAST_WORDS;
    // SAFETY: nobody else has it; recording is the last that happens.
    critical_section::with(|_| unsafe { (*place).take() })
}

/// Records and logs `words`, unless it was that which failed, and resets.
fn end(cause: Cause, words: fmt::Arguments<'_>) -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);

    if !ENDING.swap(true, Ordering::Relaxed) {
        let place = &raw mut LAST_WORDS;
        // SAFETY: interrupts are off, and nothing but a reset comes after.
        critical_section::with(|_| unsafe { (*place).record(cause, words) });
        defmt::error!("{}", defmt::Display2Format(&words));
        defmt::flush();
    }
    esp_hal::system::software_reset()
}

/// Ends the run because something makes no progress: what
/// [`health::watch`](wigwag_embassy::health::watch) is told to do then.
pub fn stuck(stuck: &Stuck) {
    end(Cause::Stuck, format_args!("{stuck}"))
}

/// Exceptions of the processor come here as well.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    end(Cause::Panic, format_args!("{info}"))
}
