//! Why the last run ended, in memory that a reset leaves alone.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use wigwag_embassy::last_words::{Cause, LastWords, ResetReason, Words};

#[unsafe(link_section = ".uninit.LAST_WORDS")]
static mut LAST_WORDS: LastWords = LastWords::new();

/// Whether a run that ends badly is followed by another one.
static RESTARTS: AtomicBool = AtomicBool::new(false);

fn place() -> &'static mut LastWords {
    let place = &raw mut LAST_WORDS;
    // SAFETY: at the start nobody else has it yet, and at the end interrupts are off
    // or the interrupt is the one that nothing interrupts.
    unsafe { &mut *place }
}

/// Writes down why the run ends. Call it from where it does only.
pub(crate) fn keep(cause: Cause, words: fmt::Arguments<'_>) {
    place().record(cause, words);
}

/// What the last run said, if it ended badly, and why the board has started. There
/// is no register that tells: without last words it was the power.
///
/// Call it once, at the start.
pub fn take() -> (Option<Words>, ResetReason) {
    let words = place().take();
    let reason = match &words {
        None => ResetReason::PowerOn,
        Some(words) if words.cause == Cause::Stuck => ResetReason::Watchdog,
        Some(_) => ResetReason::Software,
    };
    (words, reason)
}

/// From now on panics, faults and the watchdog start the board anew, as they do in
/// the field, instead of ending QEMU.
pub fn restart() {
    RESTARTS.store(true, Ordering::Relaxed);
}

/// Whether they do.
pub(crate) fn restarts() -> bool {
    RESTARTS.load(Ordering::Relaxed)
}
