//! A private key in memory: read from DER, signing with ECDSA.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use rand_core::CryptoRngCore;

use super::algorithm::POINT_LENGTH;
use super::identity::{IdentityError, MAX_SIGNATURE, SignError, Signer};
use super::signature;
use crate::der::{
    self, BIT_STRING, CONTEXT_0, CONTEXT_1, CONTEXT_1_PRIMITIVE, INTEGER, OBJECT_IDENTIFIER,
    OCTET_STRING, Reader, SEQUENCE,
};

/// 1.2.840.10045.2.1, `id-ecPublicKey` (RFC 5480 section 2.1.1).
pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// 1.2.840.10045.3.1.7, `secp256r1` (RFC 5480 section 2.1.1.1).
pub(crate) const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

/// A P-256 private key in memory.
pub struct SoftwareKey(SigningKey);

impl SoftwareKey {
    /// Reads a private key in DER, as PKCS #8 (RFC 5958) or SEC 1 (RFC 5915).
    /// Do it once at boot: the public key is computed from it.
    ///
    /// # Errors
    /// [`IdentityError::NotAKey`] when it is neither, on another curve, or
    /// carries a public key that is not its own.
    pub fn from_der(der: &[u8]) -> Result<Self, IdentityError> {
        of_pkcs8(der)
            .or_else(|| of_sec1(der))
            .map(Self)
            .ok_or(IdentityError::NotAKey)
    }

    /// Makes a new key. `None` when the generator fails, or has given nothing
    /// that can be a key eight times: it is broken then, since one number in
    /// 2^32 is none (FIPS 186-5 appendix A.2.2).
    pub fn generate(rng: &mut impl CryptoRngCore) -> Option<Self> {
        let mut secret = [0; 32];
        for _ in 0..8 {
            rng.try_fill_bytes(&mut secret).ok()?;
            if let Some(key) = Self::of_secret(&secret) {
                return Some(key);
            }
        }
        None
    }

    /// The key that is this number (SEC 1 section 2.3.8); `None` when it is 0 or
    /// beyond the group's order.
    pub(crate) fn of_secret(secret: &[u8; 32]) -> Option<Self> {
        SigningKey::from_bytes(secret.into()).ok().map(Self)
    }

    /// The number that it is.
    pub(crate) fn to_secret(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }
}

/// `OneAsymmetricKey` (RFC 5958 section 2). Its attributes are skipped, and so
/// is the public key of version 2: the private key has one of its own.
fn of_pkcs8(der: &[u8]) -> Option<SigningKey> {
    let mut fields = Reader::new(der::only(der, SEQUENCE)?);
    let &[version @ 0..=1] = fields.expect(INTEGER)? else {
        return None;
    };
    let mut algorithm = Reader::new(fields.expect(SEQUENCE)?);
    if algorithm.expect(OBJECT_IDENTIFIER)? != EC_PUBLIC_KEY
        || algorithm.expect(OBJECT_IDENTIFIER)? != SECP256R1
        || !algorithm.at_end()
    {
        return None;
    }
    let key = fields.expect(OCTET_STRING)?;
    fields.optional(CONTEXT_0);
    let public = fields.optional(CONTEXT_1_PRIMITIVE);
    if (version == 1) != public.is_some() || !fields.at_end() {
        return None;
    }
    of_sec1(key)
}

/// `ECPrivateKey` (RFC 5915 section 3).
fn of_sec1(der: &[u8]) -> Option<SigningKey> {
    let mut fields = Reader::new(der::only(der, SEQUENCE)?);
    let &[1] = fields.expect(INTEGER)? else {
        return None;
    };
    let secret: &[u8; 32] = fields.expect(OCTET_STRING)?.try_into().ok()?;
    if let Some(curve) = fields.optional(CONTEXT_0)
        && der::only(curve, OBJECT_IDENTIFIER)? != SECP256R1
    {
        return None;
    }
    let public = fields.optional(CONTEXT_1);
    if !fields.at_end() {
        return None;
    }
    let key = SigningKey::from_bytes(secret.into()).ok()?;
    if let Some(public) = public {
        let [0, point @ ..] = der::only(public, BIT_STRING)? else {
            return None;
        };
        let compressed = point.len() < POINT_LENGTH;
        let own = key.verifying_key().to_encoded_point(compressed);
        if own.as_bytes() != point {
            return None;
        }
    }
    Some(key)
}

impl core::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SoftwareKey(..)")
    }
}

impl Signer for SoftwareKey {
    fn sign(
        &self,
        message: &[u8],
        signature: &mut [u8; MAX_SIGNATURE],
    ) -> Result<usize, SignError> {
        let made: Signature = self.0.try_sign(message).map_err(|_| SignError)?;
        Ok(signature::to_der(&made, signature))
    }

    fn public_key(&self) -> Option<[u8; POINT_LENGTH]> {
        let point = self.0.verifying_key().to_encoded_point(false);
        point.as_bytes().try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use p256::SecretKey;
    use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, PrivateKeyInfo};
    use rand_core::OsRng;
    use rcgen::KeyPair;

    use super::*;

    /// What the crates of RustCrypto make of the same bytes.
    fn peer(der: &[u8]) -> Option<SecretKey> {
        SecretKey::from_pkcs8_der(der)
            .or_else(|_| SecretKey::from_sec1_der(der))
            .ok()
    }

