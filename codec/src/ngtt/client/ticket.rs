//! What can be sent, and how it is answered.

use crate::ngtt::FrameType;

/// Names something submitted. It is answered exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ticket {
    pub(super) slot: u16,
    pub(super) generation: u16,
}

/// What can be submitted with a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendKind {
    /// A list of pathpoints. Answered when the server took or refused it.
    DataStream,
    /// A list of log entries. Answered when a later PONG proves that the server
    /// has read them; after a cut they may arrive twice.
    Logs,
    /// A map of object names and versions. Answered with the server's reply.
    SyncBaobs,
}

impl SendKind {
    pub(super) const fn frame_type(self) -> FrameType {
        match self {
            Self::DataStream => FrameType::DataStream,
            Self::Logs => FrameType::Logs,
            Self::SyncBaobs => FrameType::SyncBaobRequest,
        }
    }
}

/// The answer to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// The server took the pathpoints.
    Confirmed,
    /// The server refused the pathpoints. They can be read with
    /// [`payload`](super::ClientSession::payload) until the ticket is
    /// [released](super::ClientSession::release), and are not sent again.
    Rejected,
    /// The server's reply to a request about binary objects is here. It can be
    /// read with [`payload`](super::ClientSession::payload) until the ticket is
    /// [released](super::ClientSession::release).
    Response,
    /// The server's reply was larger than a send slot.
    ResponseTooLarge {
        /// How many bytes it had.
        length: usize,
    },
    /// The server has read the logs.
    Sent,
    /// FETCH_ORDERS was written.
    Fetched,
    /// Dropped by the rule of a full queue, not sent on this connection. If an
    /// earlier connection was cut before the answer came, the server may have
    /// got it.
    Dropped,
}

/// Why something was not taken for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum QueueError<E> {
    /// There is no room now. Try again after an answer was taken.
    Full,
    /// There is no room, and the rule of the queue drops the newest.
    Dropped,
    /// The closure that writes the payload failed.
    Payload(E),
    /// The closure says that it wrote more than there was room for.
    TooLong {
        /// How many bytes there is room for.
        limit: usize,
    },
}

impl<E: core::fmt::Display> core::fmt::Display for QueueError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full => f.write_str("the send queue is full: try again later"),
            Self::Dropped => f.write_str("the send queue is full: dropped"),
            Self::Payload(error) => write!(f, "the payload cannot be written: {error}"),
            Self::TooLong { limit } => write!(f, "the payload is over the slot's {limit} bytes"),
        }
    }
}

impl<E: core::fmt::Debug + core::fmt::Display> core::error::Error for QueueError<E> {}
