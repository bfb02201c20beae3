//! The server's own record of what happened, made from what it sent and read,
//! and from nothing the device's side knows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::Answer;

use super::{DataAnswer, MockOptions};

/// Everything a server knows, device by device. Times are since the server's
/// start.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// By device name, which is the common name of its certificate.
    pub devices: BTreeMap<String, DeviceBook>,
    /// Connections that did not get as far as being a device's.
    pub refused: u64,
}

impl Book {
    /// The record of a device; an empty one for a device never heard of.
    #[must_use]
    pub fn device(&self, name: &str) -> DeviceBook {
        self.devices.get(name).cloned().unwrap_or_default()
    }

    /// Orders of all devices that are not answered.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.devices.values().map(DeviceBook::unanswered).sum()
    }
}

/// What a server knows of one device.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DeviceBook {
    /// All orders, in the order they were enqueued.
    pub orders: Vec<OrderEntry>,
    /// Batches of pathpoints, as they came.
    pub batches: Vec<Batch>,
    /// Frames of logs, as they came.
    pub logs: Vec<LogBatch>,
    /// Requests about binary objects, as they came.
    pub baobs: Vec<BaobSync>,
    /// Batches, logs and requests that found no room in this record.
    pub unrecorded: u64,
    /// Bytes that the kept logs and requests came with.
    pub(super) kept_bytes: usize,
    /// Connections made.
    pub connections: u64,
    /// PINGs of the device, each of which was answered.
    pub pings: u64,
    /// Pongs to the server's own PINGs.
    pub pongs: u64,
    /// FETCH_ORDERS frames.
    pub fetches: u64,
    /// Answers to orders that had been answered before.
    pub answered_again: u64,
    /// Frames that make no sense from a device, skipped.
    pub strays: u64,
    /// Frames whose payload could not be understood.
    pub invalid: u64,
}

impl DeviceBook {
    /// Whether there is room for one more entry of `bytes` beside `entries` of
    /// its kind. If there is it is taken, if not the entry is counted.
    pub(super) fn make_room(
        &mut self,
        entries: usize,
        bytes: usize,
        options: &MockOptions,
    ) -> bool {
        let kept = self.kept_bytes.saturating_add(bytes);
        let room = entries < options.keep && kept <= options.keep_bytes;
        if room {
            self.kept_bytes = kept;
        } else {
            self.unrecorded += 1;
        }
        room
    }

    /// Orders that are not answered.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.orders
            .iter()
            .filter(|order| order.answer.is_none())
            .count()
    }

    /// Orders answered so.
    #[must_use]
    pub fn answered(&self, answer: Answer) -> usize {
        let matches = |order: &&OrderEntry| order.answer == Some(answer);
        self.orders.iter().filter(matches).count()
    }

    /// Pathpoint values in all batches that were confirmed.
    #[must_use]
    pub fn confirmed_points(&self) -> u64 {
        let confirmed = |batch: &&Batch| batch.answer == DataAnswer::Confirm;
        self.batches
            .iter()
            .filter(confirmed)
            .map(|batch| batch.points)
            .sum()
    }

    /// Log entries in all frames of logs.
    #[must_use]
    pub fn log_entries(&self) -> u64 {
        self.logs.iter().map(|logs| logs.entries).sum()
    }
}

/// One order and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OrderEntry {
    /// The payload, minijson.
    pub payload: Arc<[u8]>,
    /// The payload's digest.
    pub digest: Digest,
    /// The transaction id, since the first delivery.
    pub tid: Option<u16>,
    /// When it was enqueued.
    pub enqueued: Duration,
    /// When it was first written to the device.
    pub delivered: Option<Duration>,
    /// How often it was written to the device.
    pub deliveries: u32,
    /// The device's answer.
    pub answer: Option<Answer>,
    /// When the answer came.
    pub answered: Option<Duration>,
}

/// One batch of pathpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// When it came.
    pub at: Duration,
    /// The transaction id.
    pub tid: u16,
    /// The payload's digest.
    pub digest: Digest,
    /// Bytes of the payload.
    pub bytes: usize,
    /// Values in it, over all paths.
    pub points: u64,
    /// The answer that was decided on. A batch that is not minijson of the
    /// right shape is rejected.
    pub answer: DataAnswer,
    /// When the answer was written to the device. None until then, and for
    /// ever if the connection ends before.
    pub answered: Option<Duration>,
}

/// One frame of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogBatch {
    /// When it came.
    pub at: Duration,
    /// The payload's digest.
    pub digest: Digest,
    /// Entries in it.
    pub entries: u64,
    /// The payload as it came, minijson.
    pub raw: Vec<u8>,
}

/// One request about binary objects.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BaobSync {
    /// When it came.
    pub at: Duration,
    /// What the device has: names and versions.
    pub has: Vec<(String, i64)>,
    /// What it was told to download.
    pub download: Vec<String>,
    /// What it was told to upload.
    pub upload: Vec<String>,
}
