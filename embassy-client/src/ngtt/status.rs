//! Where the client stands, in words a person can act on.

use wigwag_codec::Instant;
use wigwag_codec::framer::FrameError;
use wigwag_codec::ngtt::{LinkFault, NgttError};

use crate::net::{ConnectError, PathId, ResolveError};
use crate::supervisor::FailureClass;
use crate::tls::{End, Slot};

/// What the client is doing. Everything queued waits in all of these states,
/// and is sent when there is a connection.
// Its first variant is all zeros, and so is a new `State`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Status {
    /// The runner has not started.
    Idle,
    /// Waiting for a link and an address, as at every start.
    Joining,
    /// There has been no link or no address for some time: the client goes on
    /// by itself when there is.
    Offline {
        /// [`Reason::LinkDown`] or [`Reason::NoAddress`].
        reason: Reason,
    },
    /// The application closed the connection and has not opened it again.
    Closed,
    /// Asking for the server's address.
    Resolving,
    /// Waiting for TCP to come up.
    Connecting,
    /// In the TLS handshake.
    Securing,
    /// Connected to the verified server.
    Connected {
        /// Since when.
        since: Instant,
        /// Over which path of the network.
        path: PathId,
    },
    /// Something failed; the client tries again by itself.
    Waiting {
        /// What failed.
        reason: Reason,
        /// When it tries again, at the latest; sooner when the link comes up.
        retry_at: Instant,
        /// How many attempts in a row have failed, from 1.
        attempt: u32,
    },
}

impl Status {
    /// Whether there is a connection now.
    pub const fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }

    /// Why there is no connection, once that is known.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Offline { reason } | Self::Waiting { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}

/// What the client has to tell about trust, beside its [`Status`]. Notices that
/// nobody takes ([`Client::next_notice`](super::Client::next_notice)) are
/// dropped, oldest first, when there are more than four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Notice {
    /// A server accepted this one of the device's two identities. When it is
    /// the next one, the application may make it the first in its settings.
    Proved(Slot),
    /// A server refused this one of the two, or it could not be used; the
    /// other one is tried.
    Refused {
        /// Which one.
        slot: Slot,
        /// Why.
        end: End,
    },
    /// A connection was made without looking at the time, as
    /// [`ClockPolicy::dangerous_without_time_checks`](crate::tls::ClockPolicy::dangerous_without_time_checks)
    /// has it: the server's certificate may have expired long ago.
    TimeUnchecked,
}

impl core::fmt::Display for Notice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let name = |slot: &Slot| match slot {
            Slot::Current => "current",
            Slot::Next => "next",
        };
        match self {
            Self::Proved(slot) => write!(f, "the server accepted the {} identity", name(slot)),
            Self::Refused { slot, end } => {
                write!(f, "the {} identity was refused: {end}", name(slot))
            }
            Self::TimeUnchecked => {
                f.write_str("connected without looking at the time: certificates may have expired")
            }
        }
    }
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reason {
    /// No cable, no radio.
    LinkDown,
    /// No address: DHCP has not answered.
    NoAddress,
    /// The server's name has no address.
    Resolve(ResolveError),
    /// TCP did not come up.
    Connect(ConnectError),
    /// TLS did not come up, or the connection ended.
    Tls(End),
    /// The server was silent for too long.
    Silent(LinkFault),
    /// The server's bytes are not NGTT.
    Framing(FrameError),
}

impl Reason {
    /// How soon it is worth trying again.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Tls(end) => end.class(),
            Self::Resolve(ResolveError::InvalidName | ResolveError::Unsupported)
            | Self::Connect(ConnectError::Unusable) => FailureClass::Configuration,
            _ => FailureClass::Transient,
        }
    }

    /// True when the network itself is missing (no link, no address, no name
    /// server, no route); false when the server was reached and refused, did
    /// not answer, or was lost.
    pub fn is_due_to_no_internet(&self) -> bool {
        matches!(
            self,
            Self::LinkDown
                | Self::NoAddress
                | Self::Resolve(_)
                | Self::Connect(ConnectError::NoRoute)
        )
    }
}

impl From<Reason> for NgttError {
    fn from(reason: Reason) -> Self {
        Self::ConnectionFailed {
            is_due_to_no_internet: reason.is_due_to_no_internet(),
        }
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::LinkDown => f.write_str("no link"),
            Self::NoAddress => f.write_str("no address yet (DHCP has not answered)"),
            Self::Resolve(error) => error.fmt(f),
            Self::Connect(error) => error.fmt(f),
            Self::Tls(end) => end.fmt(f),
            Self::Silent(fault) => fault.fmt(f),
            Self::Framing(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Reason {}

impl core::fmt::Display for Status {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Idle => f.write_str("not started"),
            Self::Joining => f.write_str("waiting for a link and an address"),
            Self::Offline { reason } => write!(f, "offline: {reason}"),
            Self::Closed => f.write_str("closed by the application"),
            Self::Resolving => f.write_str("resolving the server's name"),
            Self::Connecting => f.write_str("connecting"),
            Self::Securing => f.write_str("in the TLS handshake"),
            Self::Connected { .. } => f.write_str("connected"),
            Self::Waiting {
                reason, attempt, ..
            } => {
                write!(f, "waiting after failure {attempt}: {reason}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::CertificateError;

    #[test]
    fn a_missing_network_is_told_from_a_missing_server() {
        for reason in [
            Reason::LinkDown,
            Reason::NoAddress,
            Reason::Resolve(ResolveError::Failed),
            Reason::Resolve(ResolveError::TimedOut),
            Reason::Connect(ConnectError::NoRoute),
        ] {
            assert!(reason.is_due_to_no_internet(), "{reason}");
            assert_eq!(
                NgttError::from(reason),
                NgttError::ConnectionFailed {
                    is_due_to_no_internet: true
                }
            );
        }
        for reason in [
            Reason::Connect(ConnectError::Refused),
            Reason::Connect(ConnectError::TimedOut),
            Reason::Tls(End::Reset),
            Reason::Tls(End::Certificate(CertificateError::WrongName)),
            Reason::Silent(LinkFault::PingUnanswered),
        ] {
            assert!(!reason.is_due_to_no_internet(), "{reason}");
        }
    }

    #[test]
    fn refusals_have_the_slow_class() {
        assert_eq!(
            Reason::Tls(End::IdentityRefused(48)).class(),
            FailureClass::Authentication
        );
        assert_eq!(
            Reason::Resolve(ResolveError::InvalidName).class(),
            FailureClass::Configuration
        );
        assert_eq!(
            Reason::Connect(ConnectError::Refused).class(),
            FailureClass::Transient
        );
    }
}
