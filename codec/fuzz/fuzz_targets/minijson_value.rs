#![no_main]
//! Whatever the lazy view accepts can be looked into without a hole.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{Kind, Value};
use wigwag_codec_fuzz::deep;

/// Visits everything; the depth is bounded by the limits.
fn visit(value: Value<'_>) -> usize {
    let bytes = value.raw().len();
    let inside = match value.kind() {
        Kind::List => {
            assert_eq!(value.items().count(), value.len());
            value.items().map(visit).sum()
        }
        Kind::Map | Kind::Sdict => {
            assert_eq!(value.entries().count(), value.len());
            for (key, _) in value.entries() {
                if let Some(text) = key.as_str() {
                    assert!(value.get(text).is_some());
                }
            }
            value.entries().map(|(_, value)| visit(value)).sum()
        }
        Kind::Int => {
            let big = value.as_big_int().expect("every integer is a BigInt");
            assert_eq!(big.as_i64(), value.as_i64());
            assert_eq!(big.as_u64(), value.as_u64());
            assert_eq!(big.as_i128(), value.as_i128());
            0
        }
        Kind::Text => {
            assert!(value.as_str().is_some());
            0
        }
        _ => 0,
    };
    assert!(inside < bytes);
    bytes
}

fuzz_target!(|input: &[u8]| {
    // Every look-up walks the map, so that long ones would only cost time.
    let input = input.get(..2048).unwrap_or(input);
    if let Ok((value, length)) = Value::parse_prefix(input, deep()) {
        assert_eq!(visit(value), length);
        assert!(Value::parse_with(&input[..length], deep()).is_ok());
    }
});
