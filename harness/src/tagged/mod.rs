//! Minijson values as JSON without any loss: the tagged form that the command
//! line prints and reads and that the test vectors use.
//!
//! | minijson | tagged JSON |
//! |---|---|
//! | null, true, false, text, list | the same |
//! | integer up to 2^53 - 1 either way | number |
//! | any other integer | `{"$int":"9007199254740992"}` |
//! | single, double | `{"$f32":"3f800000"}`, `{"$f64":"3ff0000000000000"}`: the bits |
//! | bytes | `{"$bytes":"00ff"}` |
//! | map of either form | `{"$map":[[key,value],[key,value]]}` in the order of the wire |
//!
//! [`ncp`] has the same for packets of NCP.

pub mod ncp;

use std::fmt;

use serde_json::{Value as Json, json};
use wigwag_codec::minijson::{BigIntBuf, Encoder, Error, ErrorKind, Key, Kind, MAX_DEPTH, Value};

/// Integers beyond this are not exact in every JSON reader.
const MAX_SAFE: i64 = (1 << 53) - 1;

/// A map in a map takes three levels of brackets, and the last scalar one more;
/// a few are left for what stands around a value, such as the object of a frame.
const MAX_BRACKETS: usize = 3 * MAX_DEPTH as usize + 8;

/// Longest document that [`encode`] makes.
const MAX_BYTES: usize = 1 << 30;

/// Why a JSON text is not a value in the tagged form.
#[derive(Debug)]
pub enum TaggedError {
    /// It is not JSON.
    Json(serde_json::Error),
    /// It is JSON, but not in the tagged form; the text says what was found.
    Form(&'static str),
    /// The value cannot be written as minijson.
    Minijson(Error),
}

impl fmt::Display for TaggedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not JSON: {error}"),
            Self::Form(what) => write!(f, "not a tagged value: {what}"),
            Self::Minijson(error) => write!(f, "cannot be written as minijson: {error}"),
        }
    }
}

impl std::error::Error for TaggedError {}

impl From<Error> for TaggedError {
    fn from(error: Error) -> Self {
        Self::Minijson(error)
    }
}

/// A minijson value in the tagged form.
///
/// Text that is not UTF-8, which only `Value::parse_structure` lets in, shows
/// replacement characters.
///
/// ```
/// use wigwag_codec::minijson::Value;
/// use wigwag_harness::tagged;
///
/// let value = Value::parse(&[0x51, 1, b'a', 0x19, 1, 0xFF]).unwrap();
/// let tagged = tagged::from_value(value);
/// assert_eq!(tagged.to_string(), r#"{"$map":[["a",{"$bytes":"ff"}]]}"#);
/// assert_eq!(tagged::encode(&tagged).unwrap(), value.raw());
/// ```
#[must_use]
pub fn from_value(value: Value<'_>) -> Json {
    let text = |bytes: &[u8]| Json::from(String::from_utf8_lossy(bytes));
    match value.kind() {
        Kind::Bool => json!(value.as_bool()),
        Kind::Int => match (value.as_i64(), value.as_big_int()) {
            (Some(int), _) if (-MAX_SAFE..=MAX_SAFE).contains(&int) => json!(int),
            (_, Some(big)) => json!({ "$int": big.to_string() }),
            _ => Json::Null,
        },
        Kind::Single => {
            json!({ "$f32": format!("{:08x}", value.as_f32().unwrap_or_default().to_bits()) })
        }
        Kind::Double => {
            json!({ "$f64": format!("{:016x}", value.as_f64().unwrap_or_default().to_bits()) })
        }
        Kind::Text => text(value.as_text().map_or(&[], |text| text.as_bytes())),
        Kind::Bytes => json!({ "$bytes": to_hex(value.as_bytes().unwrap_or_default()) }),
        Kind::List => value.items().map(from_value).collect(),
        Kind::Map | Kind::Sdict => {
            let entries: Vec<Json> = value
                .entries()
                .map(|(key, value)| match key {
                    Key::Text(key) => json!([text(key.as_bytes()), from_value(value)]),
                    Key::Value(key) => json!([from_value(key), from_value(value)]),
                })
                .collect();
            json!({ "$map": entries })
        }
        // Null, and what may be added to the format.
        _ => Json::Null,
    }
}

