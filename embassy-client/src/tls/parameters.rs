//! What one connection needs to know about whom it talks to and who it is.

use core::net::IpAddr;
use core::time::Duration;

use rustls_pki_types::{self as pki_types, ServerName};

use super::clock::ClockPolicy;
use super::credentials::Slot;
use super::identity::Identity;
use super::limits::{HandshakeLimits, SessionLimits};
use super::trust::TrustAnchors;

/// The mandatory parts of a secure connection, and its limits.
#[derive(Clone, Debug)]
pub struct TlsParameters<'a> {
    pub(crate) server: ServerName<'a>,
    pub(crate) server_text: &'a str,
    pub(crate) trust: TrustAnchors<'a>,
    current: Identity<'a>,
    next: Option<Identity<'a>>,
    pub(crate) clock: ClockPolicy,
    /// Which of the device's identities is shown; without a second one it is
    /// the first. The NGTT client sets it by its own rule: see
    /// [`Credentials`](super::Credentials).
    pub slot: Slot,
    /// Longest time for everything from the first byte of the handshake to the
    /// moment when the application may send its own; default 20 s.
    pub handshake_timeout: Duration,
    /// Longest time the peer may take not one byte of what is to be sent;
    /// default 30 s. Slow progress is progress.
    pub write_timeout: Duration,
    /// Longest time to say goodbye; default 2 s.
    pub close_timeout: Duration,
    /// What the server may send during the handshake.
    pub handshake_limits: HandshakeLimits,
    /// When the connection is ended in good order to have new keys.
    pub session_limits: SessionLimits,
}

/// The server's name is neither a DNS name nor an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NameError;

impl core::fmt::Display for NameError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the server's name is neither a DNS name nor an IP address")
    }
}

impl core::error::Error for NameError {}

impl<'a> TlsParameters<'a> {
    /// A connection to `server` (a DNS name or an IP address, which its
    /// certificate must carry as a subject alternative name).
    ///
    /// # Errors
    /// [`NameError`] when `server` cannot be a name in a certificate.
    pub fn new(
        server: &'a str,
        trust: TrustAnchors<'a>,
        identity: Identity<'a>,
        clock: ClockPolicy,
    ) -> Result<Self, NameError> {
        Ok(Self {
            server: ServerName::try_from(server).map_err(|_| NameError)?,
            server_text: server,
            trust,
            current: identity,
            next: None,
            clock,
            slot: Slot::Current,
            handshake_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
            handshake_limits: HandshakeLimits::DEFAULT,
            session_limits: SessionLimits::DEFAULT,
        })
    }

    /// A second identity, for renewal: see [`Credentials`](super::Credentials).
    #[must_use]
    pub fn with_next(mut self, next: Identity<'a>) -> Self {
        self.next = Some(next);
        self
    }

    /// Whether there is a second identity.
    pub fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// The identity that is shown.
    pub fn identity(&self) -> Identity<'a> {
        match (self.slot, self.next) {
            (Slot::Next, Some(next)) => next,
            _ => self.current,
        }
    }

    /// The name that the server must prove.
    pub fn server(&self) -> &'a str {
        self.server_text
    }

    /// The server's address, when its name is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match &self.server {
            ServerName::IpAddress(pki_types::IpAddr::V4(address)) => {
                Some(IpAddr::from(*address.as_ref()))
            }
            ServerName::IpAddress(pki_types::IpAddr::V6(address)) => {
                Some(IpAddr::from(*address.as_ref()))
            }
            _ => None,
        }
    }

    /// Bytes the TLS send buffer must have:
    /// [`Identity::send_buffer_needed`] of the identity that is shown.
    pub fn send_buffer_needed(&self) -> usize {
        self.identity().send_buffer_needed()
    }
}
