//! NCP packets with their fields.

use serde_json::{Map, Value as Json, json};
use time::OffsetDateTime;
use wigwag_codec::ncp::{
    Array, Element, NcpError, NcpErrorKind, NcpFramer, NcpWarning, Packet, Param, Time, Value,
};
use wigwag_inspect::Protocol;
use wigwag_inspect::filter::Filter;

use super::{Report, frames};
use crate::cli::problem::Problem;
use crate::tagged::{ncp, to_hex};

/// How many numbers of an array, and how many bytes, people are shown.
const SHOWN: usize = 16;

/// The packets of one input that the filter lets through.
pub(crate) struct Packets<'a> {
    packets: Vec<(usize, Packet<'a>)>,
    warnings: Vec<NcpWarning>,
    left: usize,
    problem: Option<Problem>,
}

pub(crate) fn read<'a>(bytes: &'a [u8], filter: Option<&Filter>) -> Packets<'a> {
    let mut packets = Vec::new();
    let mut warnings = Vec::new();
    // Where the first packet begins whose fields or values are not sound.
    let mut bad = None;
    let mut framer = NcpFramer::new(usize::MAX);
    let (left, end) = frames::cut(&mut framer, bytes, |cut| {
        let offset = cut.offset;
        if bad.is_some() {
            return;
        }
        match Packet::from_parts(cut.meta, cut.body)
            .and_then(|packet| sound(&packet).map(|()| packet))
        {
            Err(error) => bad = Some((offset, error)),
            Ok(packet) if cut.passes(filter, Protocol::Ncp) => {
                warnings.extend(packet.warnings().map(|warning| NcpWarning {
                    offset: offset + warning.offset,
                    ..warning
                }));
                packets.push((offset, packet));
            }
            Ok(_) => {}
        }
    });
    if end.is_err() && bad.is_none() {
        let offset = bytes.len() - left;
        bad = Some((offset, unframed(&bytes[offset..])));
    }
    Packets {
        packets,
        warnings,
        left: bad.map_or(left, |(offset, _)| bytes.len() - offset),
        problem: bad.map(|(offset, error)| Problem::from(error).behind(offset)),
    }
}

/// Whether every value can be read.
fn sound(packet: &Packet<'_>) -> Result<(), NcpError> {
    let mut params = packet.fields().flat_map(|field| field.params());
    params.try_for_each(|param| param.value().map(drop))
}

/// Why no packet begins here.
fn unframed(bytes: &[u8]) -> NcpError {
    match Packet::decode_prefix(bytes) {
        Err(error) if error.kind != NcpErrorKind::Truncated => error,
        // Less than a header, and already wrong.
        _ => NcpError {
            kind: NcpErrorKind::Magic,
            offset: 0,
        },
    }
}

/// The first line tells of the packet, one more of each field.
fn lines(offset: usize, packet: &Packet<'_>) -> Vec<String> {
    let header = packet.header();
    let (when, from) = (when(header.time), to_hex(&header.info));
    let mut lines = vec![format!(
        "{offset}: {:?} id {} of {when} from {from}",
        header.kind, header.id
    )];
    for field in packet.fields() {
        let params: String = field.params().map(|param| text(&param)).collect();
        lines.push(format!("  {:?} id {}{params}", field.name, field.id));
    }
    lines
}

/// As RFC 3339 has it, in UTC.
fn when(time: Time) -> String {
    let nanos = time.nanos();
    match OffsetDateTime::from_unix_timestamp(time.secs().into()) {
        Ok(utc) => {
            let (date, (hour, minute, second)) = (utc.date(), utc.to_hms());
            format!("{date}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
        }
        Err(_) => format!("second {}.{nanos:09}", time.secs()),
    }
}

/// ` NAME=value`, shortened where it is long.
fn text(param: &Param<'_>) -> String {
    let value = match param.value() {
        Err(error) => format!("({error})"),
        Ok(value) => match value {
            Value::I32(number) => number.to_string(),
            Value::U32(number) => number.to_string(),
            Value::I64(number) => number.to_string(),
            Value::U64(number) => number.to_string(),
            Value::F32(number) => format!("{number:?}"),
            Value::F64(number) => format!("{number:?}"),
            Value::Str(text) => format!("{text:?}"),
            Value::Raw(bytes) => bytes_of("raw", bytes),
            Value::Unknown { kind, bytes } => bytes_of(&format!("type {kind:02x} "), bytes),
            Value::U8s(array) => list("u8", array),
            Value::U16s(array) => list("u16", array),
            Value::U32s(array) => list("u32", array),
            Value::I8s(array) => list("i8", array),
            Value::I16s(array) => list("i16", array),
            Value::I32s(array) => list("i32", array),
            Value::U64s(array) => list("u64", array),
            Value::I64s(array) => list("i64", array),
            Value::F32s(array) => list("f32", array),
            Value::F64s(array) => list("f64", array),
        },
    };
    format!(" {:?}={value}", param.name)
}

fn bytes_of(kind: &str, bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let more = if shown.len() < bytes.len() { ".." } else { "" };
    format!("{kind}[{}]({}{more})", bytes.len(), to_hex(shown))
}

fn list<T: Element + std::fmt::Debug>(kind: &str, array: Array<'_, T>) -> String {
    let shown: Vec<_> = array
        .iter()
        .take(SHOWN)
        .map(|number| format!("{number:?}"))
        .collect();
    let more = if shown.len() < array.len() { " .." } else { "" };
    format!("{kind}[{}]({}{more})", array.len(), shown.join(" "))
}

impl Report for Packets<'_> {
    fn fields(&self) -> Map<String, Json> {
        // Every value was read before.
        let packets = self.packets.iter();
        let packets: Vec<Json> = packets
            .filter_map(|(_, packet)| ncp::from_packet(packet).ok())
            .collect();
        let warnings: Vec<Json> = self
            .warnings
            .iter()
            .map(|warning| Problem::from(*warning).json())
            .collect();
        let mut fields = Map::new();
        fields.insert("packets".into(), Json::Array(packets));
        fields.insert("left".into(), json!(self.left));
        fields.insert("warnings".into(), Json::Array(warnings));
        fields
    }

    fn text(&self) -> Vec<String> {
        let packets = self.packets.iter();
        let packets = packets.flat_map(|(offset, packet)| lines(*offset, packet));
        let warnings = self.warnings.iter();
        let warnings =
            warnings.map(|warning| format!("warning: {}", Problem::from(*warning).text()));
        packets
            .chain(warnings)
            .chain(super::left(self.left))
            .collect()
    }

    fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }
}
