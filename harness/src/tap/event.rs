//! What a tap tells.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Something has happened at a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapEvent {
    /// When, counted from its start.
    pub at: Duration,
    /// Which connection it is about, counted from 1.
    pub connection: Option<u64>,
    /// What has happened.
    pub kind: TapEventKind,
}

/// What has happened at a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TapEventKind {
    /// A device talks to the server.
    Connected {
        /// The device's address.
        peer: SocketAddr,
        /// The name in its certificate.
        device: Option<Arc<str>>,
    },
    /// A connection came to nothing.
    Refused {
        /// The device's address.
        peer: SocketAddr,
        /// Why, in words a person can act on.
        reason: String,
    },
    /// A connection has ended.
    Disconnected {
        /// Why.
        reason: String,
        /// Bytes that went to the server, inside TLS.
        to_server: u64,
        /// Bytes that went to the device, inside TLS.
        to_device: u64,
    },
}

/// Everything that went through a tap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Connections that came about.
    pub connections: u64,
    /// Connections that came to nothing.
    pub refused: u64,
    /// Bytes that went to the server, inside TLS.
    pub to_server: u64,
    /// Bytes that went to devices, inside TLS.
    pub to_device: u64,
}
