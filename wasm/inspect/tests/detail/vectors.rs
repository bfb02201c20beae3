//! The vectors of all formats.

use std::path::Path;

use wigwag_inspect::Protocol;
use wigwag_inspect::text::hex::unhex;
use wigwag_inspect::text::json::{JsonError, Kind, Reader};

use crate::check::{LIMIT, check, frame};

/// A file of vectors.
pub(crate) fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/vectors");
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All byte strings of a file of vectors that are given as hex.
pub(crate) fn all(name: &str) -> Vec<Vec<u8>> {
    let text = read(name);
    let mut found = Vec::new();
    for line in text.lines() {
        let mut reader = Reader::new(line);
        collect(&mut reader, "", &mut found).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(!found.is_empty(), "{name}");
    found
}

/// Reads a value, and keeps what stands under a key that says that it is hex.
fn collect(reader: &mut Reader<'_>, key: &str, found: &mut Vec<Vec<u8>>) -> Result<(), JsonError> {
    match reader.kind()? {
        Kind::Object => reader.object(|reader, key| collect(reader, key, found)),
        Kind::Array => reader.array(|reader| collect(reader, key, found)),
        Kind::String if matches!(key, "hex" | "alt_hex" | "alt_float_hex" | "wire" | "chunks") => {
            found.extend(unhex(&reader.string()?));
            Ok(())
        }
        _ => reader.raw().map(drop),
    }
}

/// The files, and what is in them.
pub(crate) const FILES: [(&str, Protocol); 8] = [
    ("minijson.jsonl", Protocol::Minijson),
    ("minijson_big.jsonl", Protocol::Minijson),
    ("minijson_invalid.jsonl", Protocol::Minijson),
    ("ngtt.jsonl", Protocol::Ngtt),
    ("ngtt_invalid.jsonl", Protocol::Ngtt),
    ("ncp.jsonl", Protocol::Ncp),
    ("ncp_invalid.jsonl", Protocol::Ncp),
    ("framer.jsonl", Protocol::Prefix),
];

#[test]
fn the_trees_of_all_vectors_hold() {
    let mut count = 0;
    for (name, protocol) in FILES {
        for bytes in all(name) {
            check(frame(protocol, &bytes), LIMIT);
            check(frame(protocol, &bytes), 40);
            count += 1;
        }
    }
    assert!(count > 1000, "{count}");
}
