//! A power failure on demand, in the middle of a write or an erasure of flash: the
//! words `cut=N` (in the N-th of them) and `tear=T` (T says what it leaves).

use core::sync::atomic::{AtomicU32, Ordering};

use crate::exit;
use crate::flash::ERASED;

/// The exit status when the power has failed.
const CUT: i32 = 4;

/// What is to be done to the flash.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'a> {
    /// A sector.
    Erase,
    /// These bytes, in whole words.
    Write(&'a [u8]),
}

impl Change<'_> {
    /// What byte `index` is to be.
    fn byte(self, index: usize) -> u8 {
        match self {
            Self::Erase => ERASED,
            Self::Write(bytes) => bytes[index],
        }
    }
}

/// Writes and erasures since the last reset.
static CHANGES: AtomicU32 = AtomicU32::new(0);

/// How often the flash was written or erased since the board's last reset.
pub fn changes() -> u32 {
    CHANGES.load(Ordering::Relaxed)
}

/// The board's power supply, which may fail in a change of the flash.
#[derive(Debug)]
pub(crate) struct Power {
    cut: Option<u32>,
    tear: u32,
}

impl Power {
    pub(crate) const fn new(cut: Option<u32>, tear: u32) -> Self {
        Self { cut, tear }
    }

    /// Changes `place`, and says whether the power has failed meanwhile.
    ///
    /// Then some bytes are changed, from none to all of them; of the next one some
    /// bits are; the rest is as it was, or, of a sector that was being erased, zero:
    /// chips write zeros before they erase.
    pub(crate) fn change(&mut self, place: &mut [u8], change: Change<'_>) -> bool {
        let number = CHANGES.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let fails = self.cut == Some(number);
        let whole = if fails {
            self.tear as usize % (place.len() + 1)
        } else {
            place.len()
        };
        let [.., bits, zeros] = self.tear.to_be_bytes().map(|byte| byte.rotate_left(3));
        for (index, byte) in place.iter_mut().enumerate() {
            let wanted = change.byte(index);
            *byte = match change {
                _ if index < whole => wanted,
                Change::Erase if zeros & 1 == 0 => 0,
                _ if index == whole => *byte & !bits | wanted & bits,
                _ => *byte,
            };
        }
        fails
    }

    /// The power has failed.
    pub(crate) fn end() -> ! {
        defmt::info!("the power fails in change {} of the flash", changes());
        exit(CUT)
    }
}
