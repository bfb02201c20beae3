//! The memory cells: what they hold, and what an interrupted write or erase
//! leaves of it.

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;

use super::{Again, FlashError, Part, Tear};

/// What a word or a byte reads as after an erase.
const ERASED: u8 = 0xff;

#[derive(Clone)]
pub(super) struct Cells {
    bytes: Vec<u8>,
    /// Bits that are neither one nor the other, and read differently each time.
    weak: Vec<u8>,
    /// How often each word was written since it was erased.
    written: Vec<u8>,
    /// Words whose error correcting code does not fit.
    spoiled: Vec<bool>,
    word: usize,
    sector: usize,
    page: usize,
    again: Again,
}

impl Cells {
    /// Cells as they leave the factory, erased.
    pub(super) fn new<P: Part>(sectors: usize) -> Self {
        let size = sectors * P::ERASE;
        Self {
            bytes: vec![ERASED; size],
            weak: vec![0; size],
            written: vec![0; size / P::WRITE],
            spoiled: vec![false; size / P::WRITE],
            word: P::WRITE,
            sector: P::ERASE,
            page: P::PAGE,
            again: P::AGAIN,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What the cells were told to hold, whether it can be read or not.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn read(
        &self,
        at: usize,
        out: &mut [u8],
        rng: &mut ChaCha8Rng,
    ) -> Result<(), FlashError> {
        if out.is_empty() {
            return Ok(());
        }
        let words = at / self.word..(at + out.len()).div_ceil(self.word);
        if let Some(bad) = words.clone().find(|word| self.spoiled[*word]) {
            return Err(FlashError::Unreadable {
                at: address(bad * self.word),
            });
        }
        for (index, byte) in out.iter_mut().enumerate() {
            let weak = self.weak[at + index];
            let noise = if weak == 0 { 0 } else { rng.next_u32() as u8 };
            *byte = self.bytes[at + index] ^ (weak & noise);
        }
        Ok(())
    }

    /// Writes whole words; the count of words that do not hold what was asked
    /// for, because they were not erased.
    pub(super) fn write(&mut self, at: usize, data: &[u8]) -> Result<u64, FlashError> {
        self.writable(at, data.len())?;
        let mut clobbered = 0;
        for (index, word) in data.chunks(self.word).enumerate() {
            let from = at + index * self.word;
            for (cell, byte) in self.bytes[from..][..self.word].iter_mut().zip(word) {
                *cell &= byte;
            }
            for (weak, byte) in self.weak[from..][..self.word].iter_mut().zip(word) {
                // What is written to zero is zero.
                *weak &= byte;
            }
            clobbered += u64::from(&self.bytes[from..][..self.word] != word);
            self.note_written(from / self.word);
        }
        Ok(clobbered)
    }

    /// Whether all of these words may be written.
    pub(super) fn writable(&self, at: usize, length: usize) -> Result<(), FlashError> {
        let most = match self.again {
            Again::Clears => return Ok(()),
            Again::Times(times) => times,
            Again::Never => 1,
        };
        let mut words = at / self.word..(at + length) / self.word;
        match words.find(|word| self.written[*word] >= most) {
            None => Ok(()),
            Some(word) => Err(FlashError::NotErased {
                at: address(word * self.word),
            }),
        }
    }

    fn note_written(&mut self, word: usize) {
        self.written[word] = self.written[word].saturating_add(1);
    }

    pub(super) fn erase(&mut self, sector: usize) {
        self.erase_range(sector * self.sector, self.sector);
    }

    fn erase_range(&mut self, at: usize, length: usize) {
        self.bytes[at..][..length].fill(ERASED);
        self.weak[at..][..length].fill(0);
        self.written[at / self.word..][..length / self.word].fill(0);
        self.spoiled[at / self.word..][..length / self.word].fill(false);
    }

    /// A write during which the power fails.
    pub(super) fn tear_write(
        &mut self,
        at: usize,
        data: &[u8],
        tear: Tear,
        rng: &mut ChaCha8Rng,
    ) -> Result<(), FlashError> {
        self.writable(at, data.len())?;
        let done = match tear {
            Tear::Nothing => return Ok(()),
            Tear::Finished => data.len(),
            _ => self.whole_words(rng, data.len()),
        };
        self.write(at, &data[..done])?;
        if done == data.len() {
            return Ok(());
        }
        // What is programmed together with the next word: to the page's end.
        let end = (at + done + 1).next_multiple_of(self.page) - at;
        let torn = done..end.min(data.len());
        match tear {
            // The words before are all there is.
            Tear::Front => {}
            // The page's later words are written, its first ones are not.
            Tear::Back => {
                let skipped = self.word + self.whole_words(rng, torn.len() - self.word);
                let rest = torn.start + skipped..torn.end;
                self.write(at + rest.start, &data[rest])?;
            }
            _ => {
                for word in torn.step_by(self.word) {
                    self.tear_word(at + word, &data[word..][..self.word], tear, rng);
                }
            }
        }
        Ok(())
    }

    fn tear_word(&mut self, at: usize, data: &[u8], tear: Tear, rng: &mut ChaCha8Rng) {
        let before = self.bytes[at..][..self.word].to_vec();
        let share = Share::any(rng);
        for (index, byte) in data.iter().enumerate() {
            let clearing = before[index] & !byte;
            let cleared = match tear {
                Tear::Zeroed => clearing,
                _ => clearing & share.bits(rng),
            };
            self.bytes[at + index] = before[index] & !cleared;
            if tear == Tear::Weak {
                self.weak[at + index] |= clearing & share.bits(rng);
            }
        }
        let touched = self.bytes[at..][..self.word] != *before;
        let weak = self.weak[at..][..self.word].iter().any(|bits| *bits != 0);
        if touched || weak {
            self.note_written(at / self.word);
            self.maybe_spoil(at / self.word, rng);
        }
    }

    /// An erase during which the power fails.
    pub(super) fn tear_erase(&mut self, sector: usize, tear: Tear, rng: &mut ChaCha8Rng) {
        let at = sector * self.sector;
        match tear {
            Tear::Nothing => {}
            Tear::Finished => self.erase(sector),
            Tear::Front => {
                let erased = self.whole_words(rng, self.sector);
                self.erase_range(at, erased);
            }
            Tear::Back => {
                let kept = self.whole_words(rng, self.sector);
                self.erase_range(at + kept, self.sector - kept);
            }
            // A chip first writes zeros everywhere, so that all cells are
            // erased from the same state.
            Tear::Zeroed => {
                self.bytes[at..][..self.sector].fill(0);
                self.weak[at..][..self.sector].fill(0);
                self.leave_torn(sector, rng);
            }
            Tear::Scattered => {
                let share = Share::any(rng);
                for byte in &mut self.bytes[at..][..self.sector] {
                    *byte |= share.bits(rng);
                }
                self.leave_torn(sector, rng);
            }
            // It all looks erased, or as before: not every time.
            Tear::Weak => {
                let erased = rng.next_u32() & 1 == 0;
                let share = Share::any(rng);
                for index in at..at + self.sector {
                    let old = self.bytes[index];
                    self.weak[index] |= !old & share.bits(rng);
                    if erased {
                        self.bytes[index] = ERASED;
                    }
                }
                self.leave_torn(sector, rng);
            }
        }
    }

    /// Counts the words of a half erased sector as written, except those that
    /// are as new.
    fn leave_torn(&mut self, sector: usize, rng: &mut ChaCha8Rng) {
        let first = sector * self.sector / self.word;
        for word in first..first + self.sector / self.word {
            let cells = word * self.word..(word + 1) * self.word;
            let virgin = self.bytes[cells.clone()].iter().all(|byte| *byte == ERASED)
                && self.weak[cells].iter().all(|bits| *bits == 0);
            self.written[word] = if virgin { 0 } else { u8::MAX };
            self.spoiled[word] = false;
            if !virgin {
                self.maybe_spoil(word, rng);
            }
        }
    }

    /// A torn word with a code is unreadable, if the damage does not happen to
    /// look like something the code can mend.
    fn maybe_spoil(&mut self, word: usize, rng: &mut ChaCha8Rng) {
        self.spoiled[word] = self.again == Again::Never && !rng.next_u32().is_multiple_of(4);
    }

    /// Bytes of some of the words in `length`, not of all.
    fn whole_words(&self, rng: &mut ChaCha8Rng, length: usize) -> usize {
        match (length / self.word) as u64 {
            0 => 0,
            words => (rng.next_u64() % words) as usize * self.word,
        }
    }

    /// Inverts bits.
    pub(super) fn flip(&mut self, at: usize, bits: u8) {
        self.bytes[at] ^= bits;
    }

    /// Makes a word unreadable until its sector is erased.
    pub(super) fn spoil(&mut self, at: usize) {
        self.spoiled[at / self.word] = true;
        self.note_written(at / self.word);
    }
}

/// How far a change has come: the share of bits that have changed.
#[derive(Clone, Copy)]
enum Share {
    Few,
    Half,
    Most,
}

impl Share {
    fn any(rng: &mut ChaCha8Rng) -> Self {
        match rng.next_u32() % 3 {
            0 => Self::Few,
            1 => Self::Half,
            _ => Self::Most,
        }
    }

    /// Eight bits, each of which is one with about this chance.
    fn bits(self, rng: &mut ChaCha8Rng) -> u8 {
        let [a, b, c, d] = rng.next_u32().to_le_bytes();
        match self {
            Self::Few => a & b & c & d,
            Self::Half => a,
            Self::Most => a | b | c | d,
        }
    }
}

fn address(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
