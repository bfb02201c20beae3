use super::*;
use crate::Direction;

fn shown(protocol: Protocol, bytes: &[u8]) -> String {
    let direction = Direction::ToDevice;
    to_json(Frame {
        protocol,
        direction,
        bytes,
    })
}

/// The byte of the text that is complained of, and what is said.
fn fault(protocol: Protocol, text: &str) -> (usize, String) {
    let error = from_json(protocol, text).unwrap_err();
    (error.position, error.message.into_owned())
}

#[test]
fn a_packet_is_edited_by_name_type_and_value() {
    let text = r#"{
  "type": "DSPC",
  "id": 1,
  "secs": 1600000000,
  "nanos": 5000,
  "info": "0000fc02",
  "fields": [
    {"name": "SWEP", "id": 9, "params": [
      {"name": "FSTA", "t": "u64", "v": 18446744073709551615},
      {"name": "DATA", "t": "f32[]", "v": [1.0, 0.1, "7fc00000"]},
      {"name": "BITS", "t": "i16[]", "v": [-1, 2]},
      {"name": "NAME", "t": "string", "v": "nöde \"1\""},
      {"name": "RAW", "t": "raw", "v": "00ff0000"},
      {"name": "ODD", "t": "unknown", "kind": 99, "v": "01020304"}
    ]},
    {"name": "E", "id": 0, "params": []}
  ]
}"#;
    let bytes = from_json(Protocol::Ncp, text).unwrap();
    assert_eq!(shown(Protocol::Ncp, &bytes), text);
    let empty = from_json(Protocol::Ncp, r#"{"type":"LINK"}"#).unwrap();
    assert_eq!(empty.len(), 40);
    assert_eq!(
        from_json(Protocol::Ncp, &shown(Protocol::Ncp, &empty)),
        Ok(empty)
    );
}

#[test]
fn what_decode_prints_is_taken_too() {
    let text = r#"{"tid":7,"type":1,"name":"ORDER","payload_hex":"1800","payload":{"$map":[["a",{"$f32":"3f800000"}]]}}"#;
    let bytes = from_json(Protocol::Ngtt, text).unwrap();
    assert_eq!(bytes[8..], *b"\x51\x01a\x09\x3f\x80\0\0");
    let text = r#"{"type":"A","fields":[{"name":"B","params":[{"v":["-5","6"],"t":"i32[]","name":"C"},{"name":"D","t":"f64","v":"3ff0000000000000"}]}]}"#;
    let bytes = from_json(Protocol::Ncp, text).unwrap();
    assert!(shown(Protocol::Ncp, &bytes).contains("[-5, 6]"));
    assert!(shown(Protocol::Ncp, &bytes).contains("\"v\": 1.0}"));
    assert_eq!(
        from_json(Protocol::Prefix, "\"00ff\""),
        Ok(vec![0, 0, 0, 2, 0, 255])
    );
}

#[test]
fn frames_that_cannot_be_read_stay_bytes() {
    for protocol in [
        Protocol::Ngtt,
        Protocol::Ncp,
        Protocol::Prefix,
        Protocol::Minijson,
        Protocol::Unknown,
    ] {
        let text = shown(protocol, b"\0\0\x1c");
        assert_eq!(text, "{\"hex\": \"00001c\"}", "{protocol:?}");
        assert_eq!(from_json(protocol, &text), Ok(b"\0\0\x1c".to_vec()));
    }
    let frame = [0, 0, 0, 1, 0, 7, 0, 99, 0x1c];
    let text = shown(Protocol::Ngtt, &frame);
    assert_eq!(
        text,
        "{\n  \"tid\": 7,\n  \"type\": 99,\n  \"payload_hex\": \"1c\"\n}"
    );
    assert_eq!(from_json(Protocol::Ngtt, &text), Ok(frame.to_vec()));
    // A map with this key is a map.
    for map in [
        b"\x52\x03hex\x8200\x01a\x08".as_slice(),
        b"\x51\x03hex\x8200",
    ] {
        let text = shown(Protocol::Minijson, map);
        assert_eq!(
            from_json(Protocol::Minijson, &text),
            Ok(map.to_vec()),
            "{text}"
        );
    }
}

