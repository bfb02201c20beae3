#![no_main]
//! Any text: refused, or made into a value whose text gives it again (but for
//! finite singles, whose width a text does not show).

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{Decoder, Floats, Item, Options, Value, json};
use wigwag_codec_fuzz::deep;

fn has_finite_single(value: Value<'_>) -> bool {
    let mut decoder = Decoder::with_limits(value.raw(), deep());
    std::iter::from_fn(|| decoder.next().expect("it is valid"))
        .any(|item| matches!(item, Item::Single(single) if single.is_finite()))
}

fuzz_target!(|text: &[u8]| {
    let options = Options::new().with_floats(Floats::Double);
    let mut out = vec![0; text.len() * 9 + 16];
    match json::read_with(text, &mut out, options, deep()) {
        Ok(length) => {
            let value = Value::parse_with(&out[..length], deep()).expect("it is valid");
            if has_finite_single(value) {
                return;
            }
            let mut shown = String::new();
            json::write(value, &mut shown).expect("a String takes everything");
            let mut again = vec![0; length];
            let read = json::read_with(shown.as_bytes(), &mut again, options, deep());
            assert_eq!(read, Ok(length));
            assert_eq!(again, out[..length]);
        }
        Err(error) => assert!(error.offset <= text.len(), "{error}"),
    }
});
