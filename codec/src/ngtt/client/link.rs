//! What belongs to one connection, and ends with it.

use super::Answer;
use super::keepalive::KeepAlive;
use crate::Instant;
use crate::ngtt::Digest;

/// What belongs to one connection.
pub(super) struct Link {
    pub(super) keep: KeepAlive,
    pub(super) writing: Option<Writing>,
    /// FETCH_ORDERS is to be written.
    pub(super) fetch: bool,
    /// An order was skipped since the last FETCH_ORDERS, for want of a slot or
    /// of a mark.
    pub(super) skipped_slot: bool,
    pub(super) skipped_mark: bool,
    /// An order was answered, or given back for the first time, since the last
    /// FETCH_ORDERS: so many of them at most does the session ask for by itself.
    pub(super) progress: bool,
    /// The server's time to deliver again what is remembered.
    pub(super) redelivery: Grace,
    /// Where the first FETCH_ORDERS stands in the sequence of writes, until a
    /// later PING was answered: then the server knows what it was asked.
    pub(super) asked: Asked,
    /// The server's time to deliver again what may have been executed before
    /// the device started.
    pub(super) past: Grace,
}

/// Whether the server has read FETCH_ORDERS on this connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    No,
    Written(u64),
    Read,
}

/// The time in which the server delivers again what it delivered before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Grace {
    /// FETCH_ORDERS was not written yet.
    NotAsked,
    /// The server has until then.
    Until(Instant),
    /// It had its time, but what it wrote may still be on the way: the PONG to
    /// a PING with this place in the sequence of writes, or a later one, comes
    /// behind it.
    Behind(u64),
    /// It has delivered what it wanted to.
    Over,
}

impl Link {
    /// A connection that begins at `now`; `fetch`: with FETCH_ORDERS.
    pub(super) const fn new(now: Instant, fetch: bool) -> Self {
        Self {
            keep: KeepAlive::new(now),
            writing: None,
            fetch,
            skipped_slot: false,
            skipped_mark: false,
            progress: false,
            redelivery: Grace::NotAsked,
            asked: Asked::No,
            past: Grace::NotAsked,
        }
    }
}

impl Grace {
    /// Time has passed, and so many frames were written. True if a PING is
    /// wanted.
    pub(super) fn pass(&mut self, now: Instant, writes: u64) -> bool {
        match *self {
            Self::Until(at) if at <= now => {
                *self = Self::Behind(writes);
                true
            }
            _ => false,
        }
    }

    /// The PONG to the PING with this place in the sequence of writes came.
    pub(super) fn pong(&mut self, sequence: u64) {
        if matches!(*self, Self::Behind(from) if from <= sequence) {
            *self = Self::Over;
        }
    }

    pub(super) const fn until(self) -> Option<Instant> {
        match self {
            Self::Until(at) => Some(at),
            _ => None,
        }
    }
}

/// The frame that the driver is writing.
#[derive(Clone, Copy)]
pub(super) struct Writing {
    pub(super) what: Outgoing,
    /// When it last made progress.
    pub(super) since: Instant,
}

/// What a frame to be written is made from.
#[derive(Clone, Copy)]
pub(super) enum Outgoing {
    Echo(u16),
    Reply {
        tid: u16,
        digest: Digest,
        answer: Answer,
    },
    Fetch,
    Ping(u16),
    Send(usize),
}
