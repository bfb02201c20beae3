//! The table of frames of one conversation.

use std::fmt;

use wigwag_codec::minijson::{self, Limits, Value};

use crate::columns::{Columns, Row};
use crate::stream::Stream;

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the device to the server; 0 in [`Columns::direction`].
    ToServer,
    /// From the server to the device; 1 in [`Columns::direction`].
    ToDevice,
}

/// How much an [`Inspector`] may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of frames kept in total, both directions. The table takes up to
    /// 60 bytes more for each frame.
    pub bytes: usize,
    /// The largest payload that is kept; larger ones have a row and no content.
    pub payload: usize,
}

impl Default for Budget {
    /// 512 MiB, payloads to 64 MiB.
    fn default() -> Self {
        Self {
            bytes: 512 << 20,
            payload: 64 << 20,
        }
    }
}

/// The budget is used up: nothing of the last push was taken, and the
/// conversation cannot go on in this inspector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// The budget, in bytes.
    pub limit: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the inspector holds its {} bytes; start a new one",
            self.limit
        )
    }
}

impl std::error::Error for Full {}

/// Reads an NGTT conversation: both directions of a TLS connection's plain
/// text, in pieces of any size, live or recorded.
///
/// ```
/// use wigwag_wasm::{Budget, Direction, Inspector};
///
/// let mut inspector = Inspector::new(Budget::default());
/// // An order, cut in two, and its confirmation.
/// inspector.push(Direction::ToDevice, 1.0, b"\0\0\0\x01\0\x07")?;
/// assert_eq!(inspector.columns().len(), 0);
/// inspector.push(Direction::ToDevice, 2.0, b"\0\x01\x40")?;
/// inspector.push(Direction::ToServer, 3.0, b"\0\0\0\0\0\x07\0\x02")?;
/// assert_eq!(inspector.columns().tid, [7, 7]);
/// assert_eq!(inspector.columns().kind, [1, 2]);
/// assert_eq!(inspector.json(0), Some(Ok("[]".into())));
/// assert_eq!(inspector.json(1), None);
/// # Ok::<(), wigwag_wasm::Full>(())
/// ```
pub struct Inspector {
    streams: [Stream; 2],
    columns: Columns,
    budget: Budget,
    full: bool,
}

impl Inspector {
    /// An empty table.
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self {
            streams: [Stream::new(budget.payload), Stream::new(budget.payload)],
            columns: Columns::default(),
            budget,
            full: false,
        }
    }

    /// Takes bytes that went in `direction`, at `time` (microseconds, as the
    /// caller counts), and returns how many rows they added.
    ///
    /// # Errors
    ///
    /// [`Full`], now and for ever: after a gap the rest could not be read.
    pub fn push(&mut self, direction: Direction, time: f64, chunk: &[u8]) -> Result<usize, Full> {
        let held: usize = self.streams.iter().map(Stream::kept).sum();
        if self.full || chunk.len() > self.budget.bytes.saturating_sub(held) {
            self.full = true;
            return Err(Full {
                limit: self.budget.bytes,
            });
        }
        let before = self.columns.len();
        let columns = &mut self.columns;
        self.streams[direction as usize].push(chunk, |found| {
            columns.push(Row {
                time,
                direction: direction as u8,
                tid: found.head.tid,
                kind: found.head.kind.as_u16(),
                // The header has 32 bits for it.
                length: u32::try_from(found.length).unwrap_or(u32::MAX),
                offset: found.offset,
                payload: found.payload,
            });
        });
        Ok(self.columns.len() - before)
    }

    /// The table.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// How many bytes of a frame have arrived in `direction` that is not
    /// complete yet.
    #[must_use]
    pub fn incomplete(&self, direction: Direction) -> usize {
        self.streams[direction as usize].incomplete()
    }

    /// The payload of a row. `None` if there is no such row or its payload was
    /// larger than [`Budget::payload`].
    #[must_use]
    pub fn payload(&self, row: usize) -> Option<&[u8]> {
        let start = (*self.columns.payload.get(row)?)?;
        let stream = &self.streams[usize::from(self.columns.direction[row])];
        let length = usize::try_from(self.columns.length[row]).ok()?;
        stream.bytes(start, length)
    }

    /// The payload of a row as JSON text (the form of
    /// [`wigwag_codec::minijson::json`]), decoded now. `None` if there is no
    /// payload to show; an error with its offset if it is not minijson.
    #[must_use]
    pub fn json(&self, row: usize) -> Option<Result<String, minijson::Error>> {
        let payload = self.payload(row).filter(|payload| !payload.is_empty())?;
        Some(text(payload))
    }
}

