//! Cipher suites, and the keys that come of a secret (RFC 8446, sections 5.2 to 5.4
//! and 7.1 to 7.3).

use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use hkdf::Hkdf;
use sha2::{Sha256, Sha384};

use super::keylog::Secret;
use super::records::HEADER;

/// Bytes of an authentication tag, in every suite.
const TAG: usize = 16;

/// The cipher suites of TLS 1.3 that are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suite {
    Aes128GcmSha256,
    Aes256GcmSha384,
    ChaCha20Poly1305Sha256,
}

impl Suite {
    pub(super) const fn from_u16(number: u16) -> Option<Self> {
        Some(match number {
            0x1301 => Self::Aes128GcmSha256,
            0x1302 => Self::Aes256GcmSha384,
            0x1303 => Self::ChaCha20Poly1305Sha256,
            _ => return None,
        })
    }
}

/// The ciphers are large: their round keys are computed once.
enum Cipher {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
    ChaCha20(Box<ChaCha20Poly1305>),
}

/// What opens the records of one direction and generation.
pub(super) struct Keys {
    suite: Suite,
    cipher: Cipher,
    iv: [u8; 12],
    secret: Secret,
    /// The number of the next record.
    pub(super) sequence: u64,
}

/// What a record has in it.
pub(super) struct Opened {
    /// Its content type.
    pub(super) kind: u8,
    /// Bytes of its content, behind the record's header.
    pub(super) length: usize,
}

impl Keys {
    /// None if the secret is not of the suite's hash.
    pub(super) fn new(suite: Suite, secret: &Secret) -> Option<Self> {
        let (mut key, mut iv) = ([0; 32], [0; 12]);
        let short = suite == Suite::Aes128GcmSha256;
        let sha384 = suite == Suite::Aes256GcmSha384;
        if sha384 != matches!(secret, Secret::Sha384(_)) {
            return None;
        }
        let length = if short { 16 } else { 32 };
        secret.expand(b"key", &mut key[..length])?;
        secret.expand(b"iv", &mut iv)?;
        let cipher = match suite {
            Suite::Aes128GcmSha256 => {
                Cipher::Aes128(Box::new(Aes128Gcm::new_from_slice(&key[..16]).ok()?))
            }
            Suite::Aes256GcmSha384 => Cipher::Aes256(Box::new(Aes256Gcm::new(&key.into()))),
            Suite::ChaCha20Poly1305Sha256 => {
                Cipher::ChaCha20(Box::new(ChaCha20Poly1305::new(&key.into())))
            }
        };
        Some(Self {
            suite,
            cipher,
            iv,
            secret: secret.clone(),
            sequence: 0,
        })
    }

    /// The keys after a KeyUpdate.
    pub(super) fn next_generation(&self) -> Option<Self> {
        let next = match self.secret {
            Secret::Sha256(_) => {
                let mut next = [0; 32];
                self.secret.expand(b"traffic upd", &mut next)?;
                Secret::Sha256(next)
            }
            Secret::Sha384(_) => {
                let mut next = [0; 48];
                self.secret.expand(b"traffic upd", &mut next)?;
                Secret::Sha384(next)
            }
        };
        Self::new(self.suite, &next)
    }

    /// Opens a whole record in its place as the one with this number. A record that
    /// is another one stays as it is.
    pub(super) fn open(&self, sequence: u64, record: &mut [u8]) -> Option<Opened> {
        let (header, body) = record.split_at_mut_checked(HEADER)?;
        let (sealed, tag) = body.split_at_mut_checked(body.len().checked_sub(TAG)?)?;
        let mut nonce = self.iv;
        for (byte, number) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
            *byte ^= number;
        }
        let (nonce, tag) = ((&nonce).into(), (&*tag).into());
        match &self.cipher {
            Cipher::Aes128(aes) => aes.decrypt_in_place_detached(nonce, header, sealed, tag),
            Cipher::Aes256(aes) => aes.decrypt_in_place_detached(nonce, header, sealed, tag),
            Cipher::ChaCha20(chacha) => {
                chacha.decrypt_in_place_detached(nonce, header, sealed, tag)
            }
        }
        .ok()?;
        // The content type, and zeros up to the record's end.
        let length = sealed.iter().rposition(|byte| *byte != 0)?;
        Some(Opened {
            kind: sealed[length],
            length,
        })
    }
}

#[cfg(test)]
impl Keys {
    /// A record with this number: what [`Self::open`] opens.
    pub(super) fn seal(&self, sequence: u64, kind: u8, content: &[u8], padding: usize) -> Vec<u8> {
        let mut sealed = [content, &[kind], &vec![0; padding]].concat();
        let length = u16::try_from(sealed.len() + TAG)
            .expect("short records")
            .to_be_bytes();
        let header = [23, 3, 3, length[0], length[1]];
        let mut nonce = self.iv;
        for (byte, number) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
            *byte ^= number;
        }
        let nonce = (&nonce).into();
        let tag = match &self.cipher {
            Cipher::Aes128(aes) => aes.encrypt_in_place_detached(nonce, &header, &mut sealed),
            Cipher::Aes256(aes) => aes.encrypt_in_place_detached(nonce, &header, &mut sealed),
            Cipher::ChaCha20(chacha) => {
                chacha.encrypt_in_place_detached(nonce, &header, &mut sealed)
            }
        };
        [&header[..], &sealed, &tag.expect("not too long")].concat()
    }
}

impl Secret {
    /// HKDF-Expand-Label without a context.
    fn expand(&self, label: &[u8], out: &mut [u8]) -> Option<()> {
        let length = u16::try_from(out.len()).ok()?.to_be_bytes();
        let label_length = [u8::try_from(6 + label.len()).ok()?];
        let info = [&length[..], &label_length, b"tls13 ", label, &[0]];
        match self {
            Self::Sha256(secret) => Hkdf::<Sha256>::from_prk(secret)
                .ok()?
                .expand_multi_info(&info, out)
                .ok(),
            Self::Sha384(secret) => Hkdf::<Sha384>::from_prk(secret)
                .ok()?
                .expand_multi_info(&info, out)
                .ok(),
        }
    }
}
