#![no_main]
//! Whatever is put into an NCP packet is read as the same, or refused; nothing
//! is written outside the place for it.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::ncp::{Array, Header, Ident, Packet, PacketWriter, Time, Value};
use wigwag_codec_fuzz::Script;

fn word<const N: usize>(script: &mut Script<'_>) -> [u8; N] {
    let taken = script.take(N);
    let mut bytes = [0; N];
    bytes[..taken.len()].copy_from_slice(taken);
    bytes
}

fn value<'a>(script: &mut Script<'a>) -> Value<'a> {
    let kind = script.below(20);
    let length = script.below(256);
    match kind {
        0 => Value::I32(i32::from_le_bytes(word(script))),
        1 => Value::U32(u32::from_le_bytes(word(script))),
        2 => Value::Str(str::from_utf8(script.take(length)).unwrap_or("\0")),
        3 => Value::I64(i64::from_le_bytes(word(script))),
        4 => Value::U64(u64::from_le_bytes(word(script))),
        5 => Value::F32(f32::from_le_bytes(word(script))),
        6 => Value::F64(f64::from_le_bytes(word(script))),
        7 => Value::Raw(script.take(length)),
        8 => Value::U8s(Array::new(script.take(length))),
        9 => Value::U16s(Array::new(script.take(length))),
        10 => Value::U32s(Array::new(script.take(length))),
        11 => Value::I8s(Array::new(script.take(length))),
        12 => Value::I16s(Array::new(script.take(length))),
        13 => Value::I32s(Array::new(script.take(length))),
        14 => Value::U64s(Array::new(script.take(length))),
        15 => Value::I64s(Array::new(script.take(length))),
        16 => Value::F32s(Array::new(script.take(length))),
        17 => Value::F64s(Array::new(script.take(length))),
        _ => {
            let [kind] = word(script);
            Value::Unknown {
                kind,
                bytes: script.take(length),
            }
        }
    }
}

/// The value's bytes, whatever fills the last word left out.
fn bytes(value: &Value<'_>) -> Vec<u8> {
    let mut place = [0; 400];
    let writer = PacketWriter::new(&mut place, Header::new(Ident::LINK));
    let wire = writer.field("A").param("B", *value).finish();
    let wire = wire.expect("it was written before");
    wire[48..wire.len() - 8].to_vec()
}

fuzz_target!(|input: &[u8]| {
    let script = &mut Script::new(input);
    let room = 4 * script.below(256) + script.below(4);
    let mut place = [0xaa; 1200];
    let header = Header {
        kind: Ident::from_wire(word(script)),
        id: u32::from_le_bytes(word(script)),
        time: Time::from_secs(u32::from_le_bytes(word(script))),
        info: word(script),
    };
    let mut writer = PacketWriter::new(&mut place[..room], header);
    let mut fields: Vec<(Ident, u32, Vec<(Ident, Value<'_>)>)> = Vec::new();
    while !script.is_empty() {
        if script.below(4) == 0 {
            let (name, id) = (Ident::from_wire(word(script)), script.below(256) as u32);
            writer = writer.field_as(name, id);
            fields.push((name, id, Vec::new()));
        } else {
            let (name, value) = (Ident::from_wire(word(script)), value(script));
            writer = writer.param_as(name, value);
            if let Some((_, _, params)) = fields.last_mut() {
                params.push((name, value));
            }
        }
    }
    match writer.finish() {
        Err(error) => assert!(error.offset <= room.max(32), "{error}"),
        Ok(wire) => {
            assert!(wire.len() <= room && wire.len().is_multiple_of(4));
            let packet = Packet::decode(wire).expect("it was written here");
            assert_eq!(*packet.header(), header);
            assert_eq!(packet.fields().count(), fields.len());
            for (field, (name, id, params)) in packet.fields().zip(&fields) {
                assert_eq!((field.name.bytes(), field.id), (name.bytes(), *id));
                assert_eq!(field.params().count(), params.len());
                for (param, (name, value)) in field.params().zip(params) {
                    assert_eq!(param.name.bytes(), name.bytes());
                    let found = param.value().expect("it was written here");
                    assert_eq!(bytes(&found), bytes(value));
                }
            }
        }
    }
    assert!(place[room..].iter().all(|byte| *byte == 0xaa));
});
