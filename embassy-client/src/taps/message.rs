//! What becomes of a message that is sent: RFC 9622 section 9.2.2.

use core::fmt;

use wigwag_codec::framer::{FrameError, FrameErrorKind};

use super::property::MessageProperty;

/// Why a message was not taken, or not sent (the SendError event of RFC 9622
/// section 9.2.2.3). NEATPy's `SendErrorReason` has a place for each of its
/// values here; its `MESSAGE_TIMEOUT` is [`SendFailure::Expired`] when the
/// message was not worth sending any more, and [`Timeout`](Self::Timeout) when
/// the peer took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closing or closed (`CONNECTION_CLOSING`).
    ConnectionClosing,
    /// A message marked as final was taken before (`FINAL_MESSAGE_PASSED`).
    FinalMessagePassed,
    /// The property cannot be had for this message on this connection
    /// (`INCONSISTENT_PROPERTIES_PASSED`).
    InconsistentProperties(MessageProperty),
    /// It is longer than the queue, the framer or the stack can carry
    /// (`MESSAGE_TOO_LARGE`).
    MessageTooLarge {
        /// Its length in bytes.
        length: usize,
        /// The most that is possible.
        limit: usize,
    },
    /// The queue is full of messages of the batch, none of which leaves before
    /// the batch ends.
    BatchTooLarge,
    /// The stack below lost the connection (`FAILURE_UNDERLYING_STACK`).
    UnderlyingStack,
    /// The peer took nothing for too long (`MESSAGE_TIMEOUT`).
    Timeout,
    /// There is no room in the queue now. Only calls that do not wait say it.
    Full,
    /// The connection receives only (the property `direction`).
    ReceiveOnly,
    /// The rest of a message that was begun in parts never came.
    Incomplete,
    /// The framer cannot carry it.
    Framing(FrameErrorKind),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionClosing => f.write_str("the connection is closing"),
            Self::FinalMessagePassed => {
                f.write_str("the final message of the connection was sent before")
            }
            Self::InconsistentProperties(property) => {
                write!(f, "the connection cannot give this message its {property}")
            }
            Self::MessageTooLarge { length, limit } => {
                write!(f, "{length} bytes are over the limit of {limit}")
            }
            Self::BatchTooLarge => f.write_str("the batch does not fit the send queue"),
            Self::UnderlyingStack => f.write_str("the protocol stack lost the connection"),
            Self::Timeout => f.write_str("the peer took no data for too long"),
            Self::Full => f.write_str("the send queue is full"),
            Self::ReceiveOnly => f.write_str("the connection is for receiving only"),
            Self::Incomplete => f.write_str("the rest of the message never came"),
            Self::Framing(kind) => {
                write!(
                    f,
                    "the framer cannot carry it: {}",
                    FrameError::new(*kind, 0)
                )
            }
        }
    }
}

impl core::error::Error for SendError {}

/// A message was handed to the protocol stack (the Sent event of RFC 9622
/// section 9.2.2.1). That is not a receipt of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sent;

/// A message that was taken and will not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendFailure {
    /// Its lifetime passed before it was its turn (the Expired event of
    /// RFC 9622 section 9.2.2.2).
    Expired,
    /// It could not be sent.
    Error(SendError),
}

impl fmt::Display for SendFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("the message expired before it was sent"),
            Self::Error(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SendFailure {}

impl From<SendError> for SendFailure {
    fn from(error: SendError) -> Self {
        Self::Error(error)
    }
}

/// How a message that was taken ended: exactly one for each.
pub type Outcome = Result<Sent, SendFailure>;
