//! What a device remembers of its commands, to be compared with the server's
//! book afterwards.

use serde_json::Value as Json;
use wigwag_codec::ncp::Params;
use wigwag_codec::ngtt::Digest;

use crate::tagged;

/// One sending of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which of the commands it is, counted from 0.
    pub command: usize,
    /// The type of the packet.
    pub packet: String,
    /// The name of the field.
    pub name: String,
    /// The digest of the parameters: [`digest`].
    pub params: Digest,
    /// On which connection, counted from 1.
    pub connection: u64,
    /// The number of the field, once an answer has told it.
    pub id: Option<u32>,
    /// An acknowledgement came before the answer.
    pub acknowledged: bool,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a command that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Not answered yet.
    Open,
    /// Answered with parameters of this digest.
    Answered(Digest),
    /// The server says that it failed.
    Failed {
        /// In words.
        detail: String,
        /// As a number.
        code: i64,
    },
    /// The connection was lost before the answer: nobody here knows whether it
    /// was done.
    Lost,
}

/// The device's book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Every command that was sent, each time that it was, in order.
    pub entries: Vec<Entry>,
    /// How many connections came up.
    pub connections: u64,
    /// Fields that answered no command that was waited for.
    pub unasked: u64,
    /// Why the server refused this device, or this device the server; `None`
    /// once there is a connection.
    pub refused: Option<String>,
    /// Why there is no connection, when the device last tried; `None` once there
    /// is one.
    pub failure: Option<String>,
}

impl Book {
    /// Whether this command needs nothing more: it was answered, with an error
    /// or without.
    #[must_use]
    pub fn is_answered(&self, command: usize) -> bool {
        let last = self.last(command).map(|entry| &entry.fate);
        matches!(last, Some(Fate::Answered(_) | Fate::Failed { .. }))
    }

    /// The last sending of a command.
    #[must_use]
    pub fn last(&self, command: usize) -> Option<&Entry> {
        let mut entries = self.entries.iter().rev();
        entries.find(|entry| entry.command == command)
    }

    /// How many entries have such a fate.
    #[must_use]
    pub fn count(&self, is: impl Fn(&Fate) -> bool) -> usize {
        self.entries.iter().filter(|entry| is(&entry.fate)).count()
    }
}

/// The digest of a field's parameters: of their JSON by
/// [`tagged::ncp::from_params`]. Values that cannot be read are all alike.
#[must_use]
pub fn digest(params: Params<'_>) -> Digest {
    let json = tagged::ncp::from_params(params).unwrap_or(Json::Null);
    Digest::of(json.to_string().as_bytes())
}
