//! The last chain that was found good, so that a reconnect need not find out
//! again.
//!
//! Verifying a chain costs one P-256 verification for each certificate in it,
//! every time. The answer depends on nothing but the bytes of the chain, the
//! name, the roots, the pins, and the time. So the device keeps a digest over
//! the first four, and the time during which the answer holds; when a server
//! shows the same again within that time, the proof that it holds the leaf's key
//! (CertificateVerify) is all that is left to verify.
//!
//! It lives in RAM, in the [`Link`](super::Link), and is written only after a
//! handshake that was verified to its end.

use rustls_pki_types::{CertificateDer, ServerName};
use sha2::{Digest as _, Sha256};

use super::clock::{Now, Validity};
use super::trust::TrustAnchors;

/// What is kept: 48 bytes.
// Empty it is all zeros, so that a link in a `static` takes no flash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChainMemory {
    digest: [u8; 32],
    validity: Validity,
}

impl ChainMemory {
    /// Nothing verified yet.
    pub(crate) const EMPTY: Self = Self {
        digest: [0; 32],
        validity: Validity {
            not_before: 0,
            not_after: 0,
        },
    };

    /// What `digest` stands for was found good, as long as `validity` says.
    pub(crate) const fn new(digest: [u8; 32], validity: Validity) -> Self {
        Self { digest, validity }
    }

    /// When the chain is valid, if there is one.
    pub(crate) fn validity(&self) -> Option<Validity> {
        (self.validity.not_after > 0).then_some(self.validity)
    }

    /// Whether what `digest` stands for was found good and still is.
    pub(crate) fn recalls(&self, digest: &[u8; 32], now: Now) -> bool {
        self.digest == *digest && self.validity.check(now).is_ok()
    }
}

/// Where a [`ChainMemory`] outlives connections.
pub(crate) trait Remember {
    /// What is remembered.
    fn chain(&self) -> ChainMemory;

    /// Remembers this one instead.
    fn remember(&self, chain: ChainMemory);
}

#[cfg(test)]
impl Remember for core::cell::Cell<ChainMemory> {
    fn chain(&self) -> ChainMemory {
        self.get()
    }

    fn remember(&self, chain: ChainMemory) {
        self.set(chain);
    }
}

/// Remembers nothing.
#[cfg(test)]
pub(crate) struct Forgetful;

#[cfg(test)]
impl Remember for Forgetful {
    fn chain(&self) -> ChainMemory {
        ChainMemory::EMPTY
    }

    fn remember(&self, _: ChainMemory) {}
}

/// A digest over everything but the time that decides about a chain. Each part
/// comes with its length, so that no two questions look the same.
pub(crate) fn digest(
    chain: &[CertificateDer<'_>],
    server: &ServerName<'_>,
    trust: &TrustAnchors<'_>,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |kind: u8, part: &[u8]| {
        hash.update([kind]);
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    match server {
        ServerName::IpAddress(rustls_pki_types::IpAddr::V4(address)) => add(1, address.as_ref()),
        ServerName::IpAddress(rustls_pki_types::IpAddr::V6(address)) => add(2, address.as_ref()),
        ServerName::DnsName(name) => add(3, name.as_ref().as_bytes()),
        // Names of a kind yet unknown never match: see `verify_chain`.
        _ => add(4, &[]),
    }
    for root in trust.roots() {
        add(5, root);
    }
    for pin in trust.pins() {
        add(6, pin.as_bytes());
    }
    for certificate in chain {
        add(7, certificate);
    }
    hash.finalize().into()
}
