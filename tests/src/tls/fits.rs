//! Which of the device's reasons fit a server's fault.

use wigwag_embassy::tls::{CertificateError, ContentError, End, RecordError, ServerHelloError};
use wigwag_harness::adversary::catalogue::Fault;

/// Whether `end` is a right word for `fault`.
#[must_use]
pub fn fits(fault: Fault, end: End) -> bool {
    use {CertificateError as Certificate, ContentError as Content, ServerHelloError as Hello};
    match fault {
        Fault::Hello => matches!(end, End::ServerHello(_)),
        Fault::Retry => end == End::ServerHello(Hello::HelloRetryRequest),
        Fault::Version => matches!(
            end,
            End::ServerHello(Hello::OldVersion(_) | Hello::Downgraded)
        ),
        Fault::Order => matches!(
            end,
            End::Content(Content::UnexpectedMessage(_)) | End::Certificate(Certificate::OutOfOrder)
        ),
        Fault::Malformed => matches!(
            end,
            End::Content(
                Content::MalformedMessage(_) | Content::UnexpectedExtension(_) | Content::Empty
            )
        ),
        Fault::Split => matches!(
            end,
            End::Content(Content::SplitMessage(_) | Content::MessageTooLong(_))
                | End::ServerHello(Hello::Split(_))
        ),
        Fault::NoProof => matches!(
            end,
            End::Certificate(Certificate::Missing | Certificate::OutOfOrder)
        ),
        Fault::Untrusted => matches!(end, End::Certificate(_)),
        Fault::Signature => matches!(
            end,
            End::Certificate(Certificate::BadSignature | Certificate::UnsupportedKey)
        ),
        Fault::Finished => end == End::Content(Content::BadFinished),
        Fault::RecordType(kind) => {
            end == End::Record(RecordError::UnexpectedType(kind))
                || end == End::Content(Content::UnexpectedType(kind))
        }
        Fault::RecordLength => matches!(
            end,
            End::Record(RecordError::BadLength(_)) | End::Content(Content::Empty)
        ),
        Fault::NotTls => end == End::Record(RecordError::NotTls),
        Fault::Forged => end == End::BadRecord,
        Fault::Alert(code) => match end {
            End::HandshakeAlert(told) | End::PeerAlert(told) | End::IdentityRefused(told) => {
                told == code
            }
            _ => false,
        },
        Fault::Closed => matches!(end, End::PeerClosed | End::HandshakeAlert(0)),
        Fault::Truncated => end == End::Truncated,
        Fault::TooMuch => end == End::Record(RecordError::HandshakeTooLong),
        Fault::Silent => end == End::HandshakeTimeout,
        Fault::Rekey => end == End::Rekey,
    }
}
