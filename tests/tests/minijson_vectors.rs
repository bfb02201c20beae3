//! Every value that the Python encoder was asked to write: ours writes the same
//! bytes, and reads every encoding of it.

use std::time::{Duration, Instant};

use serde_json::Value as Json;
use wigwag_codec::minijson::{Floats, Options, Value, canonical, cbor, json};
use wigwag_harness::tagged;
use wigwag_tests::minijson::{deep, read_every_way, write_every_way};
use wigwag_tests::vectors;

#[test]
fn every_value_in_both_directions() {
    let rows = vectors::rows("minijson.jsonl");
    assert_eq!(rows.len(), 502);
    rows.iter().for_each(both_directions);
}

#[test]
fn every_big_value_in_both_directions() {
    let rows = vectors::rows("minijson_big.jsonl");
    assert_eq!(rows.len(), 9);
    for row in &rows {
        let start = Instant::now();
        both_directions(row);
        // 800 kB at most; a machine that is busy with other tests needs seconds.
        assert!(start.elapsed() < Duration::from_secs(60), "{}", row["name"]);
    }
}

fn both_directions(row: &Json) {
    let name = vectors::text(row, "name");
    let hex = vectors::hex(row, "hex");
    let encoded = tagged::encode(&row["value"]).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(encoded, hex, "{name}: encode");
    let read = |bytes: &[u8]| {
        let value = read_every_way(bytes, deep()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(value, row["value"], "{name}: decode");
        write_every_way(Value::parse_with(bytes, deep()).unwrap());
    };
    read(&hex);
    let options = options(row);
    assert_eq!(recode(&hex, options), hex, "{name}: canonical");
    for alt in row["alt_hex"].as_array().expect("alt_hex is a list") {
        let alt = vectors::unhex(alt);
        read(&alt);
        assert_eq!(recode(&alt, options), hex, "{name}: canonical of another");
    }
    for alt in row["alt_float_hex"].as_array().into_iter().flatten() {
        let alt = vectors::unhex(alt);
        let other = Value::parse_with(&alt, deep()).unwrap().as_f64();
        let this = Value::parse_with(&hex, deep()).unwrap().as_f64();
        assert_eq!(
            other.map(f64::to_bits),
            this.map(f64::to_bits),
            "{name}: the other width"
        );
        assert_eq!(recode(&alt, options), hex, "{name}: canonical width");
    }
}

fn options(row: &Json) -> Options {
    let floats = match vectors::text(row, "mode") {
        "f32" => Floats::Single,
        "f64" => Floats::Double,
        mode => panic!("unknown mode {mode}"),
    };
    Options::new()
        .with_floats(floats)
        .with_strict_order(row["strict_order"] == true)
}

fn recode(bytes: &[u8], options: Options) -> Vec<u8> {
    let value = Value::parse_with(bytes, deep()).unwrap();
    let mut out = vec![0; bytes.len() * 2 + 16];
    let length = canonical(value, &mut out, options).unwrap();
    out.truncate(length);
    out
}

#[test]
fn strict_order_sorts_whatever_order_it_gets() {
    let mut sorted = 0;
    for row in vectors::rows("minijson.jsonl") {
        if row["strict_order"] != true {
            continue;
        }
        let mut value = row["value"].clone();
        reverse_maps(&mut value);
        let reversed = tagged::encode(&value).unwrap();
        let hex = vectors::hex(&row, "hex");
        assert_eq!(recode(&reversed, options(&row)), hex, "{}", row["name"]);
        sorted += usize::from(reversed != hex);
    }
    assert!(sorted > 5, "only {sorted} values were out of order");
}

fn reverse_maps(value: &mut Json) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(reverse_maps),
        Json::Object(object) => {
            if let Some(Json::Array(entries)) = object.get_mut("$map") {
                entries.reverse();
                for entry in entries {
                    reverse_maps(&mut entry[1]);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn realistic_documents_are_the_json_beside_them() {
    for name in [
        "baobs",
        "logs",
        "orders",
        "pathpoints_small",
        "pathpoints_large",
    ] {
        let bytes = vectors::bytes(&format!("corpus/{name}.mjson"));
        let value = Value::parse(&bytes).unwrap();
        let text = vectors::bytes(&format!("corpus/{name}.json"));
        let mut out = vec![0; text.len()];

        let length = json::read(&text, &mut out).unwrap();
        assert!(out[..length] == bytes, "{name}: from JSON");

        let mut ours = String::new();
        json::write(value, &mut ours).unwrap();
        let theirs: Json = serde_json::from_slice(&text).unwrap();
        let ours: Json = serde_json::from_str(&ours).unwrap();
        assert!(ours == theirs, "{name}: to JSON");

        let length = cbor::write(value, &mut out).unwrap();
        let as_cbor = out[..length].to_vec();
        let length = cbor::read(&as_cbor, &mut out).unwrap();
        assert!(out[..length] == bytes, "{name}: over CBOR");
    }
}
