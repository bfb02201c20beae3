//! What an order about the certificate says, and how it is answered.

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeSliceError, Engine as _};

use super::error::RenewalError;
use super::record::MAX_CERTIFICATE;
use super::request;
use crate::tls::SoftwareKey;

/// Longest request, in bytes of base64, for a certificate of up to
/// [`MAX_CERTIFICATE`] bytes. A usual one has some 300.
pub const LONGEST_REQUEST: usize = request::longest(MAX_CERTIFICATE).div_ceil(3) * 4;

/// The argument of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument<'o> {
    Request,
    Cancel,
    /// Base64 of a certificate, not looked at yet.
    Certificate(&'o str),
}

impl<'o> Argument<'o> {
    pub(super) fn read(text: &'o str) -> Self {
        match text {
            "request" => Self::Request,
            "cancel" => Self::Cancel,
            other => Self::Certificate(other),
        }
    }
}

/// The certificate in `text`.
///
/// # Errors
/// [`RenewalError::Argument`] and [`RenewalError::TooLong`].
pub(super) fn certificate(text: &str) -> Result<heapless::Vec<u8, MAX_CERTIFICATE>, RenewalError> {
    // The longest argument may end in two bytes of padding.
    let mut bytes = [0; MAX_CERTIFICATE + 2];
    let length = match STANDARD.decode_slice(text, &mut bytes) {
        Ok(length) => length,
        Err(DecodeSliceError::OutputSliceTooSmall) => return Err(RenewalError::TooLong),
        Err(DecodeSliceError::DecodeError(_)) => return Err(RenewalError::Argument),
    };
    let bytes = bytes.get(..length).unwrap_or_default();
    if bytes.is_empty() {
        return Err(RenewalError::Argument);
    }
    heapless::Vec::from_slice(bytes).map_err(|_| RenewalError::TooLong)
}

/// A request of `key` for the subject of the certificate `present`, as base64 in
/// `out`.
pub(super) fn encoded_request<'b>(
    key: &SoftwareKey,
    present: &[u8],
    out: &'b mut [u8],
) -> Result<&'b str, RenewalError> {
    let mut der = [0; request::longest(MAX_CERTIFICATE)];
    let length = request::request(key, present, &mut der)?;
    let der = der.get(..length).unwrap_or_default();
    let encoded = STANDARD.encode_slice(der, out);
    let length = encoded.map_err(|_| RenewalError::NoRoom)?;
    let text = out.get(..length).ok_or(RenewalError::NoRoom)?;
    core::str::from_utf8(text).map_err(|_| RenewalError::NoRoom)
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec;

    use super::*;

    fn encoded(bytes: &[u8]) -> String {
        let mut out = vec![0; bytes.len().div_ceil(3) * 4];
        STANDARD.encode_slice(bytes, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn words_are_told_from_certificates() {
        assert_eq!(Argument::read("request"), Argument::Request);
        assert_eq!(Argument::read("cancel"), Argument::Cancel);
        for other in ["", "Request", "request ", "MIIB"] {
            assert_eq!(Argument::read(other), Argument::Certificate(other));
        }
    }

    #[test]
    fn every_length_up_to_the_longest_is_read() {
        for length in (1..=MAX_CERTIFICATE).rev().take(5).chain(1..5) {
            let bytes = vec![0x30; length];
            let read = certificate(&encoded(&bytes)).unwrap();
            assert_eq!(read.as_slice(), bytes);
        }
        for length in [MAX_CERTIFICATE + 1, MAX_CERTIFICATE + 2, 4096, 100_000] {
            let refused = certificate(&encoded(&vec![0x30; length]));
            assert_eq!(refused, Err(RenewalError::TooLong), "{length}");
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for bad in [
            "",
            "====",
            "MII",
            "MIIB\n",
            " MIIB",
            "MI-_",
            "certificate",
            "MIIB MIIB",
            "M\u{fc}IB",
            // Bits that stand for nothing.
            "MIH=",
        ] {
            assert_eq!(certificate(bad), Err(RenewalError::Argument), "{bad:?}");
        }
    }
}
