//! Recordings made by hand: packets in any order, with what may happen to them.

mod contents;
mod crowd;
mod formats;
mod headers;
mod oracle;
mod orders;
mod streams;
mod wire;

use super::{Reader, Recording};
use crate::{ConnectionId, Direction, Piece};
use wire::{Packet, pcap};

/// What a reader told, with bytes that follow each other put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    opened: Vec<(ConnectionId, String, String)>,
    /// Bytes and gaps by connection and direction, in the order of the stream.
    streams: Vec<(ConnectionId, Direction, Vec<Part>)>,
    ended: Vec<(ConnectionId, String)>,
    problems: Vec<(u64, String)>,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Bytes(Vec<u8>),
    Gap(u64),
}

impl core::fmt::Debug for Part {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Bytes(bytes) => {
                let begin = &bytes[..bytes.len().min(40)];
                write!(f, "{} bytes \"{}\"", bytes.len(), begin.escape_ascii())
            }
            Self::Gap(missing) => write!(f, "gap of {missing}"),
        }
    }
}

impl Told {
    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Open {
                connection, about, ..
            } => {
                let ends = (about.device.into_owned(), about.server.into_owned());
                self.opened.push((connection, ends.0, ends.1));
            }
            Piece::Bytes {
                connection,
                direction,
                bytes,
                ..
            } => {
                let parts = self.parts(connection, direction);
                match parts.last_mut() {
                    Some(Part::Bytes(before)) => before.extend_from_slice(bytes),
                    _ => parts.push(Part::Bytes(bytes.to_vec())),
                }
            }
            Piece::Gap {
                connection,
                direction,
                missing,
                aligned,
                ..
            } => {
                assert!(!aligned, "no packet says where a frame begins");
                self.parts(connection, direction).push(Part::Gap(missing));
            }
            Piece::End {
                connection, reason, ..
            } => {
                self.ended.push((connection, reason.into_owned()));
            }
            Piece::Problem { offset, message } => {
                self.problems.push((offset, message.into_owned()));
            }
        }
    }

    fn parts(&mut self, connection: ConnectionId, direction: Direction) -> &mut Vec<Part> {
        let known = self
            .streams
            .iter()
            .position(|(c, d, _)| (*c, *d) == (connection, direction));
        let at = known.unwrap_or_else(|| {
            self.streams.push((connection, direction, Vec::new()));
            self.streams.len() - 1
        });
        &mut self.streams[at].2
    }

    /// A stream without gaps, as text.
    fn text(&mut self, connection: u32, direction: Direction) -> String {
        match self.parts(ConnectionId(connection), direction).as_slice() {
            [] => String::new(),
            [Part::Bytes(bytes)] => String::from_utf8(bytes.clone()).expect("text"),
            parts => panic!("not in one piece: {parts:?}"),
        }
    }
}

/// Reads a recording in chunks of this size.
fn read_in(chunk: usize, recording: Recording, bytes: &[u8]) -> Told {
    let mut told = Told::default();
    let mut reader = Reader::new(recording);
    for chunk in bytes.chunks(chunk) {
        reader.push(chunk, &mut |piece: Piece<'_>| told.take(piece));
    }
    reader.finish(&mut |piece: Piece<'_>| told.take(piece));
    told
}

/// Reads a recording at once and byte by byte: both must tell the same.
fn read(recording: Recording, bytes: &[u8]) -> Told {
    let whole = read_in(usize::MAX, recording, bytes);
    assert_eq!(whole, read_in(1, recording, bytes));
    assert_eq!(whole, read_in(23, recording, bytes));
    whole
}

/// Reads packets.
fn packets(packets: &[Packet]) -> Told {
    read(Recording::Pcap, &pcap(packets))
}
