//! NCP packets from the objects that `decode` shows.

use serde_json::Value as Json;
use wigwag_codec::ncp::{
    Array, FIELD_HEADER_LEN, FOOTER_LEN, HEADER_LEN, Header, Ident, PARAM_HEADER_LEN, PacketWriter,
    Time, Value, ValueType, WORD,
};

use super::{array, wrong};
use crate::cli::hex;
use crate::cli::problem::Problem;

/// The bytes of one packet, or of the packets in `packets`.
pub(crate) fn write(json: &Json) -> Result<Vec<u8>, Problem> {
    match array(json, "packets") {
        None => packet(json),
        Some(packets) => {
            let packets: Result<Vec<_>, _> = packets.iter().map(packet).collect();
            Ok(packets?.concat())
        }
    }
}

/// A field's name and id, and its parameters.
type Field = (Ident, u32, Vec<Param>);

/// A parameter's name, the number of its type, and the bytes of its value.
type Param = (Ident, u8, Vec<u8>);

fn packet(json: &Json) -> Result<Vec<u8>, Problem> {
    let kind = name(json, "type").ok_or_else(|| wrong("a packet needs a `type`, its name"))??;
    let (secs, nanos) = (number(json, "secs", 0)?, number(json, "nanos", 0)?);
    let header = Header {
        kind,
        id: number(json, "id", 1)?,
        time: Time::new(secs, nanos).ok_or_else(|| wrong("`nanos` are a second or more"))?,
        info: info(json)?,
    };
    let fields = array(json, "fields").ok_or_else(|| wrong("a packet needs `fields`, an array"))?;
    let fields = fields
        .iter()
        .map(field)
        .collect::<Result<Vec<Field>, _>>()?;

    let room = |bytes: &[u8]| PARAM_HEADER_LEN + bytes.len().next_multiple_of(WORD) + WORD;
    let params = fields.iter().flat_map(|(_, _, params)| params);
    let params: usize = params.map(|(_, _, bytes)| room(bytes)).sum();
    let mut place = vec![0; HEADER_LEN + FIELD_HEADER_LEN * fields.len() + params + FOOTER_LEN];
    let mut writer = PacketWriter::new(&mut place, header);
    for (name, id, params) in &fields {
        writer = writer.field_as(*name, *id);
        for (name, kind, bytes) in params {
            writer = writer.param_as(*name, value(*kind, bytes)?);
        }
    }
    let length = writer.finish()?.len();
    place.truncate(length);
    Ok(place)
}

fn field(json: &Json) -> Result<Field, Problem> {
    let name = name(json, "name").ok_or_else(|| wrong("a field needs a `name`"))??;
    let params = match json.get("params") {
        None => Vec::new(),
        Some(Json::Array(params)) => params.iter().map(param).collect::<Result<_, _>>()?,
        Some(_) => return Err(wrong("`params` of a field is no array")),
    };
    Ok((name, number(json, "id", 0)?, params))
}

fn param(json: &Json) -> Result<Param, Problem> {
    let ident = name(json, "name").ok_or_else(|| wrong("a parameter needs a `name`"))??;
    let kind = json
        .get("t")
        .and_then(Json::as_str)
        .ok_or_else(|| wrong("a parameter needs a type `t`, such as i32"))?;
    let of_it = |what: &str| wrong(format!("parameter {ident:?} of type {kind}: {what}"));
    let value = json.get("v").ok_or_else(|| of_it("it needs a value `v`"))?;
    if kind == "unknown" {
        let number = json.get("kind").and_then(Json::as_u64);
        let number = number
            .and_then(|number| u8::try_from(number).ok())
            .ok_or_else(|| of_it("it needs the number of its type in `kind`, from 0 to 255"))?;
        if let Some(known) = ValueType::from_u8(number) {
            let name = known.name();
            return Err(of_it(&format!("type {number} is known, as {name}")));
        }
        return Ok((ident, number, bytes(value, &of_it)?));
    }
    let known = ValueType::ALL
        .iter()
        .find(|known| known.name() == kind)
        .ok_or_else(|| wrong(format!("parameter {ident:?}: there is no type {kind:?}")))?;
    let bytes = match known {
        ValueType::Raw => bytes(value, &of_it)?,
        ValueType::Str => value
            .as_str()
            .ok_or_else(|| of_it("`v` is no text"))?
            .as_bytes()
            .to_vec(),
        _ => match (kind.strip_suffix("[]"), value) {
            (None, number) => {
                numeral(kind, number).ok_or_else(|| of_it(&format!("{number} is not one")))?
            }
            (Some(each), Json::Array(numbers)) => {
                let numbers = numbers.iter().map(|number| {
                    numeral(each, number).ok_or_else(|| of_it(&format!("{number} is no {each}")))
                });
                numbers.collect::<Result<Vec<_>, _>>()?.concat()
            }
            (Some(_), _) => return Err(of_it("`v` is no array")),
        },
    };
    Ok((ident, *known as u8, bytes))
}

