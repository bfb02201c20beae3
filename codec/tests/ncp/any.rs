//! The view and the writer on anything: what is written is read as the same,
//! and what is read is never more than what is there.

use proptest::prelude::*;
use wigwag_codec::framer::{FrameReader, Framer, Received, Step};
use wigwag_codec::ncp::{Array, Header, Ident, NcpFramer, Packet, PacketWriter, Time, Value};

/// A value that owns its bytes; the number says its type.
type Owned = (u8, Vec<u8>);

type Name = [u8; 4];
type Param = (Name, Owned);

/// A packet that owns everything.
#[derive(Clone, Debug)]
struct Plan {
    head: (Name, u32, u32, u32, [u8; 4]),
    fields: Vec<(Name, u32, Vec<Param>)>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..40);
    let param = (any::<[u8; 4]>(), (0..20_u8, bytes));
    let params = proptest::collection::vec(param, 0..5);
    let fields = proptest::collection::vec((any::<[u8; 4]>(), any::<u32>(), params), 0..5);
    let nanos = 0..1_000_000_000_u32;
    let name = any::<[u8; 4]>;
    let head = (name(), any::<u32>(), any::<u32>(), nanos, name());
    (head, fields).prop_map(|(head, fields)| Plan { head, fields })
}

/// The value that type and bytes make.
fn value((kind, bytes): &Owned) -> Value<'_> {
    let mut eight = [0; 8];
    let length = bytes.len().min(8);
    eight[..length].copy_from_slice(&bytes[..length]);
    let [a, b, c, d, ..] = eight;
    let four = [a, b, c, d];
    match kind {
        0 => Value::I32(i32::from_le_bytes(four)),
        1 => Value::U32(u32::from_le_bytes(four)),
        2 => {
            let end = bytes.iter().position(|byte| *byte == 0 || !byte.is_ascii());
            Value::Str(str::from_utf8(&bytes[..end.unwrap_or(bytes.len())]).unwrap())
        }
        3 => Value::I64(i64::from_le_bytes(eight)),
        4 => Value::U64(u64::from_le_bytes(eight)),
        5 => Value::F32(f32::from_le_bytes(four)),
        6 => Value::F64(f64::from_le_bytes(eight)),
        7 => Value::Raw(bytes),
        8 => Value::U8s(Array::new(bytes)),
        9 => Value::U16s(Array::new(bytes)),
        10 => Value::U32s(Array::new(bytes)),
        11 => Value::I8s(Array::new(bytes)),
        12 => Value::I16s(Array::new(bytes)),
        13 => Value::I32s(Array::new(bytes)),
        14 => Value::U64s(Array::new(bytes)),
        15 => Value::I64s(Array::new(bytes)),
        16 => Value::F32s(Array::new(bytes)),
        17 => Value::F64s(Array::new(bytes)),
        unknown => Value::Unknown {
            kind: 0xc0 | unknown,
            bytes,
        },
    }
}

fn write(plan: &Plan) -> Vec<u8> {
    let (kind, id, secs, nanos, info) = plan.head;
    let header = Header {
        kind: Ident::from_wire(kind),
        id,
        time: Time::new(secs, nanos).expect("less than a second"),
        info,
    };
    let mut place = vec![0xee; 4096];
    let mut writer = PacketWriter::new(&mut place, header);
    for (name, id, params) in &plan.fields {
        writer = writer.field_as(Ident::from_wire(*name), *id);
        for (name, owned) in params {
            writer = writer.param_as(Ident::from_wire(*name), value(owned));
        }
    }
    writer.finish().expect("there is room").to_vec()
}

/// The bytes of a value on the wire, without what fills the last word.
fn bytes_of(value: &Value<'_>) -> Vec<u8> {
    let mut place = vec![0; 4096];
    let writer = PacketWriter::new(&mut place, Header::new(Ident::LINK)).field("A");
    let wire = writer.param("B", *value).finish().expect("there is room");
    wire[48..wire.len() - 8].to_vec()
}

