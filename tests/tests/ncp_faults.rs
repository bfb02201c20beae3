//! The faults of ncplib's decoder, none of which is here. What ncplib 6.1.0
//! does with each, as seen when it was run:
//!
//! | given | ncplib 6.1.0 |
//! |---|---|
//! | a parameter whose size is 0 words | loops for ever and appends, about 94 MB/s; in a server that stops every connection, before any login. Size 1 comes to the same when a 0 follows |
//! | a parameter of an unknown type | `UnboundLocalError` for the first of a packet; any other gets the value of the parameter before it, across fields too |
//! | a field of less than 3 words | goes on 12 bytes behind; with size 0 its parameters become fields |
//! | an i32, u32, i64 or u64 of another length | takes it: an i32 of 8 bytes is 4294967297, of none is 0 |
//! | an f32 or f64 of another length | `struct.error` |
//! | an array of 64-bit numbers that is no multiple of 8 bytes | `ValueError` |
//! | the header of a field or of a parameter cut short | `struct.error` or `DecodeError` |
//! | a second or more of nanoseconds | `ValueError` |
//! | a size in the header that is not that of the packet | not compared: bytes behind are taken if they end in a footer, fields are dropped where it is less |
//! | a size in the header of less than 8 words | `ValueError` out of the stream |
//! | a size in the header of up to 16 GiB | believed, and buffered before handshake and login |
//! | a second footer in the middle, as a real node sends it | `DecodeError`, and nothing of the packet |
//!
//! Of these only `DecodeError` is one that its server answers as a bad request;
//! the others are answered as its own fault.

use wigwag_codec::framer::{FrameErrorKind, FrameReader, Framer, Received};
use wigwag_codec::ncp::{
    NcpError, NcpErrorKind, NcpFramer, NcpWarning, NcpWarningKind, Packet, Value,
};
use wigwag_tests::vectors;

const FOOTER: [u8; 8] = [0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd];

/// A packet with these bytes for fields, sound in itself.
fn packet(fields: &[u8]) -> Vec<u8> {
    let words = u32::try_from((40 + fields.len()) / 4).unwrap();
    let mut bytes = b"\xdd\xcc\xbb\xaaDSPC".to_vec();
    bytes.extend(words.to_le_bytes());
    bytes.extend([1, 0, 0, 0, 1, 0, 0, 0]);
    bytes.extend([0; 12]);
    bytes.extend(fields);
    bytes.extend(FOOTER);
    bytes
}

/// A field that says it has so many words.
fn field(words: u32, params: &[u8]) -> Vec<u8> {
    let mut bytes = b"FIEL".to_vec();
    bytes.extend(words.to_le_bytes());
    bytes.extend([7, 0, 0, 0]);
    bytes.extend(params);
    bytes
}

/// A field of the right size.
fn sound(params: &[u8]) -> Vec<u8> {
    field(3 + u32::try_from(params.len() / 4).unwrap(), params)
}

/// A parameter that says it has so many words.
fn param(name: &[u8; 4], words: u32, kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = name.to_vec();
    bytes.extend(&words.to_le_bytes()[..3]);
    bytes.push(kind);
    bytes.extend(value);
    bytes
}

fn refused(wire: &[u8]) -> NcpError {
    Packet::decode(wire).expect_err("it is refused")
}

/// What the only parameter of the only field is.
fn value(wire: &[u8]) -> Result<Value<'_>, NcpError> {
    let field = Packet::decode(wire)?.field("FIEL").expect("a field");
    field.get("PARA").map(|value| value.expect("a parameter"))
}

const fn at(kind: NcpErrorKind, offset: usize) -> NcpError {
    NcpError { kind, offset }
}

#[test]
fn a_parameter_of_size_0_or_1_is_refused_at_its_place() {
    let good = param(b"GOOD", 3, 0, &[1, 0, 0, 0]);
    for words in [0, 1] {
        for value in [&[0; 4][..], &[0; 64], b"text"] {
            for kind in [0x00, 0x02, 0x80, 0x55] {
                let bad = param(b"PARA", words, kind, value);
                let error = at(NcpErrorKind::TooShort(words), 48);
                assert_eq!(refused(&packet(&sound(&bad))), error);
                let behind = [&good[..], &bad].concat();
                let error = at(NcpErrorKind::TooShort(words), 60);
                assert_eq!(refused(&packet(&sound(&behind))), error);
            }
        }
    }
    // Two words are a header and no value, which raw bytes may be.
    let empty = packet(&sound(&param(b"PARA", 2, 0x80, &[])));
    assert_eq!(value(&empty), Ok(Value::Raw(&[])));
}

