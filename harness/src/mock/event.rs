//! What a mock server tells while it runs.

use super::DataAnswer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::ngtt::client::Answer;
use wigwag_codec::ngtt::{Digest, FrameHead};

/// Something that happened at the server.
#[derive(Debug, Clone)]
pub struct Event {
    /// Since the server's start.
    pub at: Duration,
    /// The device it happened with, once there is one.
    pub device: Option<Arc<str>>,
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
    /// A device has connected.
    Connected {
        /// From where.
        peer: SocketAddr,
    },
    /// Somebody who is no device was turned away.
    Refused {
        /// From where.
        peer: SocketAddr,
        /// Why, in words a person can act on.
        reason: String,
    },
    /// A device's connection has ended.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// The device asked for its orders.
    Fetched,
    /// An order was written to the device.
    Delivered {
        /// Which one of the device's, counted from 0.
        number: u64,
        /// The transaction id.
        tid: u16,
        /// How often it has been written by now.
        times: u32,
        /// The payload, minijson.
        payload: Arc<[u8]>,
    },
    /// The device has answered an order.
    Answered {
        /// Which one of the device's, counted from 0.
        number: u64,
        /// The transaction id.
        tid: u16,
        /// The answer.
        answer: Answer,
    },
    /// The device has answered an order that had been answered before.
    AnsweredAgain {
        /// The transaction id.
        tid: u16,
        /// The answer.
        answer: Answer,
    },
    /// The device sent pathpoints.
    Data {
        /// The transaction id.
        tid: u16,
        /// Values in them.
        points: u64,
        /// The payload's digest.
        digest: Digest,
        /// The answer they get.
        answer: DataAnswer,
        /// The payload, minijson.
        payload: Arc<[u8]>,
    },
    /// The device sent logs.
    Logs {
        /// Entries in them.
        entries: u64,
    },
    /// The device asked about binary objects.
    Baobs {
        /// What it was told to download.
        download: Vec<String>,
        /// What it was told to upload.
        upload: Vec<String>,
    },
    /// A frame that makes no sense from a device was skipped.
    Stray {
        /// Its transaction id and type.
        head: FrameHead,
    },
    /// A frame's payload could not be understood.
    Invalid {
        /// Its transaction id and type.
        head: FrameHead,
        /// What is wrong.
        error: String,
    },
}
