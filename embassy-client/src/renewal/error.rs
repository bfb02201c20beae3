//! Why a renewal did not go on.

use core::fmt;

use super::record::MAX_CERTIFICATE;
use crate::store::StoreError;
use crate::tls::{CertificateError, IdentityError};

/// Why an order about the device's certificate was refused. Nothing has changed
/// then, unless it is [`Store`](Self::Store).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RenewalError {
    /// The store could not do it: the device has what it had before, or what it
    /// was to have.
    Store(StoreError),
    /// The random generator failed, or the key cannot sign.
    Key,
    /// The order's argument is none of the words, and not base64 (RFC 4648
    /// section 4) with its padding.
    Argument,
    /// No key waits for a certificate: request one first.
    NotRequested,
    /// A certificate waits to be proved: have it proved, or cancel it.
    InProgress,
    /// It is not a certificate with a P-256 key, or not for the key that was
    /// made.
    Identity(IdentityError),
    /// It is an authority's.
    Authority,
    /// It is not valid now, or the device does not know the time.
    Time(CertificateError),
    /// It is for another subject than the present one.
    Subject,
    /// Device id or environment are not those of the present one.
    Device,
    /// It is longer than [`MAX_CERTIFICATE`].
    TooLong,
    /// It needs a larger TLS send buffer than the device has.
    SendBuffer {
        /// Bytes that it needs.
        needed: usize,
    },
    /// The buffer for the request is too short.
    NoRoom,
}

impl RenewalError {
    pub(super) const NO_CERTIFICATE: Self = Self::Identity(IdentityError::NotACertificate);
}

impl From<StoreError> for RenewalError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<IdentityError> for RenewalError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl fmt::Display for RenewalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Key => f.write_str("no key could be made, or it does not sign"),
            Self::Argument => {
                f.write_str("the argument is neither `request`, `cancel` nor base64 of DER")
            }
            Self::NotRequested => {
                f.write_str("no key waits for a certificate: order `request` first")
            }
            Self::InProgress => f.write_str(
                "a certificate waits for a connection to prove it: order `cancel` to give it up",
            ),
            Self::Identity(error) => error.fmt(f),
            Self::Authority => f.write_str("the certificate is an authority's"),
            Self::Time(error) => error.fmt(f),
            Self::Subject => f.write_str("the certificate is for another subject"),
            Self::Device => f.write_str("the certificate is for another device id or environment"),
            Self::TooLong => write!(
                f,
                "the certificate is longer than {MAX_CERTIFICATE} bytes, which is all there is room for"
            ),
            Self::SendBuffer { needed } => write!(
                f,
                "the certificate needs a TLS send buffer of {needed} bytes, which the device does \
                 not have"
            ),
            Self::NoRoom => f.write_str("the buffer for the request is too short"),
        }
    }
}

impl core::error::Error for RenewalError {}
