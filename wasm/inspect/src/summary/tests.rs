use wigwag_codec::minijson::json;
use wigwag_codec::ncp::packet;
use wigwag_codec::ngtt::{FrameHead, FrameType};

use super::*;
use crate::Direction;

fn of(protocol: Protocol, bytes: &[u8]) -> String {
    let direction = Direction::ToServer;
    let line = summary(Frame {
        protocol,
        direction,
        bytes,
    });
    assert!(line.chars().count() <= MAX_CHARS, "{line}");
    assert!(!line.chars().any(char::is_control), "{line}");
    line
}

fn ngtt(kind: FrameType, text: &str) -> String {
    let mut payload = vec![0; text.len() * 4 + 16];
    let length = match text {
        "" => 0,
        text => json::read(text.as_bytes(), &mut payload).unwrap(),
    };
    payload.truncate(length);
    of(Protocol::Ngtt, &framed(kind, &payload))
}

fn framed(kind: FrameType, payload: &[u8]) -> Vec<u8> {
    let mut bytes = FrameHead { tid: 7, kind }
        .header(payload.len() as u32)
        .to_vec();
    bytes.extend(payload);
    bytes
}

#[test]
fn orders_by_what_they_do() {
    let text = r#"[{"orders":[{"type":"write","path":"W1","value":5},{"type":"read","path":"W2"}]},
        {"orders":[{"type":"wait","time":2.5},{"type":"sysctl","op_type":"reboot","op_args":""},
        {"type":"message","uuid":"u-1"},{"type":"dance","steps":[1,{"a":null}]}],"disposition":1}]"#;
    let expected = "6 commands: write W1 = 5, read W2 | wait 2.5 s, sysctl reboot \"\", message u-1, \
        {type: \"dance\", steps: [1, …";
    let line = ngtt(FrameType::Order, text);
    assert!(line.starts_with(&expected[..100]), "{line}");
    assert_eq!(ngtt(FrameType::Order, "[]"), "no commands");
    let one = r#"[{"orders":[{"type":"read","path":"W2"}]}]"#;
    assert_eq!(ngtt(FrameType::Order, one), "read W2");
}

#[test]
fn readings_logs_and_objects() {
    let data = r#"[{"path":"W1","values":[[1623859239706,241],[1623859239707,242]]},
        {"path":"W2","values":[[false,1623859239706,"timeout"]]},{"path":"W3","values":[]}]"#;
    let expected = "3 pathpoints: W1 = 241 (+1), W2 timeout, W3";
    assert_eq!(ngtt(FrameType::DataStream, data), expected);
    let logs = r#"[{"service":"pump","when":1,"message":"a\nb","level":40,"exception_text":"E"},
        {"service":"s","when":1,"message":{"encoding":"base64-gzip","content":"abcd"},"level":7}]"#;
    let expected = "2 entries: error pump: a b (E), level 7 s: (4 bytes of base64-gzip)";
    assert_eq!(ngtt(FrameType::Logs, logs), expected);
    let request = ngtt(FrameType::SyncBaobRequest, r#"{"a":3,"b":-1}"#);
    assert_eq!(request, "2 objects: a 3, b -1");
    let response = ngtt(
        FrameType::SyncBaobResponse,
        r#"{"download":["a","b"],"upload":[]}"#,
    );
    assert_eq!(response, "download a, b; upload nothing");
}

#[test]
fn frames_without_payload_say_what_they_are_for() {
    assert_eq!(ngtt(FrameType::OrderConfirm, ""), "the order was executed");
    assert_eq!(ngtt(FrameType::OrderReject, ""), "the order was refused");
    assert_eq!(
        of(Protocol::Ngtt, &[0; 7]),
        "malformed: the frame ends inside its header"
    );
}

#[test]
fn another_form_than_expected_is_shown_as_it_is() {
    assert_eq!(ngtt(FrameType::Order, "5"), "5");
    assert_eq!(
        ngtt(FrameType::Logs, r#"[{"a":[1,[],{}]}]"#),
        "{a: [1, [], {}]}"
    );
    assert_eq!(
        ngtt(FrameType::Unknown(99), r#"{"a":{"$bytes":"00ff"}}"#),
        "{a: 0x00ff}"
    );
    let broken = framed(FrameType::Order, &[0x42, 3, 1, 0x1c]);
    let expected = "[1, malformed: unknown type byte 0x1c (at byte 11)";
    assert_eq!(of(Protocol::Ngtt, &broken), expected);
}

#[test]
fn packets_by_their_fields() {
    let mut place = [0; 256];
    let wire = packet(&mut place, "DSPC")
        .field("SWEP")
        .param("FSTA", 100_u64)
        .param("DATA", &[1.0_f32, 2.5, 3.0, 4.0][..])
        .param("NAME", "no\nde")
        .field("TIME")
        .param("SAMP", -1)
        .finish()
        .unwrap();
    let expected = "SWEP FSTA=100 DATA=f32[4](1.0, 2.5, 3.0, …) NAME=\"no de\"; TIME SAMP=-1";
    assert_eq!(of(Protocol::Ncp, wire), expected);
    let wire = packet(&mut place, "LINK").finish().unwrap();
    assert_eq!(of(Protocol::Ncp, wire), "keep-alive");
    let cut = of(Protocol::Ncp, &wire.to_vec()[..39]);
    assert_eq!(cut, "malformed: at byte 39: the packet ends too early");
}

#[test]
fn messages_as_text_or_digits() {
    assert_eq!(of(Protocol::Prefix, b"\0\0\0\x05hello"), "hello");
    assert_eq!(of(Protocol::Prefix, b"\0\0\0\x02\x00\xff"), "00ff");
    assert_eq!(of(Protocol::Prefix, b"\0\0"), "");
    let long = [b"\0\x01\0\0".as_slice(), "é".repeat(40_000).as_bytes()].concat();
    assert_eq!(of(Protocol::Prefix, &long), format!("{}…", "é".repeat(119)));
}

#[test]
fn huge_payloads_take_no_longer() {
    // Ten million elements, of which the first are looked at.
    let mut payload = vec![0x10, 0, 0x98, 0x96, 0x80];
    payload.resize(payload.len() + 10_000_000, 0x08);
    let start = std::time::Instant::now();
    for _ in 0..1000 {
        let line = of(Protocol::Minijson, &payload);
        assert!(line.starts_with("[null, null, "), "{line}");
    }
    // Reading everything a thousand times would take minutes.
    assert!(start.elapsed().as_secs() < 10);
}

#[test]
fn deep_and_cut_values_end() {
    let deep = vec![0x41; 1000];
    assert!(of(Protocol::Minijson, &deep).starts_with("[[["));
    let whole = b"\x52\x04path\x82W1\x06values\x42\x03\x01\x19\x02ab";
    for cut in 0..whole.len() {
        of(Protocol::Minijson, &whole[..cut]);
        of(Protocol::Ngtt, &whole[..cut]);
        of(Protocol::Ncp, &whole[..cut]);
        of(Protocol::Unknown, &whole[..cut]);
    }
}
