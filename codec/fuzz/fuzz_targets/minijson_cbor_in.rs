#![no_main]
//! Any CBOR: refused, or made into a value whose CBOR gives it again.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{Floats, Options, Value, cbor};
use wigwag_codec_fuzz::deep;

fuzz_target!(|input: &[u8]| {
    let options = Options::new().with_floats(Floats::Kept);
    let mut out = vec![0; input.len() * 5 + 16];
    match cbor::read_with(input, &mut out, options, deep()) {
        Ok(length) => {
            let value = Value::parse_with(&out[..length], deep()).expect("it is valid");
            let mut bytes = vec![0; length * 2 + 16];
            let written = cbor::write(value, &mut bytes).expect("CBOR has every value");
            let mut again = vec![0; length];
            let read = cbor::read_with(&bytes[..written], &mut again, options, deep());
            assert_eq!(read, Ok(length));
            assert_eq!(again, out[..length]);
        }
        Err(error) => assert!(error.offset <= input.len(), "{error}"),
    }
});
