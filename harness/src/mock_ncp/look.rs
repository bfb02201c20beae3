//! What a received packet holds: whether it is sound, and what to tell of it.

use crate::tagged;
use serde_json::{Value as Json, json};
use wigwag_codec::ncp::{Field, Header, NcpError, Packet, Param, Value, ValueType};

/// Bytes of a value beyond which an event tells only how many there are.
const MAX_TOLD: usize = 1024;

/// Bytes of all values of a field beyond which the same goes for any of them.
const MAX_TOLD_AT_ALL: usize = 16 * MAX_TOLD;

/// Parameters of a field beyond which an event tells only how many there are.
/// Events wait for those who listen, so they have to be small.
const MAX_PARAMS: usize = 256;

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

/// The parameters of a field, without the values that are large, and at the end
/// how many more there are.
pub(super) fn told(field: &Field<'_>) -> Json {
    let mut left = MAX_TOLD_AT_ALL;
    let told = |param: Param<'_>| {
        let value = param.value().ok()?;
        let name = param.name.to_string();
        let length = length(&value);
        if length > MAX_TOLD.min(left) {
            let kind = ValueType::from_u8(param.kind).map_or("unknown", ValueType::name);
            return Some(json!({"name": name, "t": kind, "bytes": length}));
        }
        left -= length;
        let (kind, value) = tagged::ncp::from_value(&value);
        Some(json!({"name": name, "t": kind, "v": value}))
    };
    let mut params: Vec<Json> = field.params().take(MAX_PARAMS).filter_map(told).collect();
    let more = field.params().skip(MAX_PARAMS).count();
    if more > 0 {
        params.push(json!({"more": more}));
    }
    params.into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use wigwag_codec::ncp::packet;

    fn told_of(count: usize, value: &[u8]) -> Json {
        let mut place = vec![0; 1 << 20];
        let writer = packet(&mut place, "DSPC").field("MANY");
        let many = (0..count).fold(writer, |writer, _| writer.param("A", value));
        let wire = many.finish().expect("it fits");
        told(
            &Packet::decode(wire)
                .expect("sound")
                .field("MANY")
                .expect("there"),
        )
    }

    #[test]
    fn what_is_told_of_a_field_is_small_whatever_it_holds() {
        let small = told_of(3, &[1, 2, 3, 4]);
        assert_eq!(small.as_array().map(Vec::len), Some(3));
        assert!(small[2].get("v").is_some());
        for (count, length) in [(80_000, 4), (1000, 1000), (256, 1024), (15, 60_000)] {
            let told = told_of(count, &vec![7; length]);
            let text = told.to_string();
            assert!(text.len() < 128 * 1024, "{count}, {length}: {}", text.len());
            if count > MAX_PARAMS {
                assert_eq!(told[MAX_PARAMS]["more"], count - MAX_PARAMS);
            }
        }
    }
}
