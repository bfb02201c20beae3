//! Why the last run ended, carried over a reset: in RAM that the start-up code
//! does not clear.
//!
//! A panic, a fault or a watchdog that is not fed any more ends in a reset, and
//! whoever could tell is gone. So it is written down first, into a
//! [`LastWords`] in a section that keeps its bytes while the chip has power
//! (`.uninit` with cortex-m-rt), and the next run takes it from there and sends it
//! to the server's log. The board lends it:
//!
//! ```
//! use wigwag_embassy::last_words::{Cause, LastWords};
//!
//! // With cortex-m-rt: #[unsafe(link_section = ".uninit.LAST_WORDS")]
//! static mut LAST_WORDS: LastWords = LastWords::new();
//!
//! fn last_words() -> &'static mut LastWords {
//!     // SAFETY: at the start nobody else has it yet, and at the end interrupts
//!     // are off and nothing runs any more but this.
//!     unsafe { &mut *(&raw mut LAST_WORDS) }
//! }
//!
//! // In the panic handler, before the reset:
//! let line = 7;
//! last_words().record(Cause::Panic, format_args!("panicked at src/main.rs:{line}"));
//!
//! // At the next start, once:
//! let words = last_words().take().expect("there was a panic");
//! assert_eq!(words.to_string(), "panic: panicked at src/main.rs:7");
//! assert_eq!(last_words().take(), None);
//! ```
//!
//! After power-on the bytes are random. A magic number, a length, a CRC and the
//! rules of UTF-8 have to be right before any of them is believed: chance does
//! that once in more than 2^64 times.
//!
//! What the board has to see to: a data cache is written back before the reset, or
//! the memory is not behind one; a bootloader leaves the section alone; memory
//! that checks an error-correcting code may have to be written once after
//! power-on ([`clear`](LastWords::clear)) before it can be read.

use core::fmt;

/// Most bytes of text that are kept.
pub const LONGEST: usize = 200;

/// `Wig1`: another layout gets another number.
const MAGIC: u32 = 0x5769_6731;

/// What ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Cause {
    /// The program panicked.
    Panic,
    /// The processor raised a fault.
    Fault,
    /// Something made no progress, and the watchdog was not fed any more
    /// ([`health`](crate::health)).
    Stuck,
}

impl Cause {
    /// Values that a run of zeros or ones does not have.
    const fn number(self) -> u32 {
        match self {
            Self::Panic => 0x11,
            Self::Fault => 0x22,
            Self::Stuck => 0x33,
        }
    }

    fn of_number(number: u32) -> Option<Self> {
        let all = [Self::Panic, Self::Fault, Self::Stuck];
        all.into_iter().find(|cause| cause.number() == number)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Panic => "panic",
            Self::Fault => "fault",
            Self::Stuck => "stuck",
        })
    }
}

/// The memory of the last words, for a section that is not cleared. Whatever
/// bytes it holds at first, they are a value of this type.
#[derive(Debug)]
#[repr(C)]
pub struct LastWords {
    magic: u32,
    cause: u32,
    length: u32,
    /// Over cause, length and as much of the text as counts.
    crc: u32,
    text: [u8; LONGEST],
}

/// What the last run said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Words {
    /// What ended it.
    pub cause: Cause,
    /// Where and why, as far as it fits.
    pub text: heapless::String<LONGEST>,
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.cause, self.text)
    }
}

impl LastWords {
    /// Nothing was said.
    pub const fn new() -> Self {
        Self {
            magic: 0,
            cause: 0,
            length: 0,
            crc: 0,
            text: [0; LONGEST],
        }
    }

    /// Writes down why the run ends; earlier words are lost. A text that does not
    /// fit is cut between two characters.
    ///
    /// Call it with interrupts off. It cannot panic, and what `text` has written
    /// is safe at once: when it is itself what panics, the words before that
    /// stay.
    pub fn record(&mut self, cause: Cause, text: fmt::Arguments<'_>) {
        self.magic = 0;
        self.cause = cause.number();
        self.length = 0;
        self.seal();
        // Its only error is that there is no more room.
        let _ = fmt::write(self, text);
        // Nobody in this run reads it any more: it must be written nevertheless.
        core::hint::black_box(self);
    }

    /// What was recorded before the reset, once: it is forgotten with that.
    /// `None` after power-on, or when the last run ended without a word.
    pub fn take(&mut self) -> Option<Words> {
        let words = self.read();
        self.clear();
        words
    }

    /// Forgets whatever is there, and writes every byte.
    pub fn clear(&mut self) {
        *self = Self::new();
        core::hint::black_box(self);
    }

    fn read(&self) -> Option<Words> {
        if self.magic != MAGIC {
            return None;
        }
        let text = self.text.get(..usize::try_from(self.length).ok()?)?;
        if self.crc != self.checksum(text) {
            return None;
        }
        let cause = Cause::of_number(self.cause)?;
        let text = core::str::from_utf8(text).ok()?.try_into().ok()?;
        Some(Words { cause, text })
    }

    /// Makes what is there valid.
    fn seal(&mut self) {
        self.crc = self.checksum(self.written());
        self.magic = MAGIC;
    }

    fn written(&self) -> &[u8] {
        let length = usize::try_from(self.length).unwrap_or(LONGEST);
        self.text.get(..length).unwrap_or_default()
    }

    fn checksum(&self, text: &[u8]) -> u32 {
        let crc = crc32(0, &self.cause.to_le_bytes());
        crc32(crc32(crc, &self.length.to_le_bytes()), text)
    }
}

impl Default for LastWords {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Write for LastWords {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let written = self.written().len();
        let room = self.text.get_mut(written..).unwrap_or_default();
        let fits = text.floor_char_boundary(room.len());
        let bytes = text.as_bytes().get(..fits).unwrap_or_default();
        for (place, byte) in room.iter_mut().zip(bytes) {
            *place = *byte;
        }
        let length = written.saturating_add(bytes.len());
        self.length = u32::try_from(length).unwrap_or_default();
        self.seal();
        if fits == text.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

/// CRC-32 (ISO-HDLC, as in Ethernet and zip) of what follows bytes of the value
/// `crc`; that of nothing is 0. Bit by bit: a table would cost 1 KiB for what is
/// done once in the life of a run.
fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(!crc, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            let carry = (crc & 1).wrapping_neg();
            crc >> 1 ^ 0xEDB8_8320 & carry
        })
    });
    !crc
}

/// Why the chip started, in the words of a log: what its reset status register
/// says, in an order of importance that the board chooses where it says several
/// things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ResetReason {
    /// Power came up.
    PowerOn,
    /// The reset pin.
    Pin,
    /// A watchdog was not fed.
    Watchdog,
    /// The program asked for it.
    Software,
    /// The supply voltage was too low for a moment.
    BrownOut,
    /// Something else: the register as it was read.
    Unknown(u32),
}

impl ResetReason {
    /// The words, without the number of an unknown one.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PowerOn => "power on",
            Self::Pin => "reset pin",
            Self::Watchdog => "watchdog",
            Self::Software => "software",
            Self::BrownOut => "brown-out",
            Self::Unknown(_) => "unknown reset",
        }
    }
}

impl fmt::Display for ResetReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())?;
        match self {
            Self::Unknown(register) => write!(f, " ({register:#010x})"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "last_words_tests.rs"]
mod tests;
