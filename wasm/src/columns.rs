//! The table's columns: one array each, so that a page can sort, filter and
//! draw a million rows without an object for each.

/// One entry a frame in every column, in the order in which frames were
/// complete.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// When the frame's last byte was pushed: microseconds, as the caller counts.
    pub time: Vec<f64>,
    /// 0 for frames to the server, 1 for frames to the device.
    pub direction: Vec<u8>,
    /// Transaction id.
    pub tid: Vec<u16>,
    /// Frame type, as on the wire.
    pub kind: Vec<u16>,
    /// Payload length in bytes, as the header announces it.
    pub length: Vec<u32>,
    /// Where in its direction's stream the frame begins. A double holds every
    /// offset up to 2^53.
    pub offset: Vec<f64>,
    /// Where in the store the payload begins; `None` when it was too large to
    /// be kept.
    pub(crate) payload: Vec<Option<usize>>,
}

/// What is pushed for one frame.
pub(crate) struct Row {
    pub(crate) time: f64,
    pub(crate) direction: u8,
    pub(crate) tid: u16,
    pub(crate) kind: u16,
    pub(crate) length: u32,
    pub(crate) offset: u64,
    pub(crate) payload: Option<usize>,
}

impl Columns {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tid.len()
    }

    /// Whether there is no row yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tid.is_empty()
    }

    pub(crate) fn push(&mut self, row: Row) {
        self.time.push(row.time);
        self.direction.push(row.direction);
        self.tid.push(row.tid);
        self.kind.push(row.kind);
        self.length.push(row.length);
        // Exact: an offset of 2^53 would be 9 PB of traffic.
        self.offset.push(row.offset as f64);
        self.payload.push(row.payload);
    }
}
