//! What every input becomes, whatever its format: pieces of conversations, in the
//! order in which they were recorded.

use std::borrow::Cow;

pub use wigwag_codec::capture::Direction;

/// What the frames of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Nobody has said it, and the bytes have not shown it yet.
    Unknown = 0,
    /// NGTT frames with minijson payloads.
    Ngtt = 1,
    /// NCP packets.
    Ncp = 2,
    /// Messages behind a u32 length.
    Prefix = 3,
    /// minijson values, one after another.
    Minijson = 4,
}

impl Protocol {
    /// Its name in filters and exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ngtt => "ngtt",
            Self::Ncp => "ncp",
            Self::Prefix => "prefix",
            Self::Minijson => "minijson",
        }
    }

    /// The protocol of a name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ngtt, Self::Ncp, Self::Prefix, Self::Minijson]
            .into_iter()
            .find(|protocol| protocol.name() == name)
    }

    /// The protocol of a number in a column or a capture; [`Protocol::Unknown`] if
    /// it has none.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Ngtt,
            2 => Self::Ncp,
            3 => Self::Prefix,
            4 => Self::Minijson,
            _ => Self::Unknown,
        }
    }
}

/// A connection of an input: a number that the input chose, unique in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// What is known of a connection when it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About<'a> {
    /// The protocol, where the input says it.
    pub protocol: Option<Protocol>,
    /// Who the device is: its address, or its name where it is known.
    pub device: Cow<'a, str>,
    /// Who the server is.
    pub server: Cow<'a, str>,
}

/// A piece of an input. Times are microseconds since 1970-01-01T00:00:00Z; an
/// input without times counts its bytes instead, so that the order is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A connection begins. What comes of one that was not announced opens it.
    Open {
        /// Its number.
        connection: ConnectionId,
        /// When.
        time: u64,
        /// Who talks.
        about: About<'a>,
    },
    /// Bytes of a connection, in the order of the stream, decrypted.
    Bytes {
        /// Whose.
        connection: ConnectionId,
        /// Which way.
        direction: Direction,
        /// When they were seen.
        time: u64,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Bytes that were not recorded, lost or cannot be decrypted.
    Gap {
        /// Whose.
        connection: ConnectionId,
        /// Which way they went.
        direction: Direction,
        /// When it was noticed.
        time: u64,
        /// How many; 0 if nobody knows.
        missing: u64,
        /// Whether the next byte begins a frame for certain.
        aligned: bool,
    },
    /// A connection has ended.
    End {
        /// Which.
        connection: ConnectionId,
        /// When.
        time: u64,
        /// Why, for people; may be empty.
        reason: Cow<'a, str>,
    },
    /// Something of the input could not be read. What can be is read on.
    Problem {
        /// Where in the input, in bytes from its begin.
        offset: u64,
        /// What is wrong and what to do, for people.
        message: Cow<'a, str>,
    },
}

/// Who takes pieces: a table, an export, a test.
pub trait Sink {
    /// Takes the next piece.
    fn take(&mut self, piece: Piece<'_>);

    /// Whoever makes the pieces holds so many bytes by now that it cannot tell yet: of
    /// packets that came too early, of handshakes that are not whole. Returns whether
    /// there is room for them; if not, it has to give up what it waits for.
    ///
    /// There is, where nobody counts.
    fn hold(&mut self, bytes: usize) -> bool {
        let _ = bytes;
        true
    }
}

impl<F: FnMut(Piece<'_>)> Sink for F {
    fn take(&mut self, piece: Piece<'_>) {
        self(piece);
    }
}
