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
//!   through, it is erased then. So is each word: nothing is written over what a
//!   write left behind that was cut short.
//! - **A word has eight bytes at least**, even where the chip could write fewer: as
//!   many as an item's header. A header of smaller words that was written by half
//!   could be taken for another one together with what follows, and a mark of a
//!   single byte that was erased by half may read as either.
//! - **What cannot be read is read as zeros**, word by word, and the map's
//!   checksums sort it out; as long as the flash answers elsewhere.
//! - **What was written is read back.** Flash wears out.

use core::ops::Range;

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// Most bytes of a word that the map can work with.
pub(super) const MAX_WORD: usize = 32;

/// Bytes of an item's header in the map, and the fewest of a word.
pub(super) const HEADER: usize = 8;

const ERASED: u8 = 0xff;

const fn largest([a, b, c]: [usize; 3]) -> usize {
    let most = if a > b { a } else { b };
    if most > c { most } else { c }
}

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
    /// It looks as if it were in use, whatever its marks say: those of a sector
    /// that is half erased may say something else each time.
    Only(u32),
}

/// The flash failed, or does not hold what it should.
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
    /// Bytes of a word: the unit in which the map writes.
    pub(super) const WORD: usize = largest([F::WRITE_SIZE, F::READ_SIZE, HEADER]);
    /// Whether the flash reads and writes such words.
    pub(super) const HAS_WORDS: bool = Self::WORD <= MAX_WORD
        && Self::WORD.is_multiple_of(F::WRITE_SIZE)
        && Self::WORD.is_multiple_of(F::READ_SIZE);

    pub(super) const fn new(flash: F, region: Range<u32>) -> Self {
        Self {
            flash,
            region,
            view: View::All,
        }
    }

    pub(super) fn into_flash(self) -> F {
        self.flash
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
        Ok(self.unerased(offset, Self::WORD as u32).await?.is_none())
    }

    /// The first word that is not erased, of so many bytes.
    async fn unerased(
        &mut self,
        offset: u32,
        length: u32,
    ) -> Result<Option<u32>, GuardError<F::Error>> {
        let mut word = Word([0; MAX_WORD]);
        let word = word.0.get_mut(..Self::WORD).unwrap_or_default();
        for offset in (offset..offset.saturating_add(length)).step_by(Self::WORD) {
            self.read_words(offset, word).await?;
            if word.iter().any(|byte| *byte != ERASED) {
                return Ok(Some(offset));
            }
        }
        Ok(None)
    }

    /// Whether a sector is erased through and through.
    pub(super) async fn is_sector_erased(
        &mut self,
        sector: u32,
    ) -> Result<bool, GuardError<F::Error>> {
        let first = self.address(sector);
        Ok(self.unerased(first, Self::SECTOR).await?.is_none())
    }

    /// Whether a sector is erased from `end` bytes on, but for the mark of a full
    /// one.
    pub(super) async fn is_rest_erased(
        &mut self,
        sector: u32,
        end: u32,
    ) -> Result<bool, GuardError<F::Error>> {
        let rest = (Self::SECTOR - Self::WORD as u32).saturating_sub(end);
        let from = self.address(sector).saturating_add(end);
        Ok(self.unerased(from, rest).await?.is_none())
    }

    /// Gives up the rest of the sector of `offset`, where something could not be
    /// written, so that the map goes on in the next one. `false` if that one is not
    /// free: the map is about to free it, and must be told of the failure.
    pub(super) async fn give_up_rest(&mut self, offset: u32) -> Result<bool, GuardError<F::Error>> {
        let (sector, _) = self.place(offset);
        let next = (sector + 1) % self.sectors().max(1);
        if self.marks(sector).await? != (true, false) || self.marks(next).await? != (false, false) {
            return Ok(false);
        }
        let last = self.address(sector) + Self::SECTOR - Self::WORD as u32;
        self.write_mark(last).await?;
        Ok(true)
    }

    /// Marks the first word of an erased sector: it is in use.
    pub(super) async fn mark(&mut self, sector: u32) -> Result<(), GuardError<F::Error>> {
        self.write_mark(self.address(sector)).await
    }

    async fn write_mark(&mut self, offset: u32) -> Result<(), GuardError<F::Error>> {
        let mark = Word([0; MAX_WORD]);
        let mark = mark.0.get(..Self::WORD).unwrap_or_default();
        let written = self.flash.write(offset, mark).await;
        written.map_err(GuardError::Flash)
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
            let erased = match (self.view, place) {
                (View::Only(_), _) => place != 0,
                (_, 0) => self.is_erased(offset).await?,
                _ => {
                    let last = self.address(sector) + Self::SECTOR - Self::WORD as u32;
                    self.is_erased(last).await?
                }
            };
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
    const WRITE_SIZE: usize = Self::WORD;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        let erased = self.flash.erase(from, to).await;
        erased.map_err(GuardError::Flash)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        let (sector, place) = self.place(offset);
        if place == 0 {
            if !self.is_sector_erased(sector).await? {
                self.erase_sector(sector).await?;
            }
        } else if let Some(offset) = self.unerased(offset, bytes.len() as u32).await? {
            return Err(GuardError::Worn { offset });
        }
        let written = self.flash.write(offset, bytes).await;
        written.map_err(GuardError::Flash)?;
        self.verify(offset, bytes).await
    }
}
