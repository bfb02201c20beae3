//! What stands in the store for an identity of the device's own making.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | 1 |
//! | 32 | fingerprint of the settings it belongs to |
//! | 32 | the private key, as a number (SEC 1 section 2.3.7) |
//! | | its certificate (DER); empty while it is only requested |

use crate::settings::Fingerprint;
use crate::store::LONGEST;

const VERSION: u8 = 1;
const HEAD: usize = 1 + 32 + 32;

/// Longest certificate that a renewal can bring, in bytes: key and certificate
/// are one value of the store.
pub const MAX_CERTIFICATE: usize = LONGEST - HEAD;

/// A private key and what it is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'r> {
    pub(super) secret: &'r [u8; 32],
    /// Empty: it is only requested.
    pub(super) certificate: &'r [u8],
}

impl<'r> Record<'r> {
    /// What `stored` says; `None` when it belongs to other settings, or is
    /// nothing that this version wrote.
    pub(super) fn read(stored: &'r [u8], settings: &Fingerprint) -> Option<Self> {
        let (version, rest) = stored.split_first()?;
        let (fingerprint, rest) = rest.split_first_chunk()?;
        let (secret, certificate) = rest.split_first_chunk()?;
        let is_ours = *version == VERSION && fingerprint == settings;
        is_ours.then_some(Self {
            secret,
            certificate,
        })
    }

    /// Writes it to the start of `out` and returns its length; `None` when there
    /// is not enough room.
    pub(super) fn write(&self, settings: &Fingerprint, out: &mut [u8]) -> Option<usize> {
        let parts: [&[u8]; 4] = [&[VERSION], settings, self.secret, self.certificate];
        let mut length = 0;
        for part in parts {
            let end = length + part.len();
            out.get_mut(length..end)?.copy_from_slice(part);
            length = end;
        }
        Some(length)
    }

    pub(super) const fn is_ready(&self) -> bool {
        !self.certificate.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    const MINE: Fingerprint = [7; 32];

    #[test]
    fn records_are_read_as_they_were_written_and_for_their_settings_only() {
        let long = vec![0x30; MAX_CERTIFICATE];
        for certificate in [&[][..], b"C", &long] {
            let record = Record {
                secret: &[9; 32],
                certificate,
            };
            let mut out = [0xff; LONGEST];
            let length = record.write(&MINE, &mut out).unwrap();
            assert_eq!(length, HEAD + certificate.len());
            assert!(Record::read(&out[..length], &MINE) == Some(record));
            assert_eq!(record.is_ready(), !certificate.is_empty());
            assert_eq!(record.write(&MINE, &mut vec![0; length - 1]), None);
            for at in 0..HEAD {
                assert!(Record::read(&out[..at], &MINE).is_none());
            }
            assert!(Record::read(&out[..length], &[8; 32]).is_none());
            out[0] = 2;
            assert!(Record::read(&out[..length], &MINE).is_none());
        }
    }
}
