//! NCP packets from JSON.

use wigwag_codec::ncp::{
    FIELD_HEADER_LEN, FOOTER_LEN, HEADER_LEN, Header, Ident, NcpError, PARAM_HEADER_LEN,
    PacketWriter, Time, Value, ValueType, WORD,
};

use super::{EditError, hex, number, once};
use crate::text::hex::unhex;
use crate::text::json::{JsonError, Kind, Reader};

/// A field's name and id, and its parameters.
struct Field {
    name: Ident,
    id: u32,
    params: Vec<Param>,
}

/// A parameter's name, the number of its type, the bytes of its value, and where it
/// stands in the text.
struct Param {
    name: Ident,
    kind: u8,
    bytes: Vec<u8>,
    position: usize,
}

/// A packet from `{"type", "id", "secs", "nanos", "info", "fields"}`.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Vec<u8>, EditError> {
    let start = reader.position();
    let (mut kind, mut id, mut secs, mut nanos) = (None, None, None, None);
    let (mut info, mut fields) = (None, None);
    let word = |reader: &mut Reader<'_>| {
        number::<u32>(reader, "a whole number from 0 to 4294967295 is due here")
    };
    reader.object(|reader, key| match key {
        "type" => once(&mut kind, reader, name),
        "id" => once(&mut id, reader, word),
        "secs" => once(&mut secs, reader, word),
        "nanos" => once(&mut nanos, reader, |reader| {
            let position = reader.position();
            let nanos = word(reader)?;
            Time::new(0, nanos)
                .map(|_| nanos)
                .ok_or_else(|| JsonError::new(position, "less than 1000000000 nanoseconds are due"))
        }),
        "info" => once(&mut info, reader, |reader| {
            let position = reader.position();
            let bytes = hex(reader)?;
            <[u8; 4]>::try_from(bytes)
                .map_err(|_| JsonError::new(position, "`info` has eight hex digits"))
        }),
        "fields" => once(&mut fields, reader, |reader| list(reader, field)),
        _ => Err(reader.error(
            "a packet has `type`, `id`, `secs`, `nanos`, `info` and `fields`; nothing else",
        )),
    })?;
    let header = Header {
        kind: kind.ok_or_else(|| JsonError::new(start, "a packet needs a `type`"))?,
        id: id.unwrap_or(1),
        time: Time::new(secs.unwrap_or(0), nanos.unwrap_or(0)).unwrap_or_default(),
        info: info.unwrap_or_default(),
    };
    write(header, &fields.unwrap_or_default())
        .map_err(|error| JsonError::new(start, error.kind.to_string()))
}

fn write(header: Header, fields: &[Field]) -> Result<Vec<u8>, NcpError> {
    let room = |param: &Param| PARAM_HEADER_LEN + param.bytes.len() + 2 * WORD;
    let params = fields.iter().flat_map(|field| &field.params);
    let params: usize = params.map(room).sum();
    let mut place = vec![0; HEADER_LEN + FIELD_HEADER_LEN * fields.len() + params + FOOTER_LEN];
    let mut writer = PacketWriter::new(&mut place, header);
    for field in fields {
        writer = writer.field_as(field.name, field.id);
        for param in &field.params {
            writer = writer.param_as(param.name, Value::parse(param.kind, &param.bytes)?);
        }
    }
    let length = writer.finish()?.len();
    place.truncate(length);
    Ok(place)
}