#[test]
fn an_unknown_type_never_has_the_value_of_another_parameter() {
    let known = param(b"PARA", 3, 0, &[1, 0, 0, 0]);
    for kind in (0..=255).filter(|kind| wigwag_codec::ncp::ValueType::from_u8(*kind).is_none()) {
        let unknown = param(b"PARA", 3, kind, &[9, 8, 7, 6]);
        let is = Value::Unknown {
            kind,
            bytes: &[9, 8, 7, 6],
        };
        // First, behind one of the same name, and in the next field.
        for (fields, offset) in [
            (sound(&unknown), 44),
            (sound(&[&known[..], &unknown].concat()), 56),
            ([sound(&known), sound(&unknown)].concat(), 68),
        ] {
            let wire = packet(&fields);
            let packet = Packet::decode(&wire).unwrap();
            let last = packet.fields().last().unwrap();
            assert_eq!(last.get("PARA"), Ok(Some(is)), "{kind:02x}");
            let warnings: Vec<_> = packet.warnings().collect();
            let kind = NcpWarningKind::UnknownType(kind);
            assert_eq!(warnings, [NcpWarning { kind, offset }]);
        }
        // What stands behind it is read.
        let before = [&unknown[..], &param(b"NEXT", 3, 0, &[2, 0, 0, 0])].concat();
        let wire = packet(&sound(&before));
        let field = Packet::decode(&wire).unwrap().field("FIEL").unwrap();
        assert_eq!(field.get("NEXT"), Ok(Some(Value::I32(2))));
    }
}

#[test]
fn a_field_of_less_than_its_header_is_refused() {
    let one = param(b"PARA", 3, 0, &[1, 0, 0, 0]);
    for words in 0..3 {
        for params in [&[][..], &one] {
            let error = at(NcpErrorKind::TooShort(words), 36);
            assert_eq!(refused(&packet(&field(words, params))), error);
            let second = [sound(&one), field(words, params)].concat();
            let error = at(NcpErrorKind::TooShort(words), 60);
            assert_eq!(refused(&packet(&second)), error);
        }
    }
}

#[test]
fn a_size_beyond_what_it_is_in_is_refused() {
    let wide = |words| param(b"PARA", words, 0x80, &[0; 4]);
    for words in [4, 5, 6, 0x00ff_ffff] {
        // Into the next field, into the footer, out of the packet.
        let next = [sound(&wide(words)), sound(&wide(3))].concat();
        let error = at(NcpErrorKind::TooLong(words), 48);
        assert_eq!(refused(&packet(&next)), error);
        assert_eq!(refused(&packet(&sound(&wide(words)))), error);
    }
    for words in [7, 8, 9, 0x00ff_ffff] {
        let error = at(NcpErrorKind::TooLong(words), 36);
        assert_eq!(refused(&packet(&field(words, &wide(3)))), error);
    }
}

#[test]
fn a_number_has_exactly_the_bytes_of_its_type() {
    let types = [
        (0x00, 4),
        (0x01, 4),
        (0x03, 8),
        (0x04, 8),
        (0x10, 4),
        (0x11, 8),
    ];
    for (kind, bytes) in types {
        for words in 0..5_u32 {
            let content = vec![1; 4 * words as usize];
            let wire = packet(&sound(&param(b"PARA", 2 + words, kind, &content)));
            let error = at(NcpErrorKind::ValueSize(kind), 52);
            if content.len() == bytes {
                assert_eq!(value(&wire).unwrap().kind(), kind);
            } else {
                assert_eq!(value(&wire), Err(error), "type {kind:02x}, {words} words");
            }
        }
    }
}

#[test]
fn an_array_of_64_bit_numbers_has_whole_ones() {
    for kind in [0x87, 0x88, 0x91] {
        for words in 0..6_u32 {
            let content = vec![1; 4 * words as usize];
            let wire = packet(&sound(&param(b"PARA", 2 + words, kind, &content)));
            match value(&wire) {
                Ok(found) => assert!(words % 2 == 0 && found.kind() == kind),
                Err(error) => {
                    assert_eq!(error, at(NcpErrorKind::ValueSize(kind), 52));
                    assert_eq!(words % 2, 1);
                }
            }
        }
    }
}

