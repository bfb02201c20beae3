//! How deep the stack has been.

use cortex_m_rt::STACK_PAINT_VALUE;
use wigwag_app::StackUse;

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

/// How much of the stack was ever used: what lies above the paint that
/// cortex-m-rt put there before `main`. Something that left the paint's value
/// behind, or skipped over words, can hide a little.
pub fn used() -> StackUse {
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
