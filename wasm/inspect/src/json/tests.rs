use wigwag_codec::minijson::json;

use super::*;
use crate::Direction;

fn of(protocol: Protocol, bytes: &[u8]) -> String {
    let mut text = String::new();
    let direction = Direction::ToServer;
    frame(
        Frame {
            protocol,
            direction,
            bytes,
        },
        &mut text,
    );
    crate::text::json::Reader::new(&text).raw().unwrap();
    text
}

#[test]
fn values_lose_nothing() {
    let value =
        b"\x4a\x08\x16\x17\x18\x07\x20\0\0\0\0\0\0\x18\x09\x01\0\0\0\0\0\0\0\0\x09\x3f\x80\0\0\
        \x0a\x7f\xf8\0\0\0\0\0\0\x83a\"\n\x61\x03\x05\x40\x50";
    let expected = r#"[null,true,false,{"$int":"9007199254740992"},{"$int":"18446744073709551616"},{"$f32":"3f800000"},{"$f64":"7ff8000000000000"},"a\"\n",{"$map":[[5,[]]]},{"$map":[]}]"#;
    assert_eq!(of(Protocol::Minijson, value), expected);
}

#[test]
fn what_cannot_be_read_is_told_with_its_bytes() {
    let expected = r#"{"error":{"kind":"UnknownType","offset":1,"message":"unknown type byte 0x1c"},"hex":"411c"}"#;
    assert_eq!(of(Protocol::Minijson, &[0x41, 0x1c]), expected);
    let expected = r#"{"error":{"kind":"Truncated","offset":3,"message":"the frame ends too early"},"hex":"000000"}"#;
    assert_eq!(of(Protocol::Ngtt, &[0; 3]), expected);
    assert_eq!(of(Protocol::Prefix, &[0; 3]), expected);
    let text = of(Protocol::Ngtt, &[0, 0, 0, 1, 0, 2, 0, 99, 0x1c]);
    let expected = r#"{"tid":2,"type":99,"name":"UNKNOWN","payload_hex":"1c","payload_error":{"kind":"UnknownType","offset":0,"message":"unknown type byte 0x1c"}}"#;
    assert_eq!(text, expected);
    assert!(of(Protocol::Prefix, &[0, 0, 0, 0, 1]).contains("Trailing"));
    assert!(of(Protocol::Ngtt, &[0; 9]).contains("Trailing"));
    assert_eq!(of(Protocol::Unknown, &[1]), r#"{"hex":"01"}"#);
    assert!(of(Protocol::Ncp, b"no").contains(r#""kind":"Truncated""#));
}

#[test]
fn the_deepest_value_is_written() {
    let mut deep = vec![0x61; 127];
    deep.iter_mut().for_each(|byte| *byte = 0x41);
    deep.extend([0x61, 3, 5, 8]);
    let text = of(Protocol::Minijson, &deep);
    assert!(
        text.ends_with(&format!("{{\"$map\":[[5,null]]}}{}", "]".repeat(127))),
        "{text}"
    );
}

#[test]
fn the_editable_form_reads_back() {
    let text = r#"{
  "a": [1, 2.5, "x"],
  "b": {"$map": [
    [5, true],
    [{"$bytes":"00"}, null]
  ]},
  "c": [
    {
      "d": []
    }
  ],
  "e": {"$f64": 0.1}
}"#;
    let mut bytes = [0; 256];
    let length = json::read(text.as_bytes(), &mut bytes);
    let parsed = Value::parse(&bytes[..length.unwrap()]).unwrap();
    let mut written = String::new();
    write_value(parsed, Style::Editable, 0, &mut written);
    assert_eq!(written, text);
}
