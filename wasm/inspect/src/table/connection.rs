//! The connections of an input.

use super::detect::Spoken;
use super::early::Early;
use super::stream::Stream;
use crate::{ConnectionId, Protocol};

/// What is known of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its number, as the input has it and as [`super::Columns::connection`] says it.
    pub id: ConnectionId,
    /// What its frames are; `Unknown` until the input, its bytes or
    /// [`super::Table::override_protocol`] have said it.
    pub protocol: Protocol,
    /// Why that is believed, for people: what of its bytes shows it, or who has said
    /// it. Empty while nobody knows.
    pub why: &'static str,
    /// Who the device is; may be empty.
    pub device: String,
    /// Who the server is; may be empty.
    pub server: String,
    /// When it began, or was first heard of: microseconds since
    /// 1970-01-01T00:00:00Z.
    pub opened: u64,
    /// When it ended, and why, if it has.
    pub ended: Option<(u64, String)>,
    /// How many rows it has.
    pub rows: u32,
    /// How many bytes went in each direction, as [`crate::Direction`] numbers them.
    /// What is known to be missing is not counted.
    pub bytes: [u64; 2],
    /// How often bytes of it were missing: what is not in it may have been there.
    pub gaps: u32,
}

/// What a connection that has not ended needs besides.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Whether nobody waits any more for the bytes to show their protocol.
    pub(super) given_up: bool,
    /// Whether a person has said the protocol.
    pub(super) is_overridden: bool,
    /// What came before the protocol was known.
    pub(super) early: Option<Early>,
    pub(super) streams: [Stream; 2],
}

/// What the table's budget is charged for a connection: both of the above with
/// names at their longest, and its place among the others.
pub(super) const CONNECTION_BYTES: usize = 1280;

/// The longest name and reason that is kept.
const MAX_TEXT: usize = 256;

impl Connection {
    pub(super) fn new(id: ConnectionId, time: u64) -> Self {
        Self {
            id,
            protocol: Protocol::Unknown,
            why: "",
            device: String::new(),
            server: String::new(),
            opened: time,
            ended: None,
            rows: 0,
            bytes: [0; 2],
            gaps: 0,
        }
    }

    /// Whether its protocol was found out by its bytes, and not said by the recording
    /// or by a person.
    #[must_use]
    pub fn is_guessed(&self) -> bool {
        let known = [Spoken::told, Spoken::chosen].map(|spoken| spoken(self.protocol).why);
        self.protocol != Protocol::Unknown && !known.contains(&self.why)
    }

    /// What it speaks is known now.
    pub(super) const fn speaks(&mut self, spoken: Spoken) {
        self.protocol = spoken.protocol;
        self.why = spoken.why;
    }
}

/// At most 256 bytes of a text from outside.
pub(super) fn text(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_TEXT)].to_owned()
}
