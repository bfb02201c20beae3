//! Tables to be exported, and the way back.

use wigwag_inspect::input::{Input, Kind, Options};
use wigwag_inspect::{About, ConnectionId, Direction, Piece, Protocol, Sink, Table, export};

/// The time of the first piece: some day of 2025.
pub(crate) const BEGIN: u64 = 1_756_000_000_000_000;

/// An NGTT frame.
pub(crate) fn ngtt(tid: u16, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes().to_vec();
    frame.extend(tid.to_be_bytes());
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

pub(crate) fn open(table: &mut Table, connection: u32, time: u64, protocol: Option<Protocol>) {
    table.take(Piece::Open {
        connection: ConnectionId(connection),
        time: BEGIN + time,
        about: About {
            protocol,
            device: format!("device {connection}").into(),
            server: "the \"server\", ü".into(),
        },
    });
}

pub(crate) fn bytes(
    table: &mut Table,
    connection: u32,
    direction: Direction,
    time: u64,
    bytes: &[u8],
) {
    table.take(Piece::Bytes {
        connection: ConnectionId(connection),
        direction,
        time: BEGIN + time,
        bytes,
    });
}

pub(crate) fn end(table: &mut Table, connection: u32, time: u64) {
    table.take(Piece::End {
        connection: ConnectionId(connection),
        time: BEGIN + time,
        reason: "closed by the device".into(),
    });
}

/// Two connections: an order that is confirmed, one that is not, a ping.
pub(crate) fn sample() -> Table {
    let mut table = Table::default();
    let (to_server, to_device) = (Direction::ToServer, Direction::ToDevice);
    open(&mut table, 1, 0, Some(Protocol::Ngtt));
    open(&mut table, 7, 5, Some(Protocol::Ngtt));
    bytes(&mut table, 1, to_device, 10, &ngtt(4, 1, &[0x41, 3, 5]));
    bytes(&mut table, 7, to_device, 20, &ngtt(5, 1, &[0x40]));
    bytes(&mut table, 1, to_server, 30, &ngtt(4, 2, &[]));
    end(&mut table, 1, 40);
    bytes(&mut table, 7, to_server, 50, &ngtt(6, 0, &[]));
    table.finish();
    table
}

pub(crate) type Export = fn(&Table, Vec<u32>, &mut dyn FnMut(&[u8]));

/// The exports that can be read back, and the kind of input that they are.
pub(crate) const EXPORTS: [(Kind, Export); 2] = [
    (Kind::Capture, |table, rows, out| {
        export::capture(table, rows, out)
    }),
    (Kind::JsonLines, |table, rows, out| {
        export::json_lines(table, rows, out)
    }),
];

pub(crate) fn all(table: &Table) -> Vec<u32> {
    (0..table.columns().len() as u32).collect()
}

pub(crate) fn write(export: Export, table: &Table, rows: &[u32]) -> Vec<u8> {
    let mut written = Vec::new();
    export(table, rows.to_vec(), &mut |bytes| {
        written.extend_from_slice(bytes)
    });
    written
}

/// Reads what was written, and finds out what it is.
pub(crate) fn read(written: &[u8], kind: Kind) -> Table {
    let mut table = Table::default();
    let mut input = Input::new(Options::default());
    for chunk in written.chunks(1_000.max(written.len() / 64)) {
        input.push(chunk, &mut table);
    }
    input.finish(&mut table);
    table.finish();
    assert_eq!(input.kind(), Some(kind));
    assert_eq!(table.problems(), []);
    table
}

/// What is the same of a row, wherever it came from.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    time: u64,
    connection: u32,
    direction: u8,
    protocol: u8,
    kind: u32,
    length: u32,
    bytes: Vec<u8>,
}

pub(crate) fn rows(table: &Table, rows: &[u32]) -> Vec<Row> {
    let columns = table.columns();
    rows.iter()
        .map(|row| {
            let at = *row as usize;
            Row {
                time: columns.time[at] as u64,
                connection: columns.connection[at],
                direction: columns.direction[at],
                protocol: columns.protocol[at],
                kind: columns.kind[at],
                length: columns.length[at],
                bytes: table.frame(*row).unwrap().bytes.to_vec(),
            }
        })
        .collect()
}
