//! The words of JavaScript for what Rust has as enumerations.

use wasm_bindgen::prelude::JsValue;
use wigwag_inspect::Protocol;
use wigwag_inspect::input::Kind;

use crate::fault;

pub(crate) fn protocol(word: &str) -> Result<Protocol, JsValue> {
    Protocol::from_name(word)
        .ok_or_else(|| fault::plain("the protocols are ngtt, ncp, prefix and minijson"))
}

pub(crate) fn kind(word: &str) -> Result<Kind, JsValue> {
    Kind::from_name(word)
        .ok_or_else(|| fault::plain("an input is raw, hex, base64, jsonl, capture, pcap or pcapng"))
}
