//! What a chip has been asked to do.

/// Counts since the chip was made. Reboots do not set them back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlashCounts {
    /// Reads.
    pub reads: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Writes, of whatever length.
    pub writes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Erases of each sector: its wear.
    pub erases: Vec<u32>,
    /// Words that after a write did not hold what was written, because they had
    /// not been erased: a fault of whoever wrote.
    pub clobbered: u64,
    /// Power cuts during a write or an erase.
    pub cuts: u64,
}

impl FlashCounts {
    /// Writes and erases, as [`cut_at`](super::FlashChip::cut_at) counts them.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.writes
            + self
                .erases
                .iter()
                .map(|count| u64::from(*count))
                .sum::<u64>()
    }

    /// Erases of the sector that was erased most often.
    #[must_use]
    pub fn wear(&self) -> u32 {
        self.erases.iter().copied().max().unwrap_or(0)
    }
}
