//! Why the device stopped, kept in memory that a reset leaves alone and told at
//! the next start.
//!
//! The words stand in the section `.uninit`, which nothing clears at the start.
//! After the power was gone there is chance in it: a mark and a checksum tell.

use core::fmt::{self, Write as _};
use core::mem::MaybeUninit;
use core::str;

/// Longest text, in bytes; what is longer is cut off.
pub const LONGEST: usize = 240;

const MARK: u32 = 0x5749_4757;

#[repr(C)]
struct Words {
    mark: u32,
    length: u32,
    check: u32,
    text: [u8; LONGEST],
}

#[unsafe(link_section = ".uninit.last_words")]
static mut PLACE: MaybeUninit<Words> = MaybeUninit::uninit();

/// Keeps `words` for the next start. Call it only from where the program ends,
/// with interrupts masked.
pub fn keep(words: fmt::Arguments<'_>) {
    let mut kept = Words {
        mark: MARK,
        length: 0,
        check: 0,
        text: [0; LONGEST],
    };
    // It never fails: what is too long is cut off.
    let _ = kept.write_fmt(words);
    kept.check = kept.sum();
    // SAFETY: the program has one thread, and interrupts are masked.
    unsafe { (&raw mut PLACE).cast::<Words>().write_volatile(kept) };
    cortex_m::asm::dsb();
}

/// Takes the words that the start before this one left behind, if it did, and
/// forgets them. `out` is where they are put.
pub fn take(out: &mut [u8; LONGEST]) -> Option<&str> {
    let place = (&raw mut PLACE).cast::<Words>();
    // SAFETY: any bytes are a value of `Words`, and nobody else looks at them.
    let kept = unsafe { place.read_volatile() };
    // SAFETY: as above.
    unsafe { (&raw mut (*place).mark).write_volatile(0) };
    let length = usize::try_from(kept.length).ok()?;
    if kept.mark != MARK || length > LONGEST || kept.check != kept.sum() {
        return None;
    }
    *out = kept.text;
    str::from_utf8(out.get(..length)?).ok()
}

impl Words {
    /// A sum of length and text (Fletcher, modulo 2¹⁶).
    fn sum(&self) -> u32 {
        let mut low = 1_u32;
        let mut high = 0_u32;
        for byte in self.length.to_le_bytes().iter().chain(&self.text) {
            low = (low + u32::from(*byte)) & 0xffff;
            high = (high + low) & 0xffff;
        }
        high << 16 | low
    }
}

impl fmt::Write for Words {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let start = usize::try_from(self.length).unwrap_or(LONGEST);
            let end = start + character.len_utf8();
            let Some(place) = self.text.get_mut(start..end) else {
                return Ok(());
            };
            character.encode_utf8(place);
            self.length += character.len_utf8() as u32;
        }
        Ok(())
    }
}
