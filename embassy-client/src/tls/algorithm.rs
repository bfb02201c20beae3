//! ECDSA on P-256 with SHA-256, in the form that webpki asks for: the only
//! signature algorithm this device verifies.

use core::sync::atomic::{AtomicU8, Ordering};

use p256::PublicKey;
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

use super::{ecdsa, signature};

/// Length of an uncompressed P-256 point (SEC 1, 2.3.3).
pub(crate) const POINT_LENGTH: usize = 65;

/// Whether `signature` (DER) is one of `message` by the key at the uncompressed
/// point `public_key`: compressed ones are optional in RFC 5480 and unknown in
/// TLS 1.3.
pub(crate) fn verify(public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    if public_key.len() != POINT_LENGTH {
        return None;
    }
    #[cfg(test)]
    count::add();
    let key = PublicKey::from_sec1_bytes(public_key).ok()?;
    ecdsa::verify(&key, message, &signature::from_der(signature)?)
}

/// `ecdsa-with-SHA256` (RFC 5758) by a key on `secp256r1` (RFC 5480), a limited
/// number of times: each costs a small device some six million instructions,
/// and whoever sends a chain must not be able to ask for as many as he likes.
pub(crate) struct EcdsaP256 {
    limit: u8,
    // The trait wants Sync; not every chip can add to an atomic.
    done: AtomicU8,
}

impl EcdsaP256 {
    /// Refuses every signature after the first `limit`.
    pub(crate) const fn new(limit: u8) -> Self {
        Self {
            limit,
            done: AtomicU8::new(0),
        }
    }

    /// Verifications so far, those that were refused for the limit included.
    pub(crate) fn done(&self) -> u8 {
        self.done.load(Ordering::Relaxed)
    }

    /// Whether more was asked for than the limit allows.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.done() > self.limit
    }
}

// The trait wants it; a derived one would bring all of `core::fmt` along.
impl core::fmt::Debug for EcdsaP256 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EcdsaP256")
    }
}

impl SignatureVerificationAlgorithm for EcdsaP256 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.done
            .store(self.done().saturating_add(1), Ordering::Relaxed);
        if self.is_exhausted() {
            return Err(InvalidSignature);
        }
        verify(public_key, message, signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// Accepts anything and remembers the key it was shown.
///
/// Without an allocator webpki has no accessor for a certificate's public key;
/// asking it to "verify" with this algorithm hands the key over, after webpki
/// has checked that it is a P-256 key. Never used as a verdict.
pub(crate) struct KeyCapture {
    // The trait wants Sync; a byte array of atomics is that without a lock.
    point: [AtomicU8; POINT_LENGTH],
}

impl KeyCapture {
    pub(crate) fn new() -> Self {
        Self {
            point: [const { AtomicU8::new(0) }; POINT_LENGTH],
        }
    }

    /// The captured point; `None` when no uncompressed point was shown.
    pub(crate) fn point(&self) -> Option<[u8; POINT_LENGTH]> {
        let point = core::array::from_fn(|at| self.point[at].load(Ordering::Relaxed));
        (point[0] == 0x04).then_some(point)
    }
}

impl core::fmt::Debug for KeyCapture {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("KeyCapture")
    }
}

impl SignatureVerificationAlgorithm for KeyCapture {
    fn verify_signature(
        &self,
        public_key: &[u8],
        _message: &[u8],
        _signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if public_key.len() != POINT_LENGTH {
            return Err(InvalidSignature);
        }
        for (kept, shown) in self.point.iter().zip(public_key) {
            kept.store(*shown, Ordering::Relaxed);
        }
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// How often the expensive arithmetic ran, and how far a search went, for tests:
/// each has its own thread.
#[cfg(test)]
pub(crate) mod count {
    use core::cell::Cell;

    std::thread_local! {
        static VERIFICATIONS: Cell<u32> = const { Cell::new(0) };
        static STEPS: Cell<u32> = const { Cell::new(0) };
    }

    pub(super) fn add() {
        VERIFICATIONS.set(VERIFICATIONS.get() + 1);
    }

    pub(crate) fn add_step() {
        STEPS.set(STEPS.get() + 1);
    }

    /// Certificates that were tried as a part of a path while `f` runs.
    pub(crate) fn steps_during<T>(f: impl FnOnce() -> T) -> (u32, T) {
        let before = STEPS.get();
        let value = f();
        (STEPS.get() - before, value)
    }

    /// Verifications of signatures while `f` runs.
    pub(crate) fn during<T>(f: impl FnOnce() -> T) -> (u32, T) {
        let before = VERIFICATIONS.get();
        let value = f();
        (VERIFICATIONS.get() - before, value)
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::Signer as _;
    use p256::ecdsa::{DerSignature, SigningKey};
    use rand_core::OsRng;

    use super::*;

    #[test]
    fn a_key_has_one_form() {
        let key = SigningKey::random(&mut OsRng);
        let signature: DerSignature = key.sign(b"message");
        let verified = |point: &[u8]| verify(point, b"message", signature.as_bytes());
        let captured = |point: &[u8]| {
            let capture = KeyCapture::new();
            // The verdict does not count.
            let _ = capture.verify_signature(point, &[], &[]);
            capture.point()
        };
        let right = key.verifying_key().to_encoded_point(false);
        let right: [u8; POINT_LENGTH] = right.as_bytes().try_into().unwrap();
        assert_eq!(verified(&right), Some(()));
        assert_eq!(captured(&right), Some(right));
        let compressed = key.verifying_key().to_encoded_point(true);
        // SEC 1 section 2.3.3, and ANSI X9.62 for the hybrid form.
        let mut hybrid = right;
        hybrid[0] = 6 | right[64] & 1;
        let longer = [&right[..], &[0]].concat();
        let wrong: [&[u8]; 5] = [compressed.as_bytes(), &hybrid, &longer, &right[..64], &[]];
        for wrong in wrong {
            assert_eq!(verified(wrong), None, "{wrong:02x?}");
            assert_eq!(captured(wrong), None, "{wrong:02x?}");
        }
    }

    #[test]
    fn what_goes_beyond_the_limit_is_refused_unseen() {
        let key = SigningKey::random(&mut OsRng);
        let signature: DerSignature = key.sign(b"message");
        let point = key.verifying_key().to_encoded_point(false);
        let algorithm = EcdsaP256::new(2);
        let ask = || algorithm.verify_signature(point.as_bytes(), b"message", signature.as_bytes());
        let (signatures, answers) = count::during(|| [ask(), ask(), ask(), ask()]);
        assert_eq!(signatures, 2);
        assert_eq!(
            answers.map(|answer| answer.is_ok()),
            [true, true, false, false]
        );
        assert!(algorithm.is_exhausted());
    }
}
