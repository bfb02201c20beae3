//! What tables make of recordings, in order and out of it.

mod attacks;
mod detection;
mod frames;
mod invariants;
mod pairing;
mod payloads;
mod resync;

use super::*;
use crate::{Piece, Sink};

/// A connection.
pub(super) const ONE: ConnectionId = ConnectionId(1);

/// Gives bytes of a connection to a table.
pub(super) fn push(table: &mut Table, direction: Direction, time: u64, bytes: &[u8]) {
    table.take(Piece::Bytes {
        connection: ONE,
        direction,
        time,
        bytes,
    });
}

/// A frame of NGTT.
pub(super) fn ngtt(kind: u16, tid: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes().to_vec();
    frame.extend(tid.to_be_bytes());
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The bytes of every row.
pub(super) fn frames(table: &Table) -> Vec<&[u8]> {
    let rows = 0..table.columns().len() as u32;
    rows.filter_map(|row| Some(table.frame(row)?.bytes))
        .collect()
}

/// A packet of NCP with a field.
pub(super) fn packet(name: &str, id: u32) -> Vec<u8> {
    let mut place = [0; 256];
    let writer = wigwag_codec::ncp::packet(&mut place, "DSPC");
    let writer = writer.numbered_field(name, id).param("SAMP", 5);
    writer.finish().unwrap().to_vec()
}
