//! A key that device and server share, in place of certificates (RFC 8446
//! section 2.2, "external PSK").
//!
//! **It fails closed, and this is why.** embedded-tls 0.19 mixes the key into
//! the first secret of the key schedule (RFC 8446 section 7.1) and does not ask
//! whether the server took it. So every key of the connection depends on it and
//! on the key exchange: nobody without it can make one record that opens, nor
//! the server's Finished, which is what proves the server here. A server that
//! goes on with its certificate instead has other keys, and would end in a
//! record that cannot be decrypted; the guard sees it before, in ServerHello,
//! where `pre_shared_key` must stand exactly once and choose the one key that
//! was offered. Behind EncryptedExtensions nothing but Finished is let through.
//! So the latch of the verifier has nothing to verify, and takes no certificate.

use core::fmt;

/// A key that this device shares with its server, and with nobody else.
///
/// ```
/// # use wigwag_embassy::tls::{ExternalPsk, PskError, TlsParameters};
/// # let key: [u8; 32] = core::array::from_fn(|at| at as u8);
/// let psk = ExternalPsk::new(b"device-0001", &key)?;
/// let parameters = TlsParameters::with_external_psk("orders.example", psk);
/// assert!(parameters.is_ok());
/// assert_eq!(ExternalPsk::new(b"device-0001", b"secret").unwrap_err(), PskError::Key);
/// # Ok::<(), PskError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ExternalPsk<'a> {
    identity: &'a [u8],
    key: &'a [u8],
}

/// Why an identity and a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PskError {
    /// The identity has no byte, or more than [`ExternalPsk::MAX_IDENTITY`].
    Identity,
    /// The key has less than [`ExternalPsk::MIN_KEY`] bytes, or more than
    /// [`ExternalPsk::MAX_KEY`].
    Key,
}

impl fmt::Display for PskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "the identity of a pre-shared key has 1 to 128 bytes",
            Self::Key => "a pre-shared key has 16 to 64 bytes: random ones, no password",
        })
    }
}

impl core::error::Error for PskError {}

impl<'a> ExternalPsk<'a> {
    /// Most bytes of an identity.
    pub const MAX_IDENTITY: usize = 128;
    /// Fewest bytes of a key: 128 bits, as much as the cipher has (RFC 9257
    /// section 6).
    pub const MIN_KEY: usize = 16;
    /// Most bytes of a key.
    pub const MAX_KEY: usize = 64;

    /// The name by which the server knows the key, which anyone on the path can
    /// read, and the key.
    ///
    /// The key must be random: whoever sees one handshake can try passwords
    /// against it for as long as he likes. It must belong to one device and one
    /// server only, since each of those that have it can play any other (RFC
    /// 9257 section 4), and be used with SHA-256 and for nothing else.
    ///
    /// # Errors
    /// [`PskError`] when one of them is too short or too long.
    pub const fn new(identity: &'a [u8], key: &'a [u8]) -> Result<Self, PskError> {
        if identity.is_empty() || identity.len() > Self::MAX_IDENTITY {
            return Err(PskError::Identity);
        }
        if key.len() < Self::MIN_KEY || key.len() > Self::MAX_KEY {
            return Err(PskError::Key);
        }
        Ok(Self { identity, key })
    }

    pub(crate) const fn identity(&self) -> &'a [u8] {
        self.identity
    }

    pub(crate) const fn key(&self) -> &'a [u8] {
        self.key
    }
}

impl fmt::Debug for ExternalPsk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalPsk(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn sizes_have_their_ends() {
        let bytes = [0x5a; 200];
        let new = |identity: usize, key: usize| {
            ExternalPsk::new(&bytes[..identity], &bytes[..key]).map(|_| ())
        };
        for (identity, key) in [(1, 16), (128, 64)] {
            assert_eq!(new(identity, key), Ok(()));
        }
        for identity in [0, 129] {
            assert_eq!(new(identity, 32), Err(PskError::Identity));
        }
        for key in [0, 15, 65] {
            assert_eq!(new(8, key), Err(PskError::Key));
        }
        let shown = format!("{:?}", ExternalPsk::new(&bytes[..8], &bytes[..16]));
        assert_eq!(shown, "Ok(ExternalPsk(..))");
    }
}
