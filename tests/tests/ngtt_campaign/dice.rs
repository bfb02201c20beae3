//! Random choices of one schedule.

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use wigwag_tests::campaign;

/// Microseconds in a millisecond and in a second.
pub(crate) const MS: u64 = 1_000;
pub(crate) const SEC: u64 = 1_000_000;

pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(campaign::rng(seed))
    }

    /// From 0 below `end`; 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end.max(1)
    }

    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}
