//! The regions of flash that memory.x sets apart.

use core::ops::Range;
use core::slice;

/// The address where the flash begins: what the driver calls offset 0.
pub const FLASH: u32 = 0x1000_0000;

unsafe extern "C" {
    static _settings_start: u8;
    static _settings_end: u8;
    static _journal_start: u8;
    static _journal_end: u8;
}

/// The region of the settings image.
pub fn settings() -> &'static [u8] {
    let start = &raw const _settings_start;
    let length = (&raw const _settings_end).addr() - start.addr();
    // SAFETY: memory.x sets these bytes apart; nothing writes them while the
    // program runs.
    unsafe { slice::from_raw_parts(start, length) }
}

/// The region of the journal, as offsets from the start of the flash.
pub fn journal() -> Range<u32> {
    let offset = |address: *const u8| address as u32 - FLASH;
    offset(&raw const _journal_start)..offset(&raw const _journal_end)
}
