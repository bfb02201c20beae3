//! What webpki does not look at in a certificate: who may sign others, and
//! what has no place in a server's own.

use super::error::CertificateError;
use crate::der::{BIT_STRING, BOOLEAN, Outline, Reader, SEQUENCE};

/// Identifiers of extensions (RFC 5280 section 4.2.1): 2.5.29 and a number.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];

/// Bits 0 and 5 of the key usage, counted from the highest.
const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_CERT_SIGN: u8 = 0x04;

/// The first eight bits of the key usage, when the certificate restricts it.
fn key_usage(certificate: &Outline<'_>) -> Option<u8> {
    let value = certificate.extension(KEY_USAGE)?;
    let bits = Reader::new(value).expect(BIT_STRING).unwrap_or_default();
    // The first byte counts the unused bits at the end.
    Some(bits.get(1).copied().unwrap_or_default())
}

/// The server's own certificate.
///
/// - A restricted key must be allowed to sign (RFC 8446 section 4.4.2.2), and
///   must not be allowed to sign certificates: that would make it an
///   authority's (RFC 5280 section 4.2.1.3).
/// - Name constraints are for authorities (section 4.2.1.10).
pub(super) fn check_leaf(leaf: &Outline<'_>) -> Result<(), CertificateError> {
    match key_usage(leaf) {
        Some(usage) if usage & KEY_CERT_SIGN != 0 => Err(CertificateError::AuthorityAsServer),
        Some(usage) if usage & DIGITAL_SIGNATURE == 0 => Err(CertificateError::NotForServers),
        _ if leaf.extension(NAME_CONSTRAINTS).is_some() => Err(CertificateError::Malformed),
        _ => Ok(()),
    }
}

/// A certificate between leaf and root; that it is an authority's at all is
/// webpki's to check.
///
/// - It has a name (section 4.1.2.6).
/// - A restricted key must be allowed to sign certificates (section 4.2.1.3).
pub(super) fn check_issuer(issuer: &Outline<'_>) -> Result<(), CertificateError> {
    if issuer.subject.is_empty() {
        return Err(CertificateError::Malformed);
    }
    match key_usage(issuer) {
        Some(usage) if usage & KEY_CERT_SIGN == 0 => Err(CertificateError::NotAnAuthority),
        _ => Ok(()),
    }
}

/// A root, of which webpki takes name and key and nothing else: it must say of
/// itself that it is an authority (section 4.2.1.9), so that nobody trusts a
/// server's own certificate as one by mistake.
pub(super) fn check_root(root: &Outline<'_>) -> Result<(), CertificateError> {
    let constraints = root.extension(BASIC_CONSTRAINTS).unwrap_or_default();
    let constraints = Reader::new(constraints)
        .expect(SEQUENCE)
        .unwrap_or_default();
    match Reader::new(constraints).expect(BOOLEAN) {
        Some(&[is_authority]) if is_authority != 0 => check_issuer(root),
        _ => Err(CertificateError::NotAnAuthority),
    }
}
