//! NCP packets as JSON without any loss.

use wigwag_codec::ncp::{Field, NcpError, Packet, Param, Value, ValueType};

use super::{hex_text, show};
use crate::detail::Scalar;
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
    match Scalar::from(*value) {
        Scalar::Text(text) => quote(text, out),
        Scalar::Bytes(bytes) => hex_text(bytes, out),
        Scalar::Numbers(numbers) => {
            let numbers = (0..numbers.len()).filter_map(|index| numbers.get(index));
            list(numbers, out, numeral);
        }
        number => numeral(number, out),
    }
}

fn numeral(number: Scalar<'_>, out: &mut String) {
    match number {
        Scalar::Integer(number) => show(out, format_args!("\"{number}\"")),
        Scalar::Single(number) => hex_text(&number.to_be_bytes(), out),
        Scalar::Double(number) => hex_text(&number.to_be_bytes(), out),
        _ => {}
    }
}

fn list<T>(things: impl IntoIterator<Item = T>, out: &mut String, each: impl Fn(T, &mut String)) {
    out.push('[');
    for (index, thing) in things.into_iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        each(thing, out);
    }
    out.push(']');
}