#[test]
fn faults_are_told_at_their_place() {
    for (text, position, message) in [
        ("", 0, "an object is due here"),
        ("{\"tid\":7}", 0, "needs a `type`"),
        ("{\"tid\":70000,\"type\":1}", 7, "from 0 to 65535"),
        (
            "{\"tid\":7,\"type\":\"ORDERS\"}",
            16,
            "the types are PING, ORDER",
        ),
        ("{\"tid\":7,\"type\":1,\"payload\":[1,nul]}", 31, "null"),
        ("{\"tid\":7,\"type\":1,\"payload\":[1,1e99]}", 31, "float"),
        (
            "{\"tid\":7,\"type\":1,\"payload\":[{\"$bytes\":\"0\"}]}",
            29,
            "marker",
        ),
        ("{\"tid\":7,\"tid\":8}", 15, "came before"),
        ("{\"tid\":7,\"typ\":8}", 15, "nothing else"),
        ("{\"tid\":7,\"type\":1} x", 19, "behind the end"),
        ("{\"hex\":\"0g\"}", 9, "hex digits"),
    ] {
        let (at, said) = fault(Protocol::Ngtt, text);
        assert!(said.contains(message), "{text}: {said}");
        assert_eq!(at, position, "{text}: {said}");
    }
    for (text, position, message) in [
        (
            r#"{"type":"A","fields":[{"name":"B","params":[{"name":"C","t":"i8[]","v":[1,200]}]}]}"#,
            74,
            "no number of type i8",
        ),
        (
            r#"{"type":"A","fields":[{"name":"B","params":[{"name":"C","t":"i9","v":1}]}]}"#,
            60,
            "the types are i32",
        ),
        (
            r#"{"type":"A","fields":[{"name":"B","params":[{"name":"C","t":"f32","v":1e39}]}]}"#,
            70,
            "f32",
        ),
        (
            r#"{"type":"A","fields":[{"name":"TOOLONG"}]}"#,
            30,
            "four characters",
        ),
        (r#"{"type":"A","nanos":1000000000}"#, 20, "nanoseconds"),
        (
            r#"{"type":"A","fields":[{"name":"B","params":[{"name":"C","t":"string","v":"a\u0000"}]}]}"#,
            73,
            "NUL",
        ),
        (
            r#"{"type":"A","fields":[{"name":"B","params":[{"name":"C","t":"unknown","kind":2,"v":"00"}]}]}"#,
            77,
            "is known",
        ),
        (r#"{"fields":[]}"#, 0, "needs a `type`"),
    ] {
        let (at, said) = fault(Protocol::Ncp, text);
        assert!(said.contains(message), "{text}: {said}");
        assert_eq!(at, position, "{text}: {said}");
    }
    assert!(fault(Protocol::Unknown, "1").1.contains("not known"));
}

#[test]
fn hostile_texts_end() {
    let deep = "[".repeat(1_000_000);
    for protocol in [
        Protocol::Ngtt,
        Protocol::Ncp,
        Protocol::Prefix,
        Protocol::Minijson,
    ] {
        for text in [
            deep.as_str(),
            "{\"a\":",
            "{\"hex\":\"00\"",
            "\"",
            "{\"payload\":{\"$map\":[[",
        ] {
            assert!(
                from_json(protocol, text).is_err(),
                "{protocol:?} {text:.20}"
            );
        }
        let payload = format!("{{\"tid\":1,\"type\":1,\"payload\":{deep}");
        assert!(from_json(protocol, &payload).is_err());
    }
    // 128 levels, and one more.
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(
        from_json(Protocol::Minijson, &nested(128)).map(|bytes| bytes.len()),
        Ok(128)
    );
    assert_eq!(fault(Protocol::Minijson, &nested(129)).0, 128);
    // A number of 255 bytes, and one of 700 digits.
    assert!(from_json(Protocol::Minijson, &"9".repeat(610)).is_ok());
    assert!(
        fault(Protocol::Minijson, &"9".repeat(700))
            .1
            .contains("255 bytes")
    );
    // A million elements.
    let million = format!("[{}1]", "1,".repeat(999_999));
    assert_eq!(
        from_json(Protocol::Minijson, &million).map(|bytes| bytes.len()),
        Ok(2_000_005)
    );
}
