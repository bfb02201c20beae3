//! Inputs that are the bytes of one direction, with no times.

use crate::{About, ConnectionId, Direction, Piece, Protocol, Sink};

/// The time of a byte is where its block begins in the stream: the same, in whatever
/// chunks the input arrives, without a piece for every frame.
const BLOCK: u64 = 4 << 10;

/// The one connection of such an input.
#[derive(Debug)]
pub(super) struct Stream {
    protocol: Option<Protocol>,
    direction: Direction,
    /// Bytes so far.
    length: u64,
    is_open: bool,
}

impl Stream {
    const CONNECTION: ConnectionId = ConnectionId(0);

    pub(super) const fn new(protocol: Option<Protocol>, direction: Direction) -> Self {
        Self {
            protocol,
            direction,
            length: 0,
            is_open: false,
        }
    }

    /// How many bytes it had so far.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// The next bytes.
    pub(super) fn bytes(&mut self, mut bytes: &[u8], sink: &mut dyn Sink) {
        if !bytes.is_empty() {
            self.open(sink);
        }
        while !bytes.is_empty() {
            let into = self.length % BLOCK;
            let room = usize::try_from(BLOCK - into).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            sink.take(Piece::Bytes {
                connection: Self::CONNECTION,
                direction: self.direction,
                time: self.length - into,
                bytes: now,
            });
            self.length += now.len() as u64;
            bytes = later;
        }
    }

    /// Bytes that could not be read: how many is not known.
    pub(super) fn gap(&mut self, sink: &mut dyn Sink) {
        if !self.is_open {
            return;
        }
        sink.take(Piece::Gap {
            connection: Self::CONNECTION,
            direction: self.direction,
            time: self.length - self.length % BLOCK,
            missing: 0,
            aligned: false,
        });
    }

    fn open(&mut self, sink: &mut dyn Sink) {
        if !std::mem::replace(&mut self.is_open, true) {
            let protocol = self.protocol;
            sink.take(Piece::Open {
                connection: Self::CONNECTION,
                time: 0,
                about: About {
                    protocol,
                    ..About::default()
                },
            });
        }
    }
}
