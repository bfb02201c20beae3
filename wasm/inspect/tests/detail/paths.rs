//! Paths: what is one, where one breaks off, and what it finds.

use proptest::prelude::*;
use wigwag_inspect::Protocol;
use wigwag_inspect::detail::{MAX_STEPS, Path, Prefix, Scalar};

use crate::check::frame;
use crate::samples::{mixed, ngtt, sweep};

/// What a path finds, as text.
fn found(protocol: Protocol, bytes: &[u8], path: &str) -> Vec<String> {
    let path = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut found = Vec::new();
    path.find(frame(protocol, bytes), &mut |scalar| {
        found.push(format!("{scalar:?}"))
    });
    found
}

#[test]
fn paths_are_written_as_they_are_read() {
    for path in [
        "head.tid",
        "head.type",
        "head.time.nanos",
        "foot.mark",
        "message",
        "payload",
        "fields",
        "payload[0].orders[0].path",
        "payload[*].a[*]",
        "payload[\"any key\"].x",
        "payload[\"\\\"\\\\é\\x00\\xff\"]",
        "payload{5}{-1}{1.5}{null}{true}{0x00ff}",
        "payload{123456789012345678901234567890}",
        "payload{NaN}{inf}{-inf}",
        "fields[0].params[2].name",
        "fields.STAT.LEVL",
        "fields.STAT.LEVL[3]",
        "fields[*].LEVL[*]",
        "fields.STAT.id",
        "fields.STAT[\"id\"]",
        "fields.STAT.params[*].type",
        "fields[\"A B\"]",
        "payload.id.name.value",
        "fields.STAT.LEVL.value[0]",
    ] {
        let parsed = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(parsed.to_string(), path);
    }
    // Words need no quotes.
    let path = Path::parse("payload[\"a_1\"]").unwrap();
    assert_eq!(path.to_string(), "payload.a_1");
}

#[test]
fn what_is_no_path_is_refused_at_its_place() {
    for (text, position) in [
        ("", 0),
        ("orders", 0),
        (".a", 0),
        ("payload.", 8),
        ("payload[", 8),
        ("payload[x]", 8),
        ("payload[1", 9),
        ("payload[99999999999]", 8),
        ("payload[\"a]", 11),
        ("payload[\"\\q\"]", 9),
        ("payload[\"\\x0\"]", 9),
        ("payload{x}", 8),
        ("payload{5", 9),
        ("payload{0x0}", 8),
        ("payload a", 7),
        ("head", 4),
        ("head.tud", 5),
        ("head.name", 4),
        ("head.tid.x", 9),
        ("head.time.tid", 9),
        ("head[0]", 4),
        ("foot.tid", 4),
        ("message.a", 7),
        ("fields.A.params", 15),
        ("fields.A.B.C", 10),
        ("fields.A[0]", 8),
        ("fields.A.value", 8),
        ("fields{5}", 6),
        ("fields.A.id.x", 11),
        ("fields.A.params[0].x", 18),
        ("fields.A.B[0][0]", 13),
    ] {
        match Path::parse(text) {
            Ok(path) if text == "head" => assert_eq!(path.to_string(), "head"),
            Ok(path) => panic!("{text} is {path:?}"),
            Err(error) => assert_eq!(error.position, position, "{text}: {error}"),
        }
    }
    let long = format!("payload{}", "[0]".repeat(MAX_STEPS));
    assert!(Path::parse(&long).is_ok());
    assert!(Path::parse(&format!("{long}[0]")).is_err());
    assert!(Path::parse(&"[".repeat(100_000)).is_err());
}

#[test]
fn a_path_ends_where_an_expression_goes_on() {
    let Prefix { path, length } = Path::parse_prefix("payload[0].a == 5").unwrap();
    assert_eq!((path.to_string().as_str(), length), ("payload[0].a", 12));
    assert_eq!(Path::parse_prefix("fields.A.B)").unwrap().length, 10);
}

