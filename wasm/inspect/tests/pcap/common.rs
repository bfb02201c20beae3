//! Recordings, and what is read of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use wigwag_inspect::input::{Input, Options};
use wigwag_inspect::{Direction, Piece, Sink, Table};

/// A file of the recordings.
pub(crate) fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/pcap");
    let path: PathBuf = [folder, name].iter().collect();
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of a file; nothing without a name.
pub(crate) fn text(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    String::from_utf8(file(name)).expect("text")
}

/// Connection, direction, number of bytes and their SHA-256: what tshark saw.
pub(crate) type Stream = (u32, String, usize, String);

/// Everything that was told of a recording.
#[derive(Default)]
pub(crate) struct Told {
    streams: BTreeMap<(u32, bool), Vec<u8>>,
    pub(crate) gaps: usize,
    pub(crate) problems: Vec<String>,
    pub(crate) opened: usize,
    pub(crate) ended: Vec<String>,
    /// Of bytes, as they came.
    pub(crate) times: Vec<u64>,
}

impl Sink for Told {
    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Open { .. } => self.opened += 1,
            Piece::Bytes {
                connection,
                direction,
                bytes,
                time,
            } => {
                let key = (connection.0, direction == Direction::ToServer);
                self.streams
                    .entry(key)
                    .or_default()
                    .extend_from_slice(bytes);
                self.times.push(time);
            }
            Piece::Gap { .. } => self.gaps += 1,
            Piece::End { reason, .. } => self.ended.push(reason.into_owned()),
            Piece::Problem { message, .. } => self.problems.push(message.into_owned()),
        }
    }
}

impl Told {
    /// As the files have it.
    pub(crate) fn streams(&self) -> Vec<Stream> {
        self.streams
            .iter()
            .map(|((connection, to_server), bytes)| {
                let way = if *to_server { "to_server" } else { "to_device" };
                let sum: String = Sha256::digest(bytes)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                (*connection, way.to_owned(), bytes.len(), sum)
            })
            .collect()
    }

    /// How many bytes all streams have.
    pub(crate) fn bytes(&self) -> usize {
        self.streams.values().map(Vec::len).sum()
    }

    pub(crate) fn stream(&self, connection: u32, direction: Direction) -> &[u8] {
        let key = (connection, direction == Direction::ToServer);
        self.streams.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// What tshark saw.
pub(crate) fn expected(name: &str) -> Vec<Stream> {
    let mut streams: Vec<Stream> = text(name)
        .lines()
        .map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            let [connection, way, length, sum] = words.as_slice() else {
                panic!("not four words: {line}");
            };
            let connection = connection.parse().expect("a number");
            (
                connection,
                (*way).to_owned(),
                length.parse().expect("a number"),
                (*sum).to_owned(),
            )
        })
        .collect();
    streams.sort();
    streams
}

/// Feeds an input in chunks.
pub(crate) fn feed(bytes: &[u8], key_log: &str, chunk: usize, sink: &mut dyn Sink) {
    let mut input = Input::new(Options {
        key_log: key_log.to_owned(),
        ..Options::default()
    });
    for chunk in bytes.chunks(chunk) {
        input.push(chunk, sink);
    }
    input.finish(sink);
}

pub(crate) fn read(bytes: &[u8], key_log: &str) -> Told {
    let mut told = Told::default();
    feed(bytes, key_log, 1 << 16, &mut told);
    told
}

pub(crate) fn table(bytes: &[u8], key_log: &str) -> Table {
    let mut table = Table::default();
    feed(bytes, key_log, 1 << 16, &mut table);
    table.finish();
    while table.examine(1000) {}
    table
}
