//! Whom to believe and what to show.

use std::time::Duration;

use p256::pkcs8::DecodePrivateKey;
use wigwag_embassy::tls::rustls_pki_types::{CertificateDer, ServerName};
use wigwag_embassy::tls::{
    CertificateError, ClockPolicy, PublicKeyPin, TrustAnchors, TrustError, verify_chain,
};

/// Whom a [`DtlsNetwork`](super::DtlsNetwork) believes, and what it shows.
#[derive(Clone)]
pub struct DtlsParameters {
    server: ServerName<'static>,
    roots: Vec<Vec<u8>>,
    pins: Vec<PublicKeyPin>,
    clock: ClockPolicy,
    certificate: Vec<u8>,
    key: Vec<u8>,
    handshake: Duration,
}

/// Why parameters cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParametersError {
    /// The server is neither a DNS name nor an IP address.
    Server,
    /// The roots or the pins.
    Trust(TrustError),
    /// The key is no P-256 key in PKCS#8, DER (is it PEM?).
    Key,
}

impl core::fmt::Display for ParametersError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Server => f.write_str("the server is neither a DNS name nor an IP address"),
            Self::Trust(error) => error.fmt(f),
            Self::Key => f.write_str("the key is no P-256 key in PKCS#8, DER (is it PEM?)"),
        }
    }
}

impl std::error::Error for ParametersError {}

impl core::fmt::Debug for DtlsParameters {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DtlsParameters")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl DtlsParameters {
    /// How long a handshake may take, unless it is said otherwise.
    pub const HANDSHAKE: Duration = Duration::from_secs(10);

    /// The name that the server must prove, the roots (DER) that may vouch for
    /// it, this end's certificate (DER) with its key (P-256, PKCS#8 in DER), and
    /// the rule for the time.
    ///
    /// # Errors
    /// [`ParametersError`].
    pub fn new(
        server: &str,
        roots: Vec<Vec<u8>>,
        certificate: Vec<u8>,
        key: Vec<u8>,
        clock: ClockPolicy,
    ) -> Result<Self, ParametersError> {
        let server = ServerName::try_from(server).map_err(|_| ParametersError::Server)?;
        // Looked at now: dimpl ends the program over a key that it cannot read.
        p256::SecretKey::from_pkcs8_der(&key).map_err(|_| ParametersError::Key)?;
        let parameters = Self {
            server: server.to_owned(),
            roots,
            pins: Vec::new(),
            clock,
            certificate,
            key,
            handshake: Self::HANDSHAKE,
        };
        parameters.with_trust(|_| ())?;
        Ok(parameters)
    }

    /// Demands in addition that the server's own key or its root's is one of
    /// `pins`, as [`TrustAnchors::with_pins`] does.
    ///
    /// # Errors
    /// [`ParametersError::Trust`] when there is none.
    pub fn with_pins(mut self, pins: Vec<PublicKeyPin>) -> Result<Self, ParametersError> {
        if pins.is_empty() {
            return Err(ParametersError::Trust(TrustError::NoPins));
        }
        self.pins = pins;
        Ok(self)
    }

    /// Gives a handshake this long; at most an hour.
    #[must_use]
    pub fn with_handshake_limit(mut self, limit: Duration) -> Self {
        self.handshake = limit.clamp(Duration::from_millis(1), Duration::from_secs(3600));
        self
    }

    pub(super) fn handshake(&self) -> Duration {
        self.handshake
    }

    fn with_trust<T>(
        &self,
        use_it: impl FnOnce(&TrustAnchors<'_>) -> T,
    ) -> Result<T, ParametersError> {
        let roots: Vec<&[u8]> = self.roots.iter().map(Vec::as_slice).collect();
        let trust = TrustAnchors::new(&roots).and_then(|trust| {
            if self.pins.is_empty() {
                Ok(trust)
            } else {
                trust.with_pins(&self.pins)
            }
        });
        Ok(use_it(&trust.map_err(ParametersError::Trust)?))
    }

    /// Whether this certificate is the server's.
    pub(super) fn verify(&self, certificate: &[u8]) -> Result<(), CertificateError> {
        let chain = [CertificateDer::from_slice(certificate)];
        let now = self.clock.now();
        let verified = self.with_trust(|trust| verify_chain(&chain, &self.server, trust, now));
        // The roots were taken once already.
        verified
            .unwrap_or(Err(CertificateError::UnknownIssuer))
            .map(drop)
    }

    pub(super) fn identity(&self) -> dimpl::DtlsCertificate {
        dimpl::DtlsCertificate {
            certificate: self.certificate.clone(),
            private_key: self.key.clone(),
        }
    }
}
