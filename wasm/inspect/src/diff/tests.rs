use wigwag_codec::minijson::json;
use wigwag_codec::ncp::packet;

use super::*;
use crate::{Direction, Protocol};

fn frame(protocol: Protocol, bytes: &[u8]) -> Frame<'_> {
    let direction = Direction::ToServer;
    Frame {
        protocol,
        direction,
        bytes,
    }
}

/// The changes, a line each.
fn lines(diff: &Diff) -> Vec<String> {
    let line = |c: &Change| format!("{} {} {} -> {}", c.path, c.how.name(), c.before, c.after);
    diff.changes.iter().map(line).collect()
}

fn minijson(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; 4 * text.len() + 16];
    let length = json::read(text.as_bytes(), &mut bytes).unwrap();
    bytes.truncate(length);
    bytes
}

fn values(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (minijson(before), minijson(after));
    of_bytes(&before, &after)
}

fn of_bytes(before: &[u8], after: &[u8]) -> Vec<String> {
    let (a, b) = (
        frame(Protocol::Minijson, before),
        frame(Protocol::Minijson, after),
    );
    assert_eq!(diff(a, a), Diff::default());
    lines(&diff(a, b))
}

#[test]
fn values_by_their_paths() {
    let before = r#"[{"orders":[{"path":"W1","value":5},{"path":"W2"}],"x":1}]"#;
    let after = r#"[{"orders":[{"path":"W0"},{"path":"W1","value":7},{"path":"W2"}],"y":true}]"#;
    let expected = [
        "payload[0].orders[0].path changed \"W1\" -> \"W0\"",
        "payload[0].orders[0].value removed 5 -> ",
        "payload[0].orders[1] added  -> 2 entries",
        "payload[0].x removed 1 -> ",
        "payload[0].y added  -> true",
    ];
    assert_eq!(values(before, after), expected);
    assert_eq!(values("[1,2,3,4]", "[1,3,4]"), ["payload[1] removed 2 -> "]);
    assert_eq!(
        values("[1]", "{\"a\":1}"),
        ["payload changed 1 element -> 1 entry"]
    );
    let text = "x".repeat(5000);
    let other = format!("{text}y");
    assert_eq!(
        values(&format!("\"{text}\""), &format!("\"{other}\"")).len(),
        1
    );
}

#[test]
fn the_same_value_in_other_bytes_is_told_as_such() {
    // 5 as i8 and i32, "a" short and long, 1.0 single and double, 5 and 5.0.
    let before = b"\x45\x03\x05\x81a\x09\x3f\x80\0\0\x03\x05\x51\x01a\x08";
    let after =
        b"\x07\x05\x01\0\0\0\x05\x00\x01a\x0a\x3f\xf0\0\0\0\0\0\0\x09\x40\xa0\0\0\x61\x81a\x08";
    let expected = [
        "payload[0] encoding 5 -> 5",
        "payload[1] encoding \"a\" -> \"a\"",
        "payload[2] encoding 1.0 -> 1.0",
        "payload[3] encoding 5 -> 5.0",
        "payload[4] encoding map 51 -> sdict 61",
    ];
    assert_eq!(of_bytes(before, after), expected);
    // 0.1 as a single is another number than 0.1 as a double.
    let single = minijson("0.1");
    let double = minijson("{\"$f64\":0.1}");
    assert_eq!(of_bytes(&single, &double), ["payload changed 0.1 -> 0.1"]);
    let order = values(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#);
    assert_eq!(order, ["payload encoding map 52 -> map 52"]);
}

#[test]
fn packets_by_field_and_parameter() {
    let (mut a, mut b) = ([0; 512], [0; 512]);
    let a = packet(&mut a, "DSPC")
        .numbered_field("SWEP", 9)
        .param("FSTA", 100)
        .param("FSTO", 5)
        .param("DATA", &[1.0_f32, 2.0, 3.0][..])
        .param("GONE", "text")
        .field("OLD")
        .finish()
        .unwrap();
    let b = packet(&mut b, "DSPC")
        .id(2)
        .numbered_field("SWEP", 9)
        .param("FSTA", 200)
        .param("FSTO", 5_u64)
        .param("DATA", &[1.0_f32, 3.0][..])
        .field("NEW")
        .param("A", 1)
        .finish()
        .unwrap();
    let (a, b) = (frame(Protocol::Ncp, a), frame(Protocol::Ncp, b));
    let expected = [
        "head.id changed 1 -> 2",
        "fields.SWEP.FSTA changed 100 -> 200",
        "fields.SWEP.FSTO encoding i32 5 -> u64 5",
        "fields.SWEP.DATA[1] removed 2.0 -> ",
        "fields.SWEP.GONE removed \"text\" -> ",
        "fields.OLD removed 0 parameters -> ",
        "fields.NEW added  -> 1 parameter",
    ];
    assert_eq!(lines(&diff(a, b)), expected);
    assert_eq!(diff(a, a), Diff::default());
}

#[test]
fn other_protocols_and_broken_frames_are_compared_as_far_as_they_go() {
    let told = diff(frame(Protocol::Ncp, b""), frame(Protocol::Ngtt, b""));
    assert_eq!(lines(&told), [" changed ncp -> ngtt"]);
    let a = [0, 0, 0, 3, 0, 7, 0, 1, 0x42, 8, 0x1c];
    let b = [0, 0, 0, 3, 0, 8, 0, 1, 0x42, 0x16, 0x1d];
    let told = diff(frame(Protocol::Ngtt, &a), frame(Protocol::Ngtt, &b));
    let expected = [
        "head.tid changed 7 -> 8",
        "payload[0] changed null -> true",
        " changed 1c -> 1d",
    ];
    assert_eq!(lines(&told), expected);
    for cut in 0..a.len() {
        for protocol in [Protocol::Ngtt, Protocol::Ncp, Protocol::Prefix] {
            let told = diff(frame(protocol, &a[..cut]), frame(protocol, &b));
            assert!(!told.changes.is_empty(), "{protocol:?} {cut}");
        }
    }
}

#[test]
fn huge_frames_take_a_bounded_time() {
    let million = |byte: u8| {
        let mut bytes = vec![0x10, 0, 0x0f, 0x42, 0x40];
        bytes.resize(1_000_005, byte);
        bytes
    };
    let (a, b) = (million(0x08), million(0x16));
    let told = diff(frame(Protocol::Minijson, &a), frame(Protocol::Minijson, &b));
    assert_eq!((told.changes.len(), told.is_cut), (MAX_CHANGES, true));
    let mut deep = vec![0x41; 127];
    let mut other = deep.clone();
    deep.extend([3, 1]);
    other.extend([3, 2]);
    let told = of_bytes(&deep, &other);
    assert_eq!(told.len(), 1, "{told:?}");
}
