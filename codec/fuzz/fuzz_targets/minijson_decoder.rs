#![no_main]
//! The pull decoder agrees with the lazy view, item by item, and always ends.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{Decoder, Error, Item, Value};
use wigwag_codec_fuzz::deep;

fn walk(input: &[u8]) -> Result<usize, Error> {
    let mut decoder = Decoder::with_limits(input, deep());
    let mut before = 0;
    while let Some(item) = decoder.next()? {
        if let Item::Key(text) | Item::Text(text) = item {
            text.to_str()?;
        }
        assert!(decoder.position() > before, "an item has a byte at least");
        before = decoder.position();
    }
    assert_eq!(decoder.depth(), 0);
    Ok(decoder.position())
}

fuzz_target!(|input: &[u8]| {
    let viewed = Value::parse_prefix(input, deep()).map(|(_, length)| length);
    assert_eq!(walk(input), viewed);
});
