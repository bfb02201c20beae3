//! What may be inside a protected record (RFC 8446 sections 5.1, 5.2 and 5.4),
//! looked at before embedded-tls acts on it.

use super::messages;
use super::report::Report;
use super::stage::Stage;

pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;

/// Most bytes of content in a record (RFC 8446 section 5.1).
pub(super) const MAX_CONTENT: usize = 1 << 14;

/// Why the content of a record was refused that only the server can have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ContentError {
    /// Nothing but padding, no content where there must be some, or an alert
    /// that is not two bytes.
    Empty,
    /// A type of content that does not belong to the phase.
    UnexpectedType(u8),
    /// A handshake message of a type that may not come now: after the
    /// handshake, before its time, or a second time.
    UnexpectedMessage(u8),
    /// A handshake message of this type whose lengths or fields are wrong.
    MalformedMessage(u8),
    /// An extension of this type, which the device has not asked for, or which
    /// does not belong into the message, or came twice.
    UnexpectedExtension(u16),
    /// A handshake message of so many bytes (0: unknown) is spread over
    /// records, which this TLS cannot put together again.
    SplitMessage(u32),
    /// A handshake message of so many bytes, more than a record can hold.
    MessageTooLong(u32),
    /// The server's Finished does not fit what was said before: it is faulty,
    /// or somebody changed messages on the way.
    BadFinished,
}

impl core::fmt::Display for ContentError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Empty => f.write_str("the server sent a TLS record without content"),
            Self::UnexpectedType(kind) => {
                write!(f, "the server sent TLS content of type {kind} where none may come")
            }
            Self::UnexpectedMessage(kind) => {
                write!(f, "the server sent handshake message {kind} where none may come")
            }
            Self::MalformedMessage(kind) => {
                write!(f, "the server's handshake message {kind} is malformed")
            }
            Self::UnexpectedExtension(kind) => {
                write!(f, "the server sent TLS extension {kind}, which nobody asked for")
            }
            Self::SplitMessage(0) => f.write_str(
                "the server splits its handshake messages over records: raise its max_fragment_size",
            ),
            Self::SplitMessage(length) => write!(
                f,
                "the server splits a handshake message of {length} bytes over records: \
                 raise its max_fragment_size"
            ),
            Self::MessageTooLong(length) => write!(
                f,
                "the server's handshake message of {length} bytes does not fit into a record: \
                 shorten its certificate chain"
            ),
            Self::BadFinished => f.write_str("the server's handshake was changed on the way"),
        }
    }
}

impl core::error::Error for ContentError {}

/// What embedded-tls may do with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// Have it.
    Deliver,
    /// Never see it: it was looked at, and there is nothing to do.
    Drop,
}

/// Judges a record's content, padding and type taken off.
pub(super) fn inspect(stage: Stage, kind: u8, content: &[u8]) -> Result<Opened, Report> {
    match (stage, kind) {
        (_, ALERT) => Err(match content {
            [_, code] => Report::Alert(*code),
            _ => Report::Empty,
        }),
        (_, HANDSHAKE) if content.is_empty() => Err(Report::Empty),
        (Stage::Open, HANDSHAKE) => messages::after_handshake(content).map(|()| Opened::Drop),
        (Stage::Open, APPLICATION_DATA) => Ok(Opened::Deliver),
        (Stage::Open, other) => Err(Report::UnexpectedType(other)),
        (_, HANDSHAKE) => messages::flight(stage, content).map(|()| Opened::Deliver),
        (_, other) => Err(Report::UnexpectedType(other)),
    }
}

/// Takes the padding off an opened record (RFC 8446 section 5.4): its type and
/// its content. `None` when it is nothing but padding, or too long.
pub(super) fn unpad(inner: &[u8]) -> Option<(u8, &[u8])> {
    if inner.len() > MAX_CONTENT + 1 {
        return None;
    }
    let end = inner.iter().rposition(|byte| *byte != 0)?;
    let (content, rest) = inner.split_at_checked(end)?;
    Some((*rest.first()?, content))
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
