#![no_main]
//! Skipping a value ends where reading it ends, from any item on.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{Decoder, Value};
use wigwag_codec_fuzz::deep;

fuzz_target!(|data: (u8, &[u8])| {
    let (items, input) = data;
    let mut decoder = Decoder::with_limits(input, deep());
    for _ in 0..items {
        if !matches!(decoder.next(), Ok(Some(_))) {
            break;
        }
    }
    loop {
        let before = decoder.position();
        match decoder.skip() {
            Ok(()) if decoder.position() == before => break,
            Ok(()) => {}
            Err(error) => {
                assert!(error.offset <= input.len());
                return;
            }
        }
    }
    let structure = Value::parse_structure(&input[..decoder.position()], deep());
    assert!(structure.is_ok());
});
