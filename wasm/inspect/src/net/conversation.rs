//! What the two streams of a TCP connection carry: told as pieces.

use crate::{ConnectionId, Direction, Piece, Sink};

/// A connection's contents on their way to the table.
#[derive(Debug)]
pub(super) struct Conversation {
    connection: ConnectionId,
}

impl Conversation {
    pub(super) const fn new(connection: ConnectionId) -> Self {
        Self { connection }
    }

    /// The next bytes of a direction.
    pub(super) fn bytes(
        &mut self,
        direction: Direction,
        time: u64,
        bytes: &[u8],
        sink: &mut dyn Sink,
    ) {
        sink.take(Piece::Bytes {
            connection: self.connection,
            direction,
            time,
            bytes,
        });
    }

    /// Bytes of a direction that were not recorded; 0 if nobody knows how many.
    pub(super) fn gap(
        &mut self,
        direction: Direction,
        time: u64,
        missing: u64,
        sink: &mut dyn Sink,
    ) {
        sink.take(Piece::Gap {
            connection: self.connection,
            direction,
            time,
            missing,
            aligned: false,
        });
    }
}
