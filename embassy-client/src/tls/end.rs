//! How a connection ended, in words a person can act on.

use embedded_tls::TlsError;

use super::alert::{self, Named};
use super::content::ContentError;
use super::error::CertificateError;
use super::guard::RecordError;
use super::hello::ServerHelloError;
use crate::supervisor::FailureClass;

/// Why a secure connection is over (or never came up).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum End {
    /// This side closed it, and said so to the peer.
    Closed,
    /// This side closed it in good order because it had been used enough: see
    /// [`SessionLimits`](super::SessionLimits).
    SessionLimit,
    /// This side cut it off without a word.
    Aborted,
    /// The peer closed it in good order (close_notify).
    PeerClosed,
    /// The stream ended without close_notify: the peer died, or somebody on
    /// the path cut it. Nothing that was in flight can be assumed delivered.
    Truncated,
    /// TCP was reset, or gave up waiting for acknowledgements.
    Reset,
    /// The peer ended an open connection with this alert (RFC 8446 section 6;
    /// [`alert_name`](super::alert_name)).
    PeerAlert(u8),
    /// The peer refused the device's certificate with this alert. With TLS 1.3
    /// that comes when the connection is open already, at times after data.
    IdentityRefused(u8),
    /// The server, or somebody in its place, ended the handshake with this
    /// alert, close_notify among them.
    HandshakeAlert(u8),
    /// The server's certificate or signature was not accepted.
    Certificate(CertificateError),
    /// The device's key could not sign.
    SignerFailed,
    /// A record that does not belong where it came.
    Record(RecordError),
    /// The server's first message was not accepted.
    ServerHello(ServerHelloError),
    /// The content of a protected record was not accepted.
    Content(ContentError),
    /// The handshake was not complete in time.
    HandshakeTimeout,
    /// The peer took not one byte for too long: its receive window never
    /// opened. Or it had not taken all that was left when a connection that was
    /// used enough had to end.
    WriteTimeout,
    /// The server changes its keys (KeyUpdate), which this TLS cannot follow:
    /// connect again.
    Rekey,
    /// A record or handshake message does not fit the receive buffer: give it
    /// `needed` bytes, or have the server send smaller records
    /// (`max_fragment_size`).
    ReceiveBufferTooSmall {
        /// Bytes that would have held it.
        needed: usize,
    },
    /// The device's certificate does not fit the send buffer: give it `needed`
    /// bytes.
    SendBufferTooSmall {
        /// Bytes that would hold it.
        needed: usize,
    },
    /// The handshake failed for another reason: the server sent something that
    /// embedded-tls does not understand. Among that is a list of signature
    /// algorithms (in CertificateRequest) or groups with a number in it that is
    /// newer than embedded-tls, or with more than 25 or 13 of them: leave them
    /// out of the server's settings.
    Handshake,
    /// A record could not be decrypted: it was damaged or forged.
    BadRecord,
}

impl End {
    /// How soon it is worth trying again.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::IdentityRefused(_) | Self::Certificate(_) => FailureClass::Authentication,
            Self::HandshakeAlert(code) => alert::class(*code),
            Self::ServerHello(error) => error.class(),
            Self::SignerFailed
            | Self::ReceiveBufferTooSmall { .. }
            | Self::SendBufferTooSmall { .. }
            | Self::Content(ContentError::SplitMessage(_) | ContentError::MessageTooLong(_)) => {
                FailureClass::Configuration
            }
            _ => FailureClass::Transient,
        }
    }

    /// Whether it may be the work of somebody on the path who has no key at all,
    /// because it came from a server that had not been verified (or is told by the
    /// plain header of a record): it says nothing for certain about this device's
    /// settings or the server's. Of those that have the
    /// [class](Self::class) of transient failures it is not asked.
    pub const fn may_be_forged(&self) -> bool {
        match self {
            Self::HandshakeAlert(_)
            | Self::ServerHello(_)
            | Self::Certificate(_)
            | Self::Content(_)
            | Self::ReceiveBufferTooSmall { .. }
            | Self::Record(_)
            | Self::BadRecord
            | Self::Handshake
            | Self::HandshakeTimeout
            | Self::WriteTimeout
            | Self::Truncated
            | Self::Reset => true,
            Self::Closed
            | Self::SessionLimit
            | Self::Aborted
            | Self::PeerClosed
            | Self::PeerAlert(_)
            | Self::IdentityRefused(_)
            | Self::SignerFailed
            | Self::Rekey
            | Self::SendBufferTooSmall { .. } => false,
        }
    }

    /// What an alert on an open connection means; `data_received` tells whether
    /// the peer ever sent a byte of data.
    pub(super) const fn of_alert(code: u8, data_received: bool) -> Self {
        match code {
            alert::CLOSE_NOTIFY => Self::PeerClosed,
            code if alert::refuses_identity(code, data_received) => Self::IdentityRefused(code),
            code => Self::PeerAlert(code),
        }
    }
}

