//! Is this chain of certificates the server we meant?
//!
//! webpki builds and checks the path (RFC 5280 section 6): signatures, basic
//! constraints, path lengths, name constraints, unknown critical extensions.
//! Added here: what it leaves out ([`super::strict`]), pins, a root's validity,
//! `serverAuth` in the leaf itself, what a clock that only knows a floor may
//! conclude, and a limit on the work that an unknown server can cause.

use core::cell::Cell;
use core::time::Duration;

use rustls_pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::{
    EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, VerifiedPath,
};

use super::algorithm::{EcdsaP256, KeyCapture, POINT_LENGTH};
use super::clock::{Now, Validity};
use super::error::CertificateError;
use super::pin::PublicKeyPin;
use super::strict;
use super::trust::TrustAnchors;
use crate::der::Outline;

/// Most certificates a server may send: embedded-tls parses no more. At most
/// six of them can stand between the server's own and the root: webpki looks no
/// deeper.
pub const MAX_CHAIN: usize = 16;

/// Signatures that are verified for one chain at most: seven for the longest
/// path, and one more for a wrong turn. webpki's own limit is 100.
const MAX_SIGNATURES: u8 = 8;

/// Certificates that are tried as a part of a path at most. webpki's own limit
/// is 200,000, and sixteen certificates of the same name go together in more
/// ways than that: anyone on the path could keep a device busy with them.
const MAX_STEPS: u16 = 64;

/// `id-kp-serverAuth`, 1.3.6.1.5.5.7.3.1 (RFC 5280 section 4.2.1.12).
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// A chain that was found good.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verified {
    /// The leaf's public key.
    pub(crate) key: [u8; POINT_LENGTH],
    /// When all of the path is valid, the root included.
    pub(crate) validity: Validity,
    /// Signatures that were verified to find out, those of wrong turns included.
    pub(crate) signatures: u8,
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
    verify(chain, server, trust, now).map(|verified| verified.key)
}

/// [`verify_chain`], and when the answer is good.
pub(crate) fn verify(
    chain: &[CertificateDer<'_>],
    server: &ServerName<'_>,
    trust: &TrustAnchors<'_>,
    now: Now,
) -> Result<Verified, CertificateError> {
    let (leaf, others) = chain.split_first().ok_or(CertificateError::Missing)?;
    if chain.len() > MAX_CHAIN {
        return Err(CertificateError::ChainTooLong);
    }
    let time = match now {
        Now::Unknown => return Err(CertificateError::ClockNotSet),
        Now::At(time) | Now::AtLeast(time) => time,
    };
    let parsed = EndEntityCert::try_from(leaf)?;
    // Cheap checks first: a path costs a signature verification, 6 million
    // instructions on a small device.
    parsed.verify_is_valid_for_subject_name(server)?;
    let key = leaf_key(&parsed)?;
    let outline = Outline::of(leaf).ok_or(CertificateError::Malformed)?;
    strict::check_leaf(&outline)?;

    let roots = RootRule {
        leaf_is_pinned: is_pinned(trust, &outline),
        trust,
        now,
    };
    let issuers: heapless::Vec<CertificateDer<'_>, MAX_CHAIN> = others
        .iter()
        .filter(|certificate| check_issuer(certificate).is_ok())
        .cloned()
        .collect();
    let search = Search {
        leaf: &parsed,
        issuers: &issuers,
        algorithm: EcdsaP256::new(MAX_SIGNATURES),
        steps: Cell::new(0),
    };
    trust.with(
        |root| roots.check(root).is_ok(),
        |certificates, anchors| match search.run(certificates, anchors, time, now) {
            Ok(validity) => {
                // With a floor only, the root and the rest must have a time in
                // common as well.
                validity.check(now)?;
                Ok(Verified {
                    key,
                    validity,
                    signatures: search.algorithm.done(),
                })
            }
            Err(_) if search.algorithm.is_exhausted() => Err(CertificateError::ChainTooLong),
            Err(webpki::Error::UnknownIssuer) => Err(blame(chain, others, &roots)),
            Err(error) => Err(error.into()),
        },
    )
}

/// The public key of a leaf, which must be one on P-256.
pub(crate) fn leaf_key(leaf: &EndEntityCert<'_>) -> Result<[u8; POINT_LENGTH], CertificateError> {
    let key = KeyCapture::new();
    leaf.verify_signature(&key, &[], &[])?;
    key.point().ok_or(CertificateError::UnsupportedKey)
}

fn is_pinned(trust: &TrustAnchors<'_>, certificate: &Outline<'_>) -> bool {
    trust.pins().is_empty()
        || trust
            .pins()
            .contains(&PublicKeyPin::of_key(certificate.public_key))
}

/// Whether a certificate that was sent may stand between leaf and root, as far
/// as webpki does not look at it.
fn check_issuer(certificate: &[u8]) -> Result<(), CertificateError> {
    let outline = Outline::of(certificate).ok_or(CertificateError::Malformed)?;
    strict::check_issuer(&outline)
}

/// What a root has to be for this chain.
struct RootRule<'r> {
    trust: &'r TrustAnchors<'r>,
    leaf_is_pinned: bool,
    now: Now,
}

