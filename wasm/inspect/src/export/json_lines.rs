//! JSON lines.

use wigwag_codec::minijson::Value;
use wigwag_codec::ngtt::HEADER_LEN;

use super::out::Out;
use super::walk::Step;
use super::{Format, whole};
use crate::detail::LIMITS;
use crate::table::{Expert, NO_ROW, kind_name};
use crate::text::hex::hex;
use crate::text::json::quote;
use crate::{Direction, Frame, Protocol, Table, json};

/// Frames of more bytes have several lines, which stand for one frame together.
const MAX_BYTES: usize = 8 << 20;

/// Larger frames are not written as what they mean: that can take eleven times as
/// many characters, and readers of lines have limits.
const MAX_VALUE: usize = 1 << 20;

/// Writes a JSON object a line. A frame's has
///
/// | key | value |
/// |---|---|
/// | `row` | its row in the table, counted from 0 (the page, and CSV, count from 1) |
/// | `time` | microseconds since 1970-01-01T00:00:00Z |
/// | `connection`, `direction` | the recording's own number of it; `to_server` or `to_device` |
/// | `protocol`, `type`, `id`, `length` | as in the columns; `type` only where there are types |
/// | `pair`, `latency` | the other half's row, counted likewise; microseconds between both (in both) |
/// | `flags` | words, as the filter knows them; only if there are any |
/// | `hex` | all its bytes |
/// | `value` | NGTT: the payload; NCP: the packet; minijson: the value; as `decode --json` of the command line shows them. Only of frames of at most 1 MiB |
///
/// A connection has a line before (`"event": "open"`, with `device` and `server`) and
/// behind its frames (`"event": "end"`, with `reason`), a gap one of its own
/// (`"event": "gap"`, with `missing` and `aligned`).
/// [`input::Kind::JsonLines`](crate::input::Kind::JsonLines) reads all of them back.
pub fn json_lines(table: &Table, rows: impl IntoIterator<Item = u32>, out: &mut dyn FnMut(&[u8])) {
    whole(Format::JsonLines, table, rows, out);
}

/// Writes the lines of a step.
pub(super) fn write(table: &Table, step: &Step<'_>, out: &mut Out<'_>) {
    let mut line = String::new();
    let Step::Frame {
        row,
        connection,
        time,
        frame,
    } = *step
    else {
        event(step, &mut line);
        out.write(line.as_bytes());
        return;
    };
    for bytes in frame.bytes.chunks(MAX_BYTES) {
        line.clear();
        line.push('{');
        number("row", u64::from(row), &mut line);
        begin(time, connection, Some(frame.direction), &mut line);
        columns(table, row, &mut line);
        key("hex", &mut line);
        line.push('"');
        hex(bytes, &mut line);
        line.push('"');
        if bytes.len() == frame.bytes.len() {
            meaning(frame, &mut line);
        }
        line.push_str("}\n");
        out.write(line.as_bytes());
    }
}

fn event(step: &Step<'_>, line: &mut String) {
    line.push('{');
    match *step {
        Step::Open(connection) => {
            text("event", "open", line);
            begin(connection.opened, connection.id.0, None, line);
            if connection.protocol != Protocol::Unknown {
                text("protocol", connection.protocol.name(), line);
            }
            text("device", &connection.device, line);
            text("server", &connection.server, line);
        }
        Step::Gap {
            connection,
            time,
            direction,
            missing,
            aligned,
        } => {
            text("event", "gap", line);
            begin(time, connection, Some(direction), line);
            number("missing", missing, line);
            key("aligned", line);
            line.push_str(if aligned { "true" } else { "false" });
        }
        Step::End {
            connection,
            time,
            reason,
        } => {
            text("event", "end", line);
            begin(time, connection, None, line);
            text("reason", reason, line);
        }
        // Frames are written elsewhere.
        Step::Frame { .. } => {}
    }
    line.push_str("}\n");
}

fn begin(time: u64, connection: u32, direction: Option<Direction>, line: &mut String) {
    number("time", time, line);
    number("connection", u64::from(connection), line);
    if let Some(direction) = direction {
        text("direction", direction_name(direction), line);
    }
}

/// The word of a direction in exports and filters.
pub(super) const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "to_server",
        Direction::ToDevice => "to_device",
    }
}

fn columns(table: &Table, row: u32, line: &mut String) {
    let (columns, at) = (table.columns(), row as usize);
    let protocol = Protocol::from_number(u32::from(columns.protocol[at]));
    text("protocol", protocol.name(), line);
    let kind = kind_name(protocol, columns.kind[at]);
    if !kind.is_empty() {
        text("type", &kind, line);
    }
    number("id", u64::from(columns.id[at]), line);
    number("length", u64::from(columns.length[at]), line);
    if columns.pair[at] != NO_ROW {
        number("pair", u64::from(columns.pair[at]), line);
    }
    if columns.latency[at] >= 0.0 {
        number("latency", columns.latency[at] as u64, line);
    }
    let mut words = words(table, row).peekable();
    if words.peek().is_some() {
        key("flags", line);
        line.push('[');
        for (at, word) in words.enumerate() {
            if at > 0 {
                line.push(',');
            }
            quote(word, line);
        }
        line.push(']');
    }
}

/// What the frame holds, if it can be read.
fn meaning(frame: Frame<'_>, line: &mut String) {
    if frame.bytes.len() > MAX_VALUE {
        return;
    }
    let minijson = match frame.protocol {
        Protocol::Ngtt => frame.bytes.get(HEADER_LEN..).unwrap_or_default(),
        Protocol::Minijson => frame.bytes,
        Protocol::Ncp => {
            key("value", line);
            json::frame(frame, line);
            return;
        }
        Protocol::Prefix | Protocol::Unknown => return,
    };
    if let Ok(value) = Value::parse_with(minijson, LIMITS) {
        key("value", line);
        json::value(value, line);
    }
}

/// The words of a row's flags.
pub(super) fn words(table: &Table, row: u32) -> impl Iterator<Item = &'static str> {
    let is_set = move |expert: &Expert| table.columns().has(row, expert.flag());
    Expert::ALL.into_iter().filter(is_set).map(Expert::word)
}

fn key(key: &str, line: &mut String) {
    if !line.ends_with('{') {
        line.push(',');
    }
    quote(key, line);
    line.push(':');
}

fn text(name: &str, value: &str, line: &mut String) {
    key(name, line);
    quote(value, line);
}

fn number(name: &str, value: u64, line: &mut String) {
    key(name, line);
    line.push_str(&value.to_string());
}
