//! The table's columns: one array each, so that a page can sort, filter and draw a
//! million rows without an object for each.

/// In [`Columns::pair`]: no row.
pub const NO_ROW: u32 = u32::MAX;

/// One entry a frame in every column.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// When its last byte was seen: microseconds since 1970-01-01T00:00:00Z.
    pub time: Vec<f64>,
    /// [`crate::ConnectionId`].
    pub connection: Vec<u32>,
    /// [`crate::Direction`] as a number.
    pub direction: Vec<u8>,
    /// [`crate::Protocol`] as a number.
    pub protocol: Vec<u8>,
    /// NGTT: the frame type. NCP: the packet type's four bytes, big-endian. Else 0.
    pub kind: Vec<u32>,
    /// NGTT: the transaction id. NCP: the packet id. Else how many frames the
    /// direction had before.
    pub id: Vec<u32>,
    /// Bytes of the whole frame.
    pub length: Vec<u32>,
    /// What is to be said of it: bits of [`flags`].
    pub flags: Vec<u16>,
    /// The row of the other half (an order's confirmation, a request's reply, and
    /// back); [`NO_ROW`] if there is none (yet).
    pub pair: Vec<u32>,
    /// In the row of the second half: microseconds since the first; NaN elsewhere.
    pub latency: Vec<f32>,
    /// Where in its direction's stream the frame begins, in bytes.
    pub offset: Vec<f64>,
}

/// Bits of [`Columns::flags`].
pub mod flags {
    /// The frame, or its payload, is not what its protocol allows.
    pub const MALFORMED: u16 = 1 << 0;
    /// Waits for an answer that has not come.
    pub const UNANSWERED: u16 = 1 << 1;
    /// A pong that came late, or to no ping.
    pub const LATE: u16 = 1 << 2;
    /// Reading found a frame's begin again before this one.
    pub const RESYNC: u16 = 1 << 3;
    /// Bytes are missing before it.
    pub const GAP: u16 = 1 << 4;
    /// It tells an error: NCP's ERR of a packet or field, an NGTT rejection.
    pub const ERROR: u16 = 1 << 5;
    /// It tells a warning: NCP's WRN.
    pub const WARNING: u16 = 1 << 6;
    /// Sent again: the same order or packet was there before.
    pub const REPEATED: u16 = 1 << 7;
    /// Its payload has been looked at, so that the absence of MALFORMED says something.
    pub const EXAMINED: u16 = 1 << 8;
    /// Its bytes were not kept: it is larger than the budget allows.
    pub const NOT_KEPT: u16 = 1 << 9;
}

impl Columns {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there is no row yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }
}
