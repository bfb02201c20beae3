//! Why a connection ended, in words a person can act on.

use std::time::Duration;
use wigwag_codec::framer::{FrameError, FrameErrorKind};

/// The first byte of a TLS record with a handshake (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 22;

/// How far a connection has come.
pub(super) struct State {
    /// The handshake is complete.
    pub(super) is_up: bool,
    /// The first byte that the client sent.
    pub(super) first: Option<u8>,
    /// The client has to ask for a tunnel.
    pub(super) wants_tunnel: bool,
    /// How long the client may be silent.
    pub(super) patience: Duration,
}

/// Why a link has failed.
pub(super) fn of_link(state: &State, error: &FrameError) -> String {
    match error.kind {
        FrameErrorKind::Refused { code } => of_tunnel(state, code),
        FrameErrorKind::Silent if state.is_up => {
            format!("said nothing for {:?}", state.patience)
        }
        FrameErrorKind::Silent if state.first.is_none() && state.wants_tunnel => format!(
            "no request for a tunnel within {:?}: a client without login and TLS waits for the server",
            state.patience
        ),
        FrameErrorKind::Silent => format!("no handshake within {:?}", state.patience),
        FrameErrorKind::TooLarge { length, limit } => {
            format!("announced a packet of {length} bytes, {limit} are the limit")
        }
        _ if state.is_up => format!("an unsound packet: {error}"),
        _ => match state.first {
            Some(TLS_HANDSHAKE) => "not NCP but TLS, which this server has not".into(),
            Some(b'C' | b'c') => {
                "not NCP but a request for a tunnel: this server has neither login nor TLS".into()
            }
            _ => "not NCP".into(),
        },
    }
}

/// Why a tunnel was refused.
fn of_tunnel(state: &State, code: u16) -> String {
    match code {
        401 => "wrong user or password",
        403 => "wants a tunnel to somewhere else than ncp.service",
        405 => "no CONNECT: only tunnels are to be had here",
        431 => "the head of the request is too long",
        505 => "wants another version than HTTP/1.1",
        _ if state.first == Some(TLS_HANDSHAKE) => "not HTTP but TLS, which this server has not",
        _ => "not HTTP: a client with login or TLS asks for a tunnel first",
    }
    .into()
}
