//! What an exchange is asked, and what it answers.

use core::fmt;

use super::super::{Header, Ident};

/// Names an outstanding request. After it was closed it names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Request {
    pub(super) first: u16,
    pub(super) generation: u32,
}

/// Who wants a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Who {
    /// Who takes unsolicited fields.
    Recv,
    /// Who waits for any answer to a request.
    Request(Request),
    /// Who waits for answers to one field of a request.
    Field(Request, Ident),
}

/// Why a request was not opened. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OpenError {
    /// As many fields are outstanding as there is room for.
    Full,
    /// One with this packet type, name and id is outstanding: answers to the two
    /// could not be told apart.
    Outstanding,
    /// It has no field, so nothing could answer it.
    NoField,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "too many requests are outstanding",
            Self::Outstanding => "a request with the same field and id is outstanding",
            Self::NoField => "a request without a field has no answer",
        })
    }
}

impl core::error::Error for OpenError {}

/// What was in the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A field was copied to the start of the buffer, with its header of 12
    /// bytes.
    Field {
        /// The header of its packet.
        header: Header,
        /// How many bytes it has.
        length: usize,
    },
    /// Here so many fields were dropped, as there was no room for them. It is
    /// told once.
    Lost(u16),
    /// The buffer is too small for the field, which stays.
    TooSmall {
        /// How many bytes it has.
        needed: usize,
    },
    /// There is nothing.
    Nothing,
}

/// What became of the packet at the front of the receive queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// A field was copied to the start of the buffer, with its header of 12
    /// bytes.
    Field {
        /// How many bytes it has.
        length: usize,
        /// It was the last one: drop the packet.
        is_done: bool,
    },
    /// The buffer is too small for the field, which stays.
    TooSmall {
        /// How many bytes it has.
        needed: usize,
    },
    /// Nothing is left of it: drop the packet.
    Done,
    /// Its next field waits for its owner, who was woken.
    Stays,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// Fields that were kept for later.
    pub kept: u32,
    /// Answers that were dropped for lack of room.
    pub lost_answers: u32,
    /// Unsolicited fields that were dropped for lack of room.
    pub lost_unsolicited: u32,
}
