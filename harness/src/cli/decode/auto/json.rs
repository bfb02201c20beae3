//! A row as a JSON object.

use serde_json::{Map, Value as Json, json};
use wigwag_codec::minijson::Value;
use wigwag_codec::ncp::Packet;
use wigwag_codec::ngtt;
use wigwag_inspect::table::{NO_ROW, kind_name};
use wigwag_inspect::{Expert, Frame, Protocol, Table};

use crate::cli::decode;
use crate::cli::format::LIMITS;
use crate::cli::problem::Problem;
use crate::tagged;

/// A row: what its columns say, and what `decode FORMAT --json` shows of its frame
/// as `frame`. Times that count bytes (`times` is false) are left out.
pub(super) fn row(table: &Table, row: u32, times: bool) -> Json {
    let (columns, at) = (table.columns(), row as usize);
    let protocol = Protocol::from_number(u32::from(columns.protocol[at]));
    let mut object = Map::new();
    object.insert("row".into(), json!(row));
    if times {
        // Whole microseconds, far below 2^53.
        object.insert("time".into(), json!(columns.time[at] as u64));
    }
    object.insert("connection".into(), json!(columns.connection[at]));
    let direction = ["to_server", "to_device"][usize::from(columns.direction[at] != 0)];
    object.insert("direction".into(), json!(direction));
    object.insert("protocol".into(), json!(protocol.name()));
    let kind = kind_name(protocol, columns.kind[at]);
    if !kind.is_empty() {
        object.insert("type".into(), json!(kind));
    }
    object.insert("id".into(), json!(columns.id[at]));
    object.insert("length".into(), json!(columns.length[at]));
    object.insert("offset".into(), json!(columns.offset[at] as u64));
    if columns.pair[at] != NO_ROW {
        object.insert("pair".into(), json!(columns.pair[at]));
    }
    if times && !columns.latency[at].is_nan() {
        object.insert("latency".into(), json!(columns.latency[at].round() as u64));
    }
    let flags = Expert::ALL.iter();
    let flags = flags.filter(|expert| columns.has(row, expert.flag()));
    let flags: Vec<&str> = flags.map(|expert| expert.word()).collect();
    if !flags.is_empty() {
        object.insert("flags".into(), json!(flags));
    }
    if let Some(frame) = table.frame(row) {
        object.insert("frame".into(), content(frame));
    }
    Json::Object(object)
}

/// The frame as its own format shows it.
fn content(frame: Frame<'_>) -> Json {
    let error = |problem: Problem| {
        let hex = tagged::to_hex(frame.bytes);
        json!({"error": problem.json(), "hex": hex})
    };
    match frame.protocol {
        Protocol::Ngtt => match ngtt::Frame::parse(frame.bytes) {
            Ok(frame) => decode::ngtt::object(&frame),
            Err(why) => error(Problem::new("InvalidFrame", frame.bytes.len(), why)),
        },
        Protocol::Ncp => {
            let packet = Packet::decode(frame.bytes);
            match packet.and_then(|packet| tagged::ncp::from_packet(&packet)) {
                Ok(packet) => packet,
                Err(why) => error(why.into()),
            }
        }
        Protocol::Prefix => {
            let message = frame.bytes.get(4..).unwrap_or_default();
            json!({"message": tagged::to_hex(message)})
        }
        Protocol::Minijson => match Value::parse_with(frame.bytes, LIMITS) {
            Ok(value) => json!({"value": tagged::from_value(value)}),
            Err(why) => error(why.into()),
        },
        Protocol::Unknown => json!({"hex": tagged::to_hex(frame.bytes)}),
    }
}

/// Something that could not be read.
pub(super) fn problem(offset: u64, message: &str) -> Json {
    let offset = (offset != u64::MAX).then_some(offset);
    json!({"error": {"kind": "InvalidInput", "offset": offset, "message": message}})
}
