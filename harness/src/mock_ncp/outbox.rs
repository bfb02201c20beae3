//! What is to be sent on a connection: bytes now, answers when they are due.

use super::fault::Fault;
use super::handler::Answer;
use crate::faults::Cut;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use wigwag_codec::Instant;

/// What a client gets that is no packet.
const GARBAGE: &[u8] = b"\x16\x03\x01 This is not what you asked for, nor anything else.";

/// Bytes that are kept for the next answers when all are written.
const KEPT: usize = 64 * 1024;

/// An answer that is not sent yet. Ordered by when it is, then by when it was
/// made.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    due: Instant,
    number: u64,
    /// The command in the book.
    command: Option<usize>,
    wire: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Outbox {
    pending: BinaryHeap<Reverse<Pending>>,
    /// Answers that a fault holds back.
    held: Vec<Pending>,
    numbers: u64,
    /// Bytes of all those.
    bytes: usize,
    unwritten: Vec<u8>,
    written: usize,
}

/// An answer that begins to be written.
pub(super) struct Sent {
    pub(super) command: Option<usize>,
    pub(super) wire: Vec<u8>,
    /// How the connection ends behind it.
    pub(super) cut: Option<Cut>,
}

impl Outbox {
    /// Answers that are not begun.
    pub(super) fn pending(&self) -> usize {
        self.pending.len() + self.held.len()
    }

    /// Bytes that wait, for their time or for the connection.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.unwritten().len()
    }

    pub(super) fn unwritten(&self) -> &[u8] {
        self.unwritten.get(self.written..).unwrap_or_default()
    }

    /// So many bytes were written.
    pub(super) fn wrote(&mut self, count: usize) {
        self.written += count;
        if self.unwritten().is_empty() {
            self.unwritten.clear();
            self.unwritten.shrink_to(KEPT);
            self.written = 0;
        }
    }

    /// Where to put what is said at once.
    pub(super) fn now(&mut self) -> &mut Vec<u8> {
        &mut self.unwritten
    }

    pub(super) fn answer(&mut self, answer: Answer, command: Option<usize>, now: Instant) {
        self.numbers += 1;
        self.bytes += answer.wire.len();
        self.pending.push(Reverse(Pending {
            due: now.saturating_add(answer.delay),
            number: self.numbers,
            command,
            wire: answer.wire,
        }));
    }

    /// When the next answer is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.pending.peek().map(|Reverse(pending)| pending.due)
    }

    /// The next answer that is to be written now. `fault` becomes another one
    /// if it has had its effect.
    pub(super) fn next(&mut self, now: Instant, fault: &mut Fault) -> Option<Sent> {
        while self.next_due().is_some_and(|due| due <= now) {
            let Reverse(mut pending) = self.pending.pop()?;
            let mut cut = None;
            match *fault {
                Fault::None => {}
                Fault::Silence | Fault::Drop => {
                    self.bytes -= pending.wire.len();
                    continue;
                }
                Fault::Reverse(count) => {
                    self.held.push(pending);
                    if self.held.len() >= count {
                        self.release(now);
                        *fault = Fault::None;
                    }
                    continue;
                }
                Fault::CutInside { after, how } => {
                    self.bytes -= pending.wire.len();
                    pending.wire.truncate(after);
                    self.bytes += pending.wire.len();
                    cut = Some(how);
                    *fault = Fault::None;
                }
                Fault::Garbage => {
                    self.bytes -= pending.wire.len();
                    pending.wire = GARBAGE.to_vec();
                    self.bytes += pending.wire.len();
                    *fault = Fault::None;
                }
            }
            self.bytes -= pending.wire.len();
            return Some(Sent {
                command: pending.command,
                wire: pending.wire,
                cut,
            });
        }
        None
    }

    /// Lets go of what is held, the last first.
    fn release(&mut self, now: Instant) {
        for mut pending in core::mem::take(&mut self.held).into_iter().rev() {
            self.numbers += 1;
            (pending.number, pending.due) = (self.numbers, now);
            self.pending.push(Reverse(pending));
        }
    }
}
