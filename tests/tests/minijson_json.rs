//! JSON text: what the reader takes and refuses, and how values are shown.

use wigwag_codec::minijson::{ErrorKind, Floats, Limits, Options, Value, json};
use wigwag_harness::tagged::{from_hex, to_hex};
use wigwag_tests::minijson::deep;

#[track_caller]
fn reads(text: &str, hex: &str) {
    let mut out = [0; 1024];
    let length = json::read(text.as_bytes(), &mut out).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert_eq!(to_hex(&out[..length]), hex.replace(' ', ""), "{text}");
}

#[track_caller]
fn refused(text: &str, kind: ErrorKind, offset: usize) {
    let mut out = [0; 1024];
    let error = json::read(text.as_bytes(), &mut out).expect_err(text);
    assert_eq!((error.kind, error.offset), (kind, offset), "{text}");
}

/// Written so, and read back to the same bytes.
#[track_caller]
fn shows(hex: &str, text: &str) {
    let bytes = from_hex(hex).unwrap();
    let mut shown = String::new();
    json::write(Value::parse(&bytes).unwrap(), &mut shown).unwrap();
    assert_eq!(shown, text);
    reads(&shown, hex);
}

#[test]
fn plain_values() {
    shows("08", "null");
    shows("43161740", "[true,false,[]]");
    shows("50", "{}");
    shows("52016103010162 50", r#"{"a":1,"b":{}}"#);
    shows("18050100000000", "4294967296");
    shows(
        "1811 80000000000000000000000000000000 00",
        "-43556142965880123323311949751266331066368",
    );
    shows("80", r#""""#);
    reads(" [ 1 ,\t2\r\n] ", "42 0301 0302");
    reads(r#" { "a" : { } } "#, "51 0161 50");
    reads("-0", "0300");
    reads("[[],[[]],{}]", "43 40 41 40 50");
}

#[test]
fn floats_are_shown_with_a_point_or_an_exponent() {
    shows("093f800000", "1.0");
    shows("0980000000", "-0.0");
    shows("093dcccccd", "0.1");
    shows("095a0e1bca", "1e16");
    shows("0900000001", "1e-45");
    shows("097f7fffff", "3.4028235e38");
    shows("097fc00001", r#"{"$f32":"7fc00001"}"#);
    let infinite = Value::parse(b"\x0a\xff\xf0\0\0\0\0\0\0").unwrap();
    assert_eq!(format!("{infinite:?}"), r#"{"$f64":"fff0000000000000"}"#);
    let double = Value::parse(b"\x0a\x3f\xb9\x99\x99\x99\x99\x99\x9a").unwrap();
    assert_eq!(format!("{double:?}"), "0.1");
}

#[test]
fn decimal_digits_become_the_width_asked_for() {
    let read = |text: &str, floats| {
        let mut out = [0; 16];
        let options = Options::new().with_floats(floats);
        let length = json::read_with(text.as_bytes(), &mut out, options, Limits::new())?;
        Ok::<_, wigwag_codec::minijson::Error>(to_hex(&out[..length]))
    };
    assert_eq!(read("0.1", Floats::Single).unwrap(), "093dcccccd");
    assert_eq!(read("0.1", Floats::Double).unwrap(), "0a3fb999999999999a");
    assert_eq!(read("0.1", Floats::Kept).unwrap(), "0a3fb999999999999a");
    assert_eq!(read("1E2", Floats::Single).unwrap(), "0942c80000");
    // By way of a double this would be rounded up to 1.0000001.
    let above_half = "1.000000059604644775390626";
    assert_eq!(read(above_half, Floats::Single).unwrap(), "093f800001");
    let below_half = "1.00000005960464477539062499999999999999";
    assert_eq!(read(below_half, Floats::Single).unwrap(), "093f800000");
    assert_eq!(
        read("1e39", Floats::Single).unwrap_err().kind,
        ErrorKind::FloatTooLarge
    );
    assert_eq!(
        read("-1e309", Floats::Double).unwrap_err().kind,
        ErrorKind::FloatTooLarge
    );
    assert_eq!(
        read("1e-999", Floats::Double).unwrap(),
        "0a0000000000000000"
    );
}

#[test]
fn text_and_its_escapes() {
    shows("83 22 5c 2f", r#""\"\\/""#);
    shows("86 0a 0d 09 01 1f 7f", "\"\\n\\r\\t\\u0001\\u001f\u{7f}\"");
    shows("86 c3a9 f09f9880", "\"é😀\"");
    reads(r#""\u00e9\uD83D\uDE00\/\b\f""#, "89 c3a9 f09f9880 2f 08 0c");
    reads(r#"{"\u0061\u0062":"\n"}"#, "51 02 6162 81 0a");
    let long = format!("\"{}\\n\"", "x".repeat(127));
    reads(&long, &format!("0080{}0a", "78".repeat(127)));
    for (text, kind, offset) in [
        (r#""\ud83d""#, ErrorKind::LoneSurrogate, 1),
        (r#""\ude00\ud83d""#, ErrorKind::LoneSurrogate, 1),
        (r#""\ud83d\u0041""#, ErrorKind::LoneSurrogate, 1),
        (r#""\ud83d\ud83d""#, ErrorKind::LoneSurrogate, 1),
        (r#""\ud83d\ue000""#, ErrorKind::LoneSurrogate, 1),
        (r#""\x41""#, ErrorKind::InvalidToken, 1),
        (r#""\u00g0""#, ErrorKind::InvalidToken, 1),
        (r#""\u00"#, ErrorKind::UnexpectedEnd, 1),
        ("\"a\nb\"", ErrorKind::UnexpectedByte(b'\n'), 2),
        ("\"abc", ErrorKind::UnexpectedEnd, 4),
    ] {
        refused(text, kind, offset);
    }
    let mut out = [0; 8];
    let error = json::read(b"\"\xc3(\"", &mut out).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::InvalidUtf8, 1));
}

#[test]
fn what_json_does_not_have_has_a_marker() {
    shows("190200ff", r#"{"$bytes":"00ff"}"#);
    shows(
        "62 0301 16 8161 1900",
        r#"{"$map":[[1,true],["a",{"$bytes":""}]]}"#,
    );
    shows("61 1901ff 03 02", r#"{"$map":[[{"$bytes":"ff"},2]]}"#);
    reads(
        r#"{"$int":"-18446744073709551617"}"#,
        "1809 feffffffffffffffff",
    );
    reads(r#"{ "$f32" : "3f800000" }"#, "093f800000");
    reads(r#"{"$f64":"7ff0000000000001"}"#, "0a7ff0000000000001");
    reads(r#"{"$map":[]}"#, "50");
    // Text keys make a map with text keys, whatever the notation.
    reads(
        r#"{"$map":[["a",1],["b",{"$map":[]}]]}"#,
        "52 0161 0301 0162 50",
    );
    // A map that would be taken for a marker is shown as pairs.
    shows("51 0624 6279746573 03 01", r#"{"$map":[["$bytes",1]]}"#);
    shows("52 0161 08 0424 6d6170 08", r#"{"a":null,"$map":null}"#);
}

#[test]
fn malformed_markers_are_refused() {
    for (text, offset) in [
        (r#"{"$bytes":"0"}"#, 0),
        (r#"{"$bytes":"0g"}"#, 0),
        (r#"{"$bytes":5}"#, 10),
        (r#"{"$bytes":"00","a":1}"#, 14),
        (r#"{"$f32":"3f8000"}"#, 0),
        (r#"{"$int":"1.5"}"#, 0),
        (r#"{"$int":5}"#, 8),
        (r#"{"$f64":1,"a":2}"#, 9),
        (r#"{"$map":{}}"#, 8),
        (r#"{"$map":[1]}"#, 9),
        (r#"{"$map":[["a"]]}"#, 13),
        (r#"{"$map":[["a",1,2]]}"#, 15),
        (r#"{"$map":[["a",1]],"b":2}"#, 17),
    ] {
        refused(text, ErrorKind::InvalidMarker, offset);
    }
    refused(r#"{"$map":[[[],1]]}"#, ErrorKind::ContainerAsKey, 10);
    refused(r#"{"$map":[[{},1]]}"#, ErrorKind::ContainerAsKey, 10);
}

#[test]
fn what_is_not_json_is_refused() {
    use ErrorKind::{InvalidToken, TrailingBytes, UnexpectedByte, UnexpectedEnd};
    for (text, kind, offset) in [
        ("", UnexpectedEnd, 0),
        ("  ", UnexpectedEnd, 2),
        ("[1", UnexpectedEnd, 2),
        ("[1,]", UnexpectedByte(b']'), 3),
        ("[,1]", UnexpectedByte(b','), 1),
        ("[1 2]", UnexpectedByte(b'2'), 3),
        ("{\"a\"}", UnexpectedByte(b'}'), 4),
        ("{\"a\":1,}", UnexpectedByte(b'}'), 7),
        ("{a:1}", UnexpectedByte(b'a'), 1),
        ("{1:1}", UnexpectedByte(b'1'), 1),
        ("1 1", TrailingBytes, 2),
        ("nul", InvalidToken, 0),
        ("truE", InvalidToken, 0),
        ("NaN", UnexpectedByte(b'N'), 0),
        ("01", InvalidToken, 0),
        ("-", InvalidToken, 0),
        ("1.", InvalidToken, 0),
        (".5", UnexpectedByte(b'.'), 0),
        ("1e", InvalidToken, 0),
        ("+1", UnexpectedByte(b'+'), 0),
        ("nullx", TrailingBytes, 4),
        ("'a'", UnexpectedByte(b'\''), 0),
    ] {
        refused(text, kind, offset);
    }
    let digits = "9".repeat(700);
    let mut out = [0; 1024];
    let error = json::read(digits.as_bytes(), &mut out).unwrap_err();
    assert_eq!(error.kind, ErrorKind::IntegerTooLarge);
}

#[test]
fn keys_of_more_than_255_bytes_make_a_map_with_any_keys() {
    let key = "k".repeat(256);
    let hex = "6b".repeat(256);
    reads(
        &format!("{{\"a\":1,\"{key}\":2}}"),
        &format!("62 8161 0301 0d0100 {hex} 0302"),
    );
}

#[test]
fn limits_and_order_hold_for_text() {
    let mut out = vec![0; 4096];
    let read = |text: &str, options, limits, out: &mut [u8]| {
        json::read_with(text.as_bytes(), out, options, limits).map_err(|error| error.kind)
    };
    let deepest = format!("{}{}", "[".repeat(128), "]".repeat(128));
    assert_eq!(read(&deepest, Options::new(), deep(), &mut out), Ok(128));
    let deeper = format!("[{deepest}]");
    let refused = read(&deeper, Options::new(), deep(), &mut out);
    assert_eq!(refused, Err(ErrorKind::TooDeep));
    let refused = read(
        "[1,2]",
        Options::new(),
        Limits::new().with_items(2),
        &mut out,
    );
    assert_eq!(refused, Err(ErrorKind::TooManyItems));
    let refused = read(
        "[1]",
        Options::new(),
        Limits::new().with_length(2),
        &mut out,
    );
    assert_eq!(refused, Err(ErrorKind::InputTooLong));
    for room in 0..12 {
        let refused = read(
            "{\"b\":1,\"a\":2}",
            Options::new(),
            deep(),
            &mut out[..room],
        );
        assert_eq!(refused.is_ok(), room >= 9, "{room}");
    }
    let sorted = Options::new().with_strict_order(true);
    let length = read("{\"b\":1,\"a\":2}", sorted, deep(), &mut out).unwrap();
    assert_eq!(to_hex(&out[..length]), "520161030201620301");
}
