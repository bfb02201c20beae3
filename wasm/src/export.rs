//! Rows in other formats.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wigwag_inspect::export::{Export, Format};

use crate::fault;
use crate::inspector::Inspector;

#[wasm_bindgen]
extern "C" {
    /// Who takes what is written, piece by piece.
    #[wasm_bindgen(typescript_type = "{ write(chunk: Uint8Array): void }")]
    pub type Writer;

    #[wasm_bindgen(method)]
    fn write(this: &Writer, chunk: Vec<u8>);
}

/// How much is gathered before it is handed over.
const CHUNK: usize = 1 << 20;

/// An export in steps: call `step` until it returns false.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Exporter {
    export: Export,
    gathered: Vec<u8>,
}

#[wasm_bindgen]
impl Exporter {
    /// Writes some rows more. Whether there are more; fails when rows have got other
    /// numbers since it began: then what was written is of no use.
    pub fn step(&mut self, inspector: &Inspector, to: &Writer) -> Result<bool, JsValue> {
        let gathered = &mut self.gathered;
        let mut out = |bytes: &[u8]| {
            gathered.extend_from_slice(bytes);
            if gathered.len() >= CHUNK {
                to.write(std::mem::take(gathered));
            }
        };
        let more = (self.export)
            .step(&inspector.table, &mut out)
            .map_err(|changed| fault::plain(&changed.to_string()))?;
        if !more && !self.gathered.is_empty() {
            to.write(std::mem::take(&mut self.gathered));
        }
        Ok(more)
    }
}

#[wasm_bindgen]
impl Inspector {
    /// Begins to write rows as "jsonl", "csv", "capture", "pcapng" or "raw": those of
    /// the view, those that are listed, or all.
    pub fn exporter(
        &self,
        format: &str,
        of_view: bool,
        rows: Option<Vec<u32>>,
    ) -> Result<Exporter, JsValue> {
        let Some(format) = Format::from_name(format) else {
            return Err(fault::plain(
                "the formats are jsonl, csv, capture, pcapng and raw",
            ));
        };
        let rows = match rows {
            Some(rows) => rows,
            None if of_view => self.view.rows(&self.table).collect(),
            // Rows are counted in 32 bits.
            None => (0..self.table.columns().len() as u32).collect(),
        };
        Ok(Exporter {
            export: Export::new(format, &self.table, rows),
            gathered: Vec::new(),
        })
    }

    /// What an `exporter` writes, in one go.
    pub fn export(
        &self,
        format: &str,
        of_view: bool,
        rows: Option<Vec<u32>>,
        to: &Writer,
    ) -> Result<(), JsValue> {
        let mut exporter = self.exporter(format, of_view, rows)?;
        while exporter.step(self, to)? {}
        Ok(())
    }
}
