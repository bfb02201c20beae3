//! Every way into and out of the minijson codec at once, so that a test that uses
//! these cannot forget one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Value as Json, json};
use wigwag_codec::minijson::{
    self, Decoder, Error, ErrorKind, Floats, Item, Limits, Options, Value, canonical, cbor, json,
};
use wigwag_harness::tagged;

/// The limits that the vectors need.
#[must_use]
pub fn deep() -> Limits {
    Limits::new().with_depth(128)
}

/// Reads a whole input in every way there is, checks that they agree, and returns
/// the value in the tagged form.
///
/// # Errors
///
/// What the lazy view says is wrong.
///
/// # Panics
///
/// Two ways do not agree.
pub fn read_every_way(input: &[u8], limits: Limits) -> Result<Json, Error> {
    let view = Value::parse_with(input, limits);
    let prefix = Value::parse_prefix(input, limits);
    let structure = Value::parse_structure(input, limits);
    let pulled = pull(input, limits);
    let skipped = skip(input, limits);
    let typed: Result<Tagged, Error> = minijson::from_slice_with(input, limits);
    let borrowed: Result<Value<'_>, Error> = minijson::from_slice_with(input, limits);
    let ignored: Result<serde::de::IgnoredAny, Error> = minijson::from_slice_with(input, limits);

    let shown = || tagged::to_hex(input.get(..64).unwrap_or(input));
    let value = match view {
        Ok(value) => value,
        Err(error) => {
            // Ways that do not look at text may take what only its text spoils.
            if error.kind != ErrorKind::InvalidUtf8 {
                assert_eq!(structure.map(|_| ()), Err(error), "{}", shown());
                assert_eq!(skipped, Err(error), "{}", shown());
                assert!(ignored.is_err(), "{}", shown());
            }
            match prefix {
                Ok((_, consumed)) => {
                    assert_eq!(error.kind, ErrorKind::TrailingBytes, "{}", shown());
                    assert_eq!(error.offset, consumed, "{}", shown());
                    assert!(consumed < input.len(), "{}", shown());
                }
                Err(other) => assert_eq!(other, error, "{}", shown()),
            }
            assert!(error.offset <= input.len(), "{error} in {}", shown());
            assert_eq!(pulled.err(), Some(error), "{}", shown());
            assert!(typed.is_err(), "{}", shown());
            assert_eq!(
                borrowed.err().map(|error| error.kind),
                Some(error.kind),
                "{}",
                shown()
            );
            return Err(error);
        }
    };
    let tagged = tagged::from_value(value);
    assert_eq!(value.raw(), input);
    assert_eq!(prefix.map(|(_, consumed)| consumed), Ok(input.len()));
    assert_eq!(structure.map(|value| value.raw()), Ok(input));
    assert_eq!(pulled.as_ref(), Ok(&tagged), "{}", shown());
    assert_eq!(skipped, Ok(()), "{}", shown());
    match typed {
        Ok(Tagged(typed)) => assert_eq!(typed, tagged, "{}", shown()),
        // serde has no integers of more than 128 bits.
        Err(error) => assert_eq!(error.kind, ErrorKind::OutOfRange, "{}", shown()),
    }
    assert_eq!(borrowed.map(|value| value.raw()), Ok(input));
    assert!(ignored.is_ok(), "{}", shown());
    Ok(tagged)
}

/// Writes a value in every way there is, reads it again, and checks that nothing
/// was lost: canonical form, serde, JSON text, CBOR.
///
/// # Panics
///
/// Something was lost.
pub fn write_every_way(value: Value<'_>) {
    let mut buffer = vec![0; value.raw().len() * 8 + 64];
    let kept = Options::new().with_floats(Floats::Kept);
    let length = canonical(value, &mut buffer, kept).expect("a value has a canonical form");
    let same = buffer[..length].to_vec();
    assert!(same.len() <= value.raw().len(), "canonical is shortest");
    let again = Value::parse_with(&same, deep()).expect("the canonical form is valid");
    assert_eq!(tagged::from_value(again), tagged::from_value(value));
    let length = canonical(again, &mut buffer, kept).expect("it is its own canonical form");
    assert_eq!(buffer[..length], same);

    let length = minijson::to_slice(&value, &mut buffer).expect("serde writes every value");
    assert_eq!(buffer[..length], same, "serde");

    let length = cbor::write(value, &mut buffer).expect("CBOR has every value");
    let bytes = buffer[..length].to_vec();
    let length = cbor::read_with(&bytes, &mut buffer, kept, deep()).expect("our own CBOR");
    assert_eq!(buffer[..length], same, "CBOR");

    let mut text = String::new();
    json::write(value, &mut text).expect("JSON has every value");
    let mut wide = vec![0; text.len()];
    assert!(json::to_slice(value, &mut wide[1..]).is_err(), "one short");
    assert_eq!(json::to_slice(value, &mut wide), Ok(text.len()));
    assert_eq!(text.as_bytes(), wide);
    // The width of floats is what JSON loses, so it is given back from outside.
    for floats in [Floats::Single, Floats::Double] {
        let options = Options::new().with_floats(floats);
        let Ok(length) = canonical(value, &mut buffer, options) else {
            continue;
        };
        let expected = buffer[..length].to_vec();
        let read = json::read_with(text.as_bytes(), &mut buffer, options, deep());
        let changes = match floats {
            Floats::Single => any(value, &is_double),
            _ => any(value, &has_other_digits_as_double),
        };
        if !changes {
            let length = read.unwrap_or_else(|error| panic!("{error} in {text}"));
            assert_eq!(buffer[..length], expected, "JSON {text}");
        }
    }
}

