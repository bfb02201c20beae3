//! Security parameters (RFC 9622 section 6.3).
//!
//! Security is a type and never a preference: [`SecurityParameters`] allows
//! secure stacks only, [`Disabled`] the others only, and nothing stands between
//! them. So no code path leads from one to the other (RFC 9621 section 6).

use core::fmt;

use super::property::named::{named, same_name};
use super::stack::StackId;
use super::support::{Answer, Support};
use crate::tls::{
    ClockPolicy, ExternalPsk, Identity, NameError, PublicKeyPin, TlsParameters, TrustAnchors,
    TrustError,
};

named! {
    /// The security parameters and callbacks of RFC 9622 section 6.3, by name.
    /// [`security_support`] says what each does here.
    pub enum SecurityParameter: same_name, "security parameter" {
        /// Which protocols may be used (6.3.1).
        AllowedSecurityProtocols = "allowedSecurityProtocols",
        /// What a listener shows (6.3.2).
        ServerCertificate = "serverCertificate",
        /// What the side that initiates shows (6.3.2).
        ClientCertificate = "clientCertificate",
        /// What the server must have beside a valid chain (6.3.3).
        PinnedServerCertificate = "pinnedServerCertificate",
        /// Which application protocol is spoken (6.3.4).
        Alpn = "alpn",
        /// The groups of the key exchange (6.3.5).
        SupportedGroup = "supportedGroup",
        /// The cipher suites (6.3.5).
        Ciphersuite = "ciphersuite",
        /// The signature algorithms (6.3.5).
        SignatureAlgorithm = "signatureAlgorithm",
        /// How many sessions are kept for resumption (6.3.6).
        MaxCachedSessions = "maxCachedSessions",
        /// For how long (6.3.6).
        CachedSessionLifetimeSeconds = "cachedSessionLifetimeSeconds",
        /// A key that both ends have (6.3.7).
        PreSharedKey = "preSharedKey",
        /// Asked whether the peer's certificate is good (6.3.8).
        TrustVerificationCallback = "trustVerificationCallback",
        /// Asked to sign when the peer wants proof (6.3.8).
        IdentityChallengeCallback = "identityChallengeCallback",
    }
}

impl SecurityParameter {
    /// The one value that there is, where there is one.
    #[must_use]
    pub const fn only_value(self) -> Option<&'static str> {
        match self {
            Self::AllowedSecurityProtocols => Some("TLS 1.3"),
            Self::SupportedGroup => Some("secp256r1"),
            Self::Ciphersuite => Some("TLS_AES_128_GCM_SHA256"),
            Self::SignatureAlgorithm => Some("ecdsa_secp256r1_sha256"),
            Self::MaxCachedSessions | Self::CachedSessionLifetimeSeconds => Some("0"),
            Self::ServerCertificate
            | Self::ClientCertificate
            | Self::PinnedServerCertificate
            | Self::Alpn
            | Self::PreSharedKey
            | Self::TrustVerificationCallback
            | Self::IdentityChallengeCallback => None,
        }
    }
}

/// What a security parameter does on a device.
///
/// ```
/// use wigwag_embassy::taps::{SecurityParameter, Support, security_support};
///
/// let alpn = security_support(SecurityParameter::Alpn);
/// assert_eq!(alpn.support, Support::Unsupported);
/// ```
#[must_use]
pub const fn security_support(parameter: SecurityParameter) -> Answer {
    use SecurityParameter as P;
    use Support::{Applied, Partial, Unsupported};
    match parameter {
        P::AllowedSecurityProtocols => Answer::new(
            Partial,
            "TLS 1.3 and nothing else, so there is nothing to fall back to",
        ),
        P::ServerCertificate => Answer::new(
            Unsupported,
            "embedded-tls has no server role: a device does not listen with TLS",
        ),
        P::ClientCertificate => Answer::new(
            Applied,
            "Identity, and a second one while certificates are renewed; or none, if asked for so",
        ),
        P::PinnedServerCertificate => Answer::new(
            Applied,
            "by public key: TrustAnchors::with_pins(), of the server or its root, beside the chain",
        ),
        P::Alpn => Answer::new(
            Unsupported,
            "embedded-tls does not tell which protocol the server chose, so none is offered",
        ),
        P::SupportedGroup => Answer::new(Partial, "secp256r1 and nothing else"),
        P::Ciphersuite => Answer::new(Partial, "TLS_AES_128_GCM_SHA256 and nothing else"),
        P::SignatureAlgorithm => Answer::new(Partial, "ecdsa_secp256r1_sha256 and nothing else"),
        P::MaxCachedSessions => Answer::new(
            Partial,
            "0 and nothing else: embedded-tls keeps no tickets; the last good chain is remembered",
        ),
        P::CachedSessionLifetimeSeconds => {
            Answer::new(Partial, "0 and nothing else: embedded-tls keeps no tickets")
        }
        P::PreSharedKey => Answer::new(
            Applied,
            "ExternalPsk, in place of certificates; one key a connection",
        ),
        P::TrustVerificationCallback => Answer::new(
            Unsupported,
            "the verifier decides, and an application cannot accept what it refuses; pins narrow \
             what it accepts",
        ),
        P::IdentityChallengeCallback => Answer::new(
            Applied,
            "Signer::sign() is asked in each handshake; a secure element can answer",
        ),
    }
}