proptest! {
    #[test]
    fn what_is_written_is_read(plan in plan()) {
        let wire = write(&plan);
        let packet = Packet::decode(&wire).unwrap();
        let (kind, id, secs, nanos, info) = plan.head;
        let header = *packet.header();
        prop_assert_eq!(header.kind.bytes(), kind);
        prop_assert_eq!((header.id, header.info), (id, info));
        prop_assert_eq!((header.time.secs(), header.time.nanos()), (secs, nanos));
        prop_assert_eq!(packet.fields().count(), plan.fields.len());
        for (field, (name, id, params)) in packet.fields().zip(&plan.fields) {
            prop_assert_eq!((field.name.bytes(), field.id), (*name, *id));
            prop_assert_eq!(field.params().count(), params.len());
            for (param, (name, owned)) in field.params().zip(params) {
                prop_assert_eq!(param.name.bytes(), *name);
                let found = param.value().unwrap();
                prop_assert_eq!(bytes_of(&found), bytes_of(&value(owned)));
            }
        }
    }

    #[test]
    fn a_changed_packet_is_read_within_its_bytes(
        plan in plan(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut wire = write(&plan);
        for (at, byte) in changes {
            let at = at.index(wire.len());
            wire[at] = byte;
        }
        if cut.index(4) == 0 {
            wire.truncate(cut.index(wire.len()));
        }
        if let Ok(packet) = Packet::decode(&wire) {
            let mut end = 32;
            for field in packet.fields() {
                prop_assert!(field.offset >= end && field.offset + 12 <= wire.len() - 8);
                end = field.offset + 12;
                for param in field.params() {
                    prop_assert!(param.offset >= end && param.offset + 8 <= wire.len() - 8);
                    end = param.offset + 8;
                    if let Err(error) = param.value() {
                        prop_assert!((end..wire.len()).contains(&error.offset));
                    }
                }
            }
            let told: Vec<_> = packet.warnings().map(|warning| warning.offset).collect();
            prop_assert!(told.is_sorted() && told.len() <= wire.len() / 8);
        } else if let Err(error) = Packet::decode(&wire) {
            prop_assert!(error.offset <= wire.len(), "{error}");
        }
    }

    #[test]
    fn a_framer_and_a_decoder_agree(plan in plan(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut wire = write(&plan);
        let at = at.index(wire.len());
        wire[at] = byte;
        let mut framer = NcpFramer::new(1 << 20);
        match framer.decode(&wire) {
            Ok(Step::Frame { meta, body, consumed }) => {
                let parts = Packet::from_parts(meta, &wire[body]);
                let whole = Packet::decode_prefix(&wire);
                prop_assert_eq!(parts.map(|packet| packet.fields().count()),
                    whole.map(|(packet, _)| packet.fields().count()));
                prop_assert!(consumed <= wire.len());
            }
            Ok(_) => prop_assert!(Packet::decode(&wire).is_err()),
            Err(error) => {
                let found = Packet::decode_prefix(&wire).map(|_| ()).unwrap_err();
                prop_assert_eq!(error.offset, found.offset);
            }
        }
    }

    #[test]
    fn a_stream_gives_the_same_packets_however_it_is_cut(
        plans in proptest::collection::vec(plan(), 1..4),
        chunk in 1..200_usize,
    ) {
        let wires: Vec<_> = plans.iter().map(write).collect();
        let stream = wires.concat();
        let mut reader = FrameReader::new(NcpFramer::new(2048), vec![0; 2048]);
        let mut found = 0;
        for mut bytes in stream.chunks(chunk) {
            while !bytes.is_empty() {
                bytes = &bytes[reader.push(bytes)..];
                while let Some(received) = reader.next().unwrap() {
                    let Received::Message { meta, body } = received else {
                        panic!("none is too large");
                    };
                    let wire = &wires[found];
                    prop_assert_eq!(body, &wire[32..wire.len() - 8]);
                    prop_assert!(Packet::from_parts(meta, body).is_ok());
                    found += 1;
                }
            }
        }
        prop_assert_eq!(found, wires.len());
    }
}
