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
    /// direction had before, modulo 2^32.
    pub id: Vec<u32>,
    /// Bytes of the whole frame, saturated; of one that was cut off, the bytes that
    /// came.
    pub length: Vec<u32>,
    /// What is to be said of it: bits of [`flags`].
    pub flags: Vec<u16>,
    /// The row of the other half (an order's confirmation, a request's reply, and
    /// back); [`NO_ROW`] if there is none (yet).
    pub pair: Vec<u32>,
    /// In both rows of a pair: microseconds from the first half to the second; NaN
    /// elsewhere. The first half is the one whose [`pair`](Self::pair) is the larger
    /// row.
    pub latency: Vec<f32>,
    /// Where in its direction's stream the frame begins, in bytes.
    pub offset: Vec<f64>,
    /// Where in the store its bytes are; [`NO_ADDRESS`] if they were not kept.
    pub(super) address: Vec<u32>,
    /// Whether times are none, so that nothing takes any.
    pub(super) is_timeless: bool,
}

/// In [`Columns::address`]: nowhere.
pub(super) const NO_ADDRESS: u32 = u32::MAX;

/// Bytes that a row takes in all columns together.
pub(super) const ROW_BYTES: usize = 48;

/// What is pushed for one frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) time: f64,
    pub(super) connection: u32,
    pub(super) direction: u8,
    pub(super) protocol: u8,
    pub(super) kind: u32,
    pub(super) id: u32,
    pub(super) length: u32,
    pub(super) flags: u16,
    pub(super) offset: f64,
    pub(super) address: u32,
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

    pub(super) fn push(&mut self, row: Row) {
        self.time.push(row.time);
        self.connection.push(row.connection);
        self.direction.push(row.direction);
        self.protocol.push(row.protocol);
        self.kind.push(row.kind);
        self.id.push(row.id);
        self.length.push(row.length);
        self.flags.push(row.flags);
        self.pair.push(NO_ROW);
        self.latency.push(f32::NAN);
        self.offset.push(row.offset);
        self.address.push(row.address);
    }

    /// Whether the next row needs more room.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.time.len() == self.time.capacity()
    }

    /// Makes room for more rows: for `aim` of them at once if that is credible, else
    /// for a quarter more, not for as many again. Beside a hundred megabytes of
    /// frames half-empty columns would be felt, and so would copying them often.
    #[cold]
    pub(super) fn grow(&mut self, aim: usize) {
        let rows = self.len();
        let more = match aim.checked_sub(rows) {
            Some(more) if rows == 0 => more,
            Some(more) if more > 0 => more.clamp(rows / 32, rows.saturating_mul(3)),
            _ => rows / 4,
        };
        let more = more.max(1024);
        self.time.reserve_exact(more);
        self.connection.reserve_exact(more);
        self.direction.reserve_exact(more);
        self.protocol.reserve_exact(more);
        self.kind.reserve_exact(more);
        self.id.reserve_exact(more);
        self.length.reserve_exact(more);
        self.flags.reserve_exact(more);
        self.pair.reserve_exact(more);
        self.latency.reserve_exact(more);
        self.offset.reserve_exact(more);
        self.address.reserve_exact(more);
    }

    /// Whether a row has all of these flags.
    #[must_use]
    pub fn has(&self, row: u32, flags: u16) -> bool {
        let found = self.flags.get(row as usize);
        found.is_some_and(|found| found & flags == flags)
    }

    /// Makes two rows the halves of one transaction: `first`, and `second`, which
    /// answers it. Both must be rows.
    pub(super) fn join(&mut self, first: u32, second: u32) {
        let (a, b) = (first as usize, second as usize);
        self.pair[a] = second;
        self.pair[b] = first;
        self.flags[a] &= !flags::UNANSWERED;
        if self.is_timeless {
            return;
        }
        // A clock that was put back makes no answer come before its question.
        let latency = (self.time[b] - self.time[a]).max(0.0) as f32;
        self.latency[a] = latency;
        self.latency[b] = latency;
    }

    /// Takes two rows apart again.
    pub(super) fn part(&mut self, first: u32, second: u32) {
        self.pair[first as usize] = NO_ROW;
        self.pair[second as usize] = NO_ROW;
        self.latency[first as usize] = f32::NAN;
        self.latency[second as usize] = f32::NAN;
    }

    /// Whether a row is the second half of a pair: the answer.
    #[must_use]
    pub fn is_answer(&self, row: u32) -> bool {
        self.pair.get(row as usize).is_some_and(|pair| *pair < row)
    }
}
