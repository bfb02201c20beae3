//! How deep the stack of the main thread has been, where the tasks run.

use wigwag_app::StackUse;

unsafe extern "C" {
    /// The upper end, where it begins, and the lower one: from esp-hal's script.
    static _stack_start: u32;
    static _stack_end: u32;
}

/// What the unused part of the stack is filled with.
const PAINT: u32 = 0xcccc_cccc;

/// Bytes at the lower end that are esp-hal's: it watches a word there for an
/// overflow, which ends in a panic.
const GUARDED: usize = 4096 + 4;

/// Bytes below the caller that are in use, or may be.
const IN_USE: usize = 1024;

/// Fills what is unused. Call it as early as possible.
pub(crate) fn paint() {
    let here = 0_u32;
    let top = (&raw const here).addr().saturating_sub(IN_USE);
    let mut word = bottom();
    while word.addr() < top {
        // SAFETY: memory of the stack that nothing uses yet.
        unsafe {
            word.write_volatile(PAINT);
            word = word.add(1);
        }
    }
}

/// How much of the stack was ever used: what lies above the paint. Something
/// that left the paint's value behind, or skipped over words, can hide a little.
pub fn used() -> StackUse {
    let (top, bottom) = (&raw const _stack_start, bottom());
    let words = (top.addr() - bottom.addr()) / size_of::<u32>();
    // SAFETY: all words of the stack are readable; the ones in use may change
    // meanwhile, the loop stops below them.
    let is_paint = |word: usize| unsafe { bottom.add(word).read_volatile() } == PAINT;
    let unused = (0..words).take_while(|word| is_paint(*word)).count();
    let bytes = |words: usize| u32::try_from(words * size_of::<u32>()).unwrap_or(u32::MAX);
    StackUse {
        peak: bytes(words - unused),
        size: bytes(words),
    }
}

fn bottom() -> *mut u32 {
    (&raw const _stack_end)
        .cast_mut()
        .wrapping_byte_add(GUARDED)
}
