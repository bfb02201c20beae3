//! Why a server was not believed.

/// Why the server's certificate or its signature was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CertificateError {
    /// The server sent no certificate.
    Missing,
    /// The server sent its messages twice or in the wrong order.
    OutOfOrder,
    /// More certificates, or more ways to put them together, than a device
    /// looks at.
    ChainTooLong,
    /// A certificate is not valid DER, or uses something webpki refuses
    /// (another version than 3, an unknown critical extension, ...).
    Malformed,
    /// No path from the server's certificate to a trusted root.
    UnknownIssuer,
    /// A certificate of the path has expired.
    Expired,
    /// A certificate of the path is not valid yet: is this device's clock
    /// behind?
    NotYetValid,
    /// The clock is not set and the policy has no floor
    /// (see [`ClockPolicy`](super::ClockPolicy)).
    ClockNotSet,
    /// The certificate is for another server. Only subject alternative names
    /// count, the common name never does.
    WrongName,
    /// The certificate does not carry the extended key usage `serverAuth`: a
    /// device's certificate, for instance. Or its key usage leaves signing out.
    NotForServers,
    /// A certificate that may not sign others did: one of another server or
    /// device, or one whose key usage leaves it out.
    NotAnAuthority,
    /// A certificate that may sign others was shown as a server's.
    AuthorityAsServer,
    /// The path breaks a length or name constraint of one of its authorities.
    Constraint,
    /// A key or signature is not ECDSA on P-256 with SHA-256, the only kind
    /// this device verifies.
    UnsupportedKey,
    /// A signature does not fit its key.
    BadSignature,
    /// Neither the server's key nor its root's is one of those demanded by
    /// [`TrustAnchors::with_pins`](super::TrustAnchors::with_pins).
    NotPinned,
}

impl core::fmt::Display for CertificateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Missing => "no certificate from the server",
            Self::OutOfOrder => "the server's certificate messages came twice or out of order",
            Self::ChainTooLong => "the server's chain has too many certificates",
            Self::Malformed => "a certificate of the server's chain is malformed",
            Self::UnknownIssuer => "the server's certificate does not lead to a trusted root",
            Self::Expired => "certificate expired",
            Self::NotYetValid => "certificate not yet valid: check this device's clock",
            Self::ClockNotSet => "this device's clock is not set",
            Self::WrongName => "certificate not valid for the server's name",
            Self::NotForServers => {
                "the certificate is not meant for servers (serverAuth, digitalSignature)"
            }
            Self::NotAnAuthority => "issuer is not a CA",
            Self::AuthorityAsServer => "the server shows an authority's certificate as its own",
            Self::Constraint => "the server's chain breaks a constraint of its authorities",
            Self::UnsupportedKey => "a key of the server's chain is not ECDSA P-256 with SHA-256",
            Self::NotPinned => "neither the server's key nor its root's is pinned",
            Self::BadSignature => {
                "a signature does not fit its key: the server or the root is not the one meant"
            }
        })
    }
}

impl core::error::Error for CertificateError {}

impl From<webpki::Error> for CertificateError {
    fn from(error: webpki::Error) -> Self {
        use webpki::Error;
        match error {
            Error::CertExpired { .. } => Self::Expired,
            Error::CertNotValidYet { .. } => Self::NotYetValid,
            Error::CertNotValidForName(_) | Error::UnsupportedNameType => Self::WrongName,
            Error::UnknownIssuer | Error::CertDistrusted => Self::UnknownIssuer,
            Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => Self::NotForServers,
            Error::EndEntityUsedAsCa => Self::NotAnAuthority,
            Error::CaUsedAsEndEntity => Self::AuthorityAsServer,
            Error::PathLenConstraintViolated
            | Error::NameConstraintViolation
            | Error::MaximumNameConstraintComparisonsExceeded => Self::Constraint,
            Error::MaximumPathDepthExceeded
            | Error::MaximumPathBuildCallsExceeded
            | Error::MaximumSignatureChecksExceeded => Self::ChainTooLong,
            Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::UnsupportedKey,
            Error::InvalidSignatureForPublicKey | Error::SignatureAlgorithmMismatch => {
                Self::BadSignature
            }
            _ => Self::Malformed,
        }
    }
}
