//! rustls configurations from the certificates.

use super::{Identity, KeyLogFile, Pki, PkiError};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientCertVerifierBuilder, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use std::sync::Arc;

/// TLS 1.3 only: what the protocol asks for, and all the device can.
const VERSIONS: &[&SupportedProtocolVersion] = &[&version::TLS13];

/// With TLS 1.2 too, for older peers.
const OLDER_VERSIONS: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

impl Pki {
    /// A server that shows the server's identity and asks every client for a
    /// certificate of the device CA.
    ///
    /// TLS 1.3 only, unless `tls12` is set. `keylog` gets the secrets.
    ///
    /// # Errors
    /// [`PkiError::Tls`] when the certificates cannot be used.
    pub fn server_config(
        &self,
        tls12: bool,
        keylog: Option<KeyLogFile>,
    ) -> Result<ServerConfig, PkiError> {
        let versions = if tls12 { OLDER_VERSIONS } else { VERSIONS };
        self.config(versions, keylog, |verifier| verifier)
    }

    /// The same for clients that need no certificate: those that show one must
    /// show one of the device CA. TLS 1.3 only.
    ///
    /// # Errors
    /// [`PkiError::Tls`] when the certificates cannot be used.
    pub fn public_server_config(
        &self,
        keylog: Option<KeyLogFile>,
    ) -> Result<ServerConfig, PkiError> {
        self.config(VERSIONS, keylog, |verifier| {
            verifier.allow_unauthenticated()
        })
    }

    fn config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        keylog: Option<KeyLogFile>,
        adjust: fn(ClientCertVerifierBuilder) -> ClientCertVerifierBuilder,
    ) -> Result<ServerConfig, PkiError> {
        let devices = Arc::new(roots(self.device_ca())?);
        let verifier = WebPkiClientVerifier::builder_with_provider(devices, provider());
        let verifier = adjust(verifier)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                self.server.chain.clone(),
                self.server.key.clone_key().into(),
            )?;
        if let Some(keylog) = keylog {
            config.key_log = Arc::new(keylog);
        }
        Ok(config)
    }

    /// A client that trusts the server CA, with an identity to show or
    /// without. For tests that speak to a server by hand.
    ///
    /// # Errors
    /// [`PkiError::Tls`] when the certificates cannot be used.
    pub fn client_config(&self, identity: Option<&Identity>) -> Result<ClientConfig, PkiError> {
        client_config(&[self.server_ca().clone()], identity)
    }
}

/// A client that trusts these roots, with an identity to show or without. TLS 1.3
/// only.
///
/// # Errors
/// [`PkiError::Tls`] when the certificates cannot be used.
pub fn client_config(
    roots: &[CertificateDer<'static>],
    identity: Option<&Identity>,
) -> Result<ClientConfig, PkiError> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone())?;
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)?
        .with_root_certificates(store);
    Ok(match identity {
        Some(identity) => builder
            .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key().into())?,
        None => builder.with_no_client_auth(),
    })
}

impl Identity {
    /// Whether the key is known not to be the certificate's. What else may be
    /// wrong with either shows when they are used.
    pub(super) fn has_another_key(&self) -> bool {
        let key = self.key.clone_key().into();
        let pair = CertifiedKey::from_der(self.chain.clone(), key, &provider());
        matches!(pair, Err(rustls::Error::InconsistentKeys(_)))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn roots(certificate: &CertificateDer<'static>) -> Result<RootCertStore, PkiError> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    Ok(roots)
}
