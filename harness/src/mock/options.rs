//! What a mock server may be told.

use super::book::Batch;
use crate::record::Recorder;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::ngtt::server::ServerConfig;

/// How a [`MockNgtt`](super::MockNgtt) is set up.
#[derive(Debug, Clone)]
pub struct MockOptions {
    /// Where to listen; port 0 takes a free one. A free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// What every device finds in its queue when it is first heard of: one
    /// minijson value each. None.
    pub orders: Vec<Arc<[u8]>>,
    /// The largest payload of a frame, in bytes. A device that announces more
    /// is disconnected. 4 MiB.
    pub max_payload: usize,
    /// Connections at a time, those in their handshake included; further ones
    /// are closed at once. 1024.
    pub max_connections: usize,
    /// How long a TLS handshake may take. 10 s.
    pub handshake_limit: Duration,
    /// Idle time, stalled writes and pings of the server.
    pub session: ServerConfig,
    /// Orders delivered and unanswered at a time, to one device. 16.
    pub window: usize,
    /// How long a connection must live before transaction ids answered on an
    /// earlier one are used again. 300 s.
    pub hold: Duration,
    /// Whether frames that wait together are written together, into TLS
    /// records as large as they come. Otherwise each frame has its own
    /// records, as a slow reader needs it: the Python client takes one frame
    /// for each time its socket becomes readable, and sees no more than
    /// [`MockOptions::record_limit`] bytes of it. Off.
    pub coalesce: bool,
    /// Bytes of plaintext in a TLS record at most, at least 1, unless frames
    /// are coalesced. 512.
    pub record_limit: usize,
    /// Whether to offer TLS 1.2 beside TLS 1.3. Off.
    pub tls12: bool,
    /// A file to append the TLS secrets to, in NSS's format. None.
    pub keylog: Option<PathBuf>,
    /// Takes down what is said to devices, by the name in their certificate, and
    /// may send frames of its own. None.
    pub recorder: Option<Recorder>,
    /// Batches, logs and requests kept in the book for each device; what comes
    /// after is counted only. 100,000.
    pub keep: usize,
    /// Bytes of logs and of requests about binary objects kept in the book for
    /// each device; what comes after is counted only. 64 MiB.
    pub keep_bytes: usize,
}

impl Default for MockOptions {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            orders: Vec::new(),
            max_payload: 4 << 20,
            max_connections: 1024,
            handshake_limit: Duration::from_secs(10),
            session: ServerConfig::new(),
            window: 16,
            hold: Duration::from_secs(300),
            coalesce: false,
            record_limit: 512,
            tls12: false,
            keylog: None,
            recorder: None,
            keep: 100_000,
            keep_bytes: 64 << 20,
        }
    }
}

/// The answer to a batch of pathpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataAnswer {
    /// DATA_STREAM_CONFIRM.
    Confirm,
    /// DATA_STREAM_REJECT.
    Reject,
    /// None: the device has to send again on its next connection.
    Silence,
}

/// The answer to a batch of pathpoints, and when it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataReply {
    /// The answer.
    pub answer: DataAnswer,
    /// How long after the batch.
    pub delay: Duration,
}

impl From<DataAnswer> for DataReply {
    /// At once.
    fn from(answer: DataAnswer) -> Self {
        Self {
            answer,
            delay: Duration::ZERO,
        }
    }
}

impl DataAnswer {
    /// This answer, later.
    #[must_use]
    pub const fn after(self, delay: Duration) -> DataReply {
        DataReply {
            answer: self,
            delay,
        }
    }
}

/// Decides about batches: the device's name and the batch in, the answer out.
pub(super) type DataPolicy = Arc<dyn Fn(&str, &Batch) -> DataReply + Send + Sync>;
