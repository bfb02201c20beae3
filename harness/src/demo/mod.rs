//! The demonstration: a server, a device, real data, and accidents.
//!
//! A mock server with fresh certificates; the real client on the real
//! embassy-net stack over the virtual network. Orders, pathpoints, logs and
//! binary objects go over mutual TLS while connections are cut and the server
//! is restarted. Beside them a device asks a node by NCP, over TLS and with a
//! login, and loses its connection while the node is at work. In the end the
//! servers' books and the devices' books, kept independently, are compared entry
//! by entry.

mod books;
mod commands;
mod node;
mod story;

pub use books::{Comparison, Row, compare};
pub use node::is_answer;
pub use story::{Moment, Options, run};

/// What the demonstration sends: realistic documents, in minijson.
pub mod corpus {
    /// A list of order sections.
    pub const ORDERS: &[u8] = include_bytes!("../../corpus/orders.mjson");
    /// A list of pathpoints, 1 MB.
    pub const PATHPOINTS: &[u8] = include_bytes!("../../corpus/pathpoints_large.mjson");
    /// A list of log entries.
    pub const LOGS: &[u8] = include_bytes!("../../corpus/logs.mjson");
    /// A map of names and versions of binary objects.
    pub const BAOBS: &[u8] = include_bytes!("../../corpus/baobs.mjson");
}

/// Why there was nothing to see.
#[derive(Debug)]
pub enum DemoError {
    /// The certificates could not be made.
    Pki(crate::pki::PkiError),
    /// The server could not start.
    Server(crate::mock::MockError),
    /// The device's settings are wrong.
    Device(crate::device::SettingsError),
    /// The data cannot be cut into frames.
    Data(crate::device::batch::BatchError),
    /// The login of the node cannot be one.
    Login(wigwag_codec::ncp::link::NameError),
    /// A command to the node cannot be sent.
    Command(wigwag_codec::ncp::NcpError),
}

impl std::fmt::Display for DemoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pki(error) => error.fmt(f),
            Self::Server(error) => error.fmt(f),
            Self::Device(error) => error.fmt(f),
            Self::Data(error) => error.fmt(f),
            Self::Login(error) => error.fmt(f),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DemoError {}

macro_rules! from {
    ($($variant:ident($error:ty)),*) => {
        $(impl From<$error> for DemoError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from!(
    Pki(crate::pki::PkiError),
    Server(crate::mock::MockError),
    Device(crate::device::SettingsError),
    Data(crate::device::batch::BatchError)
);
