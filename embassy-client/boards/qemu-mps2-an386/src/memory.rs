//! The regions of memory that memory.x sets apart: settings, journal and stack.

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m_rt::STACK_PAINT_VALUE;
use wigwag_app::StackUse;

unsafe extern "C" {
    static _settings_start: u8;
    static _settings_end: u8;
    static mut _journal_start: u8;
    static _journal_end: u8;
    static _stack_start: u32;
    static _stack_end: u32;
}

/// The settings region.
pub fn settings() -> &'static [u8] {
    let start = &raw const _settings_start;
    let length = (&raw const _settings_end).addr() - start.addr();
    // SAFETY: memory.x sets these bytes apart; nothing writes them once the
    // processor runs.
    unsafe { core::slice::from_raw_parts(start, length) }
}

/// The region of the journal.
///
/// # Panics
/// When it is called a second time.
pub(crate) fn journal() -> &'static mut [u8] {
    static TAKEN: AtomicBool = AtomicBool::new(false);

    assert!(!TAKEN.swap(true, Ordering::Relaxed), "taken once");
    let start = &raw mut _journal_start;
    let length = (&raw const _journal_end).addr() - start.addr();
    // SAFETY: memory.x sets these bytes apart, and they are given away once.
    unsafe { core::slice::from_raw_parts_mut(start, length) }
}

/// How much of the stack was ever used: what lies above the paint that
/// cortex-m-rt put there before `main`. Something that left the paint's value
/// behind, or skipped over words, can hide a little.
pub(crate) fn stack_use() -> StackUse {
    // The stack grows from its start down to its end.
    let (top, bottom) = (&raw const _stack_start, &raw const _stack_end);
    let words = (top.addr() - bottom.addr()) / size_of::<u32>();
    // SAFETY: all words of the stack are readable; the ones in use may change
    // meanwhile, the loop stops below them.
    let is_paint = |word: usize| unsafe { bottom.add(word).read_volatile() } == STACK_PAINT_VALUE;
    let unused = (0..words).take_while(|word| is_paint(*word)).count();
    let bytes = |words: usize| u32::try_from(words * size_of::<u32>()).unwrap_or(u32::MAX);
    StackUse {
        peak: bytes(words - unused),
        size: bytes(words),
    }
}
