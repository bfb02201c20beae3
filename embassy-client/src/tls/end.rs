//! How a connection ended, in words a person can act on.

use embedded_tls::TlsError;
use embedded_tls::alert::AlertDescription;

use super::error::CertificateError;
use super::guard::RecordError;
use crate::supervisor::FailureClass;

/// Why a secure connection is over (or never came up).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum End {
    /// This side closed it, and said so to the peer.
    Closed,
    /// This side cut it off without a word.
    Aborted,
    /// The peer closed it in good order (close_notify).
    PeerClosed,
    /// The stream ended without close_notify: the peer died, or somebody on
    /// the path cut it. Nothing that was in flight can be assumed delivered.
    Truncated,
    /// TCP was reset, or gave up waiting for acknowledgements.
    Reset,
    /// The peer ended it with a fatal alert after data had been exchanged.
    PeerAlert,
    /// The peer ended it with a fatal alert before its first byte of data:
    /// with TLS 1.3 that is how a server refuses the device's certificate.
    IdentityRefused,
    /// The server ended the handshake with this alert (RFC 8446 section 6).
    HandshakeAlert(u8),
    /// The server's certificate or signature was not accepted.
    Certificate(CertificateError),
    /// The device's key could not sign.
    SignerFailed,
    /// A record that does not belong where it came.
    Record(RecordError),
    /// The handshake was not complete in time.
    HandshakeTimeout,
    /// The peer did not take data in time: its receive window never opened.
    WriteTimeout,
    /// The server changes its keys (KeyUpdate), which this TLS cannot follow:
    /// connect again.
    Rekey,
    /// A record or handshake message does not fit the TLS buffers: enlarge
    /// them, or set the server's `max_fragment_size`.
    BufferTooSmall,
    /// The handshake failed for another reason: the server does not speak
    /// TLS 1.3 with `TLS_AES_128_GCM_SHA256` and `secp256r1`, splits its
    /// handshake messages over records, or sent something malformed.
    Handshake,
    /// A record could not be decrypted or had malformed content.
    BadRecord,
}

impl End {
    /// How soon it is worth trying again.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::IdentityRefused | Self::Certificate(_) => FailureClass::Authentication,
            Self::HandshakeAlert(code) => alert_class(*code),
            Self::SignerFailed | Self::BufferTooSmall => FailureClass::Configuration,
            _ => FailureClass::Transient,
        }
    }
}

/// Alerts about identities are refusals; `protocol_version`,
/// `insufficient_security` and `handshake_failure` will not go away by trying.
fn alert_class(code: u8) -> FailureClass {
    match code {
        42..=46 | 48 | 49 | 112 | 116 => FailureClass::Authentication,
        40 | 70 | 71 | 109 | 110 | 120 => FailureClass::Configuration,
        _ => FailureClass::Transient,
    }
}

impl core::fmt::Display for End {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by this device"),
            Self::Aborted => f.write_str("aborted by this device"),
            Self::PeerClosed => f.write_str("closed by the server"),
            Self::Truncated => f.write_str("the stream ended without a TLS close"),
            Self::Reset => f.write_str("the TCP connection was reset or lost"),
            Self::PeerAlert => f.write_str("the server ended the connection with a TLS alert"),
            Self::IdentityRefused => f.write_str("client certificate refused"),
            Self::HandshakeAlert(code) => {
                write!(f, "the server refused the handshake with TLS alert {code}")
            }
            Self::Certificate(error) => error.fmt(f),
            Self::SignerFailed => f.write_str("the device's key could not sign"),
            Self::Record(RecordError::UnexpectedType(kind)) => {
                write!(f, "a TLS record of type {kind} came where none may")
            }
            Self::Record(RecordError::BadLength(length)) => {
                write!(f, "a TLS record of {length} bytes came where none may")
            }
            Self::Record(RecordError::NotTls) => f.write_str("the server does not speak TLS"),
            Self::Record(RecordError::HandshakeTooLong) => {
                f.write_str("the server's handshake is too long")
            }
            Self::HandshakeTimeout => f.write_str("the TLS handshake took too long"),
            Self::WriteTimeout => f.write_str("the server took no data for too long"),
            Self::Rekey => f.write_str("the server changed its keys, a new connection is needed"),
            Self::BufferTooSmall => f.write_str("the TLS buffers are too small for this server"),
            Self::Handshake => {
                f.write_str("the TLS handshake failed: is it TLS 1.3 with AES-128-GCM and P-256?")
            }
            Self::BadRecord => f.write_str("a TLS record was malformed or forged"),
        }
    }
}

impl core::error::Error for End {}

/// What an error of embedded-tls means during the handshake.
pub(crate) fn of_handshake(error: &TlsError) -> End {
    match error {
        TlsError::HandshakeAborted(_, description) => End::HandshakeAlert(alert_code(*description)),
        TlsError::InsufficientSpace | TlsError::EncodeError | TlsError::OutOfMemory => {
            End::BufferTooSmall
        }
        TlsError::ConnectionClosed => End::PeerClosed,
        _ => End::Handshake,
    }
}

/// What an error of embedded-tls means on an open connection;
/// `data_received` tells whether the peer ever sent a byte of data.
pub(crate) fn of_open(error: &TlsError, data_received: bool) -> End {
    match error {
        TlsError::ConnectionClosed | TlsError::MissingHandshake => End::PeerClosed,
        // 0.19 reports every other alert so, and keeps the number to itself.
        TlsError::InternalError if data_received => End::PeerAlert,
        TlsError::InternalError => End::IdentityRefused,
        TlsError::Unimplemented => End::Rekey,
        TlsError::InsufficientSpace | TlsError::OutOfMemory => End::BufferTooSmall,
        _ => End::BadRecord,
    }
}

fn alert_code(description: AlertDescription) -> u8 {
    description as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_client_certificate_is_told_from_a_later_alert() {
        let early = of_open(&TlsError::InternalError, false);
        assert_eq!(early, End::IdentityRefused);
        assert_eq!(early.class(), FailureClass::Authentication);
        let late = of_open(&TlsError::InternalError, true);
        assert_eq!(late, End::PeerAlert);
        assert_eq!(late.class(), FailureClass::Transient);
    }

    #[test]
    fn alerts_have_their_class() {
        assert_eq!(
            End::HandshakeAlert(48).class(),
            FailureClass::Authentication
        );
        assert_eq!(End::HandshakeAlert(70).class(), FailureClass::Configuration);
        assert_eq!(End::HandshakeAlert(80).class(), FailureClass::Transient);
    }
}
