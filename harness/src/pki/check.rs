//! Would a device accept this server, and can it use this identity? The
//! answers come from the code that runs on the device.

use rustls::pki_types::{CertificateDer, ServerName};
use std::fmt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wigwag_embassy::ngtt::Device;
use wigwag_embassy::tls::{
    CertificateError, Identity, IdentityError, Now, PublicKeyPin, SoftwareKey, TrustAnchors,
    TrustError, verify_chain,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What a device is told about servers, and the time it believes.
#[derive(Debug, Clone)]
pub struct DeviceView<'a> {
    /// The roots it trusts.
    pub roots: &'a [CertificateDer<'a>],
    /// The pins it demands; none for no demand.
    pub pins: &'a [PublicKeyPin],
    /// The time it believes.
    pub now: Now,
    /// Bytes of its TLS receive buffer.
    pub receive_buffer: usize,
}

/// Why a device would refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It would not start with these roots.
    Trust(TrustError),
    /// It would end the handshake.
    Certificate(CertificateError),
    /// The server's certificates do not fit into its receive buffer.
    Buffer {
        /// Bytes that the buffer needs.
        needed: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trust(error) => error.fmt(f),
            Self::Certificate(error) => error.fmt(f),
            Self::Buffer { needed } => write!(
                f,
                "the certificates need a TLS receive buffer of {needed} bytes"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

impl DeviceView<'_> {
    /// Asks the verifier that runs on the device whether `chain` (leaf first)
    /// proves `name`, and whether it fits.
    ///
    /// # Errors
    /// The device's reason.
    pub fn check(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Result<(), Refusal> {
        let roots: Vec<&[u8]> = self.roots.iter().map(|root| &**root).collect();
        let mut trust = TrustAnchors::new(&roots).map_err(Refusal::Trust)?;
        if !self.pins.is_empty() {
            trust = trust.with_pins(self.pins).map_err(Refusal::Trust)?;
        }
        verify_chain(chain, name, &trust, self.now).map_err(Refusal::Certificate)?;
        let needed = receive_buffer_needed(chain);
        if needed > self.receive_buffer {
            return Err(Refusal::Buffer { needed });
        }
        Ok(())
    }
}

/// Bytes of TLS receive buffer that a server's certificates need: they come as
/// one message in one record (RFC 8446, sections 4.4.2 and 5.2). A server that
/// puts the rest of its handshake into the same record needs some 200 more.
#[must_use]
pub fn receive_buffer_needed(chain: &[CertificateDer<'_>]) -> usize {
    // Record header, message header, context and list length; content type and
    // tag at the end.
    const AROUND: usize = 5 + 4 + 1 + 3 + 1 + 16;
    // Its length, and no extensions.
    const EACH: usize = 3 + 2;
    let certificates = chain.iter().map(|certificate| EACH + certificate.len());
    AROUND + certificates.sum::<usize>()
}

/// An identity that a device can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsableIdentity {
    /// The NGTT device's id, when the certificate has one.
    pub id: Option<String>,
    /// Bytes that the TLS send buffer needs.
    pub send_buffer_needed: usize,
}

/// Why a device cannot use a certificate and a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityRefusal {
    /// It would not start with them.
    Identity(IdentityError),
    /// The certificate is not valid at the time.
    NotValidNow,
    /// The certificate does not fit into its send buffer.
    Buffer {
        /// Bytes that the buffer needs.
        needed: usize,
    },
}

impl fmt::Display for IdentityRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(error) => error.fmt(f),
            Self::NotValidNow => f.write_str("the device certificate is not valid at this time"),
            Self::Buffer { needed } => write!(
                f,
                "the certificate needs a TLS send buffer of {needed} bytes"
            ),
        }
    }
}

impl std::error::Error for IdentityRefusal {}

/// Whether a device can use `certificate` with `key` (PKCS #8 or SEC 1), both
/// in DER, at `time` (seconds since 1970) with a TLS send buffer of
/// `send_buffer` bytes.
///
/// # Errors
/// [`IdentityRefusal`].
pub fn check_identity(
    certificate: &[u8],
    key: &[u8],
    time: u64,
    send_buffer: usize,
) -> Result<UsableIdentity, IdentityRefusal> {
    let key = SoftwareKey::from_der(key).map_err(IdentityRefusal::Identity)?;
    let identity = Identity::new(certificate, &key).map_err(IdentityRefusal::Identity)?;
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|_| IdentityRefusal::Identity(IdentityError::NotACertificate))?;
    let validity = parsed.validity();
    let valid = validity.not_before.timestamp()..=validity.not_after.timestamp();
    if !i64::try_from(time).is_ok_and(|time| valid.contains(&time)) {
        return Err(IdentityRefusal::NotValidNow);
    }
    let needed = identity.send_buffer_needed();
    if needed > send_buffer {
        return Err(IdentityRefusal::Buffer { needed });
    }
    Ok(UsableIdentity {
        id: Device::of_certificate(certificate)
            .ok()
            .map(|device| device.id.to_owned()),
        send_buffer_needed: needed,
    })
}

/// Seconds since 1970 of an RFC 3339 time from 1970 on, such as
/// `2026-11-20T12:00:00Z`.
#[must_use]
pub fn seconds_since_1970(text: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp()).ok()
}
