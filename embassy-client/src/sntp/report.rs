//! What became of a round.

use core::time::Duration;

use wigwag_codec::Instant;

use super::MAX_SERVERS;
use super::packet::Refusal;
use crate::net::{DatagramError, ResolveError};
use crate::wall_clock::{Adjustment, BeforeFloor};

/// One round: when, what it brought, and what became of each server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// When it was over.
    pub at: Instant,
    /// What it brought.
    pub outcome: Outcome,
    /// What became of each server, in the order of
    /// [`Config::servers`](super::Config::servers).
    pub servers: [Server; MAX_SERVERS],
    /// When the next round is due.
    pub next: Instant,
}

/// What a round brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Outcome {
    /// The time.
    Set {
        /// What that did to the clock.
        adjustment: Adjustment,
        /// The most by which the time is wrong, if the servers are honest, in
        /// microseconds.
        error_micros: u64,
    },
    /// A time before the clock's floor: it is wrong, and was not taken.
    BeforeFloor(BeforeFloor),
    /// No time that more than half of the servers agree on.
    NoMajority {
        /// How many agree at most.
        agree: u8,
        /// How many it takes.
        needed: u8,
    },
}

/// What became of a server in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Server {
    /// There is none at this place.
    None,
    /// It was left alone, as it has asked for.
    Resting,
    /// Its name has no address.
    Unresolved(ResolveError),
    /// All its addresses are those of servers before it: it has no voice of its
    /// own.
    SameAsAnother,
    /// The request could not be sent.
    NotSent(DatagramError),
    /// It has not answered in time.
    Silent,
    /// It has answered without a time that can be believed.
    Refused(Refusal),
    /// It has told the time; whether that is what the others say, the outcome
    /// tells.
    Told,
}

impl core::fmt::Display for Outcome {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Set {
                adjustment,
                error_micros,
            } => {
                let error = Duration::from_micros(*error_micros);
                match adjustment {
                    Adjustment::First => write!(f, "the clock was set, to within {error:?}"),
                    Adjustment::Slewing(by) => {
                        write!(f, "the clock is slewed by {by} us, to within {error:?}")
                    }
                    Adjustment::Stepped(by) => {
                        write!(f, "the clock was stepped by {by} us, to within {error:?}")
                    }
                }
            }
            Self::BeforeFloor(error) => write!(f, "the time servers are wrong: {error}"),
            Self::NoMajority { agree, needed } => write!(
                f,
                "no time from the time servers: {agree} agree, {needed} must"
            ),
        }
    }
}

impl core::fmt::Display for Server {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::None => f.write_str("no time server"),
            Self::Resting => f.write_str("left alone, as it has asked for"),
            Self::Unresolved(error) => error.fmt(f),
            Self::SameAsAnother => f.write_str("has the address of another time server"),
            Self::NotSent(error) => error.fmt(f),
            Self::Silent => f.write_str("has not answered"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Told => f.write_str("has told the time"),
        }
    }
}
