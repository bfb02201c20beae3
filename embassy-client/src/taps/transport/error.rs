//! Why there is no connection, or no more.

use core::fmt;

use wigwag_codec::framer::FrameError;

use super::super::endpoint::EndpointError;
use super::super::message::SendError;
use super::super::paths::NoPath;
use super::super::planner::Unsatisfiable;
use super::super::race::RaceError;
use crate::net::ConnectError;
use crate::tls::{End, NameError};

/// Why a connection did not come up (the EstablishmentError event of RFC 9622
/// sections 7.1 to 7.3). Those up to [`NoSlot`](Self::NoSlot) are found before
/// anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EstablishmentError {
    /// No protocol stack of this transport gives what is wanted.
    Unsatisfiable(Unsatisfiable),
    /// No path gives what is wanted.
    NoPath(NoPath),
    /// An endpoint cannot be used.
    Endpoint(EndpointError),
    /// There are more than [`MAX_ENDPOINTS`](super::MAX_ENDPOINTS) of a kind.
    TooManyEndpoints,
    /// The endpoint that it needs was not given: the remote one to initiate,
    /// the local one to listen, both for a rendezvous.
    MissingEndpoint,
    /// The stack that was chosen cannot do this: a rendezvous needs UDP.
    NotSupported,
    /// The first message was not taken.
    FirstMessage(SendError),
    /// All slots of the transport are in use.
    NoSlot,
    /// No address could be reached.
    Race(RaceError),
    /// The name of the endpoint cannot be that of a server with a certificate.
    Name(NameError),
    /// It connected, and was not secure, or lost again.
    Secure(End),
    /// The framer's handshake failed.
    Framing(FrameError),
    /// It was not ready in time.
    Timeout,
    /// It was given up, or the runner was stopped.
    Aborted,
}

/// Somebody else has the local port.
pub(super) const PORT_IN_USE: EstablishmentError =
    EstablishmentError::Race(RaceError::Connect(ConnectError::Unusable));

impl fmt::Display for EstablishmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsatisfiable(error) => error.fmt(f),
            Self::NoPath(error) => error.fmt(f),
            Self::Endpoint(error) => error.fmt(f),
            Self::TooManyEndpoints => {
                write!(f, "more than {} endpoints of a kind", super::MAX_ENDPOINTS)
            }
            Self::MissingEndpoint => f.write_str("the endpoint that this needs was not given"),
            Self::NotSupported => f.write_str("the protocol stack cannot do this"),
            Self::FirstMessage(error) => write!(f, "the first message was not taken: {error}"),
            Self::NoSlot => f.write_str("all connections of the transport are in use"),
            Self::Race(error) => error.fmt(f),
            Self::Name(error) => error.fmt(f),
            Self::Secure(end) => end.fmt(f),
            Self::Framing(error) => write!(f, "the framer's handshake: {error}"),
            Self::Timeout => f.write_str("the connection was not ready in time"),
            Self::Aborted => f.write_str("the connection was given up before it was ready"),
        }
    }
}

impl core::error::Error for EstablishmentError {}

impl EstablishmentError {
    /// How far it came.
    const fn rank(self) -> u8 {
        match self {
            Self::Race(RaceError::Rejected) => 1,
            Self::Race(_) => 2,
            Self::Secure(_) | Self::Name(_) => 3,
            Self::Framing(_) => 4,
            Self::Timeout | Self::Aborted => 5,
            _ => 0,
        }
    }

    /// Of two candidates' failures the one that came further; the later of two
    /// that came equally far.
    pub(super) const fn further(self, other: Self) -> Self {
        if other.rank() >= self.rank() {
            other
        } else {
            self
        }
    }
}

