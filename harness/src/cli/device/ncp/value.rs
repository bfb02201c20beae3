//! Values of parameters as people write them.

use wigwag_codec::ncp::{Array, Value, ValueType};

use crate::cli::hex;

/// A value that owns its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Owned {
    /// A number, as it stands on the wire.
    Number(ValueType, [u8; 8]),
    /// A text.
    Text(String),
    /// Bytes, or an array of numbers as it stands on the wire.
    Bytes(ValueType, Vec<u8>),
}

impl Owned {
    /// Reads `TYPE:TEXT`, or a text whose type is plain to see.
    ///
    /// | text | type |
    /// |---|---|
    /// | `TYPE:TEXT`, where TYPE is the name of one of the 18 | that one |
    /// | a whole number | i32 |
    /// | a number with a point or an exponent | f32 |
    /// | anything else | string |
    ///
    /// A whole number without a type that is none of 32 bits is refused: it may
    /// be meant as any of the larger ones.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let named = text.split_once(':').and_then(|(name, rest)| {
            let known = ValueType::ALL.iter().find(|known| known.name() == name);
            Some((*known?, rest))
        });
        if let Some((kind, rest)) = named {
            return Self::of(kind, rest);
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::of(ValueType::I32, text)
                .map_err(|error| format!("{error}; u32:{text}, i64:{text} or u64:{text}?"));
        }
        // Not `inf` and `nan`, which are words.
        let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
        match text.parse::<f32>() {
            Ok(_) if is_number => Self::of(ValueType::F32, text),
            _ => Ok(Self::Text(text.to_owned())),
        }
    }

    fn of(kind: ValueType, text: &str) -> Result<Self, String> {
        match kind {
            ValueType::Str => return Ok(Self::Text(text.to_owned())),
            ValueType::Raw => {
                let bytes = hex::decode(text.as_bytes());
                return match bytes {
                    Ok(bytes) => Ok(Self::Bytes(kind, bytes)),
                    Err(_) => Err(format!("{text:?} is not pairs of hex digits")),
                };
            }
            _ => {}
        }
        if let Some(each) = kind.name().strip_suffix("[]") {
            let parts = text.split(',').filter(|_| !text.is_empty());
            let numbers = parts.map(|part| number(each, part));
            let numbers: Vec<_> = numbers.collect::<Result<_, _>>()?;
            return Ok(Self::Bytes(kind, numbers.concat()));
        }
        let bytes = number(kind.name(), text)?;
        let mut place = [0; 8];
        place[..bytes.len()].copy_from_slice(&bytes);
        Ok(Self::Number(kind, place))
    }

    /// The value.
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Str(text),
            Self::Number(kind, bytes) => {
                let [a, b, c, d, ..] = *bytes;
                let four = [a, b, c, d];
                match kind {
                    ValueType::I32 => Value::I32(i32::from_le_bytes(four)),
                    ValueType::U32 => Value::U32(u32::from_le_bytes(four)),
                    ValueType::F32 => Value::F32(f32::from_le_bytes(four)),
                    ValueType::I64 => Value::I64(i64::from_le_bytes(*bytes)),
                    ValueType::U64 => Value::U64(u64::from_le_bytes(*bytes)),
                    _ => Value::F64(f64::from_le_bytes(*bytes)),
                }
            }
            Self::Bytes(kind, bytes) => match kind {
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
                _ => Value::Raw(bytes),
            },
        }
    }
}

/// The bytes of a number of a type on the wire.
fn number(kind: &str, text: &str) -> Result<Vec<u8>, String> {
    macro_rules! number {
        ($number:ty) => {
            text.trim()
                .parse::<$number>()
                .ok()
                .map(|number| number.to_le_bytes().to_vec())
        };
    }
    let bytes = match kind {
        "i8" => number!(i8),
        "u8" => number!(u8),
        "i16" => number!(i16),
        "u16" => number!(u16),
        "i32" => number!(i32),
        "u32" => number!(u32),
        "i64" => number!(i64),
        "u64" => number!(u64),
        "f32" => number!(f32),
        _ => number!(f64),
    };
    bytes.ok_or_else(|| format!("{text:?} is no {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String) {
        let owned = Owned::parse(text).expect(text);
        let value = owned.value();
        let (kind, json) = crate::tagged::ncp::from_value(&value);
        (kind.to_owned(), json.to_string())
    }

    #[test]
    fn each_type_can_be_named() {
        for (text, json) in [
            ("i32:-7", r#""-7""#),
            ("u32:4294967295", r#""4294967295""#),
            ("string:1024", r#""1024""#),
            ("i64:-9223372036854775808", r#""-9223372036854775808""#),
            ("u64:18446744073709551615", r#""18446744073709551615""#),
            ("f32:1.5", r#""3fc00000""#),
            ("f64:-inf", r#""fff0000000000000""#),
            ("raw:00ff7f80", r#""00ff7f80""#),
            ("u8[]:0, 255", r#"["0","255"]"#),
            ("u16[]:1,2,3", r#"["1","2","3"]"#),
            ("u32[]:4294967295", r#"["4294967295"]"#),
            ("i8[]:-128", r#"["-128"]"#),
            ("i16[]:-32768,1", r#"["-32768","1"]"#),
            ("i32[]:", "[]"),
            ("u64[]:18446744073709551615", r#"["18446744073709551615"]"#),
            ("i64[]:-1", r#"["-1"]"#),
            ("f32[]:1,0.5", r#"["3f800000","3f000000"]"#),
            ("f64[]:1e3", r#"["408f400000000000"]"#),
        ] {
            let kind = text.split(':').next().expect("a type").to_owned();
            assert_eq!(read(text), (kind, json.to_owned()));
        }
        let named = ValueType::ALL.len();
        assert_eq!(named, 18);
    }

    #[test]
    fn what_has_no_type_is_a_number_or_a_text() {
        for (text, kind) in [
            ("1024", "i32"),
            ("-1", "i32"),
            ("+1", "i32"),
            ("1.5", "f32"),
            ("-1e3", "f32"),
            (".5", "f32"),
            ("", "string"),
            ("-", "string"),
            ("nan", "string"),
            ("inf", "string"),
            ("1.2.3", "string"),
            ("12:30", "string"),
            ("u17:1", "string"),
            ("dBm", "string"),
        ] {
            assert_eq!(read(text).0, kind, "{text}");
        }
        assert_eq!(read("12:30").1, r#""12:30""#);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (text, words) in [
            ("2147483648", "u32:2147483648"),
            ("u8[]:256", "\"256\" is no u8"),
            ("u16[]:1,,2", "\"\" is no u16"),
            ("u32:-1", "\"-1\" is no u32"),
            ("i64:1.5", "\"1.5\" is no i64"),
            ("f64:one", "\"one\" is no f64"),
            ("raw:abc", "not pairs of hex digits"),
            ("raw:xy", "not pairs of hex digits"),
        ] {
            let error = Owned::parse(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
