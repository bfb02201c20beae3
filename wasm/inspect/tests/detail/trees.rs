//! Trees: what they show of whole, cut, damaged and made-up frames.

use proptest::prelude::*;
use wigwag_codec::ncp::packet;
use wigwag_inspect::Protocol;
use wigwag_inspect::detail::{Kind, Path, Scalar, Tree};

use crate::check::{LIMIT, check, frame};
use crate::samples::{mixed, ngtt, sweep};

fn paths(tree: &Tree) -> Vec<String> {
    let all = (0..tree.nodes.len()).map(|node| tree.path(node));
    all.filter(|path| !path.is_empty()).collect()
}

#[test]
fn a_minijson_value_by_its_paths() {
    let bytes = mixed();
    let tree = check(frame(Protocol::Minijson, &bytes), LIMIT);
    let expected = [
        "payload",
        "payload[0]",
        "payload[0].path",
        "payload[0][\"a b\"]",
        "payload[0][\"a b\"][0]",
        "payload[0][\"a b\"][1]",
        "payload[0][\"a b\"][2]",
        "payload[0].big",
        "payload[1]",
        "payload[1]{5}",
        "payload[1]{0.5}",
        "payload[1]{null}",
        "payload[1]{0x01}",
        "payload[1].t",
        "payload[1]{0.1}",
    ];
    assert_eq!(paths(&tree), expected);
}

#[test]
fn a_packet_by_its_paths() {
    let bytes = sweep();
    let tree = check(frame(Protocol::Ncp, &bytes), LIMIT);
    let paths = paths(&tree);
    for expected in [
        "head.type",
        "head.time",
        "head.time.nanos",
        "fields[0]",
        "fields[0].id",
        "fields[0].FSTA",
        "fields[0].DATA[2]",
        "fields[0].BITS[2]",
        "fields[0].NAME",
        "fields[0].FSTA.type",
        "fields[1].ID",
        "fields.LINK",
        "fields.LINK.params[1]",
        "fields.LINK.params[1].name",
        "foot.mark",
    ] {
        assert!(
            paths.iter().any(|path| path == expected),
            "{expected} in {paths:#?}"
        );
    }
}

#[test]
fn every_cut_of_a_frame_is_shown_as_far_as_it_goes() {
    let payload = mixed();
    for (protocol, bytes) in [
        (Protocol::Ngtt, ngtt(&payload, 1)),
        (Protocol::Minijson, payload.clone()),
        (Protocol::Ncp, sweep()),
        (Protocol::Prefix, b"\0\0\0\x05hello".to_vec()),
    ] {
        for cut in 0..bytes.len() {
            let tree = check(frame(protocol, &bytes[..cut]), LIMIT);
            let told = tree.nodes.iter().any(|node| node.problem.is_some());
            let is_empty = protocol == Protocol::Minijson && cut == 0;
            assert!(told || is_empty, "{protocol:?} {cut} {tree:#?}");
        }
        let whole = check(frame(protocol, &bytes), LIMIT);
        assert!(
            whole.nodes.iter().all(|node| node.problem.is_none()),
            "{whole:#?}"
        );
        let more = [bytes.as_slice(), &[0x1c]].concat();
        let tree = check(frame(protocol, &more), LIMIT);
        assert_eq!(tree.nodes.last().unwrap().kind, Kind::Malformed);
    }
}

#[test]
fn what_stands_before_a_fault_is_shown() {
    let bytes = ngtt(b"\x43\x03\x01\x82W1\x1c\x00", 1);
    let tree = check(frame(Protocol::Ngtt, &bytes), LIMIT);
    let bad = tree.nodes.last().unwrap();
    assert_eq!((bad.kind, bad.start, bad.end), (Kind::Malformed, 14, 16));
    assert_eq!(
        bad.problem.as_deref(),
        Some("unknown type byte 0x1c (at byte 14)")
    );
    assert_eq!(tree.nodes[tree.at(12).unwrap()].value, "\"W1\"");
    let path = Path::parse("payload[1]").unwrap();
    let mut found = Vec::new();
    path.find(frame(Protocol::Ngtt, &bytes), &mut |scalar| {
        found.push(scalar)
    });
    assert_eq!(found, [Scalar::Text("W1")]);
    // A parameter of the second field is too long: the first field is whole.
    let mut bytes = sweep();
    let at = bytes.windows(2).position(|two| two == b"ID").unwrap();
    bytes[at + 4] = 99;
    let tree = check(frame(Protocol::Ncp, &bytes), LIMIT);
    let bad: Vec<_> = tree
        .nodes
        .iter()
        .filter(|node| node.problem.is_some())
        .collect();
    let [bad] = bad.as_slice() else {
        panic!("{tree:#?}")
    };
    assert_eq!((bad.kind, bad.start as usize), (Kind::Malformed, at));
    assert!(
        bad.problem.as_ref().unwrap().contains("99 words"),
        "{bad:?}"
    );
}

