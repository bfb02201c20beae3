//! Some rows of the view, as columns.

use wasm_bindgen::prelude::wasm_bindgen;
use wigwag_inspect::Table;
use wigwag_inspect::table::kind_name;

/// Rows of the view, a typed array for each column. Each is made anew when it is
/// read: keep it in a variable. Call `free()` when all are taken.
#[wasm_bindgen(getter_with_clone)]
#[derive(Debug, Default)]
pub struct Window {
    /// The rows' numbers in the table.
    pub rows: Vec<u32>,
    /// When their last bytes were seen: microseconds since 1970-01-01T00:00:00Z.
    pub time: Vec<f64>,
    /// The connections they belong to.
    pub connection: Vec<u32>,
    /// 0 to the server, 1 to the device.
    pub direction: Vec<u8>,
    /// 0 unknown, 1 NGTT, 2 NCP, 3 behind a length, 4 minijson.
    pub protocol: Vec<u8>,
    /// NGTT: the frame type. NCP: the packet type's four bytes, big-endian. Else 0.
    pub kind: Vec<u32>,
    /// NGTT: the transaction id. NCP: the packet id. Else a count.
    pub id: Vec<u32>,
    /// Bytes of the whole frames.
    pub length: Vec<u32>,
    /// Bits: 1 malformed, 2 unanswered, 4 late, 8 resync, 16 gap, 32 error, 64 warning,
    /// 128 repeated, 256 examined, 512 not kept.
    pub flags: Vec<u16>,
    /// The rows of their other halves; 4294967295 if there is none.
    pub pair: Vec<u32>,
    /// In rows that answer another: microseconds since that one. NaN elsewhere.
    pub latency: Vec<f32>,
    /// Where they begin in their directions' streams, in bytes.
    pub offset: Vec<f64>,
    /// The names of their types.
    #[wasm_bindgen(js_name = typeName)]
    pub type_name: Vec<String>,
    /// What is in them, in a line each.
    pub summary: Vec<String>,
}

impl Window {
    /// Rows of a table; names and summaries only where they are wanted.
    pub(crate) fn of(table: &Table, rows: Vec<u32>, with_texts: bool) -> Self {
        let columns = table.columns();
        let texts = |text: fn(&Table, u32) -> String| {
            let wanted = rows.iter().filter(|_| with_texts);
            wanted.map(|row| text(table, *row)).collect()
        };
        Self {
            time: gather(&columns.time, &rows),
            connection: gather(&columns.connection, &rows),
            direction: gather(&columns.direction, &rows),
            protocol: gather(&columns.protocol, &rows),
            kind: gather(&columns.kind, &rows),
            id: gather(&columns.id, &rows),
            length: gather(&columns.length, &rows),
            flags: gather(&columns.flags, &rows),
            pair: gather(&columns.pair, &rows),
            latency: gather(&columns.latency, &rows),
            offset: gather(&columns.offset, &rows),
            type_name: texts(type_name),
            summary: texts(summary),
            rows,
        }
    }
}

fn gather<T: Copy>(column: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter()
        .filter_map(|row| column.get(*row as usize))
        .copied()
        .collect()
}

/// The name of a row's type.
pub(crate) fn type_name(table: &Table, row: u32) -> String {
    let kind = table.columns().kind.get(row as usize).copied();
    let protocol = table.protocol(row);
    protocol
        .zip(kind)
        .map(|(protocol, kind)| kind_name(protocol, kind).into_owned())
        .unwrap_or_default()
}

/// What is in a row, in a line.
pub(crate) fn summary(table: &Table, row: u32) -> String {
    table
        .frame(row)
        .map(wigwag_inspect::summary)
        .unwrap_or_default()
}

/// Sizes of texts, which are far below 4 GiB here.
pub(crate) fn small(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
