//! Why the device stopped, kept in memory that a reset leaves alone and told at
//! the next start: the [`LastWords`] of all these boards.

use core::fmt;

use wigwag_embassy::last_words::{Cause, LastWords, Words};

/// In the section that cortex-m-rt does not clear.
#[unsafe(link_section = ".uninit.LAST_WORDS")]
static mut LAST_WORDS: LastWords = LastWords::new();

/// What was recorded before the reset, once.
pub fn take() -> Option<Words> {
    let place = &raw mut LAST_WORDS;
    // SAFETY: nobody else has it; `record` is the last that happens.
    cortex_m::interrupt::free(|_| unsafe { (*place).take() })
}

/// Records why the run ends. Reset the device after it.
pub fn record(cause: Cause, text: fmt::Arguments<'_>) {
    let place = &raw mut LAST_WORDS;
    cortex_m::interrupt::disable();
    // SAFETY: interrupts are off and nothing runs any more but this.
    unsafe { (*place).record(cause, text) };
    cortex_m::asm::dsb();
}
