//! The authorities a device trusts to name its servers.

use rustls_pki_types::{CertificateDer, TrustAnchor};

use webpki::EndEntityCert;

use super::pin::PublicKeyPin;
use super::strict;
use crate::der::Outline;

/// Most roots a device can trust at once.
pub const MAX_ROOTS: usize = 4;

/// The root certificates (DER) that a server's chain must end at.
///
/// Use an authority that signs servers and nothing else: devices should be
/// signed by another one, so that no device's certificate is ever part of a
/// path to this root.
#[derive(Clone, Copy, Debug)]
pub struct TrustAnchors<'a> {
    roots: &'a [&'a [u8]],
    /// None at all, or one of them must be in the chain.
    pins: &'a [PublicKeyPin],
}

/// Why a list of roots cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TrustError {
    /// The list is empty: nobody could ever be trusted.
    Empty,
    /// More than [`MAX_ROOTS`].
    TooMany,
    /// The root at this index is no X.509 certificate (version 3) in DER: a
    /// PEM file has to be decoded first. Or it has a critical extension that
    /// is not understood.
    NotACertificate {
        /// Index in the list.
        index: usize,
    },
    /// The root at this index is not an authority's: its basic constraints or
    /// its key usage do not allow it to sign certificates.
    NotAnAuthority {
        /// Index in the list.
        index: usize,
    },
    /// The list of pins is empty: no server could ever show one.
    NoPins,
}

impl core::fmt::Display for TrustError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Empty => f.write_str("no root certificate given"),
            Self::TooMany => write!(f, "more than {MAX_ROOTS} root certificates"),
            Self::NotACertificate { index } => write!(
                f,
                "root certificate {index} is not a certificate in DER (is it PEM?)"
            ),
            Self::NotAnAuthority { index } => {
                write!(f, "root certificate {index} is not an authority's")
            }
            Self::NoPins => f.write_str("the list of pins is empty"),
        }
    }
}

impl core::error::Error for TrustError {}

impl<'a> TrustAnchors<'a> {
    /// Checks and takes the roots, each one X.509 certificate in DER.
    ///
    /// # Errors
    /// [`TrustError`] when the list is empty, too long, or an entry is not a
    /// certificate.
    pub fn new(roots: &'a [&'a [u8]]) -> Result<Self, TrustError> {
        if roots.is_empty() {
            return Err(TrustError::Empty);
        }
        if roots.len() > MAX_ROOTS {
            return Err(TrustError::TooMany);
        }
        for (index, root) in roots.iter().enumerate() {
            let certificate = CertificateDer::from_slice(root);
            // Stricter than webpki is with its anchors: a critical extension
            // that is not understood is one too many here as well.
            let outline = EndEntityCert::try_from(&certificate)
                .ok()
                .and_then(|_| Outline::of(root))
                .filter(|outline| outline.validity().is_some())
                .ok_or(TrustError::NotACertificate { index })?;
            strict::check_root(&outline).map_err(|_| TrustError::NotAnAuthority { index })?;
        }
        Ok(Self { roots, pins: &[] })
    }

    /// Demands in addition that the server's own key or its root's is one of
    /// `pins`; the reason when it is not is
    /// [`CertificateError::NotPinned`](super::CertificateError::NotPinned).
    ///
    /// Give two at least: the key in use, and the one that takes over when it
    /// is lost. A device whose pins are all gone has to be flashed anew.
    ///
    /// # Errors
    /// [`TrustError::NoPins`] when the list is empty.
    pub fn with_pins(self, pins: &'a [PublicKeyPin]) -> Result<Self, TrustError> {
        if pins.is_empty() {
            return Err(TrustError::NoPins);
        }
        Ok(Self { pins, ..self })
    }

    pub(crate) fn roots(&self) -> &'a [&'a [u8]] {
        self.roots
    }

    pub(crate) fn pins(&self) -> &'a [PublicKeyPin] {
        self.pins
    }

    /// Calls `f` with those roots that `usable` lets through: their DER, and
    /// what webpki wants of them, in the same order. They are parsed anew each
    /// time: that costs far less than keeping them does.
    pub(crate) fn with<T>(
        &self,
        usable: impl Fn(&[u8]) -> bool,
        f: impl FnOnce(&[CertificateDer<'_>], &[TrustAnchor<'_>]) -> T,
    ) -> T {
        let certificates: heapless::Vec<CertificateDer<'_>, MAX_ROOTS> = self
            .roots
            .iter()
            .take(MAX_ROOTS)
            .filter(|root| usable(root))
            .map(|root| CertificateDer::from_slice(root))
            .collect();
        // `new` has parsed each of them once already.
        let anchors: heapless::Vec<TrustAnchor<'_>, MAX_ROOTS> = certificates
            .iter()
            .filter_map(|certificate| webpki::anchor_from_trusted_cert(certificate).ok())
            .collect();
        f(&certificates, &anchors)
    }
}
