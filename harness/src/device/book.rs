//! What a device remembers of its own doings, to be compared with the server's
//! book afterwards.

use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::{Answer, History};

/// One execution of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execution {
    /// The order's transaction id.
    pub tid: u16,
    /// The digest of its payload.
    pub digest: Digest,
    /// What the client said about its past.
    pub history: History,
    /// What was answered; `None` if it was left unanswered.
    pub answer: Option<Answer>,
}

/// What became of something that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Not answered yet.
    Open,
    /// The server has it.
    Confirmed,
    /// The server refused it.
    Rejected,
    /// It was dropped on the device, by the rule of its queue.
    Dropped,
}

/// One batch that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The digest of its payload.
    pub digest: Digest,
    /// How many points or entries are in it.
    pub things: usize,
    /// What became of it.
    pub fate: Fate,
}

/// The device's book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Every order that was executed, in order.
    pub orders: Vec<Execution>,
    /// Every batch of pathpoints.
    pub pathpoints: Vec<Sent>,
    /// Every batch of logs.
    pub logs: Vec<Sent>,
    /// Names in the server's answer about binary objects: to download, to
    /// upload; `None` if it was not asked or did not answer.
    pub baobs: Option<(usize, usize)>,
    /// How many connections came up.
    pub connections: u64,
    /// Why this device refused the server, or the server this device, when it
    /// last tried; `None` once there is a connection.
    pub refused: Option<String>,
    /// Why there is no connection, when the device last tried or was without a
    /// network; `None` once there is one.
    pub failure: Option<String>,
}

impl Book {
    /// Points that the server has taken.
    #[must_use]
    pub fn points_confirmed(&self) -> usize {
        confirmed(&self.pathpoints)
    }

    /// Log entries that the server has read.
    #[must_use]
    pub fn logs_confirmed(&self) -> usize {
        confirmed(&self.logs)
    }
}

fn confirmed(batches: &[Sent]) -> usize {
    let confirmed = batches.iter().filter(|batch| batch.fate == Fate::Confirmed);
    confirmed.map(|batch| batch.things).sum()
}
