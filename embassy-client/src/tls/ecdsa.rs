//! Verifying ECDSA signatures on P-256 (FIPS 186-5 section 6.4.2).
//!
//! The points and scalars are the crate p256's. What is done here is their
//! combination: p256 multiplies two points by two scalars one after the other;
//! together they share the doublings, which saves 4.7 million instructions of a
//! Cortex-M4F. Nothing here is secret, so it may take a time that depends on its
//! arguments.

use p256::ecdsa::Signature;
use p256::elliptic_curve::Group as _;
use p256::elliptic_curve::ops::{Invert as _, Reduce};
use p256::elliptic_curve::point::AffineCoordinates as _;
use p256::{ProjectivePoint, PublicKey, Scalar, U256};
use sha2::{Digest as _, Sha256};

/// Whether `signature` is one of the SHA-256 of `message` by `key`.
pub(super) fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> Option<()> {
    verify_digest(key, Sha256::digest(message).as_ref(), signature)
}

fn verify_digest(key: &PublicKey, digest: &[u8; 32], signature: &Signature) -> Option<()> {
    // Both from 1 to the group's order, exclusive.
    let (r, s) = signature.split_scalars();
    let inverse: Scalar = Option::from(s.as_ref().invert_vartime())?;
    let by_generator = reduce(digest) * inverse;
    let by_key = *r.as_ref() * inverse;
    let point = combine(&by_generator, &key.to_projective(), &by_key).to_affine();
    // The point at infinity has no x; its stand-in here, 0, is no r.
    (reduce(point.x().as_ref()) == *r.as_ref()).then_some(())
}

/// A number of 256 bits, as a scalar.
fn reduce(bytes: &[u8; 32]) -> Scalar {
    <Scalar as Reduce<U256>>::reduce_bytes(bytes.into())
}

/// `by_generator` times the generator plus `by_key` times `key`, two bits of
/// both at a time (Straus; "Handbook of Applied Cryptography", 14.88).
fn combine(by_generator: &Scalar, key: &ProjectivePoint, by_key: &Scalar) -> ProjectivePoint {
    // i times the generator plus j times the key, at 4 i + j.
    let mut sums = [ProjectivePoint::IDENTITY; 16];
    for at in 1..16 {
        sums[at] = if at < 4 {
            sums[at - 1] + key
        } else {
            sums[at - 4] + ProjectivePoint::GENERATOR
        };
    }
    let mut sum = ProjectivePoint::IDENTITY;
    let bits = by_generator.to_bytes().into_iter().zip(by_key.to_bytes());
    for (generator_bits, key_bits) in bits {
        for shift in [6, 4, 2, 0] {
            sum = sum.double().double();
            let at = (generator_bits >> shift & 3) << 2 | key_bits >> shift & 3;
            if at != 0 {
                sum += &sums[usize::from(at)];
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
    use p256::ecdsa::{SigningKey, VerifyingKey};
    use p256::elliptic_curve::{Field as _, PrimeField as _};
    use rand_core::{OsRng, RngCore as _};

    use super::*;

    #[test]
    fn a_combination_is_the_sum_of_two_products() {
        let generator = ProjectivePoint::GENERATOR;
        let (one, some) = (Scalar::ONE, Scalar::random(&mut OsRng));
        let scalars = [
            Scalar::ZERO,
            one,
            -one,
            one + one,
            some,
            -some,
            Scalar::from(3_u32),
        ];
        let points = [generator, -generator, generator.double(), generator * some];
        for point in points {
            for a in scalars {
                for b in scalars {
                    assert_eq!(combine(&a, &point, &b), generator * a + point * b);
                }
            }
        }
    }

    #[test]
    fn signatures_of_the_peer_are_good_and_for_one_message_and_key() {
        let other = SigningKey::random(&mut OsRng);
        for _ in 0..8 {
            let key = SigningKey::random(&mut OsRng);
            let mut message = [0; 70];
            OsRng.fill_bytes(&mut message);
            let signature: Signature = key.sign_prehash(&Sha256::digest(message)).unwrap();
            let verified = |key: &SigningKey, message: &[u8]| {
                verify(&key.verifying_key().into(), message, &signature).is_some()
            };
            assert!(verified(&key, &message));
            assert!(!verified(&key, &message[1..]));
            assert!(!verified(&other, &message));
        }
    }

    /// Numbers at the ends of their ranges, and damaged signatures: the verdict
    /// is the one of the crate ecdsa.
    #[test]
    fn verdicts_are_the_peers() {
        let key = SigningKey::random(&mut OsRng);
        let verifying = *key.verifying_key();
        let order_less_one = (-Scalar::ONE).to_repr();
        let mut one = [0; 32];
        one[31] = 1;
        let (mut good, mut bad) = (0, 0);
        let mut compare = |key: &VerifyingKey, digest: &[u8; 32], signature: &Signature| {
            let ours = verify_digest(&key.into(), digest, signature).is_some();
            let peers = key.verify_prehash(digest, signature).is_ok();
            assert_eq!(ours, peers, "{digest:02x?} {signature:?}");
            *if ours { &mut good } else { &mut bad } += 1;
        };
        for digest in [[0; 32], [0xff; 32], one, order_less_one.into()] {
            let signature: Signature = key.sign_prehash(&digest).unwrap();
            compare(&verifying, &digest, &signature);
            let (r, s) = signature.split_bytes();
            for at in 0..64 {
                let (mut r, mut s) = (r, s);
                *r.iter_mut().chain(&mut s).nth(at).unwrap() ^= 0x10;
                if let Ok(damaged) = Signature::from_scalars(r, s) {
                    compare(&verifying, &digest, &damaged);
                }
            }
            // s and its opposite are signatures of the same message.
            let opposite = Signature::from_scalars(r, -*signature.s().as_ref()).unwrap();
            compare(&verifying, &digest, &opposite);
            for r in [one.into(), order_less_one, r] {
                for s in [one.into(), order_less_one, s] {
                    compare(&verifying, &digest, &Signature::from_scalars(r, s).unwrap());
                }
            }
        }
        // A sum that is the point at infinity: z + r d = 0.
        let r = Scalar::from(5_u32);
        let digest = (-(r * *key.as_nonzero_scalar().as_ref())).to_repr();
        let signature = Signature::from_scalars(r, Scalar::from(7_u32)).unwrap();
        compare(&verifying, digest.as_ref(), &signature);
        assert!(good >= 12 && bad > 100, "{good} {bad}");
    }
}
