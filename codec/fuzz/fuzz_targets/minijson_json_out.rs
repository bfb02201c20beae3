#![no_main]
//! Any value has a JSON text, of which only the width of finite floats is lost.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{Floats, Options, Value, json};
use wigwag_codec_fuzz::deep;

fuzz_target!(|input: &[u8]| {
    let Ok(value) = Value::parse_structure(input, deep()) else {
        return;
    };
    let mut text = String::new();
    if json::write(value, &mut text).is_err() {
        assert!(
            Value::parse_with(input, deep()).is_err(),
            "valid text has JSON"
        );
        return;
    }
    let options = Options::new().with_floats(Floats::Double);
    let mut out = vec![0; text.len() * 9 + 16];
    let length = json::read_with(text.as_bytes(), &mut out, options, deep()).expect("our own");
    let read = Value::parse_with(&out[..length], deep()).expect("it is valid");
    assert_eq!(read.len(), value.len());
    assert_eq!(read.as_i128(), value.as_i128());
    assert_eq!(read.as_str(), value.as_str());
    assert_eq!(read.as_bytes(), value.as_bytes());
});
