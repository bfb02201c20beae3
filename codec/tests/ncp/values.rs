//! All 18 types of values, from Rust to the wire and back.

use wigwag_codec::ncp::{Array, NcpError, Packet, ToValue, Value, ValueType, packet};

/// A packet with one value in it.
fn written(place: &mut [u8], value: impl ToValue) -> Result<&[u8], NcpError> {
    packet(place, "TEST")
        .field("FIEL")
        .param("PARA", value)
        .finish()
}

fn read(wire: &[u8]) -> Value<'_> {
    let packet = Packet::decode(wire).expect("written here");
    let field = packet.field("FIEL").expect("written here");
    field.get("PARA").expect("sound").expect("written here")
}

/// Checks the type, the bytes behind the parameter's header, and that what was
/// read is written again as the same.
fn is_sent_as(value: impl ToValue, kind: ValueType, bytes: &[u8]) {
    let mut place = [0xee; 128];
    let wire = written(&mut place, value).expect("there is room").to_vec();
    assert_eq!(wire[51], kind as u8);
    assert_eq!(&wire[52..wire.len() - 8], bytes, "{kind:?}");
    let found = read(&wire);
    assert_eq!(found.kind(), kind as u8);
    assert_eq!(written(&mut place, found), Ok(&wire[..]), "{kind:?}");
}

#[test]
fn every_type_is_sent_and_read() {
    is_sent_as(-2, ValueType::I32, &[0xfe, 0xff, 0xff, 0xff]);
    is_sent_as(true, ValueType::I32, &[1, 0, 0, 0]);
    is_sent_as(false, ValueType::I32, &[0; 4]);
    is_sent_as(0x0102_0304_u32, ValueType::U32, &[4, 3, 2, 1]);
    is_sent_as("abc", ValueType::Str, b"abc\0");
    is_sent_as("abcd", ValueType::Str, b"abcd\0\0\0\0");
    is_sent_as("", ValueType::Str, &[0; 4]);
    is_sent_as("é", ValueType::Str, &[0xc3, 0xa9, 0, 0]);
    is_sent_as(-2_i64, ValueType::I64, &(-2_i64).to_le_bytes());
    is_sent_as(u64::MAX - 1, ValueType::U64, &(u64::MAX - 1).to_le_bytes());
    is_sent_as(1.5_f32, ValueType::F32, &[0, 0, 0xc0, 0x3f]);
    is_sent_as(1.5_f64, ValueType::F64, &1.5_f64.to_le_bytes());
    is_sent_as(b"foo", ValueType::Raw, b"foo\0");
    is_sent_as(&b""[..], ValueType::Raw, b"");
    is_sent_as(Array::<u8>::new(&[1, 2, 3]), ValueType::U8s, &[1, 2, 3, 0]);
    is_sent_as(&[1_u16, 2, 3], ValueType::U16s, &[1, 0, 2, 0, 3, 0, 0, 0]);
    is_sent_as(&[1_u32], ValueType::U32s, &[1, 0, 0, 0]);
    is_sent_as(&[-1_i8, 2], ValueType::I8s, &[0xff, 2, 0, 0]);
    is_sent_as(&[-1_i16], ValueType::I16s, &[0xff, 0xff, 0, 0]);
    is_sent_as(&[-1, 1], ValueType::I32s, &[255, 255, 255, 255, 1, 0, 0, 0]);
    is_sent_as(&[7_u64], ValueType::U64s, &7_u64.to_le_bytes());
    is_sent_as(&[-7_i64], ValueType::I64s, &(-7_i64).to_le_bytes());
    is_sent_as(&[1.5_f32], ValueType::F32s, &1.5_f32.to_le_bytes());
    is_sent_as(&[1.5_f64][..], ValueType::F64s, &1.5_f64.to_le_bytes());
    is_sent_as(&[0_f64; 0], ValueType::F64s, &[]);
}

#[test]
fn there_are_18_types_with_a_number_and_a_name_each() {
    assert_eq!(ValueType::ALL.len(), 18);
    let known = (0..=255).filter_map(ValueType::from_u8);
    assert!(known.eq(ValueType::ALL.iter().copied()));
    for (number, kind) in ValueType::ALL.iter().enumerate() {
        assert_eq!(ValueType::from_u8(*kind as u8), Some(*kind));
        let names = ValueType::ALL.iter().map(|other| other.name());
        assert_eq!(
            names.take_while(|name| *name != kind.name()).count(),
            number
        );
    }
}

#[test]
fn an_unknown_type_is_written_as_it_was_read_and_a_known_one_is_not_faked() {
    let mut place = [0; 128];
    let unknown = Value::Unknown {
        kind: 0x55,
        bytes: &[1, 2, 3, 4],
    };
    let wire = written(&mut place, unknown).expect("there is room");
    assert_eq!(read(wire), unknown);
    let faked = Value::Unknown {
        kind: 0x00,
        bytes: &[1, 2, 3],
    };
    let refused = written(&mut place, faked).expect_err("an i32 has four bytes");
    assert_eq!(
        refused.to_string(),
        "at byte 44: type 00 is known: write its own value"
    );
}

#[test]
fn a_string_with_a_nul_is_refused_wherever_it_comes_from() {
    let mut place = [0; 128];
    for text in ["\0", "a\0", "a\0b"] {
        assert!(written(&mut place, text).is_err());
        assert!(written(&mut place, Value::Str(text)).is_err());
    }
}

#[test]
fn numbers_are_taken_as_others_only_where_they_fit() {
    for (value, signed, unsigned) in [
        (Value::I32(-1), Some(-1), None),
        (Value::U32(u32::MAX), Some(0xffff_ffff), Some(0xffff_ffff)),
        (Value::I64(i64::MIN), Some(i64::MIN), None),
        (Value::I64(5), Some(5), Some(5)),
        (Value::U64(u64::MAX), None, Some(u64::MAX)),
        (Value::F64(1.0), None, None),
        (Value::Str("1"), None, None),
        (Value::Raw(&[1, 0, 0, 0]), None, None),
    ] {
        assert_eq!(
            (value.as_i64(), value.as_u64()),
            (signed, unsigned),
            "{value:?}"
        );
    }
    assert_eq!(Value::F32(1.5).as_f64(), Some(1.5));
    assert_eq!(Value::F64(2.5).as_f64(), Some(2.5));
    assert_eq!(Value::I32(-3).as_f64(), Some(-3.0));
    assert_eq!(
        Value::U64(u64::MAX).as_f64(),
        Some(1.844_674_407_370_955_2e19)
    );
    assert_eq!(Value::Str("1").as_f64(), None);
    assert_eq!(Value::Str("one").as_str(), Some("one"));
    assert_eq!(Value::Raw(b"one").as_str(), None);
}
