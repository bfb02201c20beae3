//! Why a race has no winner.

use crate::net::{ConnectError, ResolveError};

/// Why a race has no winner: that of all the failures which came furthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RaceError {
    /// No remote endpoint is for this path and stack and has an address or a
    /// name, and a port.
    NoEndpoint,
    /// No name has an address.
    Resolve(ResolveError),
    /// No address could be connected to.
    Connect(ConnectError),
    /// What connected was rejected by the layers above.
    Rejected,
}

impl RaceError {
    /// How far it came. The reasons of a step are declared with the one first
    /// that says most.
    const fn rank(self) -> u8 {
        match self {
            Self::NoEndpoint => 0,
            Self::Resolve(error) => 8 - error as u8,
            Self::Connect(error) => 16 - error as u8,
            Self::Rejected => 17,
        }
    }

    /// Of two failures the one that came further; the first of two that came
    /// equally far.
    #[must_use]
    pub const fn further(self, other: Self) -> Self {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }
}

impl core::fmt::Display for RaceError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoEndpoint => f.write_str("no remote endpoint can be used on this path"),
            Self::Resolve(error) => error.fmt(f),
            Self::Connect(error) => error.fmt(f),
            Self::Rejected => f.write_str("every address that connected was rejected"),
        }
    }
}

impl core::error::Error for RaceError {}
