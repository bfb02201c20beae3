//! Is this chain of certificates the server we meant?
//!
//! webpki builds and checks the path (RFC 5280 section 6): signatures, basic
//! constraints, path lengths, name constraints, unknown critical extensions.
//! Added here: the leaf must carry `serverAuth` itself, and what a clock that
//! only knows a floor may conclude. webpki does not look at `keyCertSign`.

use core::cell::Cell;
use core::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter};

use super::algorithm::{EcdsaP256, KeyCapture, POINT_LENGTH};
use super::clock::Now;
use super::error::CertificateError;
use super::trust::TrustAnchors;

/// Most certificates a server may send: embedded-tls parses no more.
pub const MAX_CHAIN: usize = 16;

/// `id-kp-serverAuth`, 1.3.6.1.5.5.7.3.1 (RFC 5280 section 4.2.1.12).
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// Requires `serverAuth` of the leaf, and of authorities only when they
/// restrict their use at all: honest intermediates often have no such
/// extension.
struct ServerAuth {
    leaf_seen: Cell<bool>,
}

impl ExtendedKeyUsageValidator for ServerAuth {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        // webpki shows the leaf first, exactly once, before any issuer.
        let is_leaf = !self.leaf_seen.replace(true);
        let mut restricted = false;
        for purpose in purposes {
            restricted = true;
            if purpose? == KeyPurposeId::new(SERVER_AUTH) {
                return Ok(());
            }
        }
        if restricted || is_leaf {
            // The error that stands for "a required purpose is missing" has no
            // public constructor without an allocator.
            return Err(webpki::Error::EmptyEkuExtension);
        }
        Ok(())
    }
}

/// Verifies that `chain` (leaf first, DER) proves the name `server` to a
/// device that trusts `trust`, when its clock tells `now`, and returns the
/// leaf's public key as an uncompressed P-256 point.
///
/// This is what a device does during the handshake; `wigwag pki check` calls
/// it to answer "would a device accept this chain?".
///
/// # Errors
/// The [`CertificateError`] that names the first reason found.
pub fn verify_chain(
    chain: &[CertificateDer<'_>],
    server: &ServerName<'_>,
    trust: &TrustAnchors<'_>,
    now: Now,
) -> Result<[u8; POINT_LENGTH], CertificateError> {
    let (leaf, intermediates) = chain.split_first().ok_or(CertificateError::Missing)?;
    if chain.len() > MAX_CHAIN {
        return Err(CertificateError::ChainTooLong);
    }
    let leaf = EndEntityCert::try_from(leaf)?;
    // Cheap checks first: a path costs a signature verification, 10 million
    // instructions on a small device.
    leaf.verify_is_valid_for_subject_name(server)?;
    let key = KeyCapture::new();
    leaf.verify_signature(&key, &[], &[])?;
    let point = key.point().ok_or(CertificateError::UnsupportedKey)?;
    match now {
        Now::Unknown => return Err(CertificateError::ClockNotSet),
        Now::At(time) => verify_path(&leaf, intermediates, trust, time)?,
        Now::AtLeast(floor) => verify_path_after(&leaf, intermediates, trust, floor)?,
    }
    Ok(point)
}

fn verify_path(
    leaf: &EndEntityCert<'_>,
    intermediates: &[CertificateDer<'_>],
    trust: &TrustAnchors<'_>,
    time: u64,
) -> Result<(), webpki::Error> {
    let algorithms: &[&dyn SignatureVerificationAlgorithm] = &[&EcdsaP256];
    let usage = ServerAuth {
        leaf_seen: Cell::new(false),
    };
    trust.with(|anchors| {
        leaf.verify_for_usage(
            algorithms,
            anchors,
            intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(time)),
            usage,
            None,
            None,
        )
        .map(|_| ())
    })
}

/// With a floor only: is there a time at or after it at which the whole path
/// is valid? webpki answers for one time; each "not valid yet" names the next
/// one to ask for, at most once a certificate, before any signature is checked.
fn verify_path_after(
    leaf: &EndEntityCert<'_>,
    intermediates: &[CertificateDer<'_>],
    trust: &TrustAnchors<'_>,
    floor: u64,
) -> Result<(), webpki::Error> {
    let mut time = floor;
    for _ in 0..MAX_CHAIN {
        match verify_path(leaf, intermediates, trust, time) {
            Err(webpki::Error::CertNotValidYet { not_before, .. })
                if not_before.as_secs() > time =>
            {
                time = not_before.as_secs();
            }
            result => return result,
        }
    }
    Err(webpki::Error::UnknownIssuer)
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
