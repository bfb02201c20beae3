//! Commands in the node's book and in the device's, compared one by one.

use wigwag_codec::ngtt::Digest;

use super::books::{Comparison, Row};
use crate::device::ncp::{Book, Entry, Fate};

/// A command in the node's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    /// The type of its packet.
    pub(super) packet: String,
    /// The name of its field.
    pub(super) name: String,
    /// Its number on its connection.
    pub(super) id: u32,
    /// The digest of its parameters.
    pub(super) params: Digest,
    /// It was acknowledged before the answer.
    pub(super) acknowledged: bool,
    /// How it was answered; never [`Fate::Lost`], of which the node knows
    /// nothing.
    pub(super) fate: Fate,
}

impl Heard {
    /// Whether it can be this sending.
    fn is(&self, entry: &Entry) -> bool {
        self.packet == entry.packet
            && self.name == entry.name
            && self.params == entry.params
            && entry.id.is_none_or(|id| id == self.id)
    }

    /// Whether both ends say the same of it.
    fn agrees(&self, entry: &Entry) -> bool {
        self.fate == entry.fate
            && self.fate != Fate::Open
            && self.acknowledged == entry.acknowledged
    }

    /// Whether the device may have lost its answer with a connection. What it
    /// was told, the node has said.
    fn may_be_lost(&self, entry: &Entry) -> bool {
        entry.fate == Fate::Lost && (self.acknowledged || !entry.acknowledged)
    }
}

/// Compares what the node and the device wrote down, of `commands` that the
/// device had to send. A command that was lost with its connection may have
/// reached the node or not; it has to be answered in the end.
pub(super) fn compare(node: &[Heard], device: &Book, commands: usize) -> Comparison {
    let mut differences = Vec::new();
    let mut open: Vec<&Entry> = device.entries.iter().collect();
    let mut take = |is: &dyn Fn(&Entry) -> bool| {
        let at = open.iter().position(|entry| is(entry))?;
        Some(open.remove(at))
    };
    // First those on which both agree, so that no lost one takes their place.
    let rest: Vec<&Heard> = node
        .iter()
        .filter(|heard| take(&|entry| heard.is(entry) && heard.agrees(entry)).is_none())
        .collect();
    let mut lost = 0;
    let mut lost_answers = [0; 2];
    for heard in rest {
        let Heard { packet, name, .. } = heard;
        if let Some(entry) = take(&|entry| heard.is(entry) && heard.may_be_lost(entry)) {
            lost += 1;
            lost_answers[0] += u64::from(is_answer(&heard.fate));
            lost_answers[1] += u64::from(heard.acknowledged && !entry.acknowledged);
        } else if let Some(entry) = take(&|entry| heard.is(entry)) {
            differences.push(format!(
                "{packet} {name}: {} to the node, {} to the device",
                words(&heard.fate, heard.acknowledged),
                words(&entry.fate, entry.acknowledged)
            ));
        } else {
            differences.push(format!(
                "the node has a {packet} {name} that the device never sent"
            ));
        }
    }
    let mut never_arrived = 0;
    for Entry {
        packet, name, fate, ..
    } in open
    {
        if *fate == Fate::Lost {
            never_arrived += 1;
        } else {
            differences.push(format!("{packet} {name} never came to the node"));
        }
    }
    for command in 0..commands {
        match device.last(command).map(|entry| &entry.fate) {
            Some(Fate::Answered(_)) => {}
            Some(Fate::Failed { detail, code }) => {
                differences.push(format!("command {command} failed: {detail} ({code})"));
            }
            Some(Fate::Open | Fate::Lost) | None => {
                differences.push(format!("command {command} was never answered"));
            }
        }
    }

    let heard = |is: &dyn Fn(&Heard) -> bool| node.iter().filter(|heard| is(heard)).count() as u64;
    let entries = |is: &dyn Fn(&Entry) -> bool| {
        device.entries.iter().filter(|entry| is(entry)).count() as u64
    };
    let row = |what, server, device| Row {
        what,
        server,
        device,
    };
    Comparison {
        rows: vec![
            row(
                "commands to the node",
                node.len() as u64,
                entries(&|_| true) - never_arrived,
            ),
            row(
                "  answered",
                heard(&|heard| is_answer(&heard.fate)) - lost_answers[0],
                entries(&|entry| is_answer(&entry.fate)),
            ),
            row(
                "  acknowledged before that",
                heard(&|heard| heard.acknowledged) - lost_answers[1],
                entries(&|entry| entry.acknowledged),
            ),
            row(
                "  cut off before the answer",
                lost,
                entries(&|entry| entry.fate == Fate::Lost) - never_arrived,
            ),
        ],
        differences,
    }
}

fn is_answer(fate: &Fate) -> bool {
    matches!(fate, Fate::Answered(_) | Fate::Failed { .. })
}

fn words(fate: &Fate, acknowledged: bool) -> String {
    let first = if acknowledged { "acknowledged, " } else { "" };
    let then = match fate {
        Fate::Open => "not answered".into(),
        Fate::Answered(digest) => format!("answered with {digest:?}"),
        Fate::Failed { detail, code } => format!("failed with {detail:?} ({code})"),
        Fate::Lost => "lost".into(),
    };
    format!("{first}{then}")
}

#[cfg(test)]
#[path = "commands_tests.rs"]
mod tests;