impl core::fmt::Display for End {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by this device"),
            Self::SessionLimit => f.write_str("closed by this device to have new keys"),
            Self::Aborted => f.write_str("aborted by this device"),
            Self::PeerClosed => f.write_str("closed by the server"),
            Self::Truncated => f.write_str("the stream ended without a TLS close"),
            Self::Reset => f.write_str("the TCP connection was reset or lost"),
            Self::PeerAlert(code) => {
                write!(f, "the server ended the connection with {}", Named(*code))
            }
            Self::IdentityRefused(code) => {
                write!(f, "client certificate refused with {}", Named(*code))
            }
            Self::HandshakeAlert(code) => {
                write!(f, "the server refused the handshake with {}", Named(*code))
            }
            Self::Certificate(error) => error.fmt(f),
            Self::SignerFailed => f.write_str("the device's key could not sign"),
            Self::Record(error) => error.fmt(f),
            Self::ServerHello(error) => error.fmt(f),
            Self::Content(error) => error.fmt(f),
            Self::HandshakeTimeout => f.write_str("the TLS handshake took too long"),
            Self::WriteTimeout => f.write_str("the server took no data for too long"),
            Self::Rekey => f.write_str("the server changed its keys, a new connection is needed"),
            Self::ReceiveBufferTooSmall { needed } => write!(
                f,
                "the TLS receive buffer is too small for this server: {needed} bytes are needed"
            ),
            Self::SendBufferTooSmall { needed } => write!(
                f,
                "the TLS send buffer is too small for this device's certificate: \
                 {needed} bytes are needed"
            ),
            Self::Handshake => {
                f.write_str("the TLS handshake failed: the server is not understood")
            }
            Self::BadRecord => f.write_str("a TLS record was damaged or forged"),
        }
    }
}

impl core::error::Error for End {}

/// What an error of embedded-tls means that nothing of ours has foreseen.
pub(super) fn of_error(error: &TlsError) -> End {
    match error {
        TlsError::CryptoError => End::BadRecord,
        // Of signatures embedded-tls itself checks none; of Finished it does.
        TlsError::InvalidSignature => End::Content(ContentError::BadFinished),
        TlsError::InvalidKeyShare => End::ServerHello(ServerHelloError::KeyShare),
        _ => End::Handshake,
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::*;

    #[test]
    fn a_refused_client_certificate_is_told_from_a_later_alert() {
        let early = End::of_alert(48, false);
        assert_eq!(early, End::IdentityRefused(48));
        assert_eq!(early.class(), FailureClass::Authentication);
        assert_eq!(End::of_alert(116, true), End::IdentityRefused(116));
        let late = End::of_alert(80, true);
        assert_eq!(late, End::PeerAlert(80));
        assert_eq!(late.class(), FailureClass::Transient);
        assert_eq!(End::of_alert(0, false), End::PeerClosed);
    }

    #[test]
    fn classes_say_how_soon_to_try_again() {
        use FailureClass::{Authentication, Configuration, Transient};
        for (end, class) in [
            (End::HandshakeAlert(48), Authentication),
            (End::HandshakeAlert(70), Configuration),
            (End::HandshakeAlert(80), Transient),
            (
                End::ServerHello(ServerHelloError::OldVersion(0x0303)),
                Configuration,
            ),
            (End::ServerHello(ServerHelloError::Malformed), Transient),
            (End::ReceiveBufferTooSmall { needed: 600 }, Configuration),
            (End::Content(ContentError::SplitMessage(9)), Configuration),
            (End::Content(ContentError::BadFinished), Transient),
            (End::Rekey, Transient),
            (End::SessionLimit, Transient),
        ] {
            assert_eq!(end.class(), class, "{end}");
        }
    }

    #[test]
    fn what_needs_no_key_may_be_forged() {
        for end in [
            End::HandshakeAlert(48),
            End::ServerHello(ServerHelloError::OldVersion(0x0303)),
            End::Certificate(CertificateError::Expired),
            End::ReceiveBufferTooSmall { needed: 16_401 },
            End::Content(ContentError::SplitMessage(9)),
        ] {
            assert!(end.may_be_forged(), "{end}");
        }
        // By the verified server, or found on this device.
        for end in [
            End::IdentityRefused(48),
            End::SignerFailed,
            End::SendBufferTooSmall { needed: 900 },
        ] {
            assert!(!end.may_be_forged(), "{end}");
        }
    }

    #[test]
    fn words_say_what_to_do() {
        for (end, words) in [
            (
                End::IdentityRefused(48),
                "client certificate refused with TLS alert 48 (unknown_ca)",
            ),
            (
                End::PeerAlert(200),
                "the server ended the connection with TLS alert 200",
            ),
            (
                End::ReceiveBufferTooSmall { needed: 5000 },
                "the TLS receive buffer is too small for this server: 5000 bytes are needed",
            ),
            (
                End::Content(ContentError::SplitMessage(1004)),
                "the server splits a handshake message of 1004 bytes over records: \
                 raise its max_fragment_size",
            ),
            (
                End::ServerHello(ServerHelloError::OldVersion(0x0303)),
                "the server speaks TLS 1.2 only, not TLS 1.3",
            ),
        ] {
            assert_eq!(end.to_string(), words);
        }
    }
}
