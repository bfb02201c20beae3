//! What is not minijson is refused, quickly and without deep recursion; where the
//! Python decoder crashes, hangs or believes a length, ours says what is wrong.

use std::thread;
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};
use wigwag_codec::minijson::{
    self, Decoder, Error, ErrorKind, Limits, Options, Value, canonical, cbor, json,
};
use wigwag_harness::tagged;
use wigwag_tests::minijson::{Tagged, deep, read_every_way, write_every_way};
use wigwag_tests::{campaign, vectors};

/// Runs a test on little stack: what recursed with the input would overflow it.
fn with_stack<T: Send + 'static>(bytes: usize, test: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::Builder::new().stack_size(bytes).spawn(test);
    thread.unwrap().join().expect("the test passes")
}

#[test]
fn every_invalid_row_as_recommended() {
    let rows = vectors::rows("minijson_invalid.jsonl");
    assert_eq!(rows.len(), 136);
    for row in &rows {
        let name = vectors::text(row, "name");
        let input = input(row);
        let start = Instant::now();
        as_recommended(name, row, &input);
        // Python hangs on one of them for ever.
        assert!(start.elapsed() < Duration::from_secs(20), "{name}");
    }
}

fn input(row: &Json) -> Vec<u8> {
    let Some(parts) = row["hex_parts"].as_array() else {
        return vectors::hex(row, "hex");
    };
    let repeated = parts.iter().map(|part| {
        let times = part[1]
            .as_u64()
            .and_then(|times| usize::try_from(times).ok());
        vectors::unhex(&part[0]).repeat(times.unwrap())
    });
    repeated.collect::<Vec<_>>().concat()
}

fn as_recommended(name: &str, row: &Json, input: &[u8]) {
    let ours = read_every_way(input, deep());
    let python = &row["python_3_1_1"];
    let same = |ours: Result<Json, Error>| {
        let mut value = ours.unwrap_or_else(|error| panic!("{name}: {error}"));
        widen_floats(&mut value);
        assert_eq!(value, python["value"], "{name}");
    };
    let recommended = vectors::text(row, "recommended");
    match recommended {
        "reject" => assert!(ours.is_err(), "{name} was accepted: {ours:?}"),
        "accept_same" => same(ours),
        "compare" => {
            let whole = python["outcome"] == "value" && python["consumed"] == json!(input.len());
            if whole {
                same(ours);
            } else {
                assert!(ours.is_err(), "{name} was accepted: {ours:?}");
            }
        }
        "policy: reject beyond configured depth" => {
            // One bracket a byte, and the null behind them.
            if input.len() - 1 <= 128 {
                same(ours);
            } else {
                let error = ours.unwrap_err();
                assert_eq!((error.kind, error.offset), (ErrorKind::TooDeep, 128));
            }
        }
        _ if recommended.starts_with("decode_prefix_reports_consumed") => {
            assert_eq!(ours.unwrap_err().kind, ErrorKind::TrailingBytes, "{name}");
            let (value, consumed) = Value::parse_prefix(input, deep()).unwrap();
            assert_eq!(python["consumed"], json!(consumed), "{name}");
            same(Ok(tagged::from_value(value)));
        }
        _ if recommended.starts_with("policy: python keeps first position") => {
            // Ours keeps every entry; a look-up finds the value that Python has.
            let value = Value::parse(input).unwrap();
            assert_eq!(value.len(), usize::from(input[0] & 0x0F), "{name}");
            for entry in python["value"]["$map"].as_array().unwrap() {
                if let Some(key) = entry[0].as_str() {
                    let found = value.get(key).map(tagged::from_value);
                    assert_eq!(found.as_ref(), Some(&entry[1]), "{name}");
                }
            }
        }
        other => panic!("{name}: nothing known of {other:?}"),
    }
}

/// The rows show every float as a double.
fn widen_floats(value: &mut Json) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(widen_floats),
        Json::Object(object) => {
            if let Some(bits) = object.get("$f32") {
                let bits = u32::from_str_radix(bits.as_str().unwrap(), 16).unwrap();
                let bits = f64::from(f32::from_bits(bits)).to_bits();
                *value = json!({ "$f64": format!("{bits:016x}") });
            } else {
                object.values_mut().for_each(widen_floats);
            }
        }
        _ => {}
    }
}

