//! What JavaScript sees. Columns come as typed arrays, copied for the rows that
//! are asked for: a page shows some sixty at a time.

use std::ops::Range;

use wasm_bindgen::prelude::{JsError, wasm_bindgen};
use wigwag_codec::ngtt::FrameType;

use crate::{Budget, Direction, Inspector};

/// [`Inspector`] for JavaScript.
#[wasm_bindgen]
pub struct FrameTable(Inspector);

#[wasm_bindgen]
impl FrameTable {
    /// An empty table that keeps at most `bytes` bytes, and payloads of at most
    /// `payload` bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: u32, payload: u32) -> Self {
        Self(Inspector::new(Budget {
            bytes: bytes as usize,
            payload: payload as usize,
        }))
    }

    /// Takes bytes of one direction; returns how many rows they added.
    ///
    /// # Errors
    ///
    /// The table is full.
    pub fn push(&mut self, to_device: bool, time: f64, chunk: &[u8]) -> Result<usize, JsError> {
        let direction = if to_device {
            Direction::ToDevice
        } else {
            Direction::ToServer
        };
        Ok(self.0.push(direction, time, chunk)?)
    }

    /// How many rows there are.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> usize {
        self.0.columns().len()
    }

    /// Times of the rows `from` to `to` (not included), in microseconds.
    pub fn times(&self, from: usize, to: usize) -> Vec<f64> {
        part(&self.0.columns().time, from..to)
    }

    /// Directions: 0 to the server, 1 to the device.
    pub fn directions(&self, from: usize, to: usize) -> Vec<u8> {
        part(&self.0.columns().direction, from..to)
    }

    /// Transaction ids.
    pub fn tids(&self, from: usize, to: usize) -> Vec<u16> {
        part(&self.0.columns().tid, from..to)
    }

    /// Frame types as numbers; see [`type_name`].
    pub fn kinds(&self, from: usize, to: usize) -> Vec<u16> {
        part(&self.0.columns().kind, from..to)
    }

    /// Payload lengths in bytes.
    pub fn lengths(&self, from: usize, to: usize) -> Vec<u32> {
        part(&self.0.columns().length, from..to)
    }

    /// Where in their directions' streams the frames begin.
    pub fn offsets(&self, from: usize, to: usize) -> Vec<f64> {
        part(&self.0.columns().offset, from..to)
    }

    /// The payload of a row; `undefined` if it was not kept.
    pub fn payload(&self, row: usize) -> Option<Vec<u8>> {
        self.0.payload(row).map(<[u8]>::to_vec)
    }

    /// The payload of a row as JSON text; `undefined` if it has none.
    ///
    /// # Errors
    ///
    /// The payload is not minijson; the message says where.
    pub fn json(&self, row: usize) -> Result<Option<String>, JsError> {
        Ok(self.0.json(row).transpose()?)
    }
}

/// The protocol's name of a frame type, `UNKNOWN` if it has none.
#[wasm_bindgen]
#[must_use]
pub fn type_name(kind: u16) -> String {
    FrameType::from_u16(kind).name().to_owned()
}

/// The rows of a column that exist in a range.
fn part<T: Copy>(column: &[T], rows: Range<usize>) -> Vec<T> {
    let end = rows.end.min(column.len());
    column.get(rows.start..end).unwrap_or_default().to_vec()
}
