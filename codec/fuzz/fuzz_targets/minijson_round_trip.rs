#![no_main]
//! The encoder, driven item by item from any document, writes its shortest form;
//! with too little room it stops cleanly.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::minijson::{Decoder, Encoder, Error, ErrorKind, Item, Value};
use wigwag_codec_fuzz::deep;

fn copy(input: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let mut decoder = Decoder::with_limits(input, deep());
    let mut encoder = Encoder::new(out);
    while let Some(item) = decoder.next()? {
        let before = encoder.len();
        let written = match item {
            Item::Null => encoder.null(),
            Item::Bool(value) => encoder.bool(value),
            Item::Int(value) => encoder.int(value),
            Item::BigInt(value) => {
                let mut bytes = [0; 255];
                let length = value.write_signed(&mut bytes).expect("it was read");
                encoder.big_int(&bytes[..length])
            }
            Item::Single(value) => encoder.f32(value),
            Item::Double(value) => encoder.f64(value),
            Item::Text(text) => encoder.str(text.to_str()?),
            Item::Bytes(bytes) => encoder.bytes(bytes),
            Item::List(count) => encoder.list(count as usize),
            Item::Map(count) => encoder.map(count as usize),
            Item::Sdict(count) => encoder.sdict(count as usize),
            Item::Key(key) => encoder.key(key.to_str()?),
            other => panic!("{other:?} is new"),
        }
        .map(|_| ());
        if let Err(error) = written {
            assert_eq!((error.offset, encoder.len()), (before, before));
            return Err(error);
        }
    }
    Ok(encoder.finish().expect("the document is complete").len())
}

fuzz_target!(|data: (u16, &[u8])| {
    let (room, input) = data;
    let Ok((value, length)) = Value::parse_prefix(input, deep()) else {
        return;
    };
    let mut out = vec![0; length];
    let written = copy(value.raw(), &mut out).expect("no form is longer");
    let mut short = vec![0; usize::from(room) % (length + 1)];
    match copy(value.raw(), &mut short) {
        Ok(again) => assert_eq!(short[..again], out[..written]),
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::BufferFull);
            assert_eq!(short[..error.offset], out[..error.offset]);
        }
    }
    assert!(Value::parse_with(&out[..written], deep()).is_ok());
});