/// What the two ends of a secure connection prove themselves with: RFC 9622's
/// `NewSecurityParameters`. There are no defaults for trust, identity and clock.
///
/// ```
/// # use wigwag_embassy::tls::{ClockPolicy, ExternalPsk, Identity, NameError, TrustAnchors};
/// use wigwag_embassy::taps::SecurityParameters;
///
/// # fn example<'a>(
/// #     roots: TrustAnchors<'a>,
/// #     identity: Identity<'a>,
/// # ) -> Result<(), NameError> {
/// let clock = ClockPolicy::floor(1_790_000_000);
/// let security = SecurityParameters::new(roots, identity, clock);
/// let parameters = security.for_server("orders.example")?;
/// assert_eq!(parameters.server(), "orders.example");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SecurityParameters<'a>(Proof<'a>);

#[derive(Clone, Debug)]
enum Proof<'a> {
    Certificates {
        trust: TrustAnchors<'a>,
        identity: Option<Identity<'a>>,
        next: Option<Identity<'a>>,
        clock: ClockPolicy,
    },
    SharedKey(ExternalPsk<'a>),
}

/// Why a security parameter was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SecurityError {
    /// There is one value only, and it is another:
    /// [`SecurityParameter::only_value`].
    OnlyOneValue(SecurityParameter),
    /// It has no values that can be named: [`security_support`] says how it is
    /// set, or why it cannot be.
    NotByName(SecurityParameter),
    /// The list of pins cannot be used.
    Pins(TrustError),
    /// A shared key takes the place of certificates, so there is nothing to
    /// pin and no certificate to show.
    SharedKey,
    /// There is no client certificate that another one could take over from.
    NoFirstCertificate,
    /// [`SecurityParameters::opportunistic`].
    Opportunistic,
    /// [`SecurityChoice::of_security_needed`]: security is needed, and nothing
    /// is said about whom to trust.
    NoParameters,
    /// [`SecurityChoice::of_security_needed`]: security is not needed, and
    /// parameters are given.
    NotNeeded,
}

impl fmt::Display for SecurityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyOneValue(parameter) => {
                let only = parameter.only_value().unwrap_or_default();
                write!(f, "{parameter}: only {only} is there")
            }
            Self::NotByName(parameter) => {
                write!(f, "{parameter}: {}", security_support(*parameter).reason)
            }
            Self::Pins(error) => write!(f, "pinnedServerCertificate: {error}"),
            Self::SharedKey => f.write_str("a shared key takes the place of certificates"),
            Self::NoFirstCertificate => {
                f.write_str("there is no client certificate that another one could take over from")
            }
            Self::Opportunistic => f.write_str(
                "opportunistic security goes on in the clear when somebody on the way wants it \
                 to: give SecurityParameters, or say Disabled",
            ),
            Self::NoParameters => f.write_str(
                "security_needed: say whom to trust and who this device is (NEATPy takes any \
                 certificate)",
            ),
            Self::NotNeeded => {
                f.write_str("security_needed is false, and security parameters are given")
            }
        }
    }
}

impl core::error::Error for SecurityError {}

impl<'a> SecurityParameters<'a> {
    /// A server whose chain leads to `trust`, and this device with
    /// `client_certificate`.
    #[must_use]
    pub const fn new(
        trust: TrustAnchors<'a>,
        client_certificate: Identity<'a>,
        clock: ClockPolicy,
    ) -> Self {
        Self(Proof::Certificates {
            trust,
            identity: Some(client_certificate),
            next: None,
            clock,
        })
    }

    /// The same with a device that shows no certificate, as to a web server: the
    /// server does not learn from TLS whom it talks to.
    #[must_use]
    pub const fn without_client_certificate(trust: TrustAnchors<'a>, clock: ClockPolicy) -> Self {
        Self(Proof::Certificates {
            trust,
            identity: None,
            next: None,
            clock,
        })
    }

    /// Both ends with one key: `preSharedKey`.
    #[must_use]
    pub const fn with_pre_shared_key(psk: ExternalPsk<'a>) -> Self {
        Self(Proof::SharedKey(psk))
    }

    /// RFC 9622's `NewDisabledSecurityParameters`: [`Disabled`].
    #[must_use]
    pub const fn disabled() -> Disabled {
        Disabled
    }

    /// RFC 9622's `NewOpportunisticSecurityParameters` is refused: whoever can
    /// disturb the handshake would choose the clear for both.
    ///
    /// # Errors
    /// [`SecurityError::Opportunistic`], always.
    pub const fn opportunistic() -> Result<core::convert::Infallible, SecurityError> {
        Err(SecurityError::Opportunistic)
    }