/// Why an established connection was lost (the ConnectionError event of
/// RFC 9622 section 10). One that was closed in good order, by either side, has
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectionError {
    /// This side cut it off, by [`abort`](super::Connection::abort), or because
    /// the runner was stopped.
    Aborted,
    /// It never came up: [`Connection::ready`](super::Connection::ready) says
    /// why.
    NotEstablished,
    /// What was queued did not leave in time after a close.
    CloseTimeout,
    /// A message that had begun to leave was broken off by this side.
    BrokenOff,
    /// Data stayed unacknowledged for longer than `connTimeout`.
    Timeout,
    /// The peer ended it before everything that was queued had left.
    PeerClosed,
    /// The stack below ended it, as it says.
    Stack(End),
    /// What was received cannot be cut into messages, or the framer has given
    /// up.
    Framing(FrameError),
}

impl ConnectionError {
    /// What the messages are told that were not sent.
    pub(super) const fn of_send(self) -> SendError {
        match self {
            Self::Aborted | Self::BrokenOff | Self::NotEstablished => SendError::ConnectionClosing,
            Self::CloseTimeout | Self::Timeout | Self::Stack(End::WriteTimeout) => {
                SendError::Timeout
            }
            Self::Stack(_) | Self::Framing(_) | Self::PeerClosed => SendError::UnderlyingStack,
        }
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aborted => f.write_str("aborted by this device"),
            Self::NotEstablished => f.write_str("it never came up"),
            Self::CloseTimeout => f.write_str("what was queued did not leave in time"),
            Self::BrokenOff => f.write_str("a message was broken off"),
            Self::Timeout => f.write_str("data stayed unacknowledged for too long"),
            Self::PeerClosed => f.write_str("the peer closed before everything was sent"),
            Self::Stack(end) => end.fmt(f),
            Self::Framing(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConnectionError {}

/// Why nothing is received (the ReceiveError event of RFC 9622 section
/// 9.3.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ReceiveError {
    /// The peer has ended its side in good order, and everything was received.
    Finished,
    /// The connection is over, and everything was received; `None` after an end
    /// in good order.
    Closed(Option<ConnectionError>),
    /// What was received cannot be cut into messages. The connection ends.
    Framing(FrameError),
    /// A datagram was not a message of the framer. It was dropped; the
    /// connection goes on.
    Datagram(FrameError),
    /// The message cannot be shown in place, because its framer does not hand it
    /// out whole. It waits: take it in parts by
    /// [`receive_partial`](super::Connection::receive_partial), or go on without
    /// it.
    NotWhole {
        /// How many bytes it has; `None` if it ends with the stream.
        length: Option<usize>,
    },
    /// The buffer is empty.
    NoBuffer,
    /// The connection sends only (the property `direction`).
    SendOnly,
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => f.write_str("the peer sends no more"),
            Self::Closed(None) => f.write_str("the connection is closed"),
            Self::Closed(Some(error)) => error.fmt(f),
            Self::Framing(error) => error.fmt(f),
            Self::Datagram(error) => write!(f, "a datagram was dropped: {error}"),
            Self::NotWhole {
                length: Some(length),
            } => write!(f, "a message of {length} bytes comes in parts only"),
            Self::NotWhole { length: None } => {
                f.write_str("a message that ends with the stream comes in parts only")
            }
            Self::NoBuffer => f.write_str("there is no room in the buffer"),
            Self::SendOnly => f.write_str("the connection is for sending only"),
        }
    }
}

impl core::error::Error for ReceiveError {}

/// Why a connection was not cloned (the CloneError event of RFC 9622 section
/// 7.4). The original is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloneError {
    /// It has not been ready, or is closing.
    NotEstablished,
    /// It was accepted by a listener: only who initiated can connect again.
    NotCloneable,
    /// The new connection did not come up.
    Establishment(EstablishmentError),
}

impl fmt::Display for CloneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEstablished => f.write_str("the connection is not established"),
            Self::NotCloneable => f.write_str("a connection that was accepted cannot be cloned"),
            Self::Establishment(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CloneError {}

impl From<EstablishmentError> for CloneError {
    fn from(error: EstablishmentError) -> Self {
        Self::Establishment(error)
    }
}
