//! An input, read into what can be compared.

use std::borrow::Cow;

use wigwag_inspect::input::{Input, Kind, Options};
use wigwag_inspect::{About, ConnectionId, Direction, Piece};

/// What an input came to.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    pub(crate) kind: Option<Kind>,
    pub(crate) pieces: Vec<Piece<'static>>,
    /// The bytes of all pieces, by where their [`Piece::Bytes`] point to: a piece
    /// that continues the one before it is joined with it.
    pub(crate) bytes: Vec<Vec<u8>>,
    pub(crate) dropped: u64,
}

impl Read {
    /// The places and words of what could not be read.
    pub(crate) fn problems(&self) -> Vec<(u64, String)> {
        let problem = |piece: &Piece<'static>| match piece {
            Piece::Problem { offset, message } => Some((*offset, message.to_string())),
            _ => None,
        };
        self.pieces.iter().filter_map(problem).collect()
    }

    /// All bytes, one behind the other.
    pub(crate) fn all(&self) -> Vec<u8> {
        self.bytes.concat()
    }

    pub(crate) fn gaps(&self) -> usize {
        let is_gap = |piece: &&Piece<'_>| matches!(piece, Piece::Gap { .. });
        self.pieces.iter().filter(is_gap).count()
    }
}

fn own(piece: Piece<'_>) -> Piece<'static> {
    let text = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    match piece {
        Piece::Open {
            connection,
            time,
            about,
        } => Piece::Open {
            connection,
            time,
            about: About {
                protocol: about.protocol,
                device: text(about.device),
                server: text(about.server),
            },
        },
        Piece::Bytes {
            connection,
            direction,
            time,
            ..
        } => Piece::Bytes {
            connection,
            direction,
            time,
            bytes: &[],
        },
        Piece::Gap {
            connection,
            direction,
            time,
            missing,
            aligned,
        } => Piece::Gap {
            connection,
            direction,
            time,
            missing,
            aligned,
        },
        Piece::End {
            connection,
            time,
            reason,
        } => Piece::End {
            connection,
            time,
            reason: text(reason),
        },
        Piece::Problem { offset, message } => Piece::Problem {
            offset,
            message: text(message),
        },
    }
}

/// Reads an input that arrives in chunks of this size.
pub(crate) fn read_in(options: &Options, input: &[u8], chunk: usize) -> Read {
    let (mut pieces, mut bytes) = (Vec::new(), Vec::<Vec<u8>>::new());
    let mut sink = |piece: Piece<'_>| {
        let more = match piece {
            Piece::Bytes { bytes, .. } => Some(bytes.to_vec()),
            _ => None,
        };
        let piece = own(piece);
        if let Some(more) = more {
            if pieces.last() == Some(&piece) {
                bytes.last_mut().unwrap().extend(more);
                return;
            }
            bytes.push(more);
        }
        pieces.push(piece);
    };
    let mut reader = Input::new(options.clone());
    for chunk in input.chunks(chunk) {
        reader.push(chunk, &mut sink);
    }
    reader.finish(&mut sink);
    Read {
        kind: reader.kind(),
        dropped: reader.dropped(),
        pieces,
        bytes,
    }
}

/// Reads an input in one piece, in single bytes, and in some sizes between: it must
/// come to the same.
pub(crate) fn read_with(options: &Options, input: &[u8]) -> Read {
    let whole = read_in(options, input, input.len().max(1));
    for chunk in [1, 2, 3, 7, 64, 1_000, 4_095, 5_000] {
        assert_eq!(read_in(options, input, chunk), whole, "chunks of {chunk}");
    }
    whole
}

/// As [`read_with`], all of it found out.
pub(crate) fn read(input: impl AsRef<[u8]>) -> Read {
    read_with(&Options::default(), input.as_ref())
}

/// As [`read_with`], told what it is.
pub(crate) fn read_as(kind: Kind, input: impl AsRef<[u8]>) -> Read {
    let kind = Some(kind);
    let options = Options {
        kind,
        ..Options::default()
    };
    read_with(&options, input.as_ref())
}

pub(crate) const fn bytes_of(connection: u32, direction: Direction, time: u64) -> Piece<'static> {
    Piece::Bytes {
        connection: ConnectionId(connection),
        direction,
        time,
        bytes: &[],
    }
}

pub(crate) const fn gap_of(
    connection: u32,
    direction: Direction,
    time: u64,
    missing: u64,
    aligned: bool,
) -> Piece<'static> {
    Piece::Gap {
        connection: ConnectionId(connection),
        direction,
        time,
        missing,
        aligned,
    }
}

/// Two NGTT frames: PING 7 and ORDER 8 with the payload [5].
pub(crate) const FRAMES: [u8; 19] = [
    0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 3, 0, 8, 0, 1, 0x41, 0x03, 5,
];
