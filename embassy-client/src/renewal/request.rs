//! A request for a certificate: PKCS #10 (RFC 2986) with a P-256 key, signed by
//! ECDSA with SHA-256 (RFC 5758 section 3.2).

use super::error::RenewalError;
use super::writer::Writer;
use crate::der::{BIT_STRING, CONTEXT_0, INTEGER, OBJECT_IDENTIFIER, Outline, SEQUENCE};
use crate::tls::{EC_PUBLIC_KEY, MAX_SIGNATURE, SECP256R1, Signer, SoftwareKey};

/// 1.2.840.10045.4.3.2, `ecdsa-with-SHA256`.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// Bytes of a request around the contents of its subject, at most: with all
/// lengths at their longest and the longest signature.
const AROUND: usize = 8 + 3 + 4 + 91 + 2 + 12 + 3 + MAX_SIGNATURE;

/// Bytes that the longest request has whose subject is within a certificate of
/// `certificate` bytes.
pub(super) const fn longest(certificate: usize) -> usize {
    AROUND + certificate
}

/// Writes a request of `key` for the subject of `certificate` to the start of
/// `out`, in DER, and returns its length. The same key makes the same request
/// each time, byte for byte: its signature needs no random numbers (RFC 6979).
///
/// The subject is copied as it is. There are no attributes: what the certificate
/// is to say beside key and subject, the authority knows from its own books.
///
/// # Errors
/// [`RenewalError::Identity`] when `certificate` is none,
/// [`RenewalError::NoRoom`] when `out` is too short, [`RenewalError::Key`] when
/// the key does not sign.
pub fn request(
    key: &SoftwareKey,
    certificate: &[u8],
    out: &mut [u8],
) -> Result<usize, RenewalError> {
    let outline = Outline::of(certificate).ok_or(RenewalError::NO_CERTIFICATE)?;
    let point = key.public_key().ok_or(RenewalError::Key)?;
    let info = info(outline.subject, &point, out).ok_or(RenewalError::NoRoom)?;

    let mut signature = [0; MAX_SIGNATURE];
    let signed = out.get(out.len() - info..).ok_or(RenewalError::NoRoom)?;
    let length = key.sign(signed, &mut signature);
    let length = length.map_err(|_| RenewalError::Key)?;
    let signature = signature.get(..length).ok_or(RenewalError::Key)?;
    sign(info, signature, out).ok_or(RenewalError::NoRoom)
}

/// `CertificationRequestInfo` (section 4.1), at the end of `out`; its length.
fn info(subject: &[u8], point: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut to = Writer::new(out);
    let info = to.end();
    to.element(CONTEXT_0, &[])?; // no attributes

    // SubjectPublicKeyInfo (RFC 5480 section 2).
    let key = to.end();
    to.raw(point)?;
    to.raw(&[0])?; // no unused bits
    to.wrap(BIT_STRING, key)?;
    let algorithm = to.end();
    to.element(OBJECT_IDENTIFIER, SECP256R1)?;
    to.element(OBJECT_IDENTIFIER, EC_PUBLIC_KEY)?;
    to.wrap(SEQUENCE, algorithm)?;
    to.wrap(SEQUENCE, key)?;

    to.element(SEQUENCE, subject)?;
    to.element(INTEGER, &[0])?; // version 1
    to.wrap(SEQUENCE, info)?;
    Some(to.written().len())
}

/// Puts algorithm and signature behind the `info` bytes at the end of `out`, and
/// all of it to the start of `out`; its length.
fn sign(info: usize, signature: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut tail = [0; 12 + 3 + MAX_SIGNATURE];
    let mut to = Writer::new(&mut tail);
    let end = to.end();
    to.raw(signature)?;
    to.raw(&[0])?;
    to.wrap(BIT_STRING, end)?;
    let algorithm = to.end();
    to.element(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256)?;
    to.wrap(SEQUENCE, algorithm)?;
    let tail = to.written();

    let from = out.len().checked_sub(info)?;
    // A step to the left, to make room for what follows.
    let room = from.checked_sub(tail.len())?;
    out.copy_within(from.., room);
    out.get_mut(room + info..)?.copy_from_slice(tail);
    let mut to = Writer::new(out);
    let end = to.end();
    to.skip(info + tail.len())?;
    to.wrap(SEQUENCE, end)?;
    let length = to.written().len();
    let from = out.len() - length;
    out.copy_within(from.., 0);
    Some(length)
}
