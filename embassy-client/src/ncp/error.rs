//! What can go wrong, by ncplib's names.

use core::fmt;

use heapless::String;
use wigwag_codec::framer::{FrameError, FrameErrorKind};
use wigwag_codec::ncp::link::NameError;
use wigwag_codec::ncp::{CommandFault, Field, Header, Ident, NcpError, NcpWarning};

use crate::supervisor::FailureClass;
use crate::taps::{ConnectionError, EstablishmentError, ReceiveError, SendError};

/// Most bytes of what a peer says in words; the rest is cut off.
pub const MAX_DETAIL: usize = 64;

/// Why something was not done. The first six have the names of ncplib's
/// exceptions; it raises `ValueError` for [`InvalidValue`](Self::InvalidValue).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The connection did not come up, or was lost.
    NetworkError(NetworkError),
    /// The server does not accept the login.
    AuthenticationError,
    /// It took longer than the connection's timeout: to connect, to hear
    /// anything of the other end, or to close.
    NetworkTimeoutError,
    /// The connection was closed in good order, and everything was received.
    ConnectionClosed,
    /// The other end says that it failed.
    CommandError(Fault),
    /// What was received is no NCP. The connection ends.
    DecodeError(DecodeError),
    /// A name or a value cannot be sent. Nothing of the packet was.
    InvalidValue(NcpError),
    /// A packet is too large to be sent. Nothing of it was.
    TooLarge {
        /// The most bytes of a packet, header and footer among them.
        limit: usize,
    },
    /// As many requests are outstanding as the memory has room for.
    TooManyRequests,
    /// Somebody listens already to what is said to a reply to this field.
    AlreadyListening,
    /// The buffer is too small for a field, which stays: call again with a larger
    /// one.
    BufferTooSmall {
        /// How many bytes are needed.
        needed: usize,
    },
    /// Here so many fields were dropped: they came while nobody waited for them,
    /// others did, and the memory had no room for more. It is told once.
    Lost {
        /// How many.
        fields: u16,
    },
    /// A name of this end cannot be said.
    Name(NameError),
    /// The server was stopped.
    Stopped,
}

/// Why there is no connection, or no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkError {
    /// It did not come up.
    Establishment(EstablishmentError),
    /// The server does not want it: the status of the HTTP tunnel, or what it
    /// says by ERRC.
    Refused(u16),
    /// It was lost.
    Lost(ConnectionError),
    /// It takes nothing more.
    Send(SendError),
}

/// What is no NCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DecodeError {
    /// The stream cannot be cut into packets, or one is larger than this end
    /// takes.
    Stream(FrameError),
    /// A packet is not sound inside.
    Packet(NcpError),
}

/// What the other end tells in a field: an error or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The type of the packet.
    pub packet_type: Ident,
    /// The name of the field.
    pub name: Ident,
    /// The id of the field.
    pub id: u32,
    /// What it says in words, at most [`MAX_DETAIL`] bytes of it.
    pub detail: String<MAX_DETAIL>,
    /// What it says as a number.
    pub code: i64,
}

/// What is odd and keeps nothing from going on. A field that is odd is received
/// all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The other end warns.
    CommandWarning(Fault),
    /// Something in a packet of this type is odd, at this place.
    DecodeWarning(Ident, NcpWarning),
    /// The server wants another timeout than this end: so many seconds; 0 where
    /// it knows of none.
    TimeoutChanged(u64),
}

impl Fault {
    pub(super) fn new(header: &Header, field: &Field<'_>, fault: &CommandFault<'_>) -> Self {
        let mut detail = String::new();
        for character in fault.detail.chars() {
            if detail.push(character).is_err() {
                break;
            }
        }
        Self {
            packet_type: header.kind,
            name: field.name,
            id: field.id,
            detail,
            code: fault.code,
        }
    }
}