fn refused(hex: &str, kind: ErrorKind, offset: usize) {
    let input = tagged::from_hex(hex).unwrap();
    let error = read_every_way(&input, deep()).expect_err(hex);
    assert_eq!((error.kind, error.offset), (kind, offset), "{hex}");
}

#[test]
fn lengths_and_counts_are_not_believed() {
    use ErrorKind::{CountTooLarge, UnexpectedEnd};
    // Types 24 to 27 with fewer bytes than announced.
    refused("18080102", UnexpectedEnd, 0);
    refused("190501", UnexpectedEnd, 0);
    refused("1a00050102", UnexpectedEnd, 0);
    refused("1b0000000501", UnexpectedEnd, 0);
    refused("4203011904010203", UnexpectedEnd, 3);
    // Type 27 with lengths that wrap around in 32 bits.
    for length in ["ffffffff", "fffffffb", "fffffffc", "fffffff0", "80000000"] {
        refused(&format!("1b{length}010203"), UnexpectedEnd, 0);
    }
    // Counts that the rest of the input could not hold.
    for container in ["10", "12", "13"] {
        for count in ["ffffffff", "80000000", "7fffffff", "00000007"] {
            refused(&format!("{container}{count}080808080808"), CountTooLarge, 0);
        }
    }
    refused("107fffffff1bfffffffb00", CountTooLarge, 0);
    refused("0fffff1bfffffffb00", CountTooLarge, 0);
    refused("0a00", UnexpectedEnd, 0);
    refused("", UnexpectedEnd, 0);
}

#[test]
fn keys_are_scalars_and_text_is_utf8() {
    use ErrorKind::{ContainerAsKey, InvalidUtf8, UnexpectedEnd, UnknownType};
    for key in ["40", "50", "60", "4103", "0700", "0b00", "1400"] {
        refused(&format!("61{key}03010101"), ContainerAsKey, 1);
        // [1, {1: null, key: 1}]
        refused(&format!("42030162030108{key}0301010101"), ContainerAsKey, 7);
    }
    for text in ["82c328", "0002c328", "0d0002c328", "0e00000002c328"] {
        refused(text, InvalidUtf8, 0);
        refused(&format!("61{text}08"), InvalidUtf8, 1);
    }
    refused("5102c32808", InvalidUtf8, 1);
    refused("83eda080", InvalidUtf8, 0);
    refused("51056161", UnexpectedEnd, 1);
    refused("41703f", UnknownType(0x70), 1);
}

#[test]
fn bytes_behind_the_value_are_refused() {
    refused("0808", ErrorKind::TrailingBytes, 1);
    refused("4108ff", ErrorKind::TrailingBytes, 2);
    refused("50ff", ErrorKind::TrailingBytes, 1);
}

/// 20,000 containers inside each other, of every form.
fn nests() -> Vec<Vec<u8>> {
    ["41", "510161", "6108", "0701", "1000000001"]
        .iter()
        .map(|bracket| {
            let mut input = tagged::from_hex(bracket).unwrap().repeat(20_000);
            input.push(8);
            input
        })
        .collect()
}

#[test]
fn twenty_thousand_levels_need_little_stack() {
    with_stack(64 * 1024, || {
        for input in nests() {
            for depth in [32, 128, u16::MAX] {
                let limits = Limits::new().with_depth(depth);
                let offset = match Value::parse_with(&input, limits) {
                    Err(Error {
                        kind: ErrorKind::TooDeep,
                        offset,
                    }) => offset,
                    other => panic!("{other:?}"),
                };
                // Every level has the same number of bytes.
                assert_eq!(offset % usize::from(depth.min(128)), 0);
                let skipped = Decoder::with_limits(&input, limits).skip();
                assert_eq!(skipped.unwrap_err().offset, offset);
                let ignored = minijson::from_slice_with::<IgnoredAny>(&input, limits);
                assert_eq!(ignored.unwrap_err().kind, ErrorKind::TooDeep);
            }
        }
        let mut out = vec![0; 100_000];
        for bracket in ["[", "{\"a\":", "{\"$map\":[[1,"] {
            let text = bracket.repeat(20_000);
            let error = json::read_with(text.as_bytes(), &mut out, Options::new(), deep());
            assert_eq!(error.unwrap_err().kind, ErrorKind::TooDeep, "{bracket}");
        }
        for bracket in [&[0x81][..], &[0x9F], &[0xA1, 0x01], &[0xBF, 0x01]] {
            let input = bracket.repeat(20_000);
            let error = cbor::read_with(&input, &mut out, Options::new(), deep());
            assert_eq!(error.unwrap_err().kind, ErrorKind::TooDeep);
        }
    });
}

