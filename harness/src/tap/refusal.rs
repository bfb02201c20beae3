//! Why the server's side failed, in words a person can act on.

use rustls::{AlertDescription, CertificateError, Error};
use std::io;

/// Why the TLS handshake with the server, which should prove `name`, failed.
pub(super) fn of_server(error: &io::Error, name: &str) -> String {
    let Some(tls) = tls_error(error) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                "the server hung up during the TLS handshake".to_owned()
            }
            _ => format!("lost the server during the TLS handshake: {error}"),
        };
    };
    match tls {
        Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired".into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet".into()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the server's certificate is not valid for {name}")
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "the server's certificate is not issued by the CA that is trusted".into()
            }
            other => format!("the server's certificate is refused: {other}"),
        },
        Error::InvalidMessage(_) => "the server does not speak TLS".into(),
        _ => of_talk(error),
    }
}

/// Why a connection broke.
pub(super) fn of_talk(error: &io::Error) -> String {
    match tls_error(error) {
        // A server of TLS 1.3 tells this after the handshake, RFC 8446
        // section 4.4.2.4; the last where a CA has the right name and another key.
        Some(Error::AlertReceived(
            alert @ (AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied),
        )) => format!("client certificate refused ({alert:?})"),
        Some(Error::AlertReceived(alert)) => format!("TLS ended with an alert: {alert:?}"),
        Some(other) => format!("TLS failed: {other}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "hung up without the end of TLS".into()
        }
        None => error.to_string(),
    }
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}