impl Error {
    pub(super) fn of_establishment(error: EstablishmentError) -> Self {
        match error {
            EstablishmentError::Timeout => Self::NetworkTimeoutError,
            EstablishmentError::Framing(error) => match error.kind {
                FrameErrorKind::Refused { code: 401 } => Self::AuthenticationError,
                FrameErrorKind::Refused { code } => Self::NetworkError(NetworkError::Refused(code)),
                FrameErrorKind::Silent => Self::NetworkTimeoutError,
                FrameErrorKind::Truncated => Self::ConnectionClosed,
                _ => Self::DecodeError(DecodeError::Stream(error)),
            },
            error => Self::NetworkError(NetworkError::Establishment(error)),
        }
    }

    pub(super) const fn of_connection(error: ConnectionError) -> Self {
        match error {
            ConnectionError::Timeout | ConnectionError::CloseTimeout => Self::NetworkTimeoutError,
            ConnectionError::Framing(error) => Self::of_frame(error),
            error => Self::NetworkError(NetworkError::Lost(error)),
        }
    }

    const fn of_frame(error: FrameError) -> Self {
        match error.kind {
            FrameErrorKind::Silent => Self::NetworkTimeoutError,
            FrameErrorKind::Closed => Self::ConnectionClosed,
            _ => Self::DecodeError(DecodeError::Stream(error)),
        }
    }

    pub(super) const fn of_receive(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Closed(Some(error)) => Self::of_connection(error),
            ReceiveError::Framing(error) => Self::of_frame(error),
            _ => Self::ConnectionClosed,
        }
    }

    /// How soon it is worth trying again; whether anybody on the way may have
    /// made it look so is another question.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        match self {
            Self::AuthenticationError => FailureClass::Authentication,
            Self::NetworkError(NetworkError::Establishment(error)) => match error {
                EstablishmentError::Secure(end) => end.class(),
                EstablishmentError::Race(_)
                | EstablishmentError::Aborted
                | EstablishmentError::NoSlot => FailureClass::Transient,
                _ => FailureClass::Configuration,
            },
            Self::NetworkError(NetworkError::Lost(ConnectionError::Stack(end))) => end.class(),
            Self::InvalidValue(_) | Self::TooLarge { .. } | Self::Name(_) => {
                FailureClass::Configuration
            }
            _ => FailureClass::Transient,
        }
    }
}

impl From<NcpError> for Error {
    /// Of what was looked at in a received field.
    fn from(error: NcpError) -> Self {
        Self::DecodeError(DecodeError::Packet(error))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            packet_type,
            name,
            detail,
            code,
            ..
        } = self;
        // All of it is from outside, and may go to a terminal.
        write!(f, "{packet_type:?} {name:?} {detail:?} (code {code})")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NetworkError(error) => error.fmt(f),
            Self::AuthenticationError => f.write_str("the server does not accept the login"),
            Self::NetworkTimeoutError => f.write_str("the other end did not answer in time"),
            Self::ConnectionClosed => f.write_str("the connection was closed"),
            Self::CommandError(fault) => fault.fmt(f),
            Self::DecodeError(error) => error.fmt(f),
            Self::InvalidValue(error) => write!(f, "the packet cannot be sent: {error}"),
            Self::TooLarge { limit } => {
                write!(f, "a packet to be sent has at most {limit} bytes here")
            }
            Self::TooManyRequests => f.write_str("too many requests are outstanding"),
            Self::AlreadyListening => {
                f.write_str("somebody listens already to what is said to this reply")
            }
            Self::BufferTooSmall { needed } => {
                write!(f, "the buffer is too small for a field of {needed} bytes")
            }
            Self::Lost { fields } => {
                write!(f, "{fields} fields were dropped for lack of room")
            }
            Self::Name(error) => error.fmt(f),
            Self::Stopped => f.write_str("the server was stopped"),
        }
    }
}

impl core::error::Error for Error {}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Establishment(error) => error.fmt(f),
            Self::Refused(code) => write!(f, "the server refused with {code}"),
            Self::Lost(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for NetworkError {}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(error) => error.fmt(f),
            Self::Packet(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DecodeError {}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandWarning(fault) => fault.fmt(f),
            Self::DecodeWarning(kind, warning) => write!(f, "{kind:?}: {warning}"),
            Self::TimeoutChanged(seconds) => {
                write!(f, "the server changed the timeout to {seconds} s")
            }
        }
    }
}
