//! What the device shows to prove who it is: a certificate, and something
//! that can sign with its key.

use rustls_pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::algorithm::{KeyCapture, POINT_LENGTH};
use super::buffers::MIN_SEND;

/// Longest ECDSA signature on P-256 in DER, in bytes.
pub const MAX_SIGNATURE: usize = 72;

/// Signs for the device. A secure element implements this;
/// [`SoftwareKey`](super::SoftwareKey) does for a key in memory.
///
/// # Implementing it for a secure element
/// - It is asked once a handshake, after the server has been verified.
/// - An element that wants the hash is given the SHA-256 of `message`, which
///   has 130 bytes; one that answers with r and s needs
///   [`signature_to_der`](super::signature_to_der).
/// - **The call must not return before the signature is there**: embedded-tls
///   asks for it in the middle of a poll. As long as it takes it stops the
///   other tasks of this executor, and no deadline cuts it short; the server's
///   patience may end. Tasks that must not wait belong on an executor of higher
///   priority, which interrupts it.
/// - It is `&self`: a driver that needs `&mut` is put into a `RefCell`, or into
///   a mutex if somebody else uses the same bus.
/// - It must have an end: an element that does not answer is an error after a
///   time that the implementation chooses. It must not panic.
/// - Where the element knows its public key, say so: a certificate of another
///   key is found out at boot then, and not by the server.
///
/// ```
/// use wigwag_embassy::tls::{MAX_SIGNATURE, SignError, Signer, signature_to_der};
/// # struct Element;
/// # impl Element { fn sign(&self, _: &[u8]) -> Result<[u8; 64], ()> { Err(()) } }
///
/// struct InElement(Element);
///
/// impl Signer for InElement {
///     fn sign(
///         &self,
///         message: &[u8],
///         signature: &mut [u8; MAX_SIGNATURE],
///     ) -> Result<usize, SignError> {
///         let raw = self.0.sign(message).map_err(|_| SignError)?;
///         signature_to_der(&raw, signature)
///     }
/// }
/// ```
pub trait Signer {
    /// Signs `message` with ECDSA on P-256 over its SHA-256, writes the
    /// signature in DER to the start of `signature` and returns its length.
    /// What is no signature in DER counts as an error.
    ///
    /// # Errors
    /// [`SignError`] when no signature could be made; the connection then ends
    /// with [`End::SignerFailed`](super::End::SignerFailed).
    fn sign(&self, message: &[u8], signature: &mut [u8; MAX_SIGNATURE])
    -> Result<usize, SignError>;

    /// The public key as an uncompressed point, when it is known:
    /// [`Identity::new`] then checks that the certificate is for this key.
    fn public_key(&self) -> Option<[u8; POINT_LENGTH]> {
        None
    }
}

/// The signer could not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SignError;

impl core::fmt::Display for SignError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the device's key could not sign")
    }
}

impl core::error::Error for SignError {}

/// The device's certificate (DER) and the signer of its key.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    certificate: &'a [u8],
    signer: &'a dyn Signer,
}

/// Why a certificate and a key cannot be an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum IdentityError {
    /// The certificate is not X.509 in DER with a P-256 key (a PEM file has to
    /// be decoded first).
    NotACertificate,
    /// The private key is not a P-256 key in PKCS #8 or SEC 1 DER.
    NotAKey,
    /// The certificate is for another key.
    KeyMismatch,
}

impl core::fmt::Display for IdentityError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NotACertificate => {
                "the device certificate is not X.509 in DER with a P-256 key (is it PEM?)"
            }
            Self::NotAKey => "the device key is not a P-256 key in PKCS #8 or SEC 1 DER",
            Self::KeyMismatch => "the device certificate is for another key",
        })
    }
}

impl core::error::Error for IdentityError {}

impl<'a> Identity<'a> {
    /// Joins a certificate and the signer of its key.
    ///
    /// The server has to know the intermediates, if there are any: TLS on the
    /// device sends the one certificate.
    ///
    /// # Errors
    /// [`IdentityError`] when the certificate is not usable or, where the
    /// signer tells its public key, is for another key.
    pub fn new(certificate: &'a [u8], signer: &'a dyn Signer) -> Result<Self, IdentityError> {
        let der = CertificateDer::from_slice(certificate);
        let parsed = EndEntityCert::try_from(&der).map_err(|_| IdentityError::NotACertificate)?;
        let key = KeyCapture::new();
        parsed
            .verify_signature(&key, &[], &[])
            .map_err(|_| IdentityError::NotACertificate)?;
        if let Some(public_key) = signer.public_key()
            && key.point() != Some(public_key)
        {
            return Err(IdentityError::KeyMismatch);
        }
        Ok(Self {
            certificate,
            signer,
        })
    }

    /// Bytes the TLS send buffer must have for this identity: one record with
    /// the certificate, or the ClientHello.
    pub fn send_buffer_needed(&self) -> usize {
        // Record header, message header, context and list lengths, the
        // certificate's own length, its extensions, content type and tag.
        const AROUND: usize = 5 + 4 + 1 + 3 + 3 + 2 + 1 + 16;
        (self.certificate.len() + AROUND).max(MIN_SEND)
    }

    /// The certificate, in DER.
    pub fn certificate(&self) -> &'a [u8] {
        self.certificate
    }

    pub(crate) fn signer(&self) -> &'a dyn Signer {
        self.signer
    }
}

impl core::fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Identity")
            .field("certificate_length", &self.certificate.len())
            .finish_non_exhaustive()
    }
}
