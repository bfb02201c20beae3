//! The verifier that embedded-tls asks, with a latch.
//!
//! embedded-tls 0.19 calls the verifier when the server sends a Certificate
//! and when it sends a CertificateVerify, and does not mind when it sends
//! neither, both twice, or the second before the first. The latch here
//! remembers: certificate, then signature, each exactly once and in that
//! order, or the connection is not opened.

use embedded_tls::{
    CertificateEntryRef, CertificateRef, CertificateVerifyRef, SignatureScheme, TlsCipherSuite,
    TlsError, TlsVerifier,
};
use rustls_pki_types::{CertificateDer, ServerName};
use sha2::digest::Digest as _;
use webpki::EndEntityCert;

use super::algorithm::{self, POINT_LENGTH};
use super::chain::{MAX_CHAIN, leaf_key, verify};
use super::clock::ClockPolicy;
use super::error::CertificateError;
use super::memory::{ChainMemory, Remember, digest};
use super::trust::TrustAnchors;

/// Where the proof of the server's identity stands.
#[derive(Clone, Copy, Debug)]
enum Latch {
    /// Nothing shown yet.
    Closed,
    /// The chain is good; the server still has to prove that it holds the
    /// key of the leaf, over this transcript.
    CertificateVerified {
        key: [u8; POINT_LENGTH],
        transcript: [u8; 32],
    },
    /// Both shown, once, in order.
    Open,
    /// Nothing to show: the server proves itself by the key that it shares
    /// with the device, and takes no other proof along.
    SharedKey,
    /// Refused; stays so whatever comes.
    Refused(CertificateError),
}

/// What a chain is judged by.
struct Judge<'a> {
    trust: TrustAnchors<'a>,
    server: ServerName<'a>,
    clock: ClockPolicy,
    /// What earlier handshakes left.
    memory: &'a dyn Remember,
}

/// Checks the server's certificate and signature for one handshake.
pub(crate) struct Verifier<'a> {
    /// `None` where a shared key takes the place of certificates.
    judge: Option<Judge<'a>>,
    found: Option<ChainMemory>,
    /// Signatures that were verified and good.
    signatures: u8,
    latch: Latch,
}

impl<'a> Verifier<'a> {
    /// `memory` is what an earlier handshake left.
    pub(crate) fn new(
        trust: TrustAnchors<'a>,
        server: ServerName<'a>,
        clock: ClockPolicy,
        memory: &'a dyn Remember,
    ) -> Self {
        Self {
            judge: Some(Judge {
                trust,
                server,
                clock,
                memory,
            }),
            found: None,
            signatures: 0,
            latch: Latch::Closed,
        }
    }

    /// For a handshake with a shared key: takes no certificate.
    pub(crate) const fn of_shared_key() -> Self {
        Self {
            judge: None,
            found: None,
            signatures: 0,
            latch: Latch::SharedKey,
        }
    }

    /// Whether the server has proved who it is; the reason when not.
    pub(crate) fn verdict(&self) -> Result<(), CertificateError> {
        match self.latch {
            Latch::Open | Latch::SharedKey => Ok(()),
            Latch::Refused(reason) => Err(reason),
            Latch::Closed | Latch::CertificateVerified { .. } => Err(CertificateError::Missing),
        }
    }

    /// What to remember for the next handshake, if that is news: this chain,
    /// once the server has proved that it holds its key.
    pub(crate) fn found(&self) -> Option<ChainMemory> {
        self.found.filter(|_| matches!(self.latch, Latch::Open))
    }

    /// Signatures that were verified, once the server is.
    pub(crate) const fn signatures(&self) -> u8 {
        self.signatures
    }

    /// The reason, when something was shown and refused.
    pub(crate) fn refusal(&self) -> Option<CertificateError> {
        match self.latch {
            Latch::Refused(reason) => Some(reason),
            _ => None,
        }
    }

    fn refuse<T>(&mut self, reason: CertificateError) -> Result<T, TlsError> {
        // The first reason is the interesting one.
        if !matches!(self.latch, Latch::Refused(_)) {
            self.latch = Latch::Refused(reason);
        }
        Err(TlsError::InvalidCertificate)
    }