#[test]
fn values_of_a_payload() {
    let payload = mixed();
    let of = |path: &str| found(Protocol::Ngtt, &ngtt(&payload, 1), path);
    assert_eq!(of("payload"), ["List(2)"]);
    assert_eq!(of("payload[0].path"), ["Text(\"W1\")"]);
    assert_eq!(
        of("payload[0][\"a b\"][*]"),
        ["Integer(1)", "Single(2.5)", "Null"]
    );
    assert_eq!(of("payload[*].t"), ["Integer(3)"]);
    assert_eq!(of("payload[*][*]").len(), 9);
    assert_eq!(of("payload[1]{5}"), ["Bool(true)"]);
    assert_eq!(of("payload[1]{0.5}"), ["Bytes([0, 255])"]);
    assert_eq!(of("payload[1]{0x01}"), ["Single(NaN)"]);
    assert_eq!(of("payload[1]{0.1}"), ["Integer(1099511627776)"]);
    for nothing in [
        "payload[2]",
        "payload.path",
        "payload[0][0]",
        "payload[0].path[0]",
        "fields",
        "message",
    ] {
        assert_eq!(of(nothing), [""; 0], "{nothing}");
    }
    assert_eq!(of("head.tid"), ["Integer(7)"]);
    assert_eq!(of("head.type"), ["Integer(1)"]);
}

#[test]
fn keys_that_come_twice_are_found_twice() {
    // {"a": [1, 2], "b": 3, "a": [4]}
    let bytes = b"\x53\x01a\x42\x03\x01\x03\x02\x01b\x03\x03\x01a\x41\x03\x04";
    let of = |path: &str| found(Protocol::Minijson, bytes, path);
    assert_eq!(of("payload.a[0]"), ["Integer(1)", "Integer(4)"]);
    assert_eq!(of("payload.a"), ["List(2)", "List(1)"]);
    assert_eq!(
        of("payload[*][*]"),
        ["Integer(1)", "Integer(2)", "Integer(4)"]
    );
    assert_eq!(
        of("payload.a[*]"),
        ["Integer(1)", "Integer(2)", "Integer(4)"]
    );
}

#[test]
fn values_of_a_packet() {
    let bytes = sweep();
    let of = |path: &str| found(Protocol::Ncp, &bytes, path);
    assert_eq!(of("fields"), ["List(3)"]);
    assert_eq!(of("fields.SWEP"), ["Map(4)", "Map(1)"]);
    assert_eq!(of("fields.SWEP.id"), ["Integer(9)", "Integer(0)"]);
    assert_eq!(of("fields[0].name"), ["Text(\"SWEP\")"]);
    assert_eq!(of("fields.SWEP.FSTA"), ["Integer(100)"]);
    assert_eq!(of("fields[*].A"), ["Integer(1)", "Integer(2)"]);
    assert_eq!(of("fields[2].params[1]"), ["Integer(2)"]);
    assert_eq!(
        of("fields.SWEP.DATA[*]"),
        ["Single(1.0)", "Single(2.5)", "Single(NaN)"]
    );
    assert_eq!(of("fields.SWEP.BITS[2]"), ["Integer(3)"]);
    assert_eq!(of("fields.SWEP.NAME.type"), ["Text(\"string\")"]);
    assert_eq!(of("fields.SWEP.NAME.size"), ["Integer(4)"]);
    assert_eq!(of("fields.SWEP.FSTA[0]"), [""; 0]);
    assert_eq!(of("head.type"), ["Text(\"DSPC\")"]);
    assert_eq!(of("head.time"), ["Integer(0)"]);
    assert_eq!(of("foot.mark"), ["Bytes([170, 187, 204, 221])"]);
}

#[test]
fn a_path_through_a_million_elements_ends() {
    let mut bytes = vec![0x10, 0, 0x0f, 0x42, 0x40];
    bytes.resize(1_000_005, 0x08);
    assert_eq!(
        found(Protocol::Minijson, &bytes, "payload[999999]"),
        ["Null"]
    );
    let mut count = 0;
    let path = Path::parse("payload[*]").unwrap();
    path.find(frame(Protocol::Minijson, &bytes), &mut |scalar| {
        count += usize::from(scalar == Scalar::Null);
    });
    assert_eq!(count, 1_000_000);
    let deep = [vec![0x41; 128], vec![0x03, 5]].concat();
    let path = format!("payload{}", "[*]".repeat(128));
    assert_eq!(found(Protocol::Minijson, &deep, &path), ["Integer(5)"]);
}

proptest! {
    #[test]
    fn any_text_is_a_path_or_none(text in "(payload|fields|head|foot)?[\\.\\[\\]\\{\\}\"*\\\\x0-9a-zé]{0,20}") {
        if let Ok(path) = Path::parse(&text) {
            let shown = path.to_string();
            prop_assert_eq!(Path::parse(&shown), Ok(path.clone()), "{}", shown);
            for (protocol, bytes) in [(Protocol::Minijson, mixed()), (Protocol::Ncp, sweep())] {
                path.find(frame(protocol, &bytes), &mut |_| ());
            }
        }
    }
}
