//! Flash in memory, for unit tests.

use core::cell::RefCell;
use core::future::Future;
use core::ops::Range;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;
use std::vec;
use std::vec::Vec;

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// Flash in memory, whose power fails at a chosen write or erasure. Words are
/// written once; one that was cut off holds some of its bits, and cannot be read
/// if it is longer than four bytes, as on chips that check their words.
#[derive(Clone)]
pub(crate) struct Flash<const WORD: usize, const SECTOR: usize>(pub(crate) Rc<RefCell<Chip>>);

pub(crate) struct Chip {
    pub(crate) bytes: Vec<u8>,
    unreadable: Vec<u32>,
    /// Operations until the power fails.
    left: Option<u32>,
    pub(crate) off: bool,
    pub(crate) random: u32,
}

pub(crate) const SECTORS: usize = 4;

impl<const WORD: usize, const SECTOR: usize> Flash<WORD, SECTOR> {
    pub(crate) fn new() -> Self {
        Self(Rc::new(RefCell::new(Chip {
            bytes: vec![0xff; SECTORS * SECTOR],
            unreadable: Vec::new(),
            left: None,
            off: false,
            random: 1,
        })))
    }

    pub(crate) fn region() -> Range<u32> {
        0..u32::try_from(SECTORS * SECTOR).unwrap()
    }

    pub(crate) fn cut_at(&self, operation: u32) {
        self.0.borrow_mut().left = Some(operation);
    }

    pub(crate) fn power_on(&self) {
        let mut chip = self.0.borrow_mut();
        (chip.left, chip.off) = (None, false);
    }

    pub(crate) fn is_off(&self) -> bool {
        self.0.borrow().off
    }
}

impl Chip {
    fn random(&mut self) -> u32 {
        // Xorshift (Marsaglia 2003).
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }

    /// Whether this operation is cut off.
    fn is_cut(&mut self) -> bool {
        match &mut self.left {
            Some(0) => {
                self.off = true;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }
}

impl<const WORD: usize, const SECTOR: usize> ErrorType for Flash<WORD, SECTOR> {
    type Error = NorFlashErrorKind;
}

impl<const WORD: usize, const SECTOR: usize> ReadNorFlash for Flash<WORD, SECTOR> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let chip = self.0.borrow();
        let end = offset + bytes.len() as u32;
        let is_bad = |word: &u32| *word < end && *word + WORD as u32 > offset;
        if chip.off || chip.unreadable.iter().any(is_bad) {
            return Err(NorFlashErrorKind::Other);
        }
        let read = &chip.bytes[offset as usize..end as usize];
        bytes.copy_from_slice(read);
        Ok(())
    }

    fn capacity(&self) -> usize {
        SECTORS * SECTOR
    }
}

impl<const WORD: usize, const SECTOR: usize> NorFlash for Flash<WORD, SECTOR> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let mut chip = self.0.borrow_mut();
        if chip.off {
            return Err(NorFlashErrorKind::Other);
        }
        let cut = chip.is_cut();
        for index in from..to {
            // Any part of the bits is erased.
            let bits = if cut { chip.random() as u8 } else { 0xff };
            chip.bytes[index as usize] |= bits;
        }
        chip.unreadable.retain(|word| !(from..to).contains(word));
        if cut && WORD > 4 {
            let bad = from + chip.random() % (to - from) / WORD as u32 * WORD as u32;
            chip.unreadable.push(bad);
        }
        if cut {
            Err(NorFlashErrorKind::Other)
        } else {
            Ok(())
        }
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let mut chip = self.0.borrow_mut();
        if chip.off {
            return Err(NorFlashErrorKind::Other);
        }
        let cut = chip.is_cut();
        let count = bytes.len() / WORD;
        let whole = if cut {
            chip.random() as usize % count
        } else {
            count
        };
        for (index, word) in bytes.chunks(WORD).enumerate() {
            let at = offset as usize + index * WORD;
            let is_erased = chip.bytes[at..at + WORD].iter().all(|byte| *byte == 0xff);
            let is_written = word.iter().any(|byte| *byte != 0xff);
            assert!(is_erased || !is_written, "written twice: {at:#x}");
            if index > whole {
                break;
            }
            for (place, byte) in word.iter().enumerate() {
                let missing = if index == whole {
                    chip.random() as u8
                } else {
                    0
                };
                chip.bytes[at + place] = byte | missing;
            }
            if index == whole && WORD > 4 {
                chip.unreadable.push(at as u32);
            }
        }
        if cut {
            Err(NorFlashErrorKind::Other)
        } else {
            Ok(())
        }
    }
}

/// This flash never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("waits"),
    }
}
