//! How the cipher tells why it refused a record.
//!
//! An AEAD can only succeed or fail, and embedded-tls gives the cipher no place
//! to leave a word. So a refused record is replaced, in its own memory, by a
//! report, in a form that embedded-tls hands on unread to code of ours:
//!
//! - during the handshake as a CertificateVerify with a signature algorithm
//!   that no server can get through: the cipher lets none but
//!   `ecdsa_secp256r1_sha256` pass. It arrives at [`Witness`](super::witness);
//! - afterwards as application data. The last byte of every record's data says
//!   whether it is data or a report; the cipher has put it there itself, behind
//!   whatever the server sent. It arrives at the owner's read loop.
//!
//! Either way the connection ends with it. A record has always room for a
//! report: its tag is 16 bytes, and embedded-tls wants one of content type.

use embedded_tls::{CertificateVerifyRef, SignatureScheme};

use super::content::{APPLICATION_DATA, ContentError, HANDSHAKE, MAX_CONTENT};
use super::end::End;
use super::error::CertificateError;
use super::messages::CERTIFICATE_VERIFY;

/// Why the cipher refused a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// An alert came; its code.
    Alert(u8),
    /// The server changes its keys.
    KeyUpdate,
    /// Finished without a Certificate before it.
    NoCertificate,
    /// Certificate, CertificateVerify and Finished not in this order.
    OutOfOrder,
    /// More certificates than embedded-tls takes.
    ChainTooLong,
    /// A CertificateVerify of another algorithm than this device verifies.
    UnsupportedSignature,
    /// See [`ContentError`].
    Empty,
    UnexpectedType(u8),
    UnexpectedMessage(u8),
    MalformedMessage(u8),
    UnexpectedExtension(u16),
    /// A message that does not end in its record; the length of its body, 0
    /// when that is not there either.
    Split(u32),
}

/// Bytes of a report.
const LENGTH: usize = 4;
/// The last byte of a record's data: data or a report.
const DATA: u8 = 0;
const REPORT: u8 = 1;
/// An algorithm that nobody may use with TLS 1.3, as embedded-tls names it.
const SCHEME: SignatureScheme = SignatureScheme::Sha224Dsa;

impl Report {
    fn encode(self) -> [u8; LENGTH] {
        let (kind, detail) = match self {
            Self::Alert(code) => (0, code.into()),
            Self::KeyUpdate => (1, 0),
            Self::NoCertificate => (2, 0),
            Self::OutOfOrder => (3, 0),
            Self::ChainTooLong => (4, 0),
            Self::UnsupportedSignature => (5, 0),
            Self::Empty => (6, 0),
            Self::UnexpectedType(kind) => (7, kind.into()),
            Self::UnexpectedMessage(kind) => (8, kind.into()),
            Self::MalformedMessage(kind) => (9, kind.into()),
            Self::UnexpectedExtension(kind) => (10, kind.into()),
            Self::Split(length) => (11, length),
        };
        // A message's length has 24 bits.
        (kind << 24 | detail & 0x00ff_ffff).to_be_bytes()
    }

    fn decode(bytes: [u8; LENGTH]) -> Option<Self> {
        let [kind, a, b, c] = bytes;
        Some(match kind {
            0 => Self::Alert(c),
            1 => Self::KeyUpdate,
            2 => Self::NoCertificate,
            3 => Self::OutOfOrder,
            4 => Self::ChainTooLong,
            5 => Self::UnsupportedSignature,
            6 => Self::Empty,
            7 => Self::UnexpectedType(c),
            8 => Self::UnexpectedMessage(c),
            9 => Self::MalformedMessage(c),
            10 => Self::UnexpectedExtension(u16::from_be_bytes([b, c])),
            11 => Self::Split(u32::from_be_bytes([0, a, b, c])),
            _ => return None,
        })
    }

    /// The record in whose place embedded-tls gets this report during the
    /// handshake: a whole CertificateVerify, and its content type.
    pub(super) fn as_signature(self) -> [u8; 13] {
        let [kind, a, b, c] = self.encode();
        let [high, low] = SCHEME.as_u16().to_be_bytes();
        let length = LENGTH as u8;
        let body = length + 4;
        [
            CERTIFICATE_VERIFY,
            0,
            0,
            body,
            high,
            low,
            0,
            length,
            kind,
            a,
            b,
            c,
            HANDSHAKE,
        ]
    }

    /// The report, if `verify` is one.
    pub(super) fn of_signature(verify: &CertificateVerifyRef<'_>) -> Option<Self> {
        if verify.signature_scheme != SCHEME {
            return None;
        }
        Self::decode(*verify.signature.first_chunk()?)
    }

    /// The same on an open connection: data, its last byte, its content type.
    pub(super) fn as_data(self) -> [u8; LENGTH + 2] {
        let [kind, a, b, c] = self.encode();
        [kind, a, b, c, REPORT, APPLICATION_DATA]
    }

