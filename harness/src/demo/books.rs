//! Two books, kept independently, compared entry by entry.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use wigwag_codec::ngtt::Digest;
use wigwag_codec::ngtt::client::{Answer, History};

use crate::device::{self, Reply, Work};
use crate::mock::{DataAnswer, DeviceBook, OrderEntry};

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

    /// Adds another comparison.
    pub(super) fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.differences.extend(other.differences);
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

/// What the server queued and the device executed under one transaction id and
/// digest. Usually one of each: an id can come back with the same payload only
/// after all the others have been used.
#[derive(Default)]
struct Pair<'a> {
    queued: Vec<(usize, &'a OrderEntry)>,
    executed: Vec<&'a device::Execution>,
}

fn compare_orders(server: &DeviceBook, device: &device::Book, differences: &mut Vec<String>) {
    let mut pairs: BTreeMap<(u16, Digest), Pair<'_>> = BTreeMap::new();
    for (number, order) in server.orders.iter().enumerate() {
        match order.tid {
            Some(tid) => {
                let pair = pairs.entry((tid, order.digest)).or_default();
                pair.queued.push((number, order));
            }
            None => differences.push(format!("order {number} was never delivered")),
        }
    }
    for execution in &device.orders {
        let key = (execution.tid, execution.digest);
        pairs.entry(key).or_default().executed.push(execution);
    }
    for ((tid, _), pair) in &pairs {
        compare_pair(*tid, pair, differences);
    }
}

fn compare_pair(tid: u16, pair: &Pair<'_>, differences: &mut Vec<String>) {
    let Some((number, _)) = pair.queued.last() else {
        differences.push(format!(
            "the device executed an order of tid {tid} that the server never sent"
        ));
        return;
    };
    if pair.executed.len() > pair.queued.len() {
        let again = &pair.executed[pair.queued.len()..];
        let silent = again.iter().any(|again| again.history == History::New);
        differences.push(format!(
            "order {number} (tid {tid}) was executed {} times{}",
            1 + again.len(),
            if silent { ", silently" } else { "" }
        ));
    }
    for (index, (number, order)) in pair.queued.iter().enumerate() {
        match pair.executed.get(index) {
            None => differences.push(format!("order {number} (tid {tid}) was not executed")),
            Some(once) if once.answer != order.answer => differences.push(format!(
                "order {number} (tid {tid}): the device said {:?}, the server read {:?}",
                once.answer, order.answer
            )),
            Some(once) if once.answer.is_none() => {
                differences.push(format!("order {number} (tid {tid}) was not answered"));
            }
            Some(_) => {}
        }
    }
}

/// What had to happen whatever the two books agree on: books of a story that
/// stopped half-way agree, too.
pub(super) struct Plan<'a> {
    /// Orders that had to be sent, at the least.
    pub(super) orders: usize,
    /// What the device had to do.
    pub(super) work: &'a Work,
}

impl Plan<'_> {
    /// What is missing in the books, in words. Empty is good.
    pub(super) fn missing(&self, server: &DeviceBook, device: &device::Book) -> Vec<String> {
        let mut missing = Vec::new();
        if server.orders.len() < self.orders {
            missing.push(format!(
                "only {} of {} orders were sent",
                server.orders.len(),
                self.orders
            ));
        }
        if let Reply::Acknowledge = self.work.reply {
            for (number, order) in server.orders.iter().enumerate() {
                if order.answer == Some(Answer::Reject) {
                    missing.push(format!("order {number} was rejected"));
                }
            }
        }
        let lists = [
            ("pathpoints", &self.work.pathpoints, &device.pathpoints),
            ("logs", &self.work.logs, &device.logs),
        ];
        for (what, planned, sent) in lists {
            let sent: BTreeSet<Digest> = sent.iter().map(|sent| sent.digest).collect();
            for (number, batch) in planned.iter().enumerate() {
                if !sent.contains(&Digest::of(&batch.payload)) {
                    missing.push(format!("batch {number} of {what} was never sent"));
                }
            }
        }
        if self.work.baobs.is_some() && device.baobs.is_none() {
            missing.push("the question about binary objects was never answered".into());
        }
        missing
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

#[cfg(test)]
#[path = "books_tests.rs"]
mod tests;
