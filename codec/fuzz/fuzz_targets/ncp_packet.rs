#![no_main]
//! Any bytes are an NCP packet or are refused at a place in them; fields,
//! parameters, values and warnings of a packet lie in it, one behind the other;
//! and what was read is written again as what is read.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::ncp::{NcpWarningKind, Packet, PacketWriter, Value, ValueType};
use wigwag_codec_fuzz::ncp_packet;

fuzz_target!(|input: (bool, &[u8])| {
    // Whole, or only what stands between header and footer.
    let framed;
    let bytes = match input {
        (true, bytes) => bytes,
        (false, body) => {
            framed = ncp_packet(body);
            &framed
        }
    };
    let (packet, consumed) = match Packet::decode_prefix(bytes) {
        Ok(found) => found,
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error}");
            return;
        }
    };
    assert!(consumed >= 40 && consumed <= bytes.len());
    assert_eq!(Packet::decode(bytes).is_ok(), consumed == bytes.len());
    assert!(Packet::decode(&bytes[..consumed - 1]).is_err());

    // A string may have had no room for its NUL.
    let params = packet.fields().flat_map(|field| field.params());
    let room = consumed + 4 * params.count();
    let mut place = vec![0xaa; room];
    let mut writer = PacketWriter::new(&mut place, *packet.header());
    let mut end = 32;
    let mut sound = true;
    let mut unknown = Vec::new();
    for field in packet.fields() {
        assert!(field.offset >= end && field.offset + 12 <= consumed - 8);
        end = field.offset + 12;
        writer = writer.field_as(field.name, field.id);
        for param in field.params() {
            assert!(param.offset >= end && param.offset + 8 <= consumed - 8);
            end = param.offset + 8;
            match param.value() {
                Ok(value) => {
                    if let Value::Unknown { kind, bytes: raw } = value {
                        assert_eq!((kind, ValueType::from_u8(kind)), (param.kind, None));
                        assert_eq!(raw, &bytes[end..end + raw.len()]);
                        unknown.push((param.offset, kind));
                    }
                    assert_eq!(value.kind(), param.kind);
                    writer = writer.param_as(param.name, value);
                }
                Err(error) => {
                    assert!((end..consumed).contains(&error.offset), "{error}");
                    sound = false;
                }
            }
        }
    }
    let told = packet.warnings().filter_map(|warning| match warning.kind {
        NcpWarningKind::UnknownType(kind) => Some((warning.offset, kind)),
        _ => None,
    });
    assert!(told.eq(unknown));
    let footers = packet.warnings().filter(|warning| {
        let here = &bytes[warning.offset..warning.offset + 8];
        warning.kind == NcpWarningKind::EmbeddedFooter
            && here == [0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd]
    });
    let footers = footers.count();
    assert!(footers <= consumed / 8);

    let again = writer.finish().expect("there is room").to_vec();
    assert!(again.len() + 8 * footers <= room);
    let packet_again = Packet::decode(&again).expect("it was written here");
    assert_eq!(packet_again.header(), packet.header());
    assert_eq!(packet_again.fields().count(), packet.fields().count());
    for (one, other) in packet.fields().zip(packet_again.fields()) {
        assert_eq!((one.name.bytes(), one.id), (other.name.bytes(), other.id));
        if sound {
            assert_eq!(one.params().count(), other.params().count());
        }
    }
    // What was written is written again byte for byte.
    let mut place = vec![0xaa; again.len()];
    let mut writer = PacketWriter::new(&mut place, *packet_again.header());
    for field in packet_again.fields() {
        writer = writer.field_as(field.name, field.id);
        for param in field.params() {
            writer = writer.param_as(param.name, param.value().expect("sound"));
        }
    }
    assert_eq!(writer.finish(), Ok(&again[..]));
});