/// The ways out of 128 levels need little stack too.
#[test]
fn the_deepest_values_are_written_on_little_stack() {
    with_stack(64 * 1024, || {
        for bracket in ["41", "510161", "6108"] {
            let mut input = tagged::from_hex(bracket).unwrap().repeat(128);
            input.push(8);
            let value = Value::parse_with(&input, deep()).unwrap();
            let mut out = [0; 4096];
            let options = Options::new().with_strict_order(true);
            let length = canonical(value, &mut out, options).unwrap();
            assert_eq!(out[..length], input);
            assert!(json::to_slice(value, &mut out).is_ok());
            assert!(cbor::write(value, &mut out).is_ok());
        }
    });
}

/// A type that takes any value recurses with the value: as deep as the limit says,
/// and no deeper.
#[test]
fn a_type_of_any_depth_stops_at_the_limit() {
    with_stack(1024 * 1024, || {
        for input in nests() {
            let typed = minijson::from_slice_with::<Tagged>(&input, deep()).map(|_| ());
            assert_eq!(typed.unwrap_err().kind, ErrorKind::TooDeep);
        }
    });
}

#[test]
fn limits_bind_every_way_in() {
    // [[[1, 2], {"a": 3}]]: five containers and values above the last level.
    let input = tagged::from_hex("4142420301030251016103 03").unwrap();
    assert!(read_every_way(&input, Limits::new().with_depth(3)).is_ok());
    let error = read_every_way(&input, Limits::new().with_depth(2)).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::TooDeep, 2));
    let error = read_every_way(&input, Limits::new().with_depth(0)).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::TooDeep, 0));

    assert!(read_every_way(&input, Limits::new().with_items(7)).is_ok());
    let error = read_every_way(&input, Limits::new().with_items(6)).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::TooManyItems, 7));
    let error = read_every_way(&input, Limits::new().with_items(0)).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::TooManyItems, 0));

    // {1: 2} with any keys: the keys are values too.
    let pairs = tagged::from_hex("6103010302").unwrap();
    assert!(read_every_way(&pairs, Limits::new().with_items(3)).is_ok());
    let error = read_every_way(&pairs, Limits::new().with_items(2)).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::TooManyItems, 0));

    let length = input.len();
    assert!(read_every_way(&input, Limits::new().with_length(length)).is_ok());
    let error = Value::parse_with(&input, Limits::new().with_length(length - 1)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InputTooLong);
}

/// Vectors of at most 48 bytes: small enough to try everything on.
fn small_vectors() -> Vec<Vec<u8>> {
    let small: Vec<Vec<u8>> = vectors::rows("minijson.jsonl")
        .iter()
        .map(|row| vectors::hex(row, "hex"))
        .filter(|bytes| bytes.len() <= 48)
        .collect();
    assert!(small.len() > 200, "{}", small.len());
    small
}

#[test]
fn every_prefix_of_the_small_vectors_is_refused() {
    for bytes in small_vectors() {
        for end in 0..bytes.len() {
            let error = read_every_way(&bytes[..end], deep()).unwrap_err();
            assert!(error.offset <= end, "{error}");
        }
    }
}

/// Every byte of the small vectors, changed to every other value: decoded or
/// refused, in all ways alike, and what is decoded can be written again.
#[test]
fn campaign_mutations_of_the_small_vectors() {
    let vectors = small_vectors();
    // A case takes every hundredth position, with all 255 changes.
    let (mut read, mut refused) = (0_u64, 0_u64);
    for case in campaign::seeds("minijson mutations", 100) {
        let skip = usize::try_from(case % 100).unwrap();
        let positions = vectors
            .iter()
            .flat_map(|bytes| (0..bytes.len()).map(move |at| (bytes, at)));
        for (bytes, at) in positions.skip(skip).step_by(100) {
            for change in 1..=255 {
                let mut mutated = bytes.clone();
                mutated[at] ^= change;
                match read_every_way(&mutated, deep()) {
                    Ok(_) => {
                        write_every_way(Value::parse_with(&mutated, deep()).unwrap());
                        read += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(
        read > 1000 && refused > 1000,
        "{read} read, {refused} refused"
    );
}