/// Raw bytes from their hex.
fn bytes(value: &Json, of_it: &dyn Fn(&str) -> Problem) -> Result<Vec<u8>, Problem> {
    let text = value
        .as_str()
        .ok_or_else(|| of_it("`v` is no text of hex digits"))?;
    hex::decode(text.as_bytes())
}

/// The bytes of a number on the wire: an integer from its decimal text or a JSON
/// number, a float from the hex of its bits.
fn numeral(kind: &str, value: &Json) -> Option<Vec<u8>> {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        _ => return None,
    };
    macro_rules! integer {
        ($number:ty) => {
            text.parse::<$number>().ok()?.to_le_bytes().to_vec()
        };
    }
    Some(match kind {
        "i8" => integer!(i8),
        "u8" => integer!(u8),
        "i16" => integer!(i16),
        "u16" => integer!(u16),
        "i32" => integer!(i32),
        "u32" => integer!(u32),
        "i64" => integer!(i64),
        "u64" => integer!(u64),
        "f32" | "f64" => {
            let digits = if kind == "f32" { 8 } else { 16 };
            let mut bits = hex::decode(value.as_str()?.as_bytes()).ok()?;
            bits.reverse();
            (bits.len() * 2 == digits).then_some(bits)?
        }
        _ => return None,
    })
}

/// The value of these bytes, which [`param`] has made.
fn value(kind: u8, bytes: &[u8]) -> Result<Value<'_>, Problem> {
    let four = || <[u8; 4]>::try_from(bytes).map_err(wrong);
    let eight = || <[u8; 8]>::try_from(bytes).map_err(wrong);
    let Some(known) = ValueType::from_u8(kind) else {
        return Ok(Value::Unknown { kind, bytes });
    };
    Ok(match known {
        ValueType::I32 => Value::I32(i32::from_le_bytes(four()?)),
        ValueType::U32 => Value::U32(u32::from_le_bytes(four()?)),
        ValueType::Str => Value::Str(str::from_utf8(bytes).map_err(wrong)?),
        ValueType::I64 => Value::I64(i64::from_le_bytes(eight()?)),
        ValueType::U64 => Value::U64(u64::from_le_bytes(eight()?)),
        ValueType::F32 => Value::F32(f32::from_le_bytes(four()?)),
        ValueType::F64 => Value::F64(f64::from_le_bytes(eight()?)),
        ValueType::Raw => Value::Raw(bytes),
        ValueType::U8s => Value::U8s(Array::new(bytes)),
        ValueType::U16s => Value::U16s(Array::new(bytes)),
        ValueType::U32s => Value::U32s(Array::new(bytes)),
        ValueType::I8s => Value::I8s(Array::new(bytes)),
        ValueType::I16s => Value::I16s(Array::new(bytes)),
        ValueType::I32s => Value::I32s(Array::new(bytes)),
        ValueType::U64s => Value::U64s(Array::new(bytes)),
        ValueType::I64s => Value::I64s(Array::new(bytes)),
        ValueType::F32s => Value::F32s(Array::new(bytes)),
        ValueType::F64s => Value::F64s(Array::new(bytes)),
    })
}

/// A name in a field of an object, a byte a character, as it is: `decode` shows
/// what others have sent, and this makes it again.
fn name(json: &Json, field: &str) -> Option<Result<Ident, Problem>> {
    let text = json.get(field)?.as_str()?;
    let mut bytes = [0; 4];
    let mut places = bytes.iter_mut();
    for character in text.chars() {
        match (u8::try_from(character), places.next()) {
            (Ok(byte), Some(place)) => *place = byte,
            _ => {
                return Some(Err(wrong(format!(
                    "{text:?} is no name of at most four characters of Latin-1"
                ))));
            }
        }
    }
    Some(Ok(Ident::from_wire(bytes)))
}

/// A field of 32 bits of an object; `default` where it is absent.
fn number(json: &Json, field: &str, default: u32) -> Result<u32, Problem> {
    json.get(field).map_or(Ok(default), |value| {
        value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| {
                wrong(format!(
                    "`{field}` is not a whole number from 0 to 4294967295"
                ))
            })
    })
}

/// The sender's id, from at most eight hex digits; zeros where they are absent.
fn info(json: &Json) -> Result<[u8; 4], Problem> {
    let mut info = [0; 4];
    let Some(value) = json.get("info") else {
        return Ok(info);
    };
    let refused = || wrong("`info` is not at most eight hex digits");
    let text = value.as_str().ok_or_else(refused)?;
    let bytes = hex::decode(text.as_bytes()).map_err(|_| refused())?;
    let place = info.get_mut(..bytes.len()).ok_or_else(refused)?;
    place.copy_from_slice(&bytes);
    Ok(info)
}
