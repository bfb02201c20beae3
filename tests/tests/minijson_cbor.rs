//! CBOR (RFC 8949): the examples of its appendix A that minijson has values for,
//! both ways, and the refusal of the others.

use wigwag_codec::minijson::{ErrorKind, Limits, Options, Value, cbor};
use wigwag_harness::tagged::{from_hex, to_hex};

#[track_caller]
fn reads(input: &str, minijson: &str) {
    let mut out = [0; 2048];
    let input = from_hex(input).unwrap();
    let length = cbor::read(&input, &mut out).unwrap_or_else(|e| panic!("{input:02x?}: {e}"));
    assert_eq!(to_hex(&out[..length]), minijson.replace(' ', ""));
}

/// Read to these bytes, and written from them again.
#[track_caller]
fn both_ways(cbor: &str, minijson: &str) {
    reads(cbor, minijson);
    let bytes = from_hex(minijson).unwrap();
    let mut out = [0; 2048];
    let length = cbor::write(Value::parse(&bytes).unwrap(), &mut out).unwrap();
    assert_eq!(to_hex(&out[..length]), cbor.replace(' ', ""));
}

#[track_caller]
fn refused(input: &str, kind: ErrorKind, offset: usize) {
    let mut out = [0; 2048];
    let error = cbor::read(&from_hex(input).unwrap(), &mut out).expect_err(input);
    assert_eq!((error.kind, error.offset), (kind, offset), "{input}");
}

#[test]
fn integers_of_any_size() {
    both_ways("00", "0300");
    both_ways("17", "0317");
    both_ways("1864", "0364");
    both_ways("1903e8", "0203e8");
    both_ways("1a000f4240", "0c0f4240");
    both_ways("1b000000e8d4a51000", "180600e8d4a51000");
    both_ways("1bffffffffffffffff", "180900ffffffffffffffff");
    both_ways("c249010000000000000000", "1809010000000000000000");
    both_ways("3bffffffffffffffff", "1809ff0000000000000000");
    both_ways("c349010000000000000000", "1809feffffffffffffffff");
    both_ways("20", "03ff");
    both_ways("3903e7", "02fc18");
    // Big numbers that are none, and leading zeros.
    reads("c2420001", "0301");
    reads("c240", "0300");
    reads("c340", "03ff");
    reads("c25f42010041ffff", "0c 0100ff");
    let most = format!("7f{}", "ff".repeat(254));
    both_ways(&format!("c258ff{most}"), &format!("18ff{most}"));
    let least = format!("80{}", "00".repeat(254));
    both_ways(&format!("c358ff{most}"), &format!("18ff{least}"));
    refused(
        &format!("c258ff80{}", "00".repeat(254)),
        ErrorKind::IntegerTooLarge,
        0,
    );
    refused(
        &format!("c2590100{}", "ff".repeat(256)),
        ErrorKind::IntegerTooLarge,
        0,
    );
}

#[test]
fn floats_keep_their_width_and_halves_become_singles() {
    both_ways("fa47c35000", "0947c35000");
    both_ways("fb3ff199999999999a", "0a3ff199999999999a");
    both_ways("fa7fc00000", "097fc00000");
    both_ways("fbfff0000000000000", "0afff0000000000000");
    reads("f93c00", "093f800000");
    reads("f97bff", "09477fe000");
    reads("f90001", "0933800000");
    reads("f9fc00", "09ff800000");
    reads("f97e00", "097fc00000");
}

#[test]
fn other_values() {
    both_ways("f4", "17");
    both_ways("f5", "16");
    both_ways("f6", "08");
    both_ways("40", "1900");
    both_ways("4401020304", "190401020304");
    both_ways("62c3bc", "82c3bc");
    both_ways("80", "40");
    both_ways("8301820203820405", "43 0301 42 0302 0303 42 0304 0305");
    both_ways("a0", "50");
    both_ways("a201020304", "62 0301 0302 0303 0304");
    both_ways("a26161016162820203", "52 0161 0301 0162 42 0302 0303");
    both_ways("826161a161626163", "42 8161 51 0162 8163");
    both_ways("a2 01 f6 6161 f6", "62 0301 08 8161 08");
    let long = "78".repeat(256);
    both_ways(
        &format!("a1790100{long}00"),
        &format!("61 0d0100 {long} 0300"),
    );
}