    /// A Certificate message arrived; `transcript` is the hash up to and
    /// including it.
    pub(crate) fn certificate(
        &mut self,
        chain: &[CertificateDer<'_>],
        transcript: [u8; 32],
    ) -> Result<(), TlsError> {
        if !matches!(self.latch, Latch::Closed) {
            return self.refuse(CertificateError::OutOfOrder);
        }
        match self.chain_key(chain) {
            Ok(key) => {
                self.latch = Latch::CertificateVerified { key, transcript };
                Ok(())
            }
            Err(reason) => self.refuse(reason),
        }
    }

    /// The leaf's key, when the chain is good or known to be.
    fn chain_key(
        &mut self,
        chain: &[CertificateDer<'_>],
    ) -> Result<[u8; POINT_LENGTH], CertificateError> {
        let judge = self.judge.as_ref().ok_or(CertificateError::OutOfOrder)?;
        let now = judge.clock.now();
        let digest = digest(chain, &judge.server, &judge.trust);
        if judge.memory.chain().recalls(&digest, now) {
            // The key comes from the leaf that the digest vouches for.
            let leaf = chain.first().ok_or(CertificateError::Missing)?;
            return leaf_key(&EndEntityCert::try_from(leaf)?);
        }
        let verified = verify(chain, &judge.server, &judge.trust, now)?;
        self.found = Some(ChainMemory::new(digest, verified.validity));
        self.signatures = verified.signatures;
        Ok(verified.key)
    }

    /// A CertificateVerify message arrived (RFC 8446 section 4.4.3).
    pub(crate) fn signature(
        &mut self,
        scheme: SignatureScheme,
        signature: &[u8],
    ) -> Result<(), TlsError> {
        let Latch::CertificateVerified { key, transcript } = self.latch else {
            return self.refuse(CertificateError::OutOfOrder);
        };
        if scheme != SignatureScheme::EcdsaSecp256r1Sha256 {
            return self.refuse(CertificateError::UnsupportedKey);
        }
        let message = signed_message(&transcript);
        if algorithm::verify(&key, &message, signature).is_none() {
            return self.refuse(CertificateError::BadSignature);
        }
        self.signatures = self.signatures.saturating_add(1);
        self.latch = Latch::Open;
        Ok(())
    }
}

/// What the server signs: 64 spaces, the context, a zero, the transcript hash.
fn signed_message(transcript: &[u8; 32]) -> [u8; 130] {
    const CONTEXT: &[u8; 34] = b"TLS 1.3, server CertificateVerify\0";
    let mut message = [0x20; 130];
    message[64..98].copy_from_slice(CONTEXT);
    message[98..].copy_from_slice(transcript);
    message
}

impl<C> TlsVerifier<C> for Verifier<'_>
where
    C: TlsCipherSuite<Hash = sha2::Sha256>,
{
    fn set_hostname_verification(&mut self, _hostname: &str) -> Result<(), TlsError> {
        // The name was given when the verifier was made: it cannot be left out.
        Ok(())
    }

    fn verify_certificate(
        &mut self,
        transcript: &sha2::Sha256,
        certificate: CertificateRef<'_>,
    ) -> Result<(), TlsError> {
        let mut chain: heapless::Vec<CertificateDer<'_>, MAX_CHAIN> = heapless::Vec::new();
        for entry in &certificate.entries {
            let CertificateEntryRef::X509(der) = entry else {
                return self.refuse(CertificateError::UnsupportedKey);
            };
            if chain.push(CertificateDer::from_slice(der)).is_err() {
                return self.refuse(CertificateError::ChainTooLong);
            }
        }
        self.certificate(&chain, transcript.clone().finalize().into())
    }

    fn verify_signature(&mut self, verify: CertificateVerifyRef<'_>) -> Result<(), TlsError> {
        self.signature(verify.signature_scheme, verify.signature)
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod memory_tests;
#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
