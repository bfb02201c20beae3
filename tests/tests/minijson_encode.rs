//! What cannot be written is refused with a clear error and leaves nothing half
//! written; what Python miscounts is counted right.

use serde_json::Value as Json;
use wigwag_codec::minijson::{Encoder, ErrorKind, Floats, Options, Value, canonical, to_slice};
use wigwag_harness::tagged;
use wigwag_tests::minijson::deep;
use wigwag_tests::vectors;

type Attempt = fn(&mut Encoder<'_>) -> Result<(), wigwag_codec::minijson::Error>;

/// What our encoder says to a Python expression: the error, and bytes written
/// before it; or nothing, where Rust has no such value.
fn refusal(expression: &str) -> Option<(Attempt, ErrorKind, usize)> {
    Some(match expression {
        "{'é'*128: 1}" => (
            |out| out.map(1)?.key(&"é".repeat(128)).map(drop),
            ErrorKind::KeyTooLong,
            1,
        ),
        "{'😀'*255: 1}" => (
            |out| out.map(1)?.key(&"😀".repeat(255)).map(drop),
            ErrorKind::KeyTooLong,
            1,
        ),
        "{'ok': 1, 'é'*200: 2}" => (
            |out| {
                out.map(2)?.key("ok")?.int(1)?;
                out.key(&"é".repeat(200)).map(drop)
            },
            ErrorKind::KeyTooLong,
            6,
        ),
        "2**2039" => (
            |out| {
                let mut bytes = [0; 256];
                bytes[1] = 0x80;
                out.big_int(&bytes).map(drop)
            },
            ErrorKind::IntegerTooLarge,
            0,
        ),
        "-2**2039-1" => (
            |out| {
                let mut bytes = [0xFF; 256];
                bytes[1] = 0x7F;
                out.big_int(&bytes).map(drop)
            },
            ErrorKind::IntegerTooLarge,
            0,
        ),
        "1e39" => (|out| out.float(1e39).map(drop), ErrorKind::FloatTooLarge, 0),
        "{(1,2): 3}" => (
            |out| out.sdict(1)?.list(2).map(drop),
            ErrorKind::ContainerAsKey,
            1,
        ),
        // A str with half a surrogate pair and a set.
        "'\\ud800'" | "{1}" => return None,
        other => panic!("nothing known of {other}"),
    })
}

#[test]
fn every_row_that_python_refuses_or_miscounts() {
    let rows = vectors::rows("minijson_encode_errors.jsonl");
    assert_eq!(rows.len(), 14);
    for row in &rows {
        let expression = vectors::text(row, "python_expr");
        match expression {
            "b'abc'" | "2**40" | "[b'abc', 2**40]" | "{'abc': 1}" => counted_right(row),
            "{'b': 1, 3: 2}" => mixed_keys_have_no_order(),
            _ => {
                if let Some((attempt, kind, length)) = refusal(expression) {
                    refused_in_whole(expression, attempt, kind, length);
                }
            }
        }
    }
}

fn refused_in_whole(expression: &str, attempt: Attempt, kind: ErrorKind, length: usize) {
    let mut buffer = [0xEE; 2048];
    let mut encoder = Encoder::new(&mut buffer);
    let error = attempt(&mut encoder).expect_err(expression);
    assert_eq!((error.kind, error.offset), (kind, length), "{expression}");
    assert_eq!(encoder.len(), length, "{expression}");
    // With room for what stands before it and no more, it is refused in the same way, and
    // the same stands there: nothing of the refused item was written.
    let mut exact = vec![0; length];
    let mut encoder = Encoder::new(&mut exact);
    assert_eq!(attempt(&mut encoder), Err(error), "{expression}");
    assert_eq!(exact, buffer[..length], "{expression}");
}

fn counted_right(row: &Json) {
    let expected = &row["python_3_1_1"];
    let bytes = vectors::hex(expected, "hex");
    let value = Value::parse(&bytes).unwrap();
    let mut out = [0; 64];
    let length = canonical(value, &mut out, Options::new()).unwrap();
    assert_eq!(expected["true_length"], length);
    assert_eq!(out[..length], bytes);
    let encoded = tagged::encode(&tagged::from_value(value)).unwrap();
    assert_eq!(encoded, bytes);
}

fn mixed_keys_have_no_order() {
    let value = Value::parse(b"\x62\x81b\x03\x01\x03\x03\x03\x02").unwrap();
    let mut out = [0; 64];
    assert!(canonical(value, &mut out, Options::new()).is_ok());
    let error = canonical(value, &mut out, Options::new().with_strict_order(true)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnorderedKeys);
}

#[test]
fn every_buffer_that_is_too_short_is_refused_in_whole() {
    let bytes = vectors::bytes("corpus/orders.mjson");
    let value = Value::parse(&bytes).unwrap();
    for room in 0..bytes.len() {
        let mut out = vec![0; room];
        let error = canonical(value, &mut out, Options::new()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BufferFull);
        assert!(error.offset <= room);
        // What stands before the refused item is the beginning of the whole.
        assert_eq!(out[..error.offset], bytes[..error.offset]);
        assert_eq!(
            to_slice(&value, &mut out).unwrap_err().kind,
            ErrorKind::BufferFull
        );
    }
}

#[test]
fn values_stand_only_where_they_belong() {
    let mut buffer = [0; 16];
    let mut out = Encoder::new(&mut buffer);
    let kind = |result: Result<&mut Encoder<'_>, wigwag_codec::minijson::Error>| {
        result.err().map(|error| error.kind)
    };
    assert_eq!(kind(out.key("a")), Some(ErrorKind::ValueExpected));
    out.map(1).unwrap();
    assert_eq!(kind(out.int(1)), Some(ErrorKind::KeyExpected));
    assert_eq!(kind(out.list(0)), Some(ErrorKind::KeyExpected));
    out.key("a").unwrap();
    assert_eq!(kind(out.key("b")), Some(ErrorKind::ValueExpected));
    out.sdict(1).unwrap();
    assert_eq!(kind(out.list(0)), Some(ErrorKind::ContainerAsKey));
    let list = Value::parse(&[0x40]).unwrap();
    assert_eq!(kind(out.raw(list)), Some(ErrorKind::ContainerAsKey));
    out.null().unwrap().bytes(b"").unwrap();
    assert_eq!(kind(out.null()), Some(ErrorKind::AlreadyComplete));
    assert_eq!(kind(out.key("a")), Some(ErrorKind::AlreadyComplete));
    assert_eq!(out.finish().unwrap(), b"\x51\x01a\x61\x08\x19\x00");

    let mut out = Encoder::new(&mut buffer);
    out.list(2).unwrap().null().unwrap();
    assert_eq!(out.finish().unwrap_err().kind, ErrorKind::Unfinished);
}

