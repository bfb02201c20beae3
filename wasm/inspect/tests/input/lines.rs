//! JSON lines.

use wigwag_inspect::input::{Kind, Options};
use wigwag_inspect::{About, ConnectionId, Direction, Piece, Protocol};

use crate::common::{bytes_of, gap_of, read, read_as, read_with};

const TEXT: &str = r#"{"event": "open", "connection": 3, "time": 5, "protocol": "ncp", "device": "one", "server": "two"}
{"connection": 3, "direction": "to_device", "time": 6, "hex": "0A 0b", "row": 4, "value": {"deep": [1, {}]}}

{"connection": 3, "direction": "to_server", "time": 7, "hex": "0c"}
{"event": "gap", "connection": 3, "direction": "to_server", "time": 8, "missing": 9, "aligned": true}
{"event": "end", "connection": 3, "time": 10, "reason": "gone \u2014 so"}"#;

#[test]
fn objects_say_what_records_of_captures_say() {
    let read = read(TEXT);
    let connection = ConnectionId(3);
    let about = About {
        protocol: Some(Protocol::Ncp),
        device: "one".into(),
        server: "two".into(),
    };
    let expected = [
        Piece::Open {
            connection,
            time: 5,
            about,
        },
        bytes_of(3, Direction::ToDevice, 6),
        bytes_of(3, Direction::ToServer, 7),
        gap_of(3, Direction::ToServer, 8, 9, true),
        Piece::End {
            connection,
            time: 10,
            reason: "gone — so".into(),
        },
    ];
    assert_eq!(read.kind, Some(Kind::JsonLines));
    assert_eq!(read.pieces, expected);
    assert_eq!(read.bytes, [vec![10, 11], vec![12]]);
}

#[test]
fn only_bytes_must_be_there() {
    let options = Options {
        direction: Direction::ToDevice,
        protocol: Some(Protocol::Ngtt),
        ..Options::default()
    };
    let read = read_with(&options, b"{\"hex\": \"0102\"}\r\n{\"hex\": \"03\"}\r\n");
    let about = About {
        protocol: Some(Protocol::Ngtt),
        ..About::default()
    };
    let expected = [
        Piece::Open {
            connection: ConnectionId(0),
            time: 0,
            about,
        },
        bytes_of(0, Direction::ToDevice, 0),
        bytes_of(0, Direction::ToDevice, 2),
    ];
    assert_eq!(read.pieces, expected);
    assert_eq!(read.bytes, [vec![1, 2], vec![3]]);
}

#[test]
fn a_hex_text_a_line_is_read() {
    let read = read_as(Kind::JsonLines, "0102\n 03 04\n\n{\"hex\":\"05\"}\n06");
    assert_eq!(read.all(), [1, 2, 3, 4, 5, 6]);
    assert!(read.problems().is_empty());
}

#[test]
fn numbers_of_other_tools_are_read() {
    let read = read(
        "{\"time\": 1.5e3, \"hex\": \"00\"}\n{\"time\": 18446744073709551615, \"hex\": \"01\"}\n",
    );
    let to_server = Direction::ToServer;
    assert_eq!(
        read.pieces[1..],
        [
            bytes_of(0, to_server, 1_500),
            bytes_of(0, to_server, u64::MAX)
        ]
    );
}

#[test]
fn a_wrong_line_has_its_place_and_the_others_are_read() {
    let cases = [
        ("{\"hex\": \"00\"", 12),
        ("{\"hex\": \"0x\"}", 10),
        ("{\"hex\": \"000\"}", 12),
        ("{\"hex\": 5}", 8),
        ("{\"time\": -1, \"hex\": \"00\"}", 9),
        ("{\"time\": 1e20, \"hex\": \"00\"}", 9),
        ("{\"time\": 18446744073709551616, \"hex\": \"00\"}", 9),
        ("{\"direction\": \"up\", \"hex\": \"00\"}", 18),
        ("{\"connection\": 4294967296, \"hex\": \"00\"}", 25),
        ("{\"hex\": \"00\"} {}", 14),
        ("{\"event\": \"order\", \"t\": 5}", 0),
        ("{\"event\": \"\\ud800\"}", 11),
        ("not hex", 0),
        ("00 0", 4),
    ];
    for (line, at) in cases {
        let text = format!("{{\"hex\": \"01\"}}\n{line}\n{{\"hex\": \"02\"}}\n");
        let read = read(&text);
        assert_eq!(read.all(), [1, 2], "{line}");
        let places: Vec<u64> = read.problems().iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [14 + at], "{line}: {:?}", read.problems());
    }
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let read =
        read(b"{\"hex\": \"01\"}\n{\"device\": \"\xff\", \"hex\": \"02\"}\n{\"hex\": \"03\"}\n");
    assert_eq!(read.all(), [1, 3]);
    assert_eq!(read.problems()[0].0, 26);
}

#[test]
fn a_frame_that_cannot_be_read_leaves_a_gap() {
    let read = read("{\"connection\": 1, \"hex\": \"0q\"}\n");
    assert_eq!(read.pieces[2], gap_of(1, Direction::ToServer, 0, 0, true));
}

#[test]
fn lines_without_bytes_are_told_once() {
    let log = "{\"event\": \"order\", \"t\": 5, \"tid\": 7}\n".repeat(50);
    let read = read(log + "{\"hex\": \"01\"}\n");
    assert_eq!((read.problems().len(), read.all()), (1, vec![1]));
}

#[test]
fn a_line_without_end_is_not_held() {
    let mut text = b"{\"hex\": \"01\"}\n{\"hex\": \"".to_vec();
    text.resize((33 << 20) + 1, b'0');
    text.extend(b"\n{\"hex\": \"02\"}\n");
    let read = crate::common::read_in(&Options::default(), &text, 1 << 20);
    assert_eq!(read.all(), [1, 2]);
    assert_eq!(read.problems()[0].0, 14);
}
