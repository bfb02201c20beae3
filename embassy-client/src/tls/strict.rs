//! What webpki does not look at in a certificate.

use super::error::CertificateError;
use crate::der::{BIT_STRING, Outline, Reader};

/// `id-ce-keyUsage`, 2.5.29.15 (RFC 5280 section 4.2.1.3).
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
/// Bit 5 of the key usage, counted from the first.
const KEY_CERT_SIGN: u8 = 0x04;

/// The leaf.
pub(super) fn check_leaf(_leaf: &Outline<'_>) -> Result<(), CertificateError> {
    Ok(())
}

/// A certificate between leaf and root: when it restricts the use of its key,
/// signing certificates must be among the uses.
pub(super) fn check_issuer(issuer: &Outline<'_>) -> Result<(), CertificateError> {
    for extension in issuer.extensions() {
        if extension.id == KEY_USAGE {
            let bits = Reader::new(extension.value).expect(BIT_STRING);
            if !matches!(bits, Some([_, first, ..]) if first & KEY_CERT_SIGN != 0) {
                return Err(CertificateError::NotAnAuthority);
            }
        }
    }
    Ok(())
}
