//! What a received packet holds: whether it is sound, and what to tell of it.

use crate::tagged;
use serde_json::{Value as Json, json};
use wigwag_codec::ncp::{Field, Header, NcpError, Packet, Value, ValueType};

/// Bytes of a value beyond which an event tells only how many there are.
const MAX_TOLD: usize = 1024;

/// Whether everything in a packet can be read.
pub(super) fn check(header: &Header, body: &[u8]) -> Result<(), String> {
    let unsound = |error: NcpError| format!("an unsound packet: {error}");
    let packet = Packet::from_parts(*header, body).map_err(unsound)?;
    for field in packet.fields() {
        for param in field.params() {
            param.value().map_err(unsound)?;
        }
    }
    Ok(())
}

/// The parameters of a field, without the values that are large.
pub(super) fn told(field: &Field<'_>) -> Json {
    let params = field.params().filter_map(|param| {
        let value = param.value().ok()?;
        let name = param.name.to_string();
        let length = length(&value);
        if length > MAX_TOLD {
            let kind = ValueType::from_u8(param.kind).map_or("unknown", ValueType::name);
            return Some(json!({"name": name, "t": kind, "bytes": length}));
        }
        let (kind, value) = tagged::ncp::from_value(&value);
        Some(json!({"name": name, "t": kind, "v": value}))
    });
    params.collect()
}

/// Bytes of a value that can be large.
fn length(value: &Value<'_>) -> usize {
    match value {
        Value::Str(text) => text.len(),
        Value::Raw(bytes) | Value::Unknown { bytes, .. } => bytes.len(),
        Value::U8s(array) => array.bytes().len(),
        Value::U16s(array) => array.bytes().len(),
        Value::U32s(array) => array.bytes().len(),
        Value::I8s(array) => array.bytes().len(),
        Value::I16s(array) => array.bytes().len(),
        Value::I32s(array) => array.bytes().len(),
        Value::U64s(array) => array.bytes().len(),
        Value::I64s(array) => array.bytes().len(),
        Value::F32s(array) => array.bytes().len(),
        Value::F64s(array) => array.bytes().len(),
        _ => 0,
    }
}