    /// One key in every form in which keys come.
    fn forms() -> (SecretKey, Vec<Vec<u8>>) {
        // PKCS #8 of version 2 with, or of version 1 around a key with, its
        // public key.
        let generated = KeyPair::generate().unwrap().serialize_der();
        let key = peer(&generated).unwrap();
        let pkcs8 = key.to_pkcs8_der().unwrap().as_bytes().to_vec();
        let sec1 = key.to_sec1_der().unwrap().to_vec();
        // Without the public key, and with the curve: as OpenSSL writes SEC 1.
        let secret = key.to_bytes();
        let head = [&[0x30, 37, 2, 1, 1, 4, 32][..], &secret].concat();
        let curve = [&[CONTEXT_0, 10, OBJECT_IDENTIFIER, 8][..], SECP256R1].concat();
        let mut named = [&head[..], &curve].concat();
        named[1] += 12;
        (key, [generated, pkcs8, sec1, head, named].to_vec())
    }

    #[test]
    fn every_form_gives_the_same_key() {
        let (key, forms) = forms();
        for der in forms {
            let read = SoftwareKey::from_der(&der).unwrap();
            assert_eq!(read.0, SigningKey::from(&key), "{der:02x?}");
        }
    }

    #[test]
    fn nothing_is_taken_that_the_peer_refuses() {
        let (_, forms) = forms();
        let mut taken = 0;
        for der in forms {
            for at in 0..der.len() {
                assert!(SoftwareKey::from_der(&der[..at]).is_err());
                for bit in 0..8 {
                    let mut damaged = der.clone();
                    damaged[at] ^= 1 << bit;
                    let Ok(ours) = SoftwareKey::from_der(&damaged) else {
                        continue;
                    };
                    taken += 1;
                    let peers = peer(&damaged).map(|key| SigningKey::from(&key));
                    assert_eq!(Some(ours.0), peers, "bit {bit} of byte {at}");
                }
            }
            let longer = [&der[..], &[0]].concat();
            assert!(SoftwareKey::from_der(&longer).is_err());
        }
        // Bits of the secret where no public key stands beside it.
        assert!(taken > 500, "{taken}");
    }

    #[test]
    fn secrets_out_of_range_are_refused() {
        // The group's order, SEC 2 section 2.4.2.
        let order: [u8; 32] = [
            0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
            0x25, 0x51,
        ];
        let mut last = order;
        last[31] -= 1;
        for (secret, good) in [(&[0; 32], false), (&order, false), (&last, true)] {
            let der = [&[0x30, 37, 2, 1, 1, 4, 32][..], secret].concat();
            assert_eq!(SoftwareKey::from_der(&der).is_ok(), good);
        }
    }

    /// Gives the same bytes, or an error once they are used up.
    struct Stuck(Vec<u8>, usize);

    impl rand_core::RngCore for Stuck {
        fn next_u32(&mut self) -> u32 {
            unreachable!("whole keys are asked for")
        }

        fn next_u64(&mut self) -> u64 {
            unreachable!("whole keys are asked for")
        }

        fn fill_bytes(&mut self, _: &mut [u8]) {
            unreachable!("it panics where the hardware fails")
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
            self.1 = self.1.checked_sub(1).ok_or(core::num::NonZeroU32::MIN)?;
            out.copy_from_slice(&self.0);
            Ok(())
        }
    }

    impl rand_core::CryptoRng for Stuck {}

    #[test]
    fn new_keys_differ_and_are_made_again_of_their_numbers() {
        let made = || SoftwareKey::generate(&mut OsRng).unwrap();
        let (one, other) = (made(), made());
        assert_ne!(one.public_key(), other.public_key());
        let again = SoftwareKey::of_secret(&one.to_secret()).unwrap();
        assert_eq!(again.public_key(), one.public_key());
    }

    #[test]
    fn a_broken_generator_makes_no_key_and_does_not_hang() {
        let key = |byte, times| SoftwareKey::generate(&mut Stuck([byte; 32].to_vec(), times));
        assert!(key(7, 1).is_some());
        assert!(key(7, 0).is_none());
        for beyond in [0, 0xff] {
            assert!(key(beyond, 100).is_none());
        }
    }

    #[test]
    fn another_keys_public_key_is_refused() {
        let (_, forms) = forms();
        let other = SecretKey::random(&mut OsRng).to_bytes();
        // Both have the secret behind a header of the same kind.
        for (der, public) in forms.iter().zip([true, true, true, false, false]) {
            let at = der.windows(4).position(|at| at == [1, 1, 4, 32]).unwrap() + 4;
            let mut swapped = der.clone();
            swapped[at..at + 32].copy_from_slice(&other);
            assert_eq!(SoftwareKey::from_der(&swapped).is_err(), public);
        }
    }

    #[test]
    fn the_key_of_pkcs8_is_a_key_of_sec1() {
        let (key, forms) = forms();
        let inner = PrivateKeyInfo::try_from(&forms[0][..]).unwrap().private_key;
        let read = SoftwareKey::from_der(inner).unwrap();
        assert_eq!(read.0, SigningKey::from(&key));
    }
}