#[test]
fn text_and_keys_that_are_not_utf_8_are_told() {
    let bytes = b"\x52\x01\xff\x81\xfe\x02\xc3a\x08";
    let tree = check(frame(Protocol::Minijson, bytes), LIMIT);
    let told = tree.nodes.iter().filter(|node| node.problem.is_some());
    assert_eq!(told.count(), 2, "{tree:#?}");
    assert_eq!(
        paths(&tree)[1..],
        [r#"payload["\xff"]"#, r#"payload["\xc3a"]"#]
    );
}

#[test]
fn what_is_embedded_is_passed_over() {
    let bytes = sweep();
    let at = bytes.windows(4).position(|four| four == b"LINK").unwrap();
    let mut odd = bytes[..at].to_vec();
    odd.extend([0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd]);
    odd.extend(&bytes[at..]);
    odd[8] += 2;
    let tree = check(frame(Protocol::Ncp, &odd), LIMIT);
    let footer = &tree.nodes[tree.at(at).unwrap()];
    assert_eq!((footer.kind, footer.end), (Kind::Padding, footer.start + 8));
    assert!(
        tree.nodes.iter().all(|node| node.problem.is_none()),
        "{tree:#?}"
    );
}

#[test]
fn long_containers_leave_room_for_what_follows() {
    let mut payload = vec![0x42, 0x10, 0, 0x0f, 0x42, 0x40];
    payload.resize(payload.len() + 1_000_000, 0x08);
    payload.extend(b"\x83end");
    let tree = check(frame(Protocol::Minijson, &payload), 100);
    let more = tree
        .nodes
        .iter()
        .find(|node| node.kind == Kind::More)
        .unwrap();
    assert_eq!(more.label, "… 999951 more");
    assert_eq!(tree.nodes.last().unwrap().value, "\"end\"");
    assert!(tree.nodes.len() <= 100);
    // A 64 KB array of NCP.
    let mut place = vec![0; 70_000];
    let array = [7_u16; 32_768];
    let wire = packet(&mut place, "DSPC")
        .field("SWEP")
        .param("DATA", &array[..])
        .param("B", 1);
    let tree = check(frame(Protocol::Ncp, wire.finish().unwrap()), 200);
    assert!(tree.nodes.len() <= 220, "{}", tree.nodes.len());
    assert!(paths(&tree).iter().any(|path| path == "fields.SWEP.B"));
}

#[test]
fn depth_and_counts_are_bounded() {
    let mut deep = vec![0x41; 128];
    deep.push(0x08);
    let tree = check(frame(Protocol::Minijson, &deep), LIMIT);
    assert_eq!(tree.nodes.len(), 130);
    deep.insert(0, 0x41);
    let tree = check(frame(Protocol::Minijson, &deep), LIMIT);
    assert_eq!(tree.nodes.last().unwrap().kind, Kind::Malformed);
    check(
        frame(Protocol::Minijson, &[0x10, 0xff, 0xff, 0xff, 0xff, 8]),
        LIMIT,
    );
    check(frame(Protocol::Minijson, &deep), 5);
    for size in [0_u32, 1, 9, 10, 11, u32::MAX] {
        let mut bytes = sweep();
        bytes[8..12].copy_from_slice(&size.to_le_bytes());
        check(frame(Protocol::Ncp, &bytes), LIMIT);
    }
}

fn any_protocol() -> impl Strategy<Value = Protocol> {
    prop::sample::select(vec![
        Protocol::Ngtt,
        Protocol::Ncp,
        Protocol::Prefix,
        Protocol::Minijson,
        Protocol::Unknown,
    ])
}

/// Bytes that are often minijson.
fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => prop::sample::select(vec![0x42_u8, 0x52, 0x62, 0x81, 0x03, 0x08, 0x16, 0x17, 1, b'a']),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..80)
}

proptest! {
    #[test]
    fn trees_of_any_bytes_hold(protocol in any_protocol(), bytes in any_value(), limit in 0_usize..60) {
        check(frame(protocol, &bytes), limit);
        check(frame(protocol, &bytes), LIMIT);
        check(frame(Protocol::Ngtt, &ngtt(&bytes, 4)), LIMIT);
    }

    #[test]
    fn trees_of_damaged_packets_hold(at in 0_usize..200, byte: u8, cut in 0_usize..250) {
        let mut bytes = sweep();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        check(frame(Protocol::Ncp, &bytes), LIMIT);
        bytes.truncate(cut);
        check(frame(Protocol::Ncp, &bytes), LIMIT);
        check(frame(Protocol::Ncp, &bytes), 20);
    }
}
