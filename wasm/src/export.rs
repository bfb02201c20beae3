//! Rows in other formats.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wigwag_inspect::export;

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

#[wasm_bindgen]
impl Inspector {
    /// Writes rows as "jsonl", "csv", "capture", "pcapng" or "raw": those of the view,
    /// those that are listed, or all.
    pub fn export(
        &self,
        format: &str,
        of_view: bool,
        rows: Option<Vec<u32>>,
        to: &Writer,
    ) -> Result<(), JsValue> {
        let rows = match rows {
            Some(rows) => rows,
            None if of_view => self.view.rows(&self.table).collect(),
            // Rows are counted in 32 bits.
            None => (0..self.table.columns().len() as u32).collect(),
        };
        let mut gathered = Vec::new();
        let mut out = |bytes: &[u8]| {
            gathered.extend_from_slice(bytes);
            if gathered.len() >= CHUNK {
                to.write(std::mem::take(&mut gathered));
            }
        };
        match format {
            "jsonl" => export::json_lines(&self.table, rows, &mut out),
            "csv" => export::csv(&self.table, rows, &mut out),
            "capture" => export::capture(&self.table, rows, &mut out),
            "pcapng" => export::pcapng(&self.table, rows, &mut out),
            "raw" => export::raw(&self.table, rows, &mut out),
            _ => {
                return Err(fault::plain(
                    "the formats are jsonl, csv, capture, pcapng and raw",
                ));
            }
        }
        if !gathered.is_empty() {
            to.write(gathered);
        }
        Ok(())
    }
}
