//! What one connection needs to know about whom it talks to and who it is.

use core::net::IpAddr;
use core::time::Duration;

use rustls_pki_types::{self as pki_types, ServerName};

use super::buffers::MIN_SEND;
use super::clock::ClockPolicy;
use super::credentials::Slot;
use super::identity::Identity;
use super::limits::{HandshakeLimits, SessionLimits};
use super::psk::ExternalPsk;
use super::trust::TrustAnchors;

/// The mandatory parts of a secure connection, and its limits.
#[derive(Clone, Debug)]
pub struct TlsParameters<'a> {
    pub(crate) server: ServerName<'a>,
    pub(crate) server_text: &'a str,
    pub(crate) proof: Proof<'a>,
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

/// How the two sides prove who they are.
#[derive(Clone, Debug)]
pub(crate) enum Proof<'a> {
    /// Each by its own certificate.
    Certificates {
        trust: TrustAnchors<'a>,
        /// `None`: the device shows no certificate.
        current: Option<Identity<'a>>,
        next: Option<Identity<'a>>,
        clock: ClockPolicy,
    },
    /// Both by the same key.
    SharedKey(ExternalPsk<'a>),
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
        let proof = Proof::Certificates {
            trust,
            current: Some(identity),
            next: None,
            clock,
        };
        Self::proved_by(proof, server)
    }

    /// The same with a device that shows no certificate, as to a web server: the
    /// server does not learn from TLS whom it talks to. One that asks for a
    /// certificate is told that there is none (RFC 8446 section 4.4.2); if it
    /// insists, the connection ends in
    /// [`End::IdentityRefused`](super::End::IdentityRefused) or
    /// [`End::HandshakeAlert`](super::End::HandshakeAlert).
    ///
    /// # Errors
    /// [`NameError`] when `server` cannot be a name in a certificate.
    pub fn without_identity(
        server: &'a str,
        trust: TrustAnchors<'a>,
        clock: ClockPolicy,
    ) -> Result<Self, NameError> {
        let proof = Proof::Certificates {
            trust,
            current: None,
            next: None,
            clock,
        };
        Self::proved_by(proof, server)
    }

    /// A connection to a server that shares a key with this device and with
    /// nobody else: no certificates, no roots, no clock. **The key is all that
    /// tells the server**: its name is where it is looked for, and what it is
    /// told that the device looks for. Each connection has keys of its own as
    /// always (`psk_dhe_ke`): a key that is lost later opens none of the earlier
    /// ones.
    ///
    /// A server that does not take the key ends in
    /// [`ServerHelloError::SharedKey`](super::ServerHelloError::SharedKey).
    /// It is for [`run`](super::run): NGTT servers know devices by their
    /// certificates.
    ///
    /// # Errors
    /// [`NameError`] when `server` is neither a DNS name nor an IP address.
    pub fn with_external_psk(server: &'a str, psk: ExternalPsk<'a>) -> Result<Self, NameError> {
        Self::proved_by(Proof::SharedKey(psk), server)
    }

    fn proved_by(proof: Proof<'a>, server: &'a str) -> Result<Self, NameError> {
        Ok(Self {
            server: ServerName::try_from(server).map_err(|_| NameError)?,
            server_text: server,
            proof,
            slot: Slot::Current,
            handshake_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
            handshake_limits: HandshakeLimits::DEFAULT,
            session_limits: SessionLimits::DEFAULT,
        })
    }

    /// A second identity, for renewal: see [`Credentials`](super::Credentials).
    /// Where the device shows no certificate, or a shared key takes the place of
    /// certificates, nothing changes.
    #[must_use]
    pub fn with_next(mut self, identity: Identity<'a>) -> Self {
        if let Proof::Certificates {
            current: Some(_),
            next,
            ..
        } = &mut self.proof
        {
            *next = Some(identity);
        }
        self
    }

    /// Whether there is a second identity.
    pub fn has_next(&self) -> bool {
        matches!(self.proof, Proof::Certificates { next: Some(_), .. })
    }

    /// The identity that is shown; `None` where there is none, or a shared key
    /// takes its place.
    pub fn identity(&self) -> Option<Identity<'a>> {
        match (&self.proof, self.slot) {
            (Proof::SharedKey(_), _) => None,
            (
                Proof::Certificates {
                    next: Some(next), ..
                },
                Slot::Next,
            ) => Some(*next),
            (Proof::Certificates { current, .. }, _) => *current,
        }
    }

    /// Whether nobody looks at the time of the server's certificate.
    pub(crate) fn time_is_unchecked(&self) -> bool {
        matches!(&self.proof, Proof::Certificates { clock, .. } if clock.is_unchecked())
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
        match (&self.proof, self.identity()) {
            (_, Some(identity)) => identity.send_buffer_needed(),
            // In the ClientHello: the extension's head, two lists, the length
            // of the identity and its age, a binder.
            (Proof::SharedKey(psk), None) => {
                MIN_SEND + 4 + 2 + 2 + 2 + 4 + 33 + psk.identity().len()
            }
            (Proof::Certificates { .. }, None) => MIN_SEND,
        }
    }
}
