//! Why there is no connection, in words a person can act on.

use wigwag_codec::framer::FrameErrorKind;
use wigwag_embassy::ncp::{DecodeError, Error, NetworkError};
use wigwag_embassy::taps::EstablishmentError;
use wigwag_embassy::tls::{CertificateError, End};

use super::Settings;

/// Why no connection came up.
pub(super) fn of_attempt(settings: &Settings, error: &Error) -> String {
    let in_the_clear = settings.tls.is_none();
    match error {
        Error::AuthenticationError if settings.login.is_some() => "wrong user or password".into(),
        Error::AuthenticationError => "the server wants a user and a password".into(),
        Error::NetworkError(NetworkError::Refused(code)) => match code {
            403 => "the server has no tunnel to ncp.service (403)".into(),
            400 => "the server did not understand the first words (400): does it want a login, \
                    none, or TLS?"
                .into(),
            405 => "the server makes no tunnels (405): it is no NCP server with a login".into(),
            code => format!("the server refused the connection with {code}"),
        },
        Error::NetworkError(NetworkError::Establishment(EstablishmentError::Secure(
            End::Certificate(CertificateError::WrongName),
        ))) => format!("certificate not valid for {}", settings.host),
        Error::NetworkTimeoutError if in_the_clear && settings.login.is_none() => {
            "the server did not answer in time; does it want a login or TLS?".into()
        }
        // By a server that does not understand, or that waits for other words.
        Error::ConnectionClosed
        | Error::NetworkError(NetworkError::Establishment(EstablishmentError::Secure(
            End::Reset | End::Truncated | End::PeerClosed,
        ))) if in_the_clear => {
            let wants = if settings.login.is_some() {
                "TLS, or no login"
            } else {
                "a login or TLS"
            };
            format!("the server closed the connection during the handshake; does it want {wants}?")
        }
        Error::DecodeError(DecodeError::Stream(error))
            if !matches!(error.kind, FrameErrorKind::TooLarge { .. }) =>
        {
            format!("what answers there is no NCP server: {error}")
        }
        other => other.to_string(),
    }
}

/// Why a connection ended.
pub(super) fn of_end(error: &Error) -> String {
    match error {
        Error::ConnectionClosed => "closed by the server".into(),
        Error::NetworkTimeoutError => "the server said nothing for too long".into(),
        Error::DecodeError(DecodeError::Stream(error)) => match error.kind {
            FrameErrorKind::TooLarge { length, limit } => format!(
                "the server announced a packet of {length} bytes, {limit} are the limit here"
            ),
            _ => format!("what the server sent is no NCP: {error}"),
        },
        other => other.to_string(),
    }
}
