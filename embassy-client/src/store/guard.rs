//! Between the map and the flash: what `sequential-storage` 8.0.2 leaves to luck
//! when the power fails.
//!
//! The map marks the first word of a sector when it begins to use it, and the
//! last one when it is full. It tells a sector's state by these two words, and
//! takes a sector whose words are not marked for an erased one. After a power
//! failure that may be wrong: a word can be written by half, a sector erased by
//! half. So:
//!
//! - **A mark is there or not.** A word that is not fully erased, or cannot be
//!   read (some flash checks its words, and finds those that were written by
//!   half), counts as marked. It is never written again: flash with checked
//!   words forbids it.
//! - **A sector is looked at before it is used.** If it is not erased through and
//!   through, it is erased then.
//! - **What cannot be read is read as zeros**, word by word, and the map's
//!   checksums sort it out; as long as the flash answers elsewhere.
//! - **What was written is read back.** Flash wears out.

use core::ops::Range;

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// Most bytes of a word that the map can work with.
pub(super) const MAX_WORD: usize = 32;

const ERASED: u8 = 0xff;

/// Flash for the map, in a region of it.
pub(super) struct Guard<F> {
    flash: F,
    region: Range<u32>,
    view: View,
}

/// Which sectors can be seen; the others look erased. Only for reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    All,
    Without(u32),
    Only(u32),
}

/// The flash failed, or forgot.
#[derive(Clone, Copy, Debug)]
pub(super) enum GuardError<E> {
    Flash(E),
    Worn { offset: u32 },
}

impl<E: NorFlashError> NorFlashError for GuardError<E> {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Flash(error) => error.kind(),
            Self::Worn { .. } => NorFlashErrorKind::Other,
        }
    }
}

/// A word, aligned for chips that move words only.
#[repr(align(4))]
struct Word([u8; MAX_WORD]);

impl<F: NorFlash> Guard<F> {
    /// Bytes of a sector.
    pub(super) const SECTOR: u32 = F::ERASE_SIZE as u32;
    /// Bytes of a word: the unit in which the map reads and writes.
    pub(super) const WORD: usize = if F::WRITE_SIZE > F::READ_SIZE {
        F::WRITE_SIZE
    } else {
        F::READ_SIZE
    };

    pub(super) const fn new(flash: F, region: Range<u32>) -> Self {
        Self {
            flash,
            region,
            view: View::All,
        }
    }

    pub(super) fn look(&mut self, view: View) {
        self.view = view;
    }

    pub(super) fn sectors(&self) -> u32 {
        (self.region.end - self.region.start) / Self::SECTOR
    }

    /// The first byte of a sector, counted from 0.
    pub(super) const fn address(&self, sector: u32) -> u32 {
        self.region.start + sector * Self::SECTOR
    }

    /// Whether the first and the last word of a sector are marked.
    pub(super) async fn marks(
        &mut self,
        sector: u32,
    ) -> Result<(bool, bool), GuardError<F::Error>> {
        let first = self.address(sector);
        let last = first + Self::SECTOR - Self::WORD as u32;
        Ok((!self.is_erased(first).await?, !self.is_erased(last).await?))
    }

    /// Whether the word at `offset` is erased; one that cannot be read is not.
    async fn is_erased(&mut self, offset: u32) -> Result<bool, GuardError<F::Error>> {
        let mut word = Word([0; MAX_WORD]);
        let word = word.0.get_mut(..Self::WORD).unwrap_or_default();
        self.read_words(offset, word).await?;
        Ok(word.iter().all(|byte| *byte == ERASED))
    }

    /// Whether a sector is erased through and through.
    pub(super) async fn is_sector_erased(
        &mut self,
        sector: u32,
    ) -> Result<bool, GuardError<F::Error>> {
        let first = self.address(sector);
        for offset in (first..first + Self::SECTOR).step_by(Self::WORD) {
            if !self.is_erased(offset).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) async fn erase_sector(&mut self, sector: u32) -> Result<(), GuardError<F::Error>> {
        let first = self.address(sector);
        self.erase(first, first + Self::SECTOR).await
    }

    /// Reads; words that cannot be read are zeros, unless nothing can be read.
    async fn read_words(
        &mut self,
        offset: u32,
        bytes: &mut [u8],
    ) -> Result<(), GuardError<F::Error>> {
        let Err(error) = self.flash.read(offset, bytes).await else {
            return Ok(());
        };
        self.answers().await.map_err(|_| GuardError::Flash(error))?;
        let offsets = (offset..).step_by(F::READ_SIZE);
        for (offset, bytes) in offsets.zip(bytes.chunks_mut(F::READ_SIZE)) {
            if self.flash.read(offset, bytes).await.is_err() {
                bytes.fill(0);
            }
        }
        Ok(())
    }

    /// Whether the flash answers at all: the first word of one of the sectors.
    async fn answers(&mut self) -> Result<(), F::Error> {
        let mut word = Word([0; MAX_WORD]);
        let word = word.0.get_mut(..F::READ_SIZE).unwrap_or_default();
        let mut answer = Ok(());
        for sector in 0..self.sectors() {
            let first = self.address(sector);
            answer = self.flash.read(first, word).await;
            if answer.is_ok() {
                break;
            }
        }
        answer
    }

    /// Reads back what was written.
    async fn verify(&mut self, offset: u32, bytes: &[u8]) -> Result<(), GuardError<F::Error>> {
        let mut word = Word([0; MAX_WORD]);
        let offsets = (offset..).step_by(Self::WORD);
        for (offset, written) in offsets.zip(bytes.chunks(Self::WORD)) {
            let read = word.0.get_mut(..written.len()).unwrap_or_default();
            self.read_words(offset, read).await?;
            if read != written {
                return Err(GuardError::Worn { offset });
            }
        }
        Ok(())
    }

    /// The sector of an offset, and the place in it.
    const fn place(&self, offset: u32) -> (u32, u32) {
        let from_start = offset.saturating_sub(self.region.start);
        (from_start / Self::SECTOR, from_start % Self::SECTOR)
    }
}

impl<F: NorFlash> ErrorType for Guard<F> {
    type Error = GuardError<F::Error>;
}

impl<F: NorFlash> ReadNorFlash for Guard<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        let (sector, place) = self.place(offset);
        let is_hidden = match self.view {
            View::All => false,
            View::Without(hidden) => sector == hidden,
            View::Only(seen) => sector != seen,
        };
        if is_hidden {
            bytes.fill(ERASED);
            return Ok(());
        }
        // No item begins at the first word or ends in the last one: these are
        // the marks.
        let last = Self::SECTOR - F::READ_SIZE as u32;
        if (place == 0 || place == last) && bytes.len() == F::READ_SIZE {
            let word = match place {
                0 => offset,
                _ => self.address(sector) + Self::SECTOR - Self::WORD as u32,
            };
            let erased = self.is_erased(word).await?;
            bytes.fill(if erased { ERASED } else { 0 });
            return Ok(());
        }
        self.read_words(offset, bytes).await
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: NorFlash> NorFlash for Guard<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        let erased = self.flash.erase(from, to).await;
        erased.map_err(GuardError::Flash)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        let (sector, place) = self.place(offset);
        if place == 0 && !self.is_sector_erased(sector).await? {
            self.erase_sector(sector).await?;
        }
        let written = self.flash.write(offset, bytes).await;
        written.map_err(GuardError::Flash)?;
        self.verify(offset, bytes).await
    }
}