#[test]
fn a_string_that_is_not_utf_8_is_refused_at_the_bad_byte() {
    let string = |bytes: &[u8]| packet(&sound(&param(b"PARA", 3, 0x02, bytes)));
    assert_eq!(value(&string(b"ab\xff\0")), Err(at(NcpErrorKind::Text, 54)));
    // What stands behind the first NUL is nobody's business.
    assert_eq!(value(&string(b"ab\0\xff")), Ok(Value::Str("ab")));
    assert_eq!(value(&string(b"abcd")), Ok(Value::Str("abcd")));
}

#[test]
fn a_header_that_is_cut_short_is_refused() {
    let one = param(b"PARA", 3, 0, &[1, 0, 0, 0]);
    // One or two words where a field could begin.
    for rest in [&b"NEXT"[..], b"NEXT\x03\0\0\0"] {
        let wire = packet(&[&sound(&one), rest].concat());
        let error = refused(&wire);
        assert!(
            matches!(
                error.kind,
                NcpErrorKind::Truncated | NcpErrorKind::TooLong(3)
            ),
            "{error}"
        );
        assert!((56..=64).contains(&error.offset), "{error}");
    }
    // One word where a parameter could begin.
    let wire = packet(&sound(&[&one[..], b"NEXT"].concat()));
    assert_eq!(refused(&wire), at(NcpErrorKind::Truncated, 60));
}

#[test]
fn nanoseconds_of_a_second_are_refused() {
    let mut wire = packet(&[]);
    for (nanos, sound) in [
        (999_999_999, true),
        (1_000_000_000, false),
        (u32::MAX, false),
    ] {
        wire[24..28].copy_from_slice(&nanos.to_le_bytes());
        let error = at(NcpErrorKind::Nanoseconds(nanos), 24);
        match Packet::decode(&wire) {
            Ok(packet) => assert!(sound && packet.header().time.nanos() == nanos),
            Err(found) => assert!(!sound && found == error, "{found}"),
        }
        let framed = NcpFramer::new(1024).decode(&wire);
        assert_eq!(framed.is_ok(), sound);
    }
}

#[test]
fn the_size_in_the_header_is_that_of_the_packet() {
    let one = sound(&param(b"PARA", 3, 0, &[1, 0, 0, 0]));
    let whole = packet(&one);
    let sized = |words: u32| {
        let mut wire = whole.clone();
        wire[8..12].copy_from_slice(&words.to_le_bytes());
        wire
    };
    let words = u32::try_from(whole.len() / 4).unwrap();
    assert!(Packet::decode(&sized(words)).is_ok());
    for wrong in (0..words).chain([words + 1, words + 2, 1 << 24, u32::MAX]) {
        assert!(Packet::decode(&sized(wrong)).is_err(), "{wrong}");
    }
    // Bytes behind it that end in a footer, too.
    let behind = [&whole[..], &FOOTER].concat();
    assert_eq!(refused(&behind), at(NcpErrorKind::Trailing, whole.len()));
    let twice = whole.repeat(2);
    assert_eq!(refused(&twice), at(NcpErrorKind::Trailing, whole.len()));
}

#[test]
fn a_header_that_announces_less_than_a_packet_ends_the_stream_at_once() {
    for words in 0..10_u32 {
        let mut head = packet(&[])[..32].to_vec();
        head[8..12].copy_from_slice(&words.to_le_bytes());
        let error = NcpFramer::new(1024).decode(&head).unwrap_err();
        assert_eq!(
            (error.kind, error.offset),
            (FrameErrorKind::Unrecognized, 8)
        );
        assert_eq!(refused(&head), at(NcpErrorKind::TooShort(words), 8));
    }
    // The first wrong byte is enough.
    for (bytes, good) in [(&b"H"[..], 0), (b"\xddH", 1), (b"\xdd\xcc\xbb\xab", 3)] {
        assert!(NcpFramer::new(1024).decode(&bytes[..good]).is_ok());
        assert!(NcpFramer::new(1024).decode(bytes).is_err());
    }
}

