#![no_main]
//! Any bytes are shown as a frame of any protocol: the fields lie in it and within
//! each other, every path of the tree is one, the editor's text reads back, and
//! frames are compared.

use libfuzzer_sys::fuzz_target;
use wigwag_inspect::detail::{Path, tree};
use wigwag_inspect::summary::summary;
use wigwag_inspect::text::json::Reader;
use wigwag_inspect::{Direction, Frame, Protocol, diff, edit, json};

fuzz_target!(|input: (u8, bool, u16, &[u8])| {
    let (protocol, to_server, limit, bytes) = input;
    let protocols = [
        Protocol::Unknown,
        Protocol::Ngtt,
        Protocol::Ncp,
        Protocol::Prefix,
        Protocol::Minijson,
    ];
    let frame = Frame {
        protocol: protocols[usize::from(protocol) % protocols.len()],
        direction: if to_server {
            Direction::ToServer
        } else {
            Direction::ToDevice
        },
        bytes,
    };
    let line = summary(frame);
    assert!(!line.contains('\n'), "{line}");
    let tree = tree(frame, usize::from(limit));
    for (index, node) in tree.nodes.iter().enumerate() {
        assert!(node.start <= node.end && node.end as usize <= bytes.len());
        let text = tree.path(index);
        if let Some(path) = tree.path_of(index) {
            assert_eq!(path.to_string(), text);
            let again = Path::parse(&text).expect("a path of the tree");
            again.find(frame, &mut |_| {});
        }
    }
    for byte in 0..bytes.len().min(64) {
        if let Some(at) = tree.at(byte) {
            assert!(at < tree.nodes.len());
        }
    }
    let mut text = String::new();
    json::frame(frame, &mut text);
    Reader::new(&text).raw().expect("JSON");
    let again = edit::from_json(frame.protocol, &edit::to_json(frame)).expect("what was shown");
    let again = Frame {
        bytes: &again,
        ..frame
    };
    let mut written = String::new();
    json::frame(again, &mut written);
    // Written anew a payload may have other bytes, and is the same value.
    if frame.protocol != Protocol::Ngtt {
        assert_eq!(written, text);
    }
    assert_eq!(diff::diff(frame, frame), diff::Diff::default());
    let half = Frame {
        bytes: &bytes[..bytes.len() / 2],
        ..frame
    };
    let _ = diff::diff(frame, half);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = edit::from_json(frame.protocol, text);
        let _ = Path::parse(text);
    }
});
