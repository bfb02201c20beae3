//! The table and its view, as JavaScript has them.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wigwag_inspect::filter::Filter;
use wigwag_inspect::input::{Input, Kind, Options, is_key_log};
use wigwag_inspect::{Budget, ConnectionId, Table};

use crate::view::View;
use crate::window::Window;
use crate::{fault, names};

/// Bytes of a recording, or of a conversation as it happens, in: a table of frames,
/// and a view of it that a filter makes.
///
/// What is slow is done in steps, so that a page stays awake: after `push`, call
/// `filterOn` and `examine` until both return false.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Inspector {
    pub(crate) table: Table,
    pub(crate) view: View,
    pub(crate) input: Input,
    pub(crate) bytes: f64,
    /// What the input is written in, where another module reads it.
    pub(crate) packets: Option<Kind>,
    /// Whether the table knows whether the input has times.
    is_timed: bool,
}

#[wasm_bindgen]
impl Inspector {
    /// An empty table. `kind` is what the input is written in ("raw", "hex",
    /// "base64", "jsonl", "capture", "pcap", "pcapng"), `protocol` what its connections
    /// speak ("ngtt", "ncp", "prefix", "minijson"): both are found out if they are not
    /// given. `keyLog` holds secrets of TLS connections, in lines of an NSS key log.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Kind")] kind: Option<String>,
        #[wasm_bindgen(unchecked_param_type = "Protocol")] protocol: Option<String>,
        #[wasm_bindgen(js_name = keyLog)] key_log: Option<String>,
    ) -> Result<Self, JsValue> {
        let kind = kind.map(|word| names::kind(&word)).transpose()?;
        let protocol = protocol.map(|word| names::protocol(&word)).transpose()?;
        let options = Options {
            kind,
            protocol,
            key_log: key_log.unwrap_or_default(),
            ..Options::default()
        };
        Ok(Self {
            table: Table::new(Budget::default()),
            view: View::default(),
            input: Input::new(options),
            packets: None,
            bytes: 0.0,
            is_timed: false,
        })
    }

    /// Takes the next bytes of the input, in pieces of any size.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as f64;
        self.input.push(bytes, &mut self.table);
        self.look_for_times();
    }

    /// Tells how many bytes will be pushed in all, before the first: then the table
    /// makes room for their rows once. An estimate will do.
    pub fn expect(&mut self, bytes: f64) {
        self.table.expect(bytes as u64);
    }

    /// The input has ended: what is left of it is read, and what waits for more has
    /// a row as it is.
    pub fn finish(&mut self) {
        self.input.finish(&mut self.table);
        self.look_for_times();
        self.table.finish();
        self.view.refresh();
    }

    /// For a conversation as it happens, once a second or so: tells the table what
    /// time it is, in microseconds since 1970-01-01T00:00:00Z, so that it can say
    /// what is unanswered. By the clock of who records, which may be another than that
    /// of who looks: `lastHeard`, plus what has passed since that came.
    pub fn settle(&mut self, now: f64) {
        self.table.settle(now as u64);
        self.view.refresh();
    }

    /// Whether a text is a key log, and not a recording: secrets of TLS connections, for
    /// the recording that they belong to. Its first lines are enough.
    #[wasm_bindgen(js_name = isKeyLog)]
    pub fn is_key_log(text: &str) -> bool {
        is_key_log(text.as_bytes())
    }

    /// Adds secrets: lines of an NSS key log.
    #[cfg(feature = "packets")]
    #[wasm_bindgen(js_name = addKeyLog)]
    pub fn add_key_log(&mut self, text: &str) {
        self.input.add_key_log(text);
    }

    /// How many bytes were pushed.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> f64 {
        self.bytes
    }

    /// What the input is written in, once that is known: a word as for the constructor.
    #[wasm_bindgen(getter)]
    pub fn kind(&self) -> Option<String> {
        let kind = self.packets.or_else(|| self.input.kind());
        kind.map(|kind| kind.name().to_owned())
    }

    /// How many records a live server left out because they came too fast.
    #[wasm_bindgen(getter)]
    pub fn dropped(&self) -> f64 {
        self.input.dropped() as f64
    }

    /// How many rows there are.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> usize {
        self.table.columns().len()
    }

    /// When the first row was seen: microseconds since 1970-01-01T00:00:00Z, NaN if
    /// there is none.
    #[wasm_bindgen(getter, js_name = firstTime)]
    pub fn first_time(&self) -> f64 {
        self.table
            .columns()
            .time
            .first()
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// When the last row was seen.
    #[wasm_bindgen(getter, js_name = lastTime)]
    pub fn last_time(&self) -> f64 {
        self.table
            .columns()
            .time
            .last()
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// The latest time of anything in the input: microseconds since
    /// 1970-01-01T00:00:00Z, NaN if there is none yet.
    #[wasm_bindgen(getter, js_name = lastHeard)]
    pub fn last_heard(&self) -> f64 {
        self.table.last_heard().map_or(f64::NAN, |time| time as f64)
    }

    /// How many things of the input could not be read.
    #[wasm_bindgen(getter, js_name = problemCount)]
    pub fn problem_count(&self) -> f64 {
        self.table.problems().len() as f64 + self.table.more_problems() as f64
    }

    /// How many bytes of memory frames and rows take.
    #[wasm_bindgen(getter)]
    pub fn held(&self) -> usize {
        self.table.held()
    }

    /// Reads the payloads of up to so many rows that were not read yet, so that their
    /// flags tell what is malformed. Whether there are more.
    pub fn examine(&mut self, rows: usize) -> bool {
        let more = self.table.examine(rows);
        if !more {
            self.view.refresh();
        }
        more
    }

    /// How many rows have been examined.
    #[wasm_bindgen(getter)]
    pub fn examined(&self) -> u32 {
        self.table.examined()
    }

    /// Reads the bytes of a connection again, as of another protocol. Rows change
    /// their numbers and the view begins anew. False if nothing is known of them any
    /// more.
    #[wasm_bindgen(js_name = overrideProtocol)]
    pub fn override_protocol(&mut self, connection: u32, protocol: &str) -> Result<bool, JsValue> {
        let protocol = names::protocol(protocol)?;
        let done = self
            .table
            .override_protocol(ConnectionId(connection), protocol);
        self.view.begin_anew();
        Ok(done)
    }

    /// Shows only rows that pass a filter; all for an empty text. They are found by
    /// `filterOn`.
    ///
    /// An error has the part of the text that it is about: `start` and `end`, in
    /// bytes of UTF-8.
    pub fn filter(&mut self, text: &str) -> Result<(), JsValue> {
        // Every input begins without one, when the parser may not be there yet.
        let filter = if text.is_empty() {
            None
        } else {
            let parsed = Filter::parse(text);
            Some(parsed.map_err(|error| fault::between(&error.message, error.start, error.end))?)
        };
        self.view.set(filter);
        Ok(())
    }

    /// For a filter that lets nothing pass: which of the types that it names no row
    /// has, and what may have been meant, in words; empty if it names none.
    #[wasm_bindgen(js_name = filterHint)]
    pub fn filter_hint(&self) -> String {
        let unseen = (self.view.filter()).map(|filter| filter.unseen_types(&self.table));
        let words = unseen.iter().flatten().map(ToString::to_string);
        words.collect::<Vec<_>>().join("; ")
    }

    /// Tests up to so many rows with the filter. Whether there are more.
    #[wasm_bindgen(js_name = filterOn)]
    pub fn filter_on(&mut self, rows: u32) -> bool {
        self.view.step(&self.table, rows)
    }

    /// How many rows the view has so far.
    #[wasm_bindgen(getter, js_name = viewRows)]
    pub fn view_rows(&self) -> usize {
        self.view.len(&self.table)
    }

    /// A row of the table that is remembered, or the number of rows: it moves with the
    /// rows when they change their numbers (`overrideProtocol`).
    #[wasm_bindgen(getter)]
    pub fn bookmark(&self) -> Option<u32> {
        self.table.bookmark()
    }

    #[wasm_bindgen(setter)]
    #[doc(hidden)]
    pub fn set_bookmark(&mut self, row: Option<u32>) {
        self.table.set_bookmark(row);
    }

    /// How many rows of the view are before a row of the table.
    #[wasm_bindgen(js_name = viewRowsBefore)]
    pub fn view_rows_before(&self, row: f64) -> Result<usize, JsValue> {
        Ok(self.view.rows_before(&self.table, fault::row(row)?))
    }

    /// Changes when rows of the view got other positions because flags had changed
    /// that the filter asks for.
    #[wasm_bindgen(getter, js_name = viewVersion)]
    pub fn view_version(&self) -> u32 {
        self.view.version()
    }

    /// The columns of the view's rows from a position to another (not included),
    /// without names and summaries if `texts` is false.
    pub fn window(&self, from: usize, to: usize, texts: Option<bool>) -> Window {
        let to = to.min(self.view.len(&self.table));
        let rows = (from..to)
            .filter_map(|position| self.view.row(&self.table, position))
            .collect();
        Window::of(&self.table, rows, texts.unwrap_or(true))
    }

    /// How long it took to answer a row, or the row that it answers, in microseconds;
    /// NaN if it is no half of a pair.
    pub fn latency(&self, row: f64) -> Result<f32, JsValue> {
        let latencies = &self.table.columns().latency;
        let latency = latencies.get(fault::row(row)? as usize);
        Ok(latency.copied().unwrap_or(f32::NAN))
    }

    /// The position of a row in the view; undefined if it is not in it.
    pub fn position(&self, row: f64) -> Result<Option<usize>, JsValue> {
        Ok(self.view.position(&self.table, fault::row(row)?))
    }
}

impl Inspector {
    /// An input without times has counts in their place, from which no latency
    /// follows.
    pub(crate) fn look_for_times(&mut self) {
        if self.is_timed {
            return;
        }
        if let Some(kind) = self.input.kind() {
            self.is_timed = true;
            if !kind.has_times() {
                self.table.without_times();
            }
        }
    }
}