fn any(value: Value<'_>, question: &dyn Fn(&Value<'_>) -> bool) -> bool {
    question(&value)
        || value.items().any(|item| any(item, question))
        || value.entries().any(|(key, item)| {
            matches!(key, minijson::Key::Value(key) if question(&key)) || any(item, question)
        })
}

/// A double rounds to a single once; its decimal digits may round elsewhere.
fn is_double(value: &Value<'_>) -> bool {
    value.kind() == minijson::Kind::Double
}

/// A single of few digits is not the double of the same digits, and one that is
/// shown by its bits stays a single.
fn has_other_digits_as_double(value: &Value<'_>) -> bool {
    value.as_f32().is_some_and(|single| {
        let digits = format!("{single:?}").parse::<f64>();
        !single.is_finite() || digits != Ok(f64::from(single))
    })
}

/// Reads a document with the pull decoder.
fn pull(input: &[u8], limits: Limits) -> Result<Json, Error> {
    let mut decoder = Decoder::with_limits(input, limits);
    let Some(item) = decoder.next()? else {
        panic!("a document has an item");
    };
    let value = build(&mut decoder, item)?;
    assert_eq!(decoder.next()?, None);
    assert_eq!(decoder.depth(), 0);
    decoder.finish()?;
    Ok(value)
}

fn build(decoder: &mut Decoder<'_>, item: Item<'_>) -> Result<Json, Error> {
    let mut element = || {
        let item = decoder.next()?.expect("elements are counted");
        match item {
            Item::Key(key) => Ok(json!(key.to_str()?)),
            item => build(decoder, item),
        }
    };
    let count = match item {
        Item::List(count) => {
            return (0..count).map(|_| element()).collect();
        }
        Item::Map(count) | Item::Sdict(count) => count,
        item => return scalar(item),
    };
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(json!([element()?, element()?]));
    }
    Ok(json!({ "$map": entries }))
}

fn scalar(item: Item<'_>) -> Result<Json, Error> {
    Ok(match item {
        Item::Null => Json::Null,
        Item::Bool(value) => json!(value),
        Item::Int(value) => integer(value),
        Item::BigInt(value) => integer(value),
        Item::Single(value) => json!({ "$f32": format!("{:08x}", value.to_bits()) }),
        Item::Double(value) => json!({ "$f64": format!("{:016x}", value.to_bits()) }),
        Item::Text(text) => json!(text.to_str()?),
        Item::Bytes(bytes) => json!({ "$bytes": tagged::to_hex(bytes) }),
        other => panic!("{other:?} is no scalar"),
    })
}

fn integer(value: impl fmt::Display) -> Json {
    let digits = value.to_string();
    match digits.parse::<i64>() {
        Ok(int) if int.unsigned_abs() < 1 << 53 => json!(int),
        _ => json!({ "$int": digits }),
    }
}

/// Passes over a document with the pull decoder.
fn skip(input: &[u8], limits: Limits) -> Result<(), Error> {
    let mut decoder = Decoder::with_limits(input, limits);
    decoder.skip()?;
    decoder.finish()
}

/// Any value, read through serde, in the tagged form.
#[derive(Debug)]
pub struct Tagged(pub Json);

impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyVisitor;

        impl<'de> Visitor<'de> for AnyVisitor {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(json!(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(integer(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(integer(value))
            }

            fn visit_i128<E>(self, value: i128) -> Result<Json, E> {
                Ok(integer(value))
            }

            fn visit_u128<E>(self, value: u128) -> Result<Json, E> {
                Ok(integer(value))
            }

            fn visit_f32<E>(self, value: f32) -> Result<Json, E> {
                Ok(json!({ "$f32": format!("{:08x}", value.to_bits()) }))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(json!({ "$f64": format!("{:016x}", value.to_bits()) }))
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json, E> {
                Ok(json!(value))
            }

            fn visit_str<E>(self, _: &str) -> Result<Json, E> {
                panic!("text is borrowed from the input")
            }

            fn visit_borrowed_bytes<E>(self, value: &'de [u8]) -> Result<Json, E> {
                Ok(json!({ "$bytes": tagged::to_hex(value) }))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(Tagged(item)) = list.next_element()? {
                    items.push(item);
                }
                Ok(Json::Array(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut entries = Vec::new();
                while let Some((Tagged(key), Tagged(value))) = map.next_entry()? {
                    entries.push(json!([key, value]));
                }
                Ok(json!({ "$map": entries }))
            }
        }

        deserializer.deserialize_any(AnyVisitor).map(Self)
    }
}
