//! Where the handshake stands, and how the guard tells the cipher.
//!
//! embedded-tls makes a cipher anew for every record and gives it a key, a
//! nonce, the record's header and its body: there is no place for a reference
//! to anything. But the header passes through the guard, which has checked
//! that its version is 0x0303, and embedded-tls looks at those two bytes never
//! again. So the guard writes the stage there, and the cipher puts 0x0303 back
//! before it opens the record, since the header is authenticated with it
//! (RFC 8446 section 5.2).

/// What the next protected record may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// The first one: begins with EncryptedExtensions.
    EncryptedExtensions = 1,
    /// CertificateRequest or Certificate.
    Request = 2,
    /// Certificate.
    Certificate = 3,
    /// The chain is good, its owner is still to be proved.
    CertificateVerify = 4,
    /// The server is verified.
    Finished = 5,
    /// The handshake is complete.
    Open = 6,
    /// The first one where a shared key takes the place of certificates:
    /// EncryptedExtensions, then Finished.
    SharedKey = 7,
}

/// The first of the two bytes: no version of TLS begins so.
const MARK: u8 = 0xa5;

/// The version of every protected record.
pub(super) const VERSION: [u8; 2] = [3, 3];

impl Stage {
    /// What stands in place of the version.
    pub(super) const fn mark(self) -> [u8; 2] {
        [MARK, self as u8]
    }

    /// The stage in a marked header.
    pub(super) fn of_mark(mark: [u8; 2]) -> Option<Self> {
        [
            Self::EncryptedExtensions,
            Self::Request,
            Self::Certificate,
            Self::CertificateVerify,
            Self::Finished,
            Self::Open,
            Self::SharedKey,
        ]
        .into_iter()
        .find(|stage| stage.mark() == mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marks_are_stages() {
        let mut found = 0;
        for mark in 0..=u16::MAX {
            let mark = mark.to_be_bytes();
            if let Some(stage) = Stage::of_mark(mark) {
                assert_eq!(stage.mark(), mark);
                found += 1;
            }
        }
        assert_eq!(found, 7);
        assert_eq!(Stage::of_mark(VERSION), None);
    }
}
