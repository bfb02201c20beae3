//! An NCP packet in a line.

use wigwag_codec::ncp::{Fields, Ident, Packet, Param};

use super::line::Line;
use crate::detail::{NcpLayout, Numbers, Scalar, show, type_name};

/// Most numbers of an array that are shown.
const NUMBERS: usize = 3;
/// Most bytes that are shown.
const BYTES: usize = 8;

pub(super) fn write(bytes: &[u8], line: &mut Line) {
    // A packet of megabytes has few fields; its arrays are not looked at.
    let layout = NcpLayout::of(bytes);
    if let Err(error) = Packet::decode(bytes) {
        line.show(format_args!("malformed: {error}"));
    }
    let fields = Fields::new(layout.body);
    for field in fields {
        if line.is_full() {
            return;
        }
        line.push(if line.is_empty() { "" } else { "; " });
        name(field.name, line);
        for shown in field.params() {
            if line.is_full() {
                return;
            }
            line.push(" ");
            name(shown.name, line);
            line.push("=");
            param(&shown, line);
        }
    }
    if line.is_empty() {
        let kind = bytes.get(4..).and_then(<[u8]>::first_chunk);
        let is_link = kind.is_some_and(|kind| Ident::from_wire(*kind) == Ident::LINK);
        line.push(if is_link { "keep-alive" } else { "no fields" });
    }
}

fn name(name: Ident, line: &mut Line) {
    if name.trimmed().is_empty() {
        line.push("\"\"");
    } else {
        line.show(name);
    }
}

fn param(param: &Param<'_>, line: &mut Line) {
    let Ok(value) = param.value() else {
        line.push("malformed");
        return;
    };
    match Scalar::from(value) {
        Scalar::Text(text) => line.show(format_args!("\"{text}\"")),
        Scalar::Numbers(array) => {
            let kind = type_name(param.kind);
            let kind = kind.trim_end_matches("[]");
            line.show(format_args!("{kind}[{}](", array.len()));
            numbers(&array, line);
            line.push(if array.len() > NUMBERS { ", …)" } else { ")" });
        }
        Scalar::Bytes(bytes) => {
            line.push("0x");
            line.hex(bytes.get(..BYTES).unwrap_or(bytes));
            line.push(if bytes.len() > BYTES { "…" } else { "" });
        }
        number => line.push(&show::scalar(&number)),
    }
}

fn numbers(array: &Numbers<'_>, line: &mut Line) {
    for index in 0..array.len().min(NUMBERS) {
        line.push(if index > 0 { ", " } else { "" });
        if let Some(number) = array.get(index) {
            line.push(&show::scalar(&number));
        }
    }
}
