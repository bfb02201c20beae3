//! What terms about fields of frames mean.

use wigwag_codec::ncp::packet;

use super::{minijson, table};
use crate::filter::Filter;
use crate::{ConnectionId, Direction, Piece, Protocol, Sink, Table};

fn rows(table: &Table, text: &str) -> Vec<u32> {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut out = Vec::new();
    let rows = table.columns().len() as u32;
    assert_eq!(filter.run(table, 0, u32::MAX, &mut out), rows, "{text}");
    for row in 0..rows {
        assert_eq!(filter.holds(table, row), out.contains(&row), "{text} {row}");
    }
    out
}

#[test]
fn fields_of_minijson_are_compared_by_their_values() {
    let table = table(&[
        r#"{"a":1,"s":"W1","l":[1,2,3],"t":true,"n":null}"#,
        r#"{"a":1.5,"s":"w10","l":[],"t":false}"#,
        r#"{"a":"1","s":"\u20ac","m":{"s":"W1"}}"#,
        r#"{"a":9007199254740993,"b":-170141183460469231731687303715884105729}"#,
        r#"[{"a":7},{"a":8}]"#,
    ]);
    for (text, expected) in [
        ("payload.a", &[0, 1, 2, 3][..]),
        ("payload.l", &[0, 1]),
        ("payload.m.s", &[2]),
        ("!payload.a", &[4]),
        ("payload.a == 1", &[0]),
        ("payload.a == 1.0", &[0]),
        ("payload.a != 1", &[1, 2, 3]),
        ("!(payload.a == 1)", &[1, 2, 3, 4]),
        ("payload.a > 1", &[1, 3]),
        ("payload.a >= 1.5", &[1, 3]),
        ("payload.a == 9007199254740993", &[3]),
        ("payload.a == 9007199254740992", &[]),
        ("payload.a > 9007199254740992.0", &[3]),
        ("payload.b < -170141183460469231731687303715884105728", &[3]),
        (
            "payload.b == -170141183460469231731687303715884105729",
            &[3],
        ),
        ("payload.b > -1.8e38", &[3]),
        ("payload.a == \"1\"", &[2]),
        ("payload.a in (1.5, \"1\", null)", &[1, 2]),
        ("payload.t == true", &[0]),
        ("payload.t != true", &[1]),
        ("payload.n == null", &[0]),
        ("payload.n != null", &[]),
        ("payload.s == \"W1\"", &[0]),
        ("payload.s > \"W\"", &[0, 1, 2]),
        ("payload.s contains \"1\"", &[0, 1]),
        ("payload.s ~ \"W1\"", &[0, 1]),
        ("payload.s matches \"^[Ww]\\d+$\"", &[0, 1]),
        ("payload.s matches \"\u{20ac}\"", &[2]),
        ("payload.l[*] == 2", &[0]),
        ("payload.l[*] != 2", &[]),
        ("payload.l[*] != 4", &[0]),
        ("payload.l[1] == 2", &[0]),
        ("payload[*].a == 8", &[4]),
        ("payload[*].a > 7 && payload[*].a < 8", &[4]),
        ("payload", &[0, 1, 2, 3, 4]),
        ("payload contains \"W1\"", &[0, 2]),
        ("payload ~ \"W1\"", &[0, 1, 2]),
        ("payload matches \"^w\"", &[1]),
        ("payload ~ \"s\"", &[]),
        ("payload contains x\"57 31\"", &[0, 2]),
        ("payload contains x\"\"", &[0, 1, 2, 3, 4]),
        ("protocol == minijson && payload.a == 1 || id == 3", &[0, 3]),
        ("fields.STAT", &[]),
        ("head.tid == 1", &[]),
    ] {
        assert_eq!(rows(&table, text), expected, "{text}");
    }
}

#[test]
fn fields_of_packets_are_compared_by_their_values() {
    let mut table = Table::default();
    let mut place = [0; 512];
    let wire = packet(&mut place, "DSPC").id(7);
    let wire = wire.field("STAT").param("LEVL", 5).param("NAME", "north");
    let wire = wire
        .param("DATA", &[1_u32, 2, 3][..])
        .param("GAIN", 1.5_f32);
    let wire = wire.finish().unwrap();
    table.take(Piece::Bytes {
        connection: ConnectionId(0),
        direction: Direction::ToDevice,
        time: 1,
        bytes: wire,
    });
    table.finish();
    assert_eq!(table.columns().protocol, [Protocol::Ncp as u8]);
    for (text, holds) in [
        ("fields.STAT", true),
        ("fields.STAT.LEVL == 5", true),
        ("fields.STAT.LEVL != 5", false),
        ("fields.STAT.NONE != 5", false),
        ("fields[0].params[0].value == 5", true),
        ("fields.STAT.NAME == \"north\"", true),
        ("fields.STAT.DATA == 2", true),
        ("fields.STAT.DATA == 4", false),
        ("fields.STAT.DATA != 2", false),
        ("fields.STAT.DATA[2] == 3", true),
        ("fields.STAT.GAIN < 1.6", true),
        ("fields ~ \"NORTH\"", true),
        ("fields contains x\"6e6f72\"", true),
        ("payload ~ \"north\"", true),
        ("message ~ \"north\"", true),
        ("payload.a", false),
        ("head.id == 7 && type == dspc", true),
    ] {
        assert_eq!(!rows(&table, text).is_empty(), holds, "{text}");
    }
}

#[test]
fn a_payload_that_breaks_off_is_searched_to_its_fault() {
    let mut table = Table::default();
    // A list of two texts, and a code that no value begins with.
    let frame = b"\0\0\0\x08\0\x01\0\x01\x43\x82W1\x82W2\x1c";
    table.take(Piece::Bytes {
        connection: ConnectionId(0),
        direction: Direction::ToDevice,
        time: 1,
        bytes: &frame[..],
    });
    let mut second = frame.to_vec();
    second[3] = 9;
    second.insert(15, b'!');
    table.take(Piece::Bytes {
        connection: ConnectionId(0),
        direction: Direction::ToDevice,
        time: 2,
        bytes: &second,
    });
    table.finish();
    assert_eq!(table.columns().len(), 2);
    assert_eq!(rows(&table, "payload contains \"W2\""), [0, 1]);
    assert_eq!(rows(&table, "payload contains \"W3\""), []);
    assert_eq!(rows(&table, "payload contains x\"1c\""), [0, 1]);
}

#[test]
fn long_frames_are_looked_into_a_few_at_a_time() {
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    let table = table(&[long.as_str(); 12]);
    let filter = Filter::parse("payload ~ \"y\" || payload ~ \"X\"").unwrap();
    let (mut out, mut next, mut calls) = (Vec::new(), 0, 0);
    while (next as usize) < table.columns().len() {
        next = filter.run(&table, next, u32::MAX, &mut out);
        calls += 1;
    }
    assert_eq!(out, (0..12).collect::<Vec<_>>());
    assert!((3..=12).contains(&calls), "{calls}");
    // One that is longer than what a call looks into is no obstacle.
    let longest = format!("\"{}y\"", "x".repeat(6 << 20));
    assert_eq!(minijson(&longest).len(), longest.len() + 3);
    let table = super::table(&[longest.as_str(); 3]);
    let mut out = Vec::new();
    assert_eq!(filter.run(&table, 0, 10, &mut out), 1);
    assert_eq!(filter.run(&table, 1, 10, &mut out), 2);
    assert_eq!(out, [0, 1]);
}
