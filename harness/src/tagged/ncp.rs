//! NCP packets as JSON without any loss.
//!
//! | value | JSON |
//! |---|---|
//! | integer | its decimal text |
//! | single, double | the hex of its bits |
//! | text | the same |
//! | raw bytes, and those of an unknown type | their hex |
//! | array | an array of these |

use serde_json::{Value as Json, json};
use wigwag_codec::ncp::{Field, NcpError, Packet, Params, Value, ValueType};

use super::to_hex;

/// A packet: `{"type", "id", "secs", "nanos", "info", "fields"}`, fields as
/// [`from_field`] has them.
///
/// ```
/// use wigwag_codec::ncp::{Packet, packet};
/// use wigwag_harness::tagged::ncp;
///
/// let mut place = [0; 64];
/// let wire = packet(&mut place, "DSPC").field("TIME").param("SAMP", 1024).finish()?;
/// let json = ncp::from_packet(&Packet::decode(wire)?)?;
/// assert_eq!(json["fields"][0]["params"].to_string(), r#"[{"name":"SAMP","t":"i32","v":"1024"}]"#);
/// # Ok::<(), wigwag_codec::ncp::NcpError>(())
/// ```
///
/// # Errors
/// The first value that cannot be read.
pub fn from_packet(packet: &Packet<'_>) -> Result<Json, NcpError> {
    let header = packet.header();
    let fields: Result<Vec<_>, _> = packet.fields().map(|field| from_field(&field)).collect();
    Ok(json!({
        "type": header.kind.to_string(),
        "id": header.id,
        "secs": header.time.secs(),
        "nanos": header.time.nanos(),
        "info": to_hex(&header.info),
        "fields": fields?,
    }))
}

/// A field: `{"name", "id", "params"}`, parameters as [`from_params`] has them.
///
/// # Errors
/// The first value that cannot be read.
pub fn from_field(field: &Field<'_>) -> Result<Json, NcpError> {
    let params = from_params(field.params())?;
    Ok(json!({"name": field.name.to_string(), "id": field.id, "params": params}))
}

/// The parameters of a field: `[{"name", "t", "v"}]`. Where `t` is `unknown`,
/// `kind` is the number of the type.
///
/// # Errors
/// The first value that cannot be read.
pub fn from_params(params: Params<'_>) -> Result<Json, NcpError> {
    let params = params.map(|param| {
        let (kind, value) = from_value(&param.value()?);
        let mut json = json!({"name": param.name.to_string(), "t": kind, "v": value});
        if ValueType::from_u8(param.kind).is_none() {
            json["kind"] = json!(param.kind);
        }
        Ok(json)
    });
    params.collect()
}

/// A value: the name of its type, and what it holds.
#[must_use]
pub fn from_value(value: &Value<'_>) -> (&'static str, Json) {
    let kind = ValueType::from_u8(value.kind()).map_or("unknown", ValueType::name);
    let json = match *value {
        Value::I32(number) => json!(number.to_string()),
        Value::U32(number) => json!(number.to_string()),
        Value::I64(number) => json!(number.to_string()),
        Value::U64(number) => json!(number.to_string()),
        Value::F32(number) => single(number),
        Value::F64(number) => double(number),
        Value::Str(text) => json!(text),
        Value::Raw(bytes) | Value::Unknown { bytes, .. } => json!(to_hex(bytes)),
        Value::U8s(array) => texts(array),
        Value::U16s(array) => texts(array),
        Value::U32s(array) => texts(array),
        Value::I8s(array) => texts(array),
        Value::I16s(array) => texts(array),
        Value::I32s(array) => texts(array),
        Value::U64s(array) => texts(array),
        Value::I64s(array) => texts(array),
        Value::F32s(array) => array.iter().map(single).collect(),
        Value::F64s(array) => array.iter().map(double).collect(),
    };
    (kind, json)
}

fn texts<T: ToString>(numbers: impl IntoIterator<Item = T>) -> Json {
    numbers
        .into_iter()
        .map(|number| json!(number.to_string()))
        .collect()
}

fn single(number: f32) -> Json {
    json!(format!("{:08x}", number.to_bits()))
}

fn double(number: f64) -> Json {
    json!(format!("{:016x}", number.to_bits()))
}
