//! A frame as JSON, in the very form that `wigwag decode --json` prints: written
//! straight as text, so that a browser needs no JSON library for it.

mod ncp;
mod value;

use std::fmt::{Display, Write};

use wigwag_codec::minijson::Value;
use wigwag_codec::ncp::Packet;
use wigwag_codec::ngtt::{FrameHead, HEADER_LEN};

use crate::detail::{LIMITS, NgttLayout, split_prefix};
use crate::text::hex::hex;
use crate::text::json::quote;
use crate::{Frame, Protocol};

pub use ncp::value as ncp_value;
pub(crate) use value::{Style, write as write_value};

/// Appends a frame as JSON, in one line.
///
/// | Protocol | Form |
/// |---|---|
/// | NGTT | `{"tid", "type", "name", "payload_hex", "payload"}`; `payload_error` instead of `payload` where it is not minijson, neither where there is none |
/// | NCP | `{"type", "id", "secs", "nanos", "info", "fields": [{"name", "id", "params": [{"name", "t", "v"}]}]}` |
/// | prefix | the message, as a text of hex digits |
/// | minijson | the value in the tagged form, see [`value`] |
///
/// A frame that cannot be read is `{"error": {"kind", "offset", "message"}, "hex"}`.
///
/// ```
/// use wigwag_inspect::{Direction, Frame, Protocol, json};
///
/// let bytes = [0, 0, 0, 2, 0, 7, 0, 1, 3, 5];
/// let (protocol, direction) = (Protocol::Ngtt, Direction::ToDevice);
/// let mut text = String::new();
/// json::frame(Frame { protocol, direction, bytes: &bytes }, &mut text);
/// assert_eq!(text, r#"{"tid":7,"type":1,"name":"ORDER","payload_hex":"0305","payload":5}"#);
/// ```
pub fn frame(frame: Frame<'_>, out: &mut String) {
    match frame.protocol {
        Protocol::Ngtt => ngtt(frame.bytes, out),
        Protocol::Ncp => match Packet::decode(frame.bytes).and_then(|packet| ncp::sound(&packet)) {
            Ok(packet) => ncp::packet(&packet, out),
            Err(error) => broken(
                frame.bytes,
                error.kind.name(),
                &error.kind,
                error.offset,
                out,
            ),
        },
        Protocol::Prefix => match split_prefix(frame.bytes) {
            (head, message, []) if is_whole(head, message) => hex_text(message, out),
            (_, _, []) => broken(frame.bytes, "Truncated", &ENDS, frame.bytes.len(), out),
            (.., rest) => broken(
                frame.bytes,
                "Trailing",
                &BEHIND,
                frame.bytes.len() - rest.len(),
                out,
            ),
        },
        Protocol::Minijson => match Value::parse_with(frame.bytes, LIMITS) {
            Ok(parsed) => value(parsed, out),
            Err(error) => broken(
                frame.bytes,
                error.kind.name(),
                &error.kind,
                error.offset,
                out,
            ),
        },
        Protocol::Unknown => {
            out.push_str("{\"hex\":");
            hex_text(frame.bytes, out);
            out.push('}');
        }
    }
}

/// Appends a minijson value as JSON, in the tagged form that loses nothing.
///
/// | minijson | JSON |
/// |---|---|
/// | null, true, false, text, list | the same |
/// | integer up to 2^53 - 1 either way | number |
/// | any other integer | `{"$int":"9007199254740992"}` |
/// | single, double | `{"$f32":"3f800000"}`, `{"$f64":"3ff0000000000000"}`: the bits |
/// | bytes | `{"$bytes":"00ff"}` |
/// | map of either form | `{"$map":[[key,value],[key,value]]}` in the order of the wire |
///
/// ```
/// use wigwag_codec::minijson::Value;
///
/// let value = Value::parse(b"\x51\x01a\x19\x01\xff")?;
/// let mut text = String::new();
/// wigwag_inspect::json::value(value, &mut text);
/// assert_eq!(text, r#"{"$map":[["a",{"$bytes":"ff"}]]}"#);
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
pub fn value(value: Value<'_>, out: &mut String) {
    write_value(value, Style::Tagged, 0, out);
}

/// Whether a message has as many bytes as its prefix says.
fn is_whole(head: &[u8], message: &[u8]) -> bool {
    let length = head.first_chunk().map(|length| u32::from_be_bytes(*length));
    length.is_some_and(|length| message.len() as u64 == u64::from(length))
}

/// What is wrong with a frame of which there is less than its header says.
const ENDS: &str = "the frame ends too early";

/// What is wrong with a frame that has bytes behind it.
const BEHIND: &str = "there are bytes behind the frame";

fn ngtt(bytes: &[u8], out: &mut String) {
    let layout = NgttLayout::of(bytes);
    let Some(head) = layout.head.first_chunk::<HEADER_LEN>() else {
        return broken(bytes, "Truncated", &ENDS, bytes.len(), out);
    };
    if layout.missing > 0 {
        return broken(bytes, "Truncated", &ENDS, bytes.len(), out);
    }
    if !layout.trailing.is_empty() {
        let offset = bytes.len() - layout.trailing.len();
        return broken(bytes, "Trailing", &BEHIND, offset, out);
    }
    let (head, _) = FrameHead::parse(*head);
    let (tid, kind) = (head.tid, head.kind.as_u16());
    show(
        out,
        format_args!("{{\"tid\":{tid},\"type\":{kind},\"name\":\""),
    );
    out.push_str(head.kind.name());
    out.push_str("\",\"payload_hex\":");
    hex_text(layout.payload, out);
    if !layout.payload.is_empty() {
        match Value::parse_with(layout.payload, LIMITS) {
            Ok(payload) => {
                out.push_str(",\"payload\":");
                value(payload, out);
            }
            Err(error) => {
                out.push_str(",\"payload_error\":");
                problem(error.kind.name(), &error.kind, error.offset, out);
            }
        }
    }
    out.push('}');
}

/// Appends what is shown by itself.
fn show(out: &mut String, shown: impl Display) {
    // A String takes everything.
    let _ = write!(out, "{shown}");
}

/// Appends hex digits in quotes.
fn hex_text(bytes: &[u8], out: &mut String) {
    out.push('"');
    hex(bytes, out);
    out.push('"');
}

/// A frame of which only the bytes can be shown.
fn broken(bytes: &[u8], name: &str, message: &dyn Display, offset: usize, out: &mut String) {
    out.push_str("{\"error\":");
    problem(name, message, offset, out);
    out.push_str(",\"hex\":");
    hex_text(bytes, out);
    out.push('}');
}

/// `{"kind", "offset", "message"}`: one word, bytes from the start, a sentence.
fn problem(name: &str, message: &dyn Display, offset: usize, out: &mut String) {
    out.push_str("{\"kind\":");
    quote(name, out);
    show(out, format_args!(",\"offset\":{offset},\"message\":"));
    quote(&message.to_string(), out);
    out.push('}');
}

#[cfg(test)]
mod tests;