    /// Why the connection ends. `receive` is the length of the receive buffer;
    /// `alert` says what an alert means in this phase.
    pub(super) fn end(self, receive: usize, alert: impl FnOnce(u8) -> End) -> End {
        End::Content(match self {
            Self::Alert(code) => return alert(code),
            Self::KeyUpdate => return End::Rekey,
            Self::NoCertificate => return End::Certificate(CertificateError::Missing),
            Self::OutOfOrder => return End::Certificate(CertificateError::OutOfOrder),
            Self::ChainTooLong => return End::Certificate(CertificateError::ChainTooLong),
            Self::UnsupportedSignature => {
                return End::Certificate(CertificateError::UnsupportedKey);
            }
            Self::Empty => ContentError::Empty,
            Self::UnexpectedType(kind) => ContentError::UnexpectedType(kind),
            Self::UnexpectedMessage(kind) => ContentError::UnexpectedMessage(kind),
            Self::MalformedMessage(kind) => ContentError::MalformedMessage(kind),
            Self::UnexpectedExtension(kind) => ContentError::UnexpectedExtension(kind),
            Self::Split(0) => ContentError::SplitMessage(0),
            Self::Split(body) => {
                // With its header; in a record with content type and tag.
                let message = body.saturating_add(4);
                let needed = (message as usize).saturating_add(17);
                if message as usize > MAX_CONTENT {
                    ContentError::MessageTooLong(message)
                } else if needed > receive {
                    return End::ReceiveBufferTooSmall { needed };
                } else {
                    ContentError::SplitMessage(message)
                }
            }
        })
    }
}

/// What stands behind the data of a record on an open connection.
pub(super) const DATA_TRAILER: [u8; 2] = [DATA, APPLICATION_DATA];

/// What the cipher handed over on an open connection: data, or the report in
/// its place; neither cannot be.
pub(super) fn delivered(plaintext: &[u8]) -> Result<&[u8], Option<Report>> {
    match plaintext {
        [data @ .., DATA] => Ok(data),
        [report @ .., REPORT] => Err(report.first_chunk().copied().and_then(Report::decode)),
        _ => Err(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORTS: [Report; 14] = [
        Report::Alert(0),
        Report::Alert(255),
        Report::KeyUpdate,
        Report::NoCertificate,
        Report::OutOfOrder,
        Report::ChainTooLong,
        Report::UnsupportedSignature,
        Report::Empty,
        Report::UnexpectedType(255),
        Report::UnexpectedMessage(24),
        Report::MalformedMessage(8),
        Report::UnexpectedExtension(0xfffe),
        Report::Split(0),
        Report::Split(0x00ff_ffff),
    ];

    #[test]
    fn reports_arrive_as_they_left() {
        for report in REPORTS {
            let data = report.as_data();
            let (plaintext, kind) = data.split_at(data.len() - 1);
            assert_eq!(kind, [APPLICATION_DATA]);
            assert_eq!(delivered(plaintext), Err(Some(report)));

            let message = report.as_signature();
            let mut verify = CertificateVerifyRef {
                signature_scheme: SCHEME,
                signature: &message[8..12],
            };
            assert_eq!(message[..4], [15, 0, 0, 8]);
            assert_eq!(message[4..6], SCHEME.as_u16().to_be_bytes());
            assert_eq!(message[6..8], [0, 4]);
            assert_eq!(message[12], HANDSHAKE);
            assert_eq!(Report::of_signature(&verify), Some(report));
            verify.signature_scheme = SignatureScheme::EcdsaSecp256r1Sha256;
            assert_eq!(Report::of_signature(&verify), None);
        }
    }

    #[test]
    fn data_is_never_taken_for_a_report() {
        assert_eq!(delivered(&[DATA]), Ok(&[][..]));
        assert_eq!(
            delivered(&[1, 2, 3, REPORT, DATA]),
            Ok(&[1, 2, 3, REPORT][..])
        );
        for broken in [
            &[][..],
            &[2],
            &[REPORT],
            &[0, 0, 0, REPORT],
            &[12, 0, 0, 0, REPORT],
        ] {
            assert_eq!(delivered(broken), Err(None));
        }
    }

    #[test]
    fn a_message_that_does_not_fit_says_what_it_needs() {
        let end = |body, receive| Report::Split(body).end(receive, End::HandshakeAlert);
        assert_eq!(end(0, 600), End::Content(ContentError::SplitMessage(0)));
        assert_eq!(
            end(1000, 1021),
            End::Content(ContentError::SplitMessage(1004))
        );
        assert_eq!(end(1000, 1020), End::ReceiveBufferTooSmall { needed: 1021 });
        let most = MAX_CONTENT as u32 - 4;
        assert_eq!(
            end(most, 16_401),
            End::Content(ContentError::SplitMessage(16_384))
        );
        assert_eq!(
            end(most + 1, 512),
            End::Content(ContentError::MessageTooLong(16_385))
        );
    }
}
