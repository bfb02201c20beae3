//! Everything embedded-tls asks its environment for, during one handshake.

use core::cell::Cell;

use embedded_tls::{Certificate, CryptoProvider, SignatureScheme, TlsError, TlsVerifier};
use p256::ecdsa::signature;
use rand_core::CryptoRngCore;

use super::cipher::Suite;
use super::identity::{Identity, MAX_SIGNATURE, Signer};
use super::witness::Witness;

/// Random numbers, verifier and identity for one handshake. The identity is
/// shown to nobody before the latch of the verifier is open.
pub(crate) struct Provider<'p, R> {
    rng: &'p mut R,
    witness: Witness<'p>,
    /// `None` where there is none, or a shared key takes its place.
    identity: Option<Identity<'p>>,
    signer_failed: Cell<bool>,
}

impl<'p, R: CryptoRngCore> Provider<'p, R> {
    pub(crate) fn new(
        rng: &'p mut R,
        witness: Witness<'p>,
        identity: Option<Identity<'p>>,
    ) -> Self {
        Self {
            rng,
            witness,
            identity,
            signer_failed: Cell::new(false),
        }
    }

    pub(crate) fn witness(&self) -> &Witness<'p> {
        &self.witness
    }

    #[cfg(test)]
    pub(crate) fn witness_mut(&mut self) -> &mut Witness<'p> {
        &mut self.witness
    }

    /// The identity, once the server is verified.
    fn shown(&self) -> Option<Identity<'p>> {
        let verified = self.witness.verifier().verdict().is_ok();
        self.identity.filter(|_| verified)
    }

    pub(crate) fn signer_failed(&self) -> bool {
        self.signer_failed.get()
    }
}

/// A signature in DER, as embedded-tls wants to hold it.
#[derive(Clone)]
pub(crate) struct SignatureBytes(heapless::Vec<u8, MAX_SIGNATURE>);

impl AsRef<[u8]> for SignatureBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A [`Signer`] behind the trait that embedded-tls calls, which must not fail:
/// it panics on an error. A failure is flagged, and a signature that no key
/// fits goes out in its place.
pub(crate) struct Infallible<'s> {
    signer: &'s dyn Signer,
    failed: &'s Cell<bool>,
}

impl signature::Signer<SignatureBytes> for Infallible<'_> {
    fn try_sign(&self, message: &[u8]) -> Result<SignatureBytes, signature::Error> {
        let mut bytes = [0; MAX_SIGNATURE];
        let signed = self
            .signer
            .sign(message, &mut bytes)
            .ok()
            .and_then(|length| bytes.get(..length))
            // A server would refuse anything else, and for a refused identity
            // the reason would be another one.
            .filter(|bytes| super::signature::from_der(bytes).is_some())
            .and_then(|signature| heapless::Vec::from_slice(signature).ok())
            .unwrap_or_else(|| {
                self.failed.set(true);
                heapless::Vec::new()
            });
        Ok(SignatureBytes(signed))
    }
}

impl<R: CryptoRngCore> CryptoProvider for Provider<'_, R> {
    type CipherSuite = Suite;
    type Signature = SignatureBytes;

    fn rng(&mut self) -> impl CryptoRngCore {
        &mut *self.rng
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Suite>, TlsError> {
        Ok(&mut self.witness)
    }

    fn signer(
        &mut self,
    ) -> Result<(impl signature::SignerMut<SignatureBytes>, SignatureScheme), TlsError> {
        let identity = self.shown().ok_or(TlsError::InvalidCertificate)?;
        let signer = Infallible {
            signer: identity.signer(),
            failed: &self.signer_failed,
        };
        Ok((signer, SignatureScheme::EcdsaSecp256r1Sha256))
    }

    fn client_cert(&mut self) -> Option<Certificate<impl AsRef<[u8]>>> {
        let identity = self.shown()?;
        Some(Certificate::X509(identity.certificate()))
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
