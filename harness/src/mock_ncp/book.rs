//! The server's own record of what was asked and what was answered.

use super::MockNcpOptions;
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::ncp::{Field, Packet};

/// Everything a server knows. Times are since the server's start.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Book {
    /// Connections whose handshake was completed.
    pub connections: u64,
    /// Connections that did not get so far.
    pub refused: u64,
    /// Packets that clients sent to keep their connections alive.
    pub keep_alives: u64,
    /// Commands, in the order in which they came.
    pub commands: Vec<Command>,
    /// Commands that found no room in this record.
    pub unrecorded: u64,
    /// Bytes that the kept commands came with.
    pub(super) kept_bytes: usize,
}

impl Book {
    /// Commands that have no answer but an acknowledgement.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let open = |command: &&Command| command.answered.is_none();
        self.commands.iter().filter(open).count()
    }

    /// Commands that were answered with an error.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = |command: &&Command| command.error.is_some();
        self.commands.iter().filter(failed).count()
    }

    /// Puts a command in, if there is room, and says where.
    pub(super) fn put(&mut self, command: Command, options: &MockNcpOptions) -> Option<usize> {
        // A packet of many fields is counted with each of them.
        let kept = self.kept_bytes.saturating_add(command.wire.len());
        if self.commands.len() >= options.keep || kept > options.keep_bytes {
            self.unrecorded += 1;
            return None;
        }
        self.kept_bytes = kept;
        self.commands.push(command);
        Some(self.commands.len() - 1)
    }
}

/// One command and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Command {
    /// The connection it came on, counted from 1.
    pub connection: u64,
    /// The packet it came in.
    pub wire: Arc<[u8]>,
    /// Which of the packet's fields it is.
    pub index: usize,
    /// When it came.
    pub at: Duration,
    /// When it was acknowledged by a packet with ACKN.
    pub acknowledged: Option<Duration>,
    /// When the last other answer began to be written.
    pub answered: Option<Duration>,
    /// Answers of any kind.
    pub answers: u64,
    /// The error it was answered with: words and number.
    pub error: Option<(String, i64)>,
}

impl Command {
    /// The packet it came in.
    ///
    /// # Panics
    /// Never: it was read before it was written down.
    #[must_use]
    pub fn packet(&self) -> Packet<'_> {
        Packet::decode(&self.wire).expect("it was read before it was written down")
    }

    /// The field.
    ///
    /// # Panics
    /// Never: it is one of the packet's.
    #[must_use]
    pub fn field(&self) -> Field<'_> {
        let field = self.packet().fields().nth(self.index);
        field.expect("it is one of the packet's")
    }

    /// An answer to it begins to be written.
    pub(super) fn answered_by(&mut self, field: &Field<'_>, at: Duration) {
        self.answers += 1;
        if field.is_acknowledgement() {
            self.acknowledged.get_or_insert(at);
            return;
        }
        self.answered = Some(at);
        if let Some(error) = field.error() {
            self.error = Some((error.detail.to_owned(), error.code));
        }
    }
}