fn text(payload: &[u8]) -> Result<String, minijson::Error> {
    let value = Value::parse_with(payload, Limits::new().with_depth(minijson::MAX_DEPTH))?;
    let mut text = String::new();
    minijson::json::write(value, &mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: [u8; 8] = [0, 0, 0, 0, 0, 9, 0, 0];
    /// DATA_STREAM with a payload of 20 bytes, tid 3.
    const LARGE: [u8; 28] = [
        0, 0, 0, 20, 0, 3, 0, 4, 0x93, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97,
        97, 97, 97, 97,
    ];

    #[test]
    fn any_cut_gives_the_same_rows() {
        let wire = [&PING[..], &LARGE, &PING].concat();
        for cut in 0..=wire.len() {
            let mut inspector = Inspector::new(Budget::default());
            let (first, second) = wire.split_at(cut);
            let rows = inspector.push(Direction::ToServer, 0.0, first).unwrap();
            let more = inspector.push(Direction::ToServer, 1.0, second).unwrap();
            assert_eq!(rows + more, 3, "cut at {cut}");
            assert_eq!(inspector.columns().offset, [0.0, 8.0, 36.0]);
            assert_eq!(
                inspector.json(1),
                Some(Ok(format!("\"{}\"", "a".repeat(19))))
            );
            assert_eq!(inspector.incomplete(Direction::ToServer), 0);
        }
    }

    #[test]
    fn a_payload_over_the_budget_has_a_row_and_the_next_frame_is_found() {
        let budget = Budget {
            payload: 19,
            bytes: 100,
        };
        let wire = [&LARGE[..], &PING].concat();
        for cut in 0..=wire.len() {
            let mut inspector = Inspector::new(budget);
            inspector
                .push(Direction::ToDevice, 0.0, &wire[..cut])
                .unwrap();
            inspector
                .push(Direction::ToDevice, 0.0, &wire[cut..])
                .unwrap();
            assert_eq!(inspector.columns().tid, [3, 9], "cut at {cut}");
            assert_eq!(inspector.columns().length, [20, 0]);
            assert_eq!(inspector.columns().offset, [0.0, 28.0]);
            assert_eq!(
                (inspector.payload(0), inspector.payload(1)),
                (None, Some(&[][..]))
            );
        }
    }

    #[test]
    fn the_budget_holds_and_says_so() {
        let mut inspector = Inspector::new(Budget {
            bytes: 20,
            payload: 20,
        });
        assert_eq!(inspector.push(Direction::ToServer, 0.0, &PING), Ok(1));
        assert_eq!(inspector.push(Direction::ToDevice, 0.0, &PING), Ok(1));
        let full = Err(Full { limit: 20 });
        assert_eq!(inspector.push(Direction::ToServer, 0.0, &PING), full);
        assert_eq!(inspector.push(Direction::ToServer, 0.0, &[0]), full);
        assert_eq!(inspector.columns().len(), 2);
    }

    #[test]
    fn a_payload_that_is_not_minijson_is_an_error_with_its_offset() {
        let mut inspector = Inspector::new(Budget::default());
        inspector
            .push(
                Direction::ToDevice,
                0.0,
                &[0, 0, 0, 2, 0, 1, 0, 1, 0x41, 0x1c],
            )
            .unwrap();
        let error = inspector.json(0).unwrap().unwrap_err();
        assert_eq!(error.offset, 1);
        assert_eq!(inspector.json(1), None);
    }
}