/// Reads JSON text as deep as a tagged value can be, which is deeper than
/// `serde_json` goes by itself.
///
/// # Errors
/// [`TaggedError::Json`] for text that is not JSON, [`TaggedError::Form`] for text
/// that is nested too deeply.
pub fn parse(text: &str) -> Result<Json, TaggedError> {
    use serde::Deserialize;

    // The parser recurses without a limit below, so the brackets are counted here.
    let (mut open, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => open += 1,
            b']' | b'}' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_BRACKETS {
            return Err(TaggedError::Form("nested too deeply"));
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = Json::deserialize(&mut reader).map_err(TaggedError::Json)?;
    reader.end().map_err(TaggedError::Json)?;
    Ok(value)
}

/// The canonical minijson of a value in the tagged form.
///
/// # Errors
/// [`TaggedError::Form`] for JSON that is not in the tagged form,
/// [`TaggedError::Minijson`] for values that minijson does not have: an integer of
/// more than 255 bytes, a list or a map as a key.
pub fn encode(tagged: &Json) -> Result<Vec<u8>, TaggedError> {
    let mut size = 4096;
    loop {
        let mut buffer = vec![0; size];
        let mut encoder = Encoder::new(&mut buffer);
        let written = match write(tagged, &mut encoder) {
            Ok(()) => encoder.finish()?.len(),
            Err(TaggedError::Minijson(error))
                if error.kind == ErrorKind::BufferFull && size < MAX_BYTES =>
            {
                size *= 4;
                continue;
            }
            Err(error) => return Err(error),
        };
        buffer.truncate(written);
        return Ok(buffer);
    }
}

fn write(tagged: &Json, out: &mut Encoder<'_>) -> Result<(), TaggedError> {
    match tagged {
        Json::Null => out.null()?,
        Json::Bool(value) => out.bool(*value)?,
        Json::String(text) => out.str(text)?,
        Json::Number(number) => match number.as_i64() {
            Some(int) => out.int(int)?,
            None => return Err(TaggedError::Form("a number that is no integer of 64 bits")),
        },
        Json::Array(items) => {
            out.list(items.len())?;
            return items.iter().try_for_each(|item| write(item, out));
        }
        Json::Object(object) => {
            let mut entries = object.iter();
            let (Some((tag, content)), None) = (entries.next(), entries.next()) else {
                return Err(TaggedError::Form(
                    "an object must have one key, a tag such as $map or $f32",
                ));
            };
            return write_tag(tag, content, out);
        }
    };
    Ok(())
}

fn write_tag(tag: &str, content: &Json, out: &mut Encoder<'_>) -> Result<(), TaggedError> {
    if tag == "$map" {
        return write_map(content, out);
    }
    if !tag.starts_with('$') {
        return Err(TaggedError::Form(
            "an object whose only key is no tag such as $map or $f32",
        ));
    }
    let Json::String(text) = content else {
        return Err(TaggedError::Form("a tag whose content is not text"));
    };
    match tag {
        "$int" => {
            let number: BigIntBuf = text.parse().map_err(|kind| match kind {
                ErrorKind::IntegerTooLarge => TaggedError::Minijson(Error {
                    kind,
                    offset: out.len(),
                }),
                _ => TaggedError::Form("$int without decimal digits"),
            })?;
            out.big_int(number.as_be_bytes())?;
        }
        "$f32" => {
            let bits = from_hex(text).and_then(|bytes| bytes.try_into().ok());
            let bits: [u8; 4] = bits.ok_or(TaggedError::Form("$f32 without 8 hex digits"))?;
            out.f32(f32::from_be_bytes(bits))?;
        }
        "$f64" => {
            let bits = from_hex(text).and_then(|bytes| bytes.try_into().ok());
            let bits: [u8; 8] = bits.ok_or(TaggedError::Form("$f64 without 16 hex digits"))?;
            out.f64(f64::from_be_bytes(bits))?;
        }
        "$bytes" => {
            let bytes = from_hex(text).ok_or(TaggedError::Form("$bytes without hex digits"))?;
            out.bytes(&bytes)?;
        }
        _ => return Err(TaggedError::Form("an unknown tag")),
    }
    Ok(())
}

fn write_map(content: &Json, out: &mut Encoder<'_>) -> Result<(), TaggedError> {
    let pairs = content
        .as_array()
        .ok_or(TaggedError::Form("$map without a list"))?;
    let pairs: Vec<(&Json, &Json)> = pairs
        .iter()
        .map(|pair| match pair.as_array().map(Vec::as_slice) {
            Some([key, value]) => Ok((key, value)),
            _ => Err(TaggedError::Form("$map with an entry that is no pair")),
        })
        .collect::<Result<_, _>>()?;
    let short_text = |key: &Json| key.as_str().is_some_and(|key| key.len() <= 255);
    if pairs.iter().all(|(key, _)| short_text(key)) {
        out.map(pairs.len())?;
    } else {
        out.sdict(pairs.len())?;
    }
    for (key, value) in pairs {
        match key {
            Json::String(key) => {
                out.key(key)?;
            }
            key => write(key, out)?,
        }
        write(value, out)?;
    }
    Ok(())
}

/// Lower-case hex digits.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes from hex digits of either case; white space is ignored. Nothing for
/// anything else.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_tagged() {
        for text in [
            "1.5",
            "{}",
            r#"{"a":1}"#,
            r#"{"$f32":"00"}"#,
            r#"{"$map":[["a"]]}"#,
            r#"{"$bytes":"0"}"#,
            r#"{"$int":"x"}"#,
            r#"{"$int":5}"#,
        ] {
            let json = parse(text).unwrap();
            assert!(matches!(encode(&json), Err(TaggedError::Form(_))), "{text}");
        }
        let key = parse(r#"{"$map":[[[1],2]]}"#).unwrap();
        assert!(matches!(
            encode(&key),
            Err(TaggedError::Minijson(error)) if error.kind == ErrorKind::ContainerAsKey
        ));
    }

    #[test]
    fn plain_json_is_told_that_it_lacks_tags() {
        for text in [r#"{"a":"x"}"#, r#"{"a":[1]}"#, r#"{"a":1,"b":2}"#] {
            let refused = encode(&parse(text).unwrap()).unwrap_err().to_string();
            assert!(refused.contains("such as $map or $f32"), "{refused}");
        }
    }

    #[test]
    fn depth_is_bounded_before_the_parser_recurses() {
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(&deep), Err(TaggedError::Form(_))));
        let brackets_in_text = format!("\"{}\\\"[\"", "[".repeat(1000));
        assert!(parse(&brackets_in_text).is_ok());
    }
}
