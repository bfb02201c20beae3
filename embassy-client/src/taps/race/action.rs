//! What a race wants done, and how attempts and questions are named.

use core::net::{IpAddr, SocketAddr};

use super::error::RaceError;
use crate::net::Family;

/// An attempt to connect: a place, 0 to `RACE - 1`, and which attempt at this
/// place it is, so that late news of an earlier one are told from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Attempt {
    pub(super) place: u8,
    pub(super) serial: u8,
}

impl Attempt {
    /// Where it runs, from 0: which socket, and which memory.
    #[must_use]
    pub const fn place(self) -> usize {
        self.place as usize
    }
}

/// A question about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lookup {
    /// The family that is asked for.
    pub family: Family,
    pub(super) remote: u8,
}

/// An address that was good, to be tried first the next time; and when no name
/// server answers, to be tried without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownGood {
    /// Of which of the remote endpoints it is.
    pub remote: u8,
    /// The address.
    pub address: IpAddr,
}

/// Who has won a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Winner {
    /// The attempt that connected.
    pub attempt: Attempt,
    /// The address it connected to.
    pub to: SocketAddr,
    /// Which of the remote endpoints it is, from 0.
    pub remote: u8,
}

impl Winner {
    /// What to remember when the connection has proved good.
    #[must_use]
    pub const fn known_good(&self) -> KnownGood {
        KnownGood {
            remote: self.remote,
            address: self.to.ip(),
        }
    }
}

/// What a race wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Ask for the addresses of a name, until the race's `resolve_timeout` has
    /// passed.
    Resolve {
        /// To be told with the answer.
        lookup: Lookup,
        /// The name.
        name: &'a str,
    },
    /// Begin to connect, until the race's `attempt_timeout` has passed. Nothing
    /// runs at this place.
    Start {
        /// To be told with the result.
        attempt: Attempt,
        /// Where to.
        to: SocketAddr,
    },
    /// Abort an attempt: it took too long, or another one has won.
    Cancel(Attempt),
    /// This attempt has won. It is the last word unless it is
    /// [rejected](super::Race::on_rejected).
    Won(Winner),
    /// Nothing has connected, and nothing is left to be tried. The last word.
    Failed(RaceError),
}