fn list<T>(
    reader: &mut Reader<'_>,
    mut each: impl FnMut(&mut Reader<'_>) -> Result<T, EditError>,
) -> Result<Vec<T>, EditError> {
    let mut things = Vec::new();
    reader.array(|reader| {
        things.push(each(reader)?);
        Ok(())
    })?;
    Ok(things)
}

fn field(reader: &mut Reader<'_>) -> Result<Field, EditError> {
    let start = reader.position();
    let (mut title, mut id, mut params) = (None, None, None);
    reader.object(|reader, key| match key {
        "name" => once(&mut title, reader, name),
        "id" => once(&mut id, reader, |reader| {
            number(reader, "a whole number from 0 to 4294967295 is due here")
        }),
        "params" => once(&mut params, reader, |reader| list(reader, param)),
        _ => Err(reader.error("a field has `name`, `id` and `params`; nothing else")),
    })?;
    Ok(Field {
        name: title.ok_or_else(|| JsonError::new(start, "a field needs a `name`"))?,
        id: id.unwrap_or(0),
        params: params.unwrap_or_default(),
    })
}

/// A name of at most four bytes, a character each, as they came.
fn name(reader: &mut Reader<'_>) -> Result<Ident, EditError> {
    let position = reader.position();
    let text = reader.string()?;
    let mut bytes = [0; WORD];
    let mut places = bytes.iter_mut();
    for char in text.chars() {
        match (u8::try_from(char), places.next()) {
            (Ok(byte), Some(place)) => *place = byte,
            _ => {
                return Err(JsonError::new(
                    position,
                    "a name has at most four characters of Latin-1",
                ));
            }
        }
    }
    Ok(Ident::from_wire(bytes))
}

fn param(reader: &mut Reader<'_>) -> Result<Param, EditError> {
    let position = reader.position();
    let (mut title, mut named, mut kind, mut text) = (None, None, None, None);
    reader.object(|reader, key| match key {
        "name" => once(&mut title, reader, name),
        "t" => once(&mut named, reader, |reader| {
            let position = reader.position();
            Ok((position, reader.string()?.into_owned()))
        }),
        "kind" => once(&mut kind, reader, |reader| {
            let position = reader.position();
            let kind = number::<u8>(reader, "`kind` is a whole number from 0 to 255")?;
            Ok((position, kind))
        }),
        // Its type may come behind it.
        "v" => once(&mut text, reader, |reader| {
            let position = reader.position();
            reader.raw()?;
            Ok(position)
        }),
        _ => Err(reader.error("a parameter has `name`, `t` and `v`; `kind` if `t` is unknown")),
    })?;
    let missing = |what| JsonError::new(position, what);
    let name = title.ok_or_else(|| missing("a parameter needs a `name`"))?;
    let (at, named) = named.ok_or_else(|| missing("a parameter needs a type `t`, such as i32"))?;
    let value = text.ok_or_else(|| missing("a parameter needs a value `v`"))?;
    let mut value = reader.back_to(value);
    let (kind, bytes) = if named == "unknown" {
        let (at, kind) =
            kind.ok_or_else(|| missing("an unknown type needs its number in `kind`"))?;
        if let Some(known) = ValueType::from_u8(kind) {
            let message = format!("type {kind} is known: `t` is {}", known.name());
            return Err(JsonError::new(at, message));
        }
        (kind, hex(&mut value)?)
    } else {
        let known = ValueType::ALL.iter().find(|known| known.name() == named);
        let known = known.ok_or_else(|| {
            let names: Vec<_> = ValueType::ALL.iter().map(|known| known.name()).collect();
            JsonError::new(at, format!("the types are {}, unknown", names.join(", ")))
        })?;
        (*known as u8, bytes_of(*known, &mut value)?)
    };
    Ok(Param {
        name,
        kind,
        bytes,
        position,
    })
    .and_then(fits)
}

/// A parameter that may be written.
fn fits(param: Param) -> Result<Param, EditError> {
    match Value::parse(param.kind, &param.bytes) {
        Ok(_) => Ok(param),
        Err(error) => Err(JsonError::new(param.position, error.kind.to_string())),
    }
}

/// The bytes of a value of a known type.
fn bytes_of(kind: ValueType, reader: &mut Reader<'_>) -> Result<Vec<u8>, EditError> {
    let name = kind.name();
    match kind {
        ValueType::Raw => hex(reader),
        ValueType::Str => {
            let position = reader.position();
            let text = reader.string()?;
            if text.contains('\0') {
                return Err(JsonError::new(
                    position,
                    "a string with a NUL would end there",
                ));
            }
            Ok(text.into_owned().into_bytes())
        }
        _ => match name.strip_suffix("[]") {
            None => numeral(name, reader),
            Some(each) => Ok(list(reader, |reader| numeral(each, reader))?.concat()),
        },
    }
}

/// The bytes of a number: a JSON number, or a text as `decode --json` has it, which is
/// the decimal digits of an integer and the bits of a float in hex digits.
fn numeral(kind: &str, reader: &mut Reader<'_>) -> Result<Vec<u8>, EditError> {
    let position = reader.position();
    let wrong = || JsonError::new(position, format!("no number of type {kind}"));
    let is_text = reader.kind()? == Kind::String;
    let string;
    let text = if is_text {
        string = reader.string()?;
        &*string
    } else {
        reader.number().map_err(|_| wrong())?
    };
    // The least significant bytes of a number that its type can hold.
    let integer = |least: i128, most: i128, bytes: usize| -> Result<Vec<u8>, EditError> {
        let number: i128 = text.parse().map_err(|_| wrong())?;
        let wire = number.to_le_bytes();
        let is_one = (least..=most).contains(&number);
        wire.get(..bytes)
            .filter(|_| is_one)
            .map(<[u8]>::to_vec)
            .ok_or_else(wrong)
    };
    macro_rules! integer {
        ($number:ty) => {
            integer(
                <$number>::MIN.into(),
                <$number>::MAX.into(),
                size_of::<$number>(),
            )
        };
    }
    // What is too large would be infinite.
    let finite = |is_finite: bool| if is_finite { Ok(()) } else { Err(wrong()) };
    let bits = |digits: usize| -> Result<Vec<u8>, EditError> {
        let bytes = unhex(text)
            .ok()
            .filter(|_| text.len() == digits)
            .ok_or_else(wrong)?;
        Ok(bytes.into_iter().rev().collect())
    };
    match kind {
        "i8" => integer!(i8),
        "u8" => integer!(u8),
        "i16" => integer!(i16),
        "u16" => integer!(u16),
        "i32" => integer!(i32),
        "u32" => integer!(u32),
        "i64" => integer!(i64),
        "u64" => integer!(u64),
        "f32" if is_text => bits(8),
        "f32" => {
            let number: f32 = text.parse().map_err(|_| wrong())?;
            finite(number.is_finite())?;
            Ok(number.to_le_bytes().to_vec())
        }
        _ if is_text => bits(16),
        _ => {
            let number: f64 = text.parse().map_err(|_| wrong())?;
            finite(number.is_finite())?;
            Ok(number.to_le_bytes().to_vec())
        }
    }
}
