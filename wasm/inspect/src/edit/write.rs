//! Frames as JSON for people.

use std::fmt::Write;

use wigwag_codec::minijson::Value;
use wigwag_codec::ncp::{self, Packet, Param, ValueType};
use wigwag_codec::ngtt::{Frame, FrameType};

use crate::detail::{LIMITS, Numbers, Scalar, show, split_prefix};
use crate::json::{Style, write_value};
use crate::text::hex::hex;
use crate::text::json::quote;

/// Bytes that cannot be read, as they are.
pub(super) fn bytes(bytes: &[u8], out: &mut String) {
    out.push_str("{\"hex\": \"");
    hex(bytes, out);
    out.push_str("\"}");
}

pub(super) fn minijson(wire: &[u8], out: &mut String) {
    match Value::parse_with(wire, LIMITS) {
        Ok(value) => match value.get("hex") {
            // A map that would read back as bytes.
            Some(hex) if value.len() == 1 => {
                out.push_str("{\"$map\": [[\"hex\", ");
                write_value(hex, Style::Editable, 0, out);
                out.push_str("]]}");
            }
            _ => write_value(value, Style::Editable, 0, out),
        },
        Err(_) => bytes(wire, out),
    }
}

pub(super) fn ngtt(wire: &[u8], out: &mut String) {
    let Ok(frame) = Frame::parse(wire) else {
        return bytes(wire, out);
    };
    // A String takes everything, here and below.
    let _ = write!(out, "{{\n  \"tid\": {},\n  \"type\": ", frame.tid);
    let _ = match frame.kind {
        FrameType::Unknown(number) => write!(out, "{number}"),
        known => write!(out, "\"{}\"", known.name()),
    };
    if !frame.payload.is_empty() {
        match Value::parse_with(frame.payload, LIMITS) {
            Ok(value) => {
                out.push_str(",\n  \"payload\": ");
                write_value(value, Style::Editable, 1, out);
            }
            Err(_) => {
                out.push_str(",\n  \"payload_hex\": \"");
                hex(frame.payload, out);
                out.push('"');
            }
        }
    }
    out.push_str("\n}");
}

pub(super) fn message(wire: &[u8], out: &mut String) {
    let (head, message, trailing) = split_prefix(wire);
    let length = head.first_chunk().map(|length| u32::from_be_bytes(*length));
    let is_whole = length.map(u64::from) == Some(message.len() as u64);
    if !is_whole || !trailing.is_empty() {
        return bytes(wire, out);
    }
    match std::str::from_utf8(message) {
        Ok(text) => {
            out.push_str("{\"message\": ");
            quote(text, out);
            out.push('}');
        }
        Err(_) => {
            out.push_str("{\"message_hex\": \"");
            hex(message, out);
            out.push_str("\"}");
        }
    }
}

pub(super) fn ncp(wire: &[u8], out: &mut String) {
    let packet = Packet::decode(wire);
    let is_sound = |packet: &Packet<'_>| {
        let mut params = packet.fields().flat_map(|field| field.params());
        params.all(|param| param.value().is_ok())
    };
    let packet = match packet {
        Ok(packet) if is_sound(&packet) => packet,
        _ => return bytes(wire, out),
    };
    let header = packet.header();
    out.push_str("{\n  \"type\": ");
    quote(&header.kind.to_string(), out);
    let (secs, nanos) = (header.time.secs(), header.time.nanos());
    let _ = write!(
        out,
        ",\n  \"id\": {},\n  \"secs\": {secs},\n  \"nanos\": {nanos},\n  \"info\": \"",
        header.id
    );
    hex(&header.info, out);
    out.push_str("\",\n  \"fields\": [");
    for (index, field) in packet.fields().enumerate() {
        out.push_str(if index > 0 { ",\n    {" } else { "\n    {" });
        out.push_str("\"name\": ");
        quote(&field.name.to_string(), out);
        let _ = write!(out, ", \"id\": {}, \"params\": [", field.id);
        let mut params = 0;
        for param in field.params() {
            out.push_str(if params > 0 { ",\n      " } else { "\n      " });
            self::param(&param, out);
            params += 1;
        }
        out.push_str(if params > 0 { "\n    ]}" } else { "]}" });
    }
    let has_fields = packet.fields().next().is_some();
    out.push_str(if has_fields { "\n  ]\n}" } else { "]\n}" });
}

fn param(param: &Param<'_>, out: &mut String) {
    out.push_str("{\"name\": ");
    quote(&param.name.to_string(), out);
    let known = ValueType::from_u8(param.kind);
    out.push_str(", \"t\": \"");
    out.push_str(known.map_or("unknown", ValueType::name));
    if known.is_none() {
        let _ = write!(out, "\", \"kind\": {}", param.kind);
        out.push_str(", \"v\": ");
    } else {
        out.push_str("\", \"v\": ");
    }
    if let Ok(value) = param.value() {
        self::value(value, out);
    }
    out.push('}');
}

fn value(value: ncp::Value<'_>, out: &mut String) {
    match Scalar::from(value) {
        Scalar::Text(text) => quote(text, out),
        Scalar::Bytes(bytes) => {
            out.push('"');
            hex(bytes, out);
            out.push('"');
        }
        Scalar::Numbers(numbers) => array(&numbers, out),
        number => numeral(number, out),
    }
}

fn array(numbers: &Numbers<'_>, out: &mut String) {
    out.push('[');
    for index in 0..numbers.len() {
        out.push_str(if index > 0 { ", " } else { "" });
        if let Some(number) = numbers.get(index) {
            numeral(number, out);
        }
    }
    out.push(']');
}

fn numeral(number: Scalar<'_>, out: &mut String) {
    let mut bits = |bytes: &[u8]| {
        out.push('"');
        hex(bytes, out);
        out.push('"');
    };
    match number {
        Scalar::Single(number) if !number.is_finite() => bits(&number.to_be_bytes()),
        Scalar::Double(number) if !number.is_finite() => bits(&number.to_be_bytes()),
        number => out.push_str(&show::scalar(&number)),
    }
}