#[test]
fn indefinite_lengths_are_taken() {
    reads("5f42010243030405ff", "19050102030405");
    reads("7f657374726561646d696e67ff", "8973747265616d696e67");
    reads("9fff", "40");
    reads("9f018202039f0405ffff", "43 0301 42 0302 0303 42 0304 0305");
    reads("bf61610161629f0203ffff", "52 0161 0301 0162 42 0302 0303");
    reads("bf7f6161ff01ff", "51 0161 0301");
    reads("bf01f6ff", "61 0301 08");
    let many = format!("9f{}ff", "00".repeat(300));
    reads(&many, &format!("0f012c{}", "0300".repeat(300)));
}

#[test]
fn what_minijson_has_no_value_for_is_refused() {
    use ErrorKind::*;
    refused("f7", UnsupportedCbor, 0);
    refused("f0", UnsupportedCbor, 0);
    refused("f8ff", UnsupportedCbor, 0);
    refused("c11a514b67b0", UnsupportedCbor, 0);
    refused("8201d818456449455446", UnsupportedCbor, 2);
    refused("a1800 0".replace(' ', "").as_str(), ContainerAsKey, 1);
    refused("a1a000", ContainerAsKey, 1);
    refused("c201", InvalidCbor, 0);
}

#[test]
fn what_is_not_cbor_is_refused() {
    use ErrorKind::*;
    refused("", UnexpectedEnd, 0);
    refused("18", UnexpectedEnd, 0);
    refused("8201", CountTooLarge, 0);
    refused("820118", UnexpectedEnd, 2);
    refused("9bffffffffffffffff", CountTooLarge, 0);
    refused("bb8000000000000000", CountTooLarge, 0);
    refused("5bffffffffffffffff00", UnexpectedEnd, 0);
    refused("9f01", UnexpectedEnd, 2);
    refused("bf01ff", InvalidCbor, 1);
    refused("ff", InvalidCbor, 0);
    refused("81ff", InvalidCbor, 1);
    refused("1c", InvalidCbor, 0);
    refused("62c328", InvalidCbor, 0);
    refused("7f42c3a9ff", InvalidCbor, 0);
    refused("f9", UnexpectedEnd, 0);
    refused("0000", TrailingBytes, 1);
}

#[test]
fn limits_and_room_are_kept() {
    let mut out = [0; 64];
    let input = from_hex("8283010203a101a0").unwrap();
    let mut read = |limits: Limits, room: usize| {
        cbor::read_with(&input, &mut out[..room], Options::new(), limits).map_err(|e| e.kind)
    };
    assert_eq!(read(Limits::new(), 64), Ok(12));
    assert_eq!(read(Limits::new(), 12), Ok(12));
    assert_eq!(read(Limits::new(), 11), Err(ErrorKind::BufferFull));
    assert_eq!(read(Limits::new().with_depth(3), 64), Ok(12));
    assert_eq!(
        read(Limits::new().with_depth(2), 64),
        Err(ErrorKind::TooDeep)
    );
    assert_eq!(read(Limits::new().with_items(8), 64), Ok(12));
    assert_eq!(
        read(Limits::new().with_items(7), 64),
        Err(ErrorKind::TooManyItems)
    );
    assert_eq!(
        read(Limits::new().with_length(7), 64),
        Err(ErrorKind::InputTooLong)
    );
    let bytes = from_hex("4219016103 01".replace(' ', "").as_str()).unwrap();
    let value = Value::parse(&bytes).unwrap();
    for room in 0..4 {
        let error = cbor::write(value, &mut out[..room]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BufferFull);
    }
    assert_eq!(cbor::write(value, &mut out), Ok(4));
}
