//! What one connection needs to know about whom it talks to and who it is.

use core::net::IpAddr;
use core::time::Duration;

use rustls_pki_types::{self as pki_types, ServerName};

use super::clock::ClockPolicy;
use super::guard::HandshakeLimits;
use super::identity::Identity;
use super::trust::TrustAnchors;

/// The mandatory parts of a secure connection, and its limits.
#[derive(Clone, Debug)]
pub struct TlsParameters<'a> {
    pub(crate) server: ServerName<'a>,
    pub(crate) server_text: &'a str,
    pub(crate) trust: TrustAnchors<'a>,
    pub(crate) identity: Identity<'a>,
    pub(crate) clock: ClockPolicy,
    /// Longest time for the whole handshake; default 20 s.
    pub handshake_timeout: Duration,
    /// Longest time the peer may leave a record untaken; default 30 s.
    pub write_timeout: Duration,
    /// Longest time to say goodbye; default 2 s.
    pub close_timeout: Duration,
    /// What the server may send during the handshake.
    pub handshake_limits: HandshakeLimits,
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
            identity,
            clock,
            handshake_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
            handshake_limits: HandshakeLimits::DEFAULT,
        })
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

    /// Bytes the TLS send buffer must have for this identity: one record with
    /// the device's certificate, or the ClientHello.
    pub fn send_buffer_needed(&self) -> usize {
        // Record header, message header, list headers, content type and tag,
        // and the 128 bytes that embedded-tls keeps free in each record.
        const OVERHEAD: usize = 5 + 4 + 8 + 17 + 128;
        (self.identity.certificate().len() + OVERHEAD).max(768)
    }
}
