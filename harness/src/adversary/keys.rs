//! The key schedule of TLS 1.3 (RFC 8446 section 7) for
//! `TLS_AES_128_GCM_SHA256`, and the protection of records (section 5.2).

use aes_gcm::aead::AeadInPlace as _;
use aes_gcm::{Aes128Gcm, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// SHA-256's output.
pub(super) type Hash = [u8; 32];

/// The hash of a transcript.
pub(super) fn hash(transcript: &[u8]) -> Hash {
    Sha256::digest(transcript).into()
}

/// HKDF-Expand-Label (RFC 8446 section 7.1).
fn expand<const N: usize>(secret: &Hash, label: &str, context: &[u8]) -> [u8; N] {
    let mut info = (N as u16).to_be_bytes().to_vec();
    info.extend(super::wire::vector8(format!("tls13 {label}").as_bytes()));
    info.extend(super::wire::vector8(context));
    let mut out = [0; N];
    let hkdf = Hkdf::<Sha256>::from_prk(secret).expect("a hash is long enough for a secret");
    hkdf.expand(&info, &mut out)
        .expect("a few blocks can be had of a secret");
    out
}

fn extract(salt: &Hash, input: &[u8]) -> Hash {
    Hkdf::<Sha256>::extract(Some(salt), input).0.into()
}

/// Finished's contents (RFC 8446 section 4.4.4).
pub(super) fn finished(traffic_secret: &Hash, transcript: &Hash) -> Hash {
    let key: Hash = expand(traffic_secret, "finished", b"");
    let mut mac =
        <Hmac<Sha256> as hmac::Mac>::new_from_slice(&key).expect("a MAC takes keys of any length");
    mac.update(transcript);
    mac.finalize().into_bytes().into()
}

/// The traffic secrets of one epoch.
#[derive(Clone, Copy)]
pub(super) struct Secrets {
    pub(super) client: Hash,
    pub(super) server: Hash,
}

/// Where the schedule has got to: the handshake secret.
#[derive(Clone, Copy)]
pub(super) struct Schedule(Hash);

impl Schedule {
    /// From a pre-shared key, or from none, and (EC)DHE.
    pub(super) fn new(psk: Option<&[u8]>, shared: &[u8]) -> Self {
        let early = extract(&[0; 32], psk.unwrap_or(&[0; 32]));
        let derived: Hash = expand(&early, "derived", &hash(b""));
        Self(extract(&derived, shared))
    }

    /// The handshake's secrets; `transcript` is the hash up to ServerHello.
    pub(super) fn handshake(&self, transcript: &Hash) -> Secrets {
        Secrets {
            client: expand(&self.0, "c hs traffic", transcript),
            server: expand(&self.0, "s hs traffic", transcript),
        }
    }

    /// The application's secrets; `transcript` is the hash up to the server's
    /// Finished.
    pub(super) fn application(&self, transcript: &Hash) -> Secrets {
        let derived: Hash = expand(&self.0, "derived", &hash(b""));
        let master = extract(&derived, &[0; 32]);
        Secrets {
            client: expand(&master, "c ap traffic", transcript),
            server: expand(&master, "s ap traffic", transcript),
        }
    }
}

/// The keys that protect the records of one direction in one epoch
/// (`TLS_AES_128_GCM_SHA256`), and the number of the next record.
#[derive(Clone)]
pub struct Keys {
    secret: Hash,
    cipher: Aes128Gcm,
    iv: [u8; 12],
    /// The number of the next record.
    pub(super) sequence: u64,
}

impl Keys {
    /// The keys of a traffic secret (RFC 8446 section 7.3).
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        let key: [u8; 16] = expand(&secret, "key", b"");
        Self {
            secret,
            cipher: <Aes128Gcm as KeyInit>::new(&key.into()),
            iv: expand(&secret, "iv", b""),
            sequence: 0,
        }
    }

    /// The keys after a KeyUpdate (RFC 8446 section 7.2).
    pub(super) fn updated(&self) -> Self {
        Self::new(expand(&self.secret, "traffic upd", b""))
    }

    fn nonce(&self, sequence: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        for (byte, number) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
            *byte ^= number;
        }
        nonce
    }

    /// Protects an inner plaintext, whatever it is, as the next record.
    ///
    /// # Panics
    /// Never: a vector grows.
    pub fn seal(&mut self, inner: &[u8]) -> Vec<u8> {
        let length = (inner.len() + 16).to_be_bytes();
        let header = [23, 3, 3, length[6], length[7]];
        let mut body = inner.to_vec();
        self.cipher
            .encrypt_in_place(&self.nonce(self.sequence).into(), &header, &mut body)
            .expect("a vector grows");
        self.sequence += 1;
        let mut record = header.to_vec();
        record.append(&mut body);
        record
    }

    /// The inner plaintext of a record, if these are its keys and its turn.
    pub(super) fn open(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let inner = self.open_as(self.sequence, record)?;
        self.sequence += 1;
        Some(inner)
    }

    /// The inner plaintext of a record, if these are its keys and `sequence`
    /// its number, whosever turn it is.
    #[must_use]
    pub fn open_as(&self, sequence: u64, record: &[u8]) -> Option<Vec<u8>> {
        let (header, body) = record.split_at_checked(5)?;
        let mut inner = body.to_vec();
        let nonce = self.nonce(sequence).into();
        let opened = self.cipher.decrypt_in_place(&nonce, header, &mut inner);
        opened.ok().map(|()| inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads hexadecimal digits.
    fn hex<const N: usize>(text: &str) -> [u8; N] {
        assert_eq!(text.len(), 2 * N);
        core::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    }

    /// RFC 8448 section 3: its shared secret, transcript hash and results.
    #[test]
    fn the_schedule_gives_what_the_rfc_prints() {
        let shared = hex::<32>("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
        let schedule = Schedule::new(None, &shared);
        let secrets = schedule.handshake(&hex(
            "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8",
        ));
        assert_eq!(
            secrets.server,
            hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
        );
        let keys = Keys::new(secrets.server);
        assert_eq!(keys.iv, hex("5d313eb2671276ee13000b30"));
        let secrets = schedule.application(&hex(
            "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13",
        ));
        assert_eq!(
            secrets.client,
            hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
        );
    }

    #[test]
    fn a_record_opens_once_and_in_its_turn() {
        let mut seals = Keys::new([7; 32]);
        let mut opens = seals.clone();
        let first = seals.seal(b"one\x17");
        let second = seals.seal(b"");
        assert_eq!(opens.open(&second), None);
        assert_eq!(opens.open(&first).as_deref(), Some(&b"one\x17"[..]));
        assert_eq!(opens.open(&first), None);
        assert_eq!(opens.open(&second).as_deref(), Some(&b""[..]));
        assert!(opens.updated().open(&first).is_none());
    }
}