#[test]
fn a_packet_over_the_limit_is_told_before_anything_of_it_is_buffered() {
    // Exactly the limit fits, a word more does not.
    let fits = packet(&sound(&param(b"PARA", 2 + 8, 0x80, &[5; 32])));
    let over = packet(&sound(&param(b"PARA", 2 + 9, 0x80, &[5; 36])));
    let mut reader = FrameReader::new(NcpFramer::new(fits.len()), [0; 128]);
    for (wire, whole) in [(&fits, true), (&over, false), (&fits, true)] {
        let mut rest = &wire[..];
        let mut told = false;
        while !rest.is_empty() {
            // A header, then byte by byte.
            let step = if rest.len() == wire.len() { 32 } else { 1 };
            assert_eq!(reader.push(&rest[..step]), step);
            rest = &rest[step..];
            match reader.next().unwrap() {
                Some(Received::Oversized { body_len, .. }) => {
                    assert_eq!((body_len, rest.len()), (wire.len() - 40, wire.len() - 32));
                    told = true;
                }
                Some(Received::Message { body, .. }) => {
                    assert!(rest.is_empty() && body == &wire[32..wire.len() - 8]);
                }
                _ => {}
            }
        }
        assert_eq!(told, !whole);
    }
    // Sixteen gibibytes: whatever follows is passed over, none of it kept.
    let mut head = packet(&[])[..32].to_vec();
    head[8..12].fill(0xff);
    assert_eq!(reader.push(&head), 32);
    let Ok(Some(Received::Oversized { body_len, .. })) = reader.next() else {
        panic!("not told");
    };
    assert_eq!(body_len, 0xffff_ffff * 4 - 40);
    for _ in 0..10_000 {
        assert_eq!(reader.push(&[0; 100]), 100);
        assert!(reader.next().unwrap().is_none());
    }
}

#[test]
fn a_footer_in_the_middle_is_passed_over_and_told() {
    let one = param(b"PARA", 3, 0, &[1, 0, 0, 0]);
    let two = param(b"NEXT", 3, 0, &[2, 0, 0, 0]);
    for (fields, places) in [
        ([&FOOTER[..], &sound(&one), &sound(&two)].concat(), vec![32]),
        ([&sound(&one)[..], &FOOTER, &sound(&two)].concat(), vec![56]),
        ([&sound(&one)[..], &sound(&two), &FOOTER].concat(), vec![80]),
        (sound(&[&one[..], &FOOTER, &two].concat()), vec![56]),
        (
            sound(&[&FOOTER[..], &FOOTER, &one, &two].concat()),
            vec![44, 52],
        ),
    ] {
        let wire = packet(&fields);
        let packet = Packet::decode(&wire).unwrap();
        let get = |name| packet.fields().find_map(|field| field.get(name).unwrap());
        assert_eq!(get("PARA"), Some(Value::I32(1)));
        assert_eq!(get("NEXT"), Some(Value::I32(2)));
        let found: Vec<_> = packet.warnings().collect();
        let kind = NcpWarningKind::EmbeddedFooter;
        let told: Vec<_> = places
            .into_iter()
            .map(|offset| NcpWarning { kind, offset })
            .collect();
        assert_eq!(found, told);
    }
}

#[test]
fn the_packet_of_a_real_node_with_a_footer_in_it_is_read() {
    let rows = vectors::rows("ncp_invalid.jsonl");
    let row = rows
        .iter()
        .find(|row| vectors::text(row, "name") == "REAL_PACKET_EMBEDDED_FOOTER_BUG")
        .expect("the row is there");
    let wire = vectors::hex(row, "hex");
    let packet = Packet::decode(&wire).unwrap();
    let warning = packet.warnings().next().unwrap();
    assert_eq!(warning.kind, NcpWarningKind::EmbeddedFooter);
    let status = packet.field("STAT").expect("the footer is in it");
    let before = status.param("ELOC").expect("its last parameter");
    assert_eq!(before.value(), Ok(Value::I32(0)));
    assert_eq!(warning.offset, before.offset + 12);
    let position = packet.field("SGPS").expect("it stands behind the footer");
    let time = position.get("TSTR");
    assert_eq!(time, Ok(Some(Value::Str("Mon Aug 31 14:07:48 2015"))));
}
