//! Packets, which this module does not read: `wigwag-packets` makes a capture of
//! them.

use wasm_bindgen::prelude::wasm_bindgen;
use wigwag_inspect::input::{Input, Kind, Options, detect};
use wigwag_inspect::{Piece, Sink as _};

use crate::inspector::Inspector;

#[wasm_bindgen]
impl Inspector {
    /// Before the first `push`: what the input is written in, if that is "pcap" or
    /// "pcapng". `begin` are its first bytes, at least four. Then `readPackets` takes
    /// the place of `push`.
    #[wasm_bindgen(js_name = needsPackets)]
    pub fn needs_packets(&mut self, begin: &[u8]) -> Option<String> {
        let kind = self.input.kind().or_else(|| detect(begin, false))?;
        if !matches!(kind, Kind::Pcap | Kind::Pcapng) {
            return None;
        }
        self.packets = Some(kind);
        self.input = Input::new(Options {
            kind: Some(Kind::Capture),
            protocol: self.input.options().protocol,
            ..Options::default()
        });
        Some(kind.name().to_owned())
    }

    /// Takes what became of so many bytes of the input: the next bytes of a capture.
    #[wasm_bindgen(js_name = readPackets)]
    pub fn read_packets(&mut self, capture: &[u8], bytes: f64) {
        self.bytes += bytes;
        self.input.push(capture, &mut self.table);
        self.look_for_times();
    }

    /// Takes what could not be read at a byte of the input.
    pub fn problem(&mut self, offset: f64, message: &str) {
        self.table.take(Piece::Problem {
            offset: offset as u64,
            message: message.into(),
        });
    }
}
