#![no_main]
//! Any value has CBOR, which gives it again without loss.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{Floats, Options, Value, cbor};
use wigwag_codec_fuzz::{deep, shortest};

fuzz_target!(|input: &[u8]| {
    let Ok(value) = Value::parse_with(input, deep()) else {
        return;
    };
    let mut bytes = vec![0; input.len() * 2 + 16];
    let written = cbor::write(value, &mut bytes).expect("CBOR has every value");
    let options = Options::new().with_floats(Floats::Kept);
    let expected = shortest(value);
    let mut out = vec![0; expected.len()];
    let read = cbor::read_with(&bytes[..written], &mut out, options, deep());
    assert_eq!(read, Ok(expected.len()));
    assert_eq!(out, expected);
});
