#![no_main]
//! Any bytes are shown as a frame of any protocol: the fields lie in it and within
//! each other, and every path of the tree is one.

use libfuzzer_sys::fuzz_target;
use wigwag_inspect::detail::{Path, tree};
use wigwag_inspect::summary::summary;
use wigwag_inspect::{Direction, Frame, Protocol};

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
});