impl RootRule<'_> {
    fn check(&self, root: &[u8]) -> Result<(), CertificateError> {
        let outline = Outline::of(root).ok_or(CertificateError::Malformed)?;
        let times = outline.validity().ok_or(CertificateError::Malformed)?;
        Validity::ALWAYS.and(times).check(self.now)?;
        if self.leaf_is_pinned || is_pinned(self.trust, &outline) {
            Ok(())
        } else {
            Err(CertificateError::NotPinned)
        }
    }
}

/// Why no issuer was found, when one was there and could not be used.
fn blame(
    chain: &[CertificateDer<'_>],
    others: &[CertificateDer<'_>],
    roots: &RootRule<'_>,
) -> CertificateError {
    let names_an_issuer = |certificate: &[u8]| {
        let subject = Outline::of(certificate).map(|outline| outline.subject);
        let issuers = chain.iter().map(|certificate| Outline::of(certificate));
        issuers
            .flatten()
            .any(|outline| Some(outline.issuer) == subject)
    };
    let issuers = others
        .iter()
        .map(|issuer| (&**issuer, check_issuer(issuer)));
    let anchors = roots.trust.roots().iter();
    issuers
        .chain(anchors.map(|root| (*root, roots.check(root))))
        .find_map(|(certificate, checked)| checked.err().filter(|_| names_an_issuer(certificate)))
        .unwrap_or(CertificateError::UnknownIssuer)
}

/// The search for a path, with its limits.
struct Search<'s> {
    leaf: &'s EndEntityCert<'s>,
    issuers: &'s [CertificateDer<'s>],
    algorithm: EcdsaP256,
    steps: Cell<u16>,
}

impl Search<'_> {
    /// Looks for a path that is valid at `time`. With a floor only: at some time
    /// from there on. webpki answers for one time; each "not valid yet" names
    /// the next one to ask for, at most once a certificate, before any signature
    /// is checked.
    fn run(
        &self,
        roots: &[CertificateDer<'_>],
        anchors: &[TrustAnchor<'_>],
        mut time: u64,
        now: Now,
    ) -> Result<Validity, webpki::Error> {
        let may_wait = matches!(now, Now::AtLeast(_));
        for _ in 0..MAX_CHAIN {
            match self.at(roots, anchors, time) {
                Err(webpki::Error::CertNotValidYet { not_before, .. })
                    if may_wait && not_before.as_secs() > time =>
                {
                    time = not_before.as_secs();
                }
                result => return result,
            }
        }
        Err(webpki::Error::UnknownIssuer)
    }

    /// Apart from the rest: webpki's answer takes a kilobyte of stack. What is
    /// wanted of it is taken where it lies.
    #[inline(never)]
    fn at(
        &self,
        roots: &[CertificateDer<'_>],
        anchors: &[TrustAnchor<'_>],
        time: u64,
    ) -> Result<Validity, webpki::Error> {
        let algorithms: &[&dyn SignatureVerificationAlgorithm] = &[&self.algorithm];
        let usage = ServerAuth {
            search: self,
            leaf_seen: Cell::new(false),
        };
        let time = UnixTime::since_unix_epoch(Duration::from_secs(time));
        let found = Cell::new(Validity::ALWAYS);
        let look = |path: &VerifiedPath<'_>| {
            let mut roots = roots.iter().zip(anchors);
            let root = roots.find(|(_, anchor)| core::ptr::eq(*anchor, path.anchor()));
            let validity = validity_of(Validity::ALWAYS, &path.end_entity().der())?;
            let validity = validity_of(validity, root.ok_or(webpki::Error::BadDer)?.0)?;
            let validity = path
                .intermediate_certificates()
                .try_fold(validity, |sum, issuer| validity_of(sum, &issuer.der()))?;
            found.set(validity);
            Ok(())
        };
        self.leaf
            .verify_for_usage(
                algorithms,
                anchors,
                self.issuers,
                time,
                usage,
                None,
                Some(&look),
            )
            .map(|_| found.get())
    }
}

/// What is left of `validity` with this certificate.
fn validity_of(validity: Validity, certificate: &[u8]) -> Result<Validity, webpki::Error> {
    let times = Outline::of(certificate).and_then(|outline| outline.validity());
    times
        .map(|times| validity.and(times))
        .ok_or(webpki::Error::BadDerTime)
}

/// Requires `serverAuth` of the leaf, and of authorities only when they
/// restrict their use at all: honest intermediates often have no such
/// extension. Asked once for each certificate that webpki tries, it also keeps
/// the search within its limits.
struct ServerAuth<'s> {
    search: &'s Search<'s>,
    leaf_seen: Cell<bool>,
}

impl ExtendedKeyUsageValidator for ServerAuth<'_> {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let steps = self.search.steps.get();
        if steps >= MAX_STEPS || self.search.algorithm.is_exhausted() {
            // This one ends webpki's search at once.
            return Err(webpki::Error::MaximumPathBuildCallsExceeded);
        }
        self.search.steps.set(steps + 1);
        #[cfg(test)]
        super::algorithm::count::add_step();
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

#[cfg(test)]
#[path = "chain_table.rs"]
mod table;
#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