#[test]
fn nesting_ends_at_128_on_the_way_out() {
    let mut buffer = [0; 512];
    let mut out = Encoder::new(&mut buffer);
    for _ in 0..128 {
        out.list(1).unwrap();
    }
    let too_deep = out.list(0).unwrap_err();
    assert_eq!((too_deep.kind, too_deep.offset), (ErrorKind::TooDeep, 128));
    let list = Value::parse(&[0x40]).unwrap();
    assert_eq!(out.raw(list).unwrap_err().kind, ErrorKind::TooDeep);
    out.null().unwrap();
    let document = out.finish().unwrap();
    assert!(Value::parse_with(document, deep()).is_ok());

    // serde: nested vectors of one element each.
    #[derive(serde::Serialize)]
    struct Nest(Vec<Nest>);
    let nest = |levels| (1..levels).fold(Nest(vec![]), |inner, _| Nest(vec![inner]));
    let mut out = [0; 512];
    assert_eq!(to_slice(&nest(128), &mut out), Ok(128));
    let error = to_slice(&nest(129), &mut out).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooDeep);
}

#[test]
fn floats_follow_the_mode() {
    let write = |floats, value| {
        let mut buffer = [0; 16];
        let mut out = Encoder::new(&mut buffer).with_floats(floats);
        out.float(value)?;
        Ok::<_, wigwag_codec::minijson::Error>(tagged::to_hex(out.finish()?))
    };
    assert_eq!(write(Floats::Single, 0.1).unwrap(), "093dcccccd");
    assert_eq!(write(Floats::Double, 0.1).unwrap(), "0a3fb999999999999a");
    assert_eq!(write(Floats::Kept, 0.1).unwrap(), "0a3fb999999999999a");
    assert_eq!(write(Floats::Single, f64::INFINITY).unwrap(), "097f800000");
    let error = write(Floats::Single, -3.5e38).unwrap_err();
    assert_eq!(error.kind, ErrorKind::FloatTooLarge);
}
