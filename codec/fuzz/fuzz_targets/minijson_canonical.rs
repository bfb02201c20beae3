#![no_main]
//! The canonical form is its own canonical form, in every mode, and sorted maps
//! hold the same entries.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{ErrorKind, Floats, Options, Value, canonical};
use wigwag_codec_fuzz::deep;

fuzz_target!(|input: &[u8]| {
    let Ok(value) = Value::parse_with(input, deep()) else {
        return;
    };
    for floats in [Floats::Single, Floats::Double, Floats::Kept] {
        for strict_order in [false, true] {
            let options = Options::new()
                .with_floats(floats)
                .with_strict_order(strict_order);
            let mut once = vec![0; input.len() * 2];
            match canonical(value, &mut once, options) {
                Ok(length) => once.truncate(length),
                Err(error) => {
                    assert!(matches!(
                        error.kind,
                        ErrorKind::FloatTooLarge | ErrorKind::UnorderedKeys
                    ));
                    continue;
                }
            }
            let again = Value::parse_with(&once, deep()).expect("it is valid");
            assert_eq!(again.len(), value.len());
            let mut twice = vec![0; once.len()];
            assert_eq!(canonical(again, &mut twice, options), Ok(once.len()));
            assert_eq!(once, twice);
        }
    }
});
