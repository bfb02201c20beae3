//! What a mock NCP server tells while it runs.

use serde_json::Value as Json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::ncp::link::Timing;

/// Something that happened at the server.
#[derive(Debug, Clone)]
pub struct Event {
    /// Since the server's start.
    pub at: Duration,
    /// The connection it happened with, once there is one: they are counted
    /// from 1.
    pub connection: Option<u64>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened at the server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EventKind {
    /// The server takes connections.
    Listening {
        /// Where.
        addr: SocketAddr,
    },
    /// The server takes no connections any more.
    Stopped,
    /// A client has completed the handshake.
    Connected {
        /// From where.
        peer: SocketAddr,
        /// What it calls itself.
        hostname: Arc<str>,
        /// The common name of the certificate that it has shown.
        certificate: Option<Arc<str>>,
        /// What was agreed.
        timing: Timing,
    },
    /// Somebody did not get so far.
    Refused {
        /// From where.
        peer: SocketAddr,
        /// Why, in words a person can act on.
        reason: String,
    },
    /// A client's connection has ended.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// A client has sent a field.
    Field {
        /// The packet's type.
        packet: String,
        /// The field's name.
        name: String,
        /// The field's id.
        id: u32,
        /// The parameters, as [`tagged::ncp`](crate::tagged::ncp) has them.
        params: Json,
    },
    /// A command was answered with an error.
    CommandError {
        /// The packet's type.
        packet: String,
        /// The field's name.
        name: String,
        /// The field's id.
        id: u32,
        /// The error in words.
        detail: String,
        /// Its number.
        code: i64,
    },
    /// The handler failed, and the connection with it.
    HandlerFailed {
        /// What it said.
        error: String,
    },
}
