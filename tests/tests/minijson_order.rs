//! Strict order: keys sorted as Python's `<` sorts them.

use rand_core::RngCore;
use serde_json::{Value as Json, json};
use wigwag_codec::minijson::{BigInt, Error, ErrorKind, Floats, Options, Value, canonical};
use wigwag_harness::tagged;
use wigwag_tests::campaign;
use wigwag_tests::minijson::deep;

fn sorted(tagged: &Json) -> Result<Json, Error> {
    let bytes = tagged::encode(tagged).unwrap();
    let mut out = vec![0; bytes.len() * 2];
    let options = Options::new()
        .with_floats(Floats::Kept)
        .with_strict_order(true);
    let value = Value::parse_with(&bytes, deep()).unwrap();
    let length = canonical(value, &mut out, options)?;
    let again = Value::parse_with(&out[..length], deep()).unwrap();
    Ok(tagged::from_value(again))
}

fn map_of(keys: &[Json]) -> Json {
    let entries: Vec<Json> = keys.iter().map(|key| json!([key, null])).collect();
    json!({ "$map": entries })
}

fn float(value: f64) -> Json {
    json!({ "$f64": format!("{:016x}", value.to_bits()) })
}

fn int(digits: &str) -> Json {
    json!({ "$int": digits })
}

/// Numbers of every kind, in their order.
fn numbers() -> Vec<Json> {
    // The largest double is (2^53 - 1) * 2^971: 53 bits and 971 zeros.
    let largest = [
        &[0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF8][..],
        &[0; 121],
    ]
    .concat();
    let mut below_largest = largest.clone();
    below_largest[7] = 0xF7;
    let mut above_largest = largest;
    above_largest[128] = 1;
    vec![
        float(f64::NEG_INFINITY),
        float(-1e300),
        int("-170141183460469231731687303715884105730"),
        int("-170141183460469231731687303715884105729"),
        // -2^127
        float(-170141183460469231731687303715884105728.0),
        int("-18446744073709551617"),
        float(-18446744073709551616.0),
        int("-18446744073709551615"),
        json!(-2),
        float(-1.5),
        json!(-1),
        float(-0.5),
        json!(0),
        float(f64::MIN_POSITIVE),
        json!({ "$f32": "3f000000" }),
        json!(true),
        float(1.5),
        json!(2),
        json!(9007199254740991_i64),
        int("9007199254740993"),
        float(9007199254740994.0),
        int("170141183460469231731687303715884105727"),
        float(170141183460469231731687303715884105728.0),
        int("170141183460469231731687303715884105729"),
        float(1e300),
        int(&format!("1{}", "0".repeat(301))),
        int(&format!("{}", BigInt::from_be_bytes(&below_largest))),
        float(f64::MAX),
        int(&format!("{}", BigInt::from_be_bytes(&above_largest))),
        float(f64::INFINITY),
    ]
}

#[test]
fn numbers_of_all_kinds_are_compared_exactly() {
    let expected = map_of(&numbers());
    let mut keys = numbers();
    keys.reverse();
    assert_eq!(sorted(&map_of(&keys)).unwrap(), expected);
    for turn in 1..keys.len() {
        keys.rotate_left(turn);
        assert_eq!(sorted(&map_of(&keys)).unwrap(), expected);
    }
}

#[test]
fn equal_keys_keep_their_order() {
    let entries = json!({ "$map": [[2, 0], [1, 1], [true, 2], [float(1.0), 3], [0, 4], [1, 5]] });
    let expected = json!({ "$map": [[0, 4], [1, 1], [true, 2], [float(1.0), 3], [1, 5], [2, 0]] });
    assert_eq!(sorted(&entries).unwrap(), expected);
}

#[test]
fn keys_without_an_order_are_refused() {
    let nan = float(f64::NAN);
    for keys in [
        [json!("a"), json!(1)],
        [json!({ "$bytes": "61" }), json!("a")],
        [json!(null), json!(null)],
        [json!(null), json!(1)],
        [nan.clone(), json!(1)],
        [int("99999999999999999999"), nan.clone()],
    ] {
        let error = sorted(&map_of(&keys)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::UnorderedKeys, "{keys:?}");
        // One key alone is in order.
        assert!(sorted(&map_of(&keys[..1])).is_ok());
    }
}

/// Maps of random size, keys of random length, some twice: the order of a stable
/// sort by the standard library.
#[test]
fn campaign_sorting_is_stable_and_right() {
    for seed in campaign::seeds("minijson strict order", 2000) {
        let mut rng = campaign::rng(seed);
        let count = rng.next_u32() % 200;
        let spread = 1 + rng.next_u32() % 300;
        let mut entries: Vec<Json> = (0..count)
            .map(|index| {
                let key = rng.next_u32() % spread;
                let key = format!("{key:x}").repeat(1 + usize::try_from(key % 7).unwrap());
                json!([key, { "$map": [["i", index]] }])
            })
            .collect();
        let ours = sorted(&json!({ "$map": entries })).unwrap();
        entries.sort_by(|a, b| a[0].as_str().cmp(&b[0].as_str()));
        assert_eq!(ours, json!({ "$map": entries }), "seed {seed}");
    }
}

/// Sixty-five thousand entries in the worst order take a moment, not minutes.
#[test]
fn a_large_map_is_sorted_in_place() {
    let keys: Vec<Json> = (0..65_536_u32)
        .rev()
        .map(|i| json!(i * 7919 % 65_536))
        .collect();
    let mut expected: Vec<Json> = (0..65_536_u32).map(|i| json!(i)).collect();
    assert_eq!(sorted(&map_of(&keys)).unwrap(), map_of(&expected));
    expected.reverse();
    assert!(sorted(&map_of(&expected)).is_ok());
}
