//! NCP packets as JSON without any loss.

use std::fmt::Display;

use wigwag_codec::ncp::{Field, NcpError, Packet, Param, Value, ValueType};

use super::{hex_text, show};
use crate::text::json::quote;

/// The packet, if every value of it can be read.
pub(super) fn sound<'a>(packet: &Packet<'a>) -> Result<Packet<'a>, NcpError> {
    let mut params = packet.fields().flat_map(|field| field.params());
    params.try_for_each(|param| param.value().map(drop))?;
    Ok(*packet)
}

pub(super) fn packet(packet: &Packet<'_>, out: &mut String) {
    let header = packet.header();
    out.push_str("{\"type\":");
    quote(&header.kind.to_string(), out);
    let (id, secs, nanos) = (header.id, header.time.secs(), header.time.nanos());
    show(
        out,
        format_args!(",\"id\":{id},\"secs\":{secs},\"nanos\":{nanos},\"info\":"),
    );
    hex_text(&header.info, out);
    out.push_str(",\"fields\":");
    list(packet.fields(), out, |field, out| self::field(&field, out));
    out.push('}');
}

fn field(field: &Field<'_>, out: &mut String) {
    out.push_str("{\"name\":");
    quote(&field.name.to_string(), out);
    show(out, format_args!(",\"id\":{},\"params\":", field.id));
    list(field.params(), out, |param, out| self::param(&param, out));
    out.push('}');
}

fn param(param: &Param<'_>, out: &mut String) {
    out.push_str("{\"name\":");
    quote(&param.name.to_string(), out);
    let known = ValueType::from_u8(param.kind);
    out.push_str(",\"t\":\"");
    out.push_str(known.map_or("unknown", ValueType::name));
    out.push_str("\",\"v\":");
    match param.value() {
        Ok(value) => self::value(&value, out),
        Err(_) => hex_text(param.bytes(), out),
    }
    if known.is_none() {
        show(out, format_args!(",\"kind\":{}", param.kind));
    }
    out.push('}');
}

/// Appends a value: an integer as its decimal text, a float as the hex digits of its
/// bits, text as it is, bytes as hex digits, an array as an array of these.
pub fn value(value: &Value<'_>, out: &mut String) {
    match *value {
        Value::I32(number) => text(number, out),
        Value::U32(number) => text(number, out),
        Value::I64(number) => text(number, out),
        Value::U64(number) => text(number, out),
        Value::F32(number) => single(number, out),
        Value::F64(number) => double(number, out),
        Value::Str(text) => quote(text, out),
        Value::Raw(bytes) | Value::Unknown { bytes, .. } => hex_text(bytes, out),
        Value::U8s(array) => list(array, out, text),
        Value::U16s(array) => list(array, out, text),
        Value::U32s(array) => list(array, out, text),
        Value::U64s(array) => list(array, out, text),
        Value::I8s(array) => list(array, out, text),
        Value::I16s(array) => list(array, out, text),
        Value::I32s(array) => list(array, out, text),
        Value::I64s(array) => list(array, out, text),
        Value::F32s(array) => list(array, out, single),
        Value::F64s(array) => list(array, out, double),
    }
}

fn text(number: impl Display, out: &mut String) {
    show(out, format_args!("\"{number}\""));
}

fn single(number: f32, out: &mut String) {
    show(out, format_args!("\"{:08x}\"", number.to_bits()));
}

fn double(number: f64, out: &mut String) {
    show(out, format_args!("\"{:016x}\"", number.to_bits()));
}

fn list<T>(things: impl IntoIterator<Item = T>, out: &mut String, each: impl Fn(T, &mut String)) {
    out.push('[');
    for (index, thing) in things.into_iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        each(thing, out);
    }
    out.push(']');
}