    /// `pinnedServerCertificate`, by public key: one of `pins` must be the
    /// server's or its root's.
    ///
    /// # Errors
    /// [`SecurityError`] when the list is empty or there are no certificates.
    pub fn pinned_server_certificate(
        self,
        pins: &'a [PublicKeyPin],
    ) -> Result<Self, SecurityError> {
        match self.0 {
            Proof::Certificates {
                trust,
                identity,
                next,
                clock,
            } => Ok(Self(Proof::Certificates {
                trust: trust.with_pins(pins).map_err(SecurityError::Pins)?,
                identity,
                next,
                clock,
            })),
            Proof::SharedKey(_) => Err(SecurityError::SharedKey),
        }
    }

    /// A second `clientCertificate`, that is to take over: see
    /// [`Credentials`](crate::tls::Credentials).
    ///
    /// # Errors
    /// [`SecurityError`] when there is no first one.
    pub fn next_client_certificate(self, identity: Identity<'a>) -> Result<Self, SecurityError> {
        match self.0 {
            Proof::Certificates {
                trust,
                identity: Some(current),
                clock,
                ..
            } => Ok(Self(Proof::Certificates {
                trust,
                identity: Some(current),
                next: Some(identity),
                clock,
            })),
            Proof::Certificates { identity: None, .. } => Err(SecurityError::NoFirstCertificate),
            Proof::SharedKey(_) => Err(SecurityError::SharedKey),
        }
    }

    /// RFC 9622's `Set(parameter, value)`, for the parameters whose values have
    /// names: it takes the one value that there is
    /// ([`SecurityParameter::only_value`]), and refuses every other instead of
    /// going on with what nobody asked for.
    ///
    /// # Errors
    /// [`SecurityError`].
    pub fn set(self, parameter: SecurityParameter, value: &str) -> Result<Self, SecurityError> {
        match parameter.only_value() {
            Some(only) if only.eq_ignore_ascii_case(value) => Ok(self),
            Some(_) => Err(SecurityError::OnlyOneValue(parameter)),
            None => Err(SecurityError::NotByName(parameter)),
        }
    }

    /// The parameters of a TLS connection to `server`, a DNS name or an IP
    /// address.
    ///
    /// # Errors
    /// [`NameError`] when it is neither.
    pub fn for_server(&self, server: &'a str) -> Result<TlsParameters<'a>, NameError> {
        match &self.0 {
            Proof::Certificates {
                trust,
                identity,
                next,
                clock,
            } => {
                let parameters = match identity {
                    Some(identity) => TlsParameters::new(server, *trust, *identity, *clock)?,
                    None => TlsParameters::without_identity(server, *trust, *clock)?,
                };
                Ok(match next {
                    Some(next) => parameters.with_next(*next),
                    None => parameters,
                })
            }
            Proof::SharedKey(psk) => TlsParameters::with_external_psk(server, *psk),
        }
    }
}

/// No security at all, asked for by name: RFC 9622's
/// `NewDisabledSecurityParameters`. Everybody on the way can read and change
/// what is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Disabled;

/// What a preconnection says about security: [`SecurityParameters`] or
/// [`Disabled`]. Only these two implement it.
pub trait Security: sealed::Sealed {
    /// Whether the stacks must be secure ones.
    const SECURE: bool;

    /// Whether `stack` may be a candidate: exactly the secure ones, or exactly
    /// the others.
    #[must_use]
    fn permits(stack: StackId) -> bool {
        stack.is_secure() == Self::SECURE
    }
}

impl Security for SecurityParameters<'_> {
    const SECURE: bool = true;
}

impl Security for Disabled {
    const SECURE: bool = false;
}

impl SecurityParameters<'_> {
    /// Whether there are two identities to be shown in turn.
    pub(super) const fn has_next(&self) -> bool {
        matches!(&self.0, Proof::Certificates { next: Some(_), .. })
    }
}

/// Only these two: what each does is in `transport/own.rs`.
pub(super) mod sealed {
    pub trait Sealed: Clone + super::super::transport::Own {}
    impl Sealed for super::SecurityParameters<'_> {}
    impl Sealed for super::Disabled {}
}

/// One of the two, where a program decides while it runs.
#[derive(Clone, Debug)]
pub enum SecurityChoice<'a> {
    /// Secure stacks only.
    Secure(SecurityParameters<'a>),
    /// Stacks in the clear only.
    Disabled(Disabled),
}

impl<'a> SecurityChoice<'a> {
    /// NEATPy's `security_needed`. True turned TLS on there and its
    /// verification off; here it needs parameters, and whom they do not name is
    /// not trusted. False is [`Disabled`].
    ///
    /// # Errors
    /// [`SecurityError`] when parameters are missing, or given and not needed.
    pub fn of_security_needed(
        needed: bool,
        parameters: Option<SecurityParameters<'a>>,
    ) -> Result<Self, SecurityError> {
        match (needed, parameters) {
            (true, Some(parameters)) => Ok(Self::Secure(parameters)),
            (true, None) => Err(SecurityError::NoParameters),
            (false, None) => Ok(Self::Disabled(Disabled)),
            (false, Some(_)) => Err(SecurityError::NotNeeded),
        }
    }
}

#[cfg(test)]
#[path = "security_tests.rs"]
mod tests;
