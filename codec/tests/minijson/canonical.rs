//! The canonical form against the same written with the encoder, value by value.

use wigwag_codec::minijson::{
    Encoder, Error, ErrorKind, Floats, Key, Kind, Limits, MAX_DEPTH, Options, Value, canonical,
};

use crate::everywhere;

const KEPT: Options = Options::new().with_floats(Floats::Kept);

fn written(value: Value<'_>, options: Options) -> Result<Vec<u8>, Error> {
    let mut out = vec![0; value.raw().len()];
    let length = canonical(value, &mut out, options)?;
    out.truncate(length);
    Ok(out)
}

fn encode(value: Value<'_>, encoder: &mut Encoder<'_>) {
    match value.kind() {
        Kind::Null => encoder.null(),
        Kind::Bool => encoder.bool(value.as_bool().unwrap()),
        Kind::Int => match value.as_i64() {
            Some(int) => encoder.int(int),
            // Behind the type byte and the length.
            None => encoder.big_int(&value.raw()[2..]),
        },
        Kind::Single => encoder.f32(value.as_f32().unwrap()),
        Kind::Double => encoder.f64(value.as_f64().unwrap()),
        Kind::Text => encoder.str(value.as_str().unwrap()),
        Kind::Bytes => encoder.bytes(value.as_bytes().unwrap()),
        Kind::List => {
            encoder.list(value.len()).unwrap();
            for item in value.items() {
                encode(item, encoder);
            }
            return;
        }
        Kind::Map | Kind::Sdict => {
            let short_text = |key: &Key<'_>| key.as_str().is_some_and(|key| key.len() <= 255);
            if value.entries().all(|(key, _)| short_text(&key)) {
                encoder.map(value.len()).unwrap();
                for (key, value) in value.entries() {
                    encoder.key(key.as_str().unwrap()).unwrap();
                    encode(value, encoder);
                }
            } else {
                encoder.sdict(value.len()).unwrap();
                for (key, value) in value.entries() {
                    let Key::Value(key) = key else {
                        panic!("{key:?}")
                    };
                    encode(key, encoder);
                    encode(value, encoder);
                }
            }
            return;
        }
        other => panic!("{other:?}"),
    }
    .unwrap();
}

#[test]
fn writes_what_the_encoder_does() {
    let mut seen = 0;
    everywhere(0x5EED_0011, |input, limits| {
        let Ok(value) = Value::parse_with(input, limits) else {
            return;
        };
        seen += 1;
        let mut out = vec![0; input.len()];
        let mut encoder = Encoder::new(&mut out);
        encode(value, &mut encoder);
        let expected = encoder.finish().unwrap();
        assert_eq!(written(value, KEPT).unwrap(), expected, "{input:02x?}");
        for size in 0..expected.len() {
            let refused = canonical(value, &mut out[..size], KEPT).unwrap_err();
            assert_eq!(refused.kind, ErrorKind::BufferFull, "{input:02x?}");
        }
    });
    assert!(seen > 1000, "{seen}");
}

#[test]
fn sorts_each_map_when_its_last_value_is_written() {
    // {"b": {2: [], 1: {"d": 4, "c": 3}}, "a": {}}, all of them maps with any keys
    let value =
        Value::parse(b"\x62\x81b\x62\x03\x02\x40\x03\x01\x62\x81d\x03\x04\x81c\x03\x03\x81a\x60")
            .unwrap();
    assert_eq!(
        written(value, KEPT.with_strict_order(true)).unwrap(),
        b"\x52\x01a\x50\x01b\x62\x03\x01\x52\x01c\x03\x03\x01d\x03\x04\x03\x02\x40"
    );
    assert_eq!(
        written(value, KEPT).unwrap(),
        b"\x52\x01b\x62\x03\x02\x40\x03\x01\x52\x01d\x03\x04\x01c\x03\x03\x01a\x50"
    );
}

#[test]
fn text_is_a_key_only_where_a_key_is_due() {
    // {"k": "v", "l": ["x"], "m": {1: "y", "n": "z"}}
    let value = Value::parse(b"\x63\x81k\x81v\x81l\x41\x81x\x81m\x62\x03\x01\x81y\x81n\x81z");
    assert_eq!(
        written(value.unwrap(), KEPT).unwrap(),
        b"\x53\x01k\x81v\x01l\x41\x81x\x01m\x62\x03\x01\x81y\x81n\x81z"
    );
}

#[test]
fn goes_as_deep_as_any_input() {
    let depth = usize::from(MAX_DEPTH);
    let limits = Limits::new().with_depth(MAX_DEPTH);
    for inner in [&b"\x40"[..], b"\x50", b"\x60"] {
        // Of each two levels one is a map, and what its text key is comes behind it.
        let mut input = b"\x41\x61\x80".repeat((depth - 1) / 2);
        input.push(0x42);
        input.extend(inner);
        input.extend([0x40]);
        let value = Value::parse_with(&input, limits).unwrap();
        let found = written(value, KEPT.with_strict_order(true)).unwrap();
        let mut expected = b"\x41\x51\x00".repeat((depth - 1) / 2);
        expected.push(0x42);
        expected.extend(if inner == b"\x40" { b"\x40" } else { b"\x50" });
        expected.extend([0x40]);
        assert_eq!(found, expected);
    }
}

#[test]
fn refuses_text_and_keys_that_are_not_utf8() {
    for input in [&b"\x81\xFF"[..], b"\x51\x01\xFF\x08", b"\x61\x81\xFF\x08"] {
        let value = Value::parse_structure(input, Limits::new()).unwrap();
        let refused = written(value, KEPT).unwrap_err();
        // The offset of the text in the input.
        let offset = usize::from(input.len() > 2);
        assert_eq!(
            (refused.kind, refused.offset),
            (ErrorKind::InvalidUtf8, offset)
        );
    }
}
