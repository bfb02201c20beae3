//! Two books, kept independently, compared entry by entry.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::{Answer, History};

use crate::device;
use crate::mock::{DataAnswer, DeviceBook};

/// One line of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is counted.
    pub what: &'static str,
    /// The count in the server's book.
    pub server: u64,
    /// The count in the device's book.
    pub device: u64,
}

/// What the comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The summary.
    pub rows: Vec<Row>,
    /// Every entry on which the books do not agree, in words. Empty is good.
    pub differences: Vec<String>,
}

impl Comparison {
    /// Whether both books tell the same story, with everything done once.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.differences.is_empty() && self.rows.iter().all(|row| row.server == row.device)
    }
}

impl fmt::Display for Comparison {
    /// A table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:32} {:>14} {:>14}",
            "", "server's book", "device's book"
        )?;
        for row in &self.rows {
            writeln!(f, "{:32} {:>14} {:>14}", row.what, row.server, row.device)?;
        }
        for difference in &self.differences {
            writeln!(f, "DIFFERENCE: {difference}")?;
        }
        Ok(())
    }
}

/// Compares what the server and the device wrote down. Everything has to be
/// over: an order that is still on its way is a difference.
#[must_use]
pub fn compare(server: &DeviceBook, device: &device::Book) -> Comparison {
    let mut differences = Vec::new();
    compare_orders(server, device, &mut differences);
    compare_batches(server, device, &mut differences);
    compare_logs(server, device, &mut differences);
    let baobs = server
        .baobs
        .last()
        .map(|sync| (sync.download.len(), sync.upload.len()));
    if baobs != device.baobs {
        differences.push(format!(
            "binary objects to download and upload: {baobs:?} and {:?}",
            device.baobs
        ));
    }
    let names = |pair: Option<(usize, usize)>| pair.map_or(0, |(down, up)| (down + up) as u64);
    let executed = |answer| {
        let answered = |order: &&device::Execution| order.answer == Some(answer);
        device.orders.iter().filter(answered).count() as u64
    };
    let row = |what, server, device| Row {
        what,
        server,
        device,
    };
    Comparison {
        rows: vec![
            row(
                "orders",
                server.orders.len() as u64,
                device.orders.len() as u64,
            ),
            row(
                "  executed and confirmed",
                server.answered(Answer::Confirm) as u64,
                executed(Answer::Confirm),
            ),
            row(
                "  rejected",
                server.answered(Answer::Reject) as u64,
                executed(Answer::Reject),
            ),
            row(
                "batches of pathpoints confirmed",
                confirmed_batches(server).len() as u64,
                device.pathpoints.len() as u64,
            ),
            row(
                "  points in them",
                confirmed_batches(server).values().sum(),
                device.points_confirmed() as u64,
            ),
            row(
                "log entries",
                logs(server).values().sum(),
                device.logs_confirmed() as u64,
            ),
            row(
                "binary objects to exchange",
                names(baobs),
                names(device.baobs),
            ),
        ],
        differences,
    }
}

fn compare_orders(server: &DeviceBook, device: &device::Book, differences: &mut Vec<String>) {
    let mut executions: BTreeMap<(u16, Digest), Vec<&device::Execution>> = BTreeMap::new();
    for execution in &device.orders {
        let key = (execution.tid, execution.digest);
        executions.entry(key).or_default().push(execution);
    }
    for (number, order) in server.orders.iter().enumerate() {
        let Some(tid) = order.tid else {
            differences.push(format!("order {number} was never delivered"));
            continue;
        };
        match executions.remove(&(tid, order.digest)).as_deref() {
            None => differences.push(format!("order {number} (tid {tid}) was not executed")),
            Some([once]) => {
                if once.answer != order.answer {
                    differences.push(format!(
                        "order {number} (tid {tid}): the device said {:?}, the server read {:?}",
                        once.answer, order.answer
                    ));
                }
            }
            Some(more) => {
                let silent = more[1..].iter().any(|again| again.history == History::New);
                differences.push(format!(
                    "order {number} (tid {tid}) was executed {} times{}",
                    more.len(),
                    if silent { ", silently" } else { "" }
                ));
            }
        }
    }
    for (tid, _) in executions.keys() {
        differences.push(format!(
            "the device executed an order of tid {tid} that the server never sent"
        ));
    }
}

/// Points by the digest of their batch. After a cut a batch may have arrived
/// twice; it is the same batch.
fn confirmed_batches(server: &DeviceBook) -> BTreeMap<Digest, u64> {
    let confirmed = server.batches.iter();
    confirmed
        .filter(|batch| batch.answer == DataAnswer::Confirm)
        .map(|batch| (batch.digest, batch.points))
        .collect()
}

fn compare_batches(server: &DeviceBook, device: &device::Book, differences: &mut Vec<String>) {
    let confirmed = confirmed_batches(server);
    let mut known = BTreeSet::new();
    for (number, sent) in device.pathpoints.iter().enumerate() {
        known.insert(sent.digest);
        let at_server = confirmed.contains_key(&sent.digest);
        let here = sent.fate == device::Fate::Confirmed;
        if !(at_server && here) {
            differences.push(format!(
                "batch {number} of pathpoints: {:?} to the device, {} to the server",
                sent.fate,
                if at_server {
                    "confirmed"
                } else {
                    "not confirmed"
                }
            ));
        }
    }
    let strange = confirmed.keys().filter(|digest| !known.contains(digest));
    for _ in strange {
        differences.push("the server has a batch of pathpoints that the device never sent".into());
    }
}

/// Entries by the digest of their batch; logs may arrive twice after a cut.
fn logs(server: &DeviceBook) -> BTreeMap<Digest, u64> {
    let batches = server.logs.iter();
    batches.map(|batch| (batch.digest, batch.entries)).collect()
}

fn compare_logs(server: &DeviceBook, device: &device::Book, differences: &mut Vec<String>) {
    let arrived = logs(server);
    for (number, sent) in device.logs.iter().enumerate() {
        if sent.fate != device::Fate::Confirmed || !arrived.contains_key(&sent.digest) {
            differences.push(format!("batch {number} of logs did not arrive"));
        }
    }
}
