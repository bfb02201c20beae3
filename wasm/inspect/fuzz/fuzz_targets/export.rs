#![no_main]
//! What was read from anywhere can be written in every form, and read again.

use libfuzzer_sys::fuzz_target;
use wigwag_inspect::input::{Input, Kind, Options};
use wigwag_inspect::{Direction, Table, export};

fn read(kind: Kind, input: &[u8]) -> Table {
    let mut table = Table::default();
    let mut reader = Input::new(Options {
        kind: Some(kind),
        ..Options::default()
    });
    reader.push(input, &mut table);
    reader.finish(&mut table);
    table.finish();
    table
}

/// The bytes of each direction of each connection.
fn streams(table: &Table) -> Vec<(u32, Direction, Vec<u8>)> {
    let mut streams = Vec::<(u32, Direction, Vec<u8>)>::new();
    for row in 0..table.columns().len() as u32 {
        let connection = table.columns().connection[row as usize];
        let Some(frame) = table.frame(row) else {
            continue;
        };
        let is_same = |stream: &&mut (u32, Direction, Vec<u8>)| {
            (stream.0, stream.1) == (connection, frame.direction)
        };
        match streams.iter_mut().find(is_same) {
            Some((_, _, bytes)) => bytes.extend_from_slice(frame.bytes),
            None => streams.push((connection, frame.direction, frame.bytes.to_vec())),
        }
    }
    streams.sort_by_key(|(connection, direction, _)| (*connection, *direction as u8));
    streams
}

fuzz_target!(|input: (bool, &[u8], &[u8])| {
    let (lines, input, choice) = input;
    let table = read(
        if lines {
            Kind::JsonLines
        } else {
            Kind::Capture
        },
        input,
    );
    let all = || 0..table.columns().len() as u32;
    let (mut capture, mut text) = (Vec::new(), Vec::new());
    export::capture(&table, all(), &mut |bytes| capture.extend_from_slice(bytes));
    export::json_lines(&table, all(), &mut |bytes| text.extend_from_slice(bytes));
    let expected = streams(&table);
    for (kind, written) in [(Kind::Capture, &capture), (Kind::JsonLines, &text)] {
        let again = read(kind, written);
        assert!(again.problems().is_empty(), "{:?}", again.problems());
        assert_eq!(streams(&again), expected);
    }
    // Any rows, in any order, and such that do not exist.
    let chosen = || choice.iter().map(|row| u32::from(*row));
    let mut length = 0;
    export::capture(&table, chosen(), &mut |bytes| length += bytes.len());
    export::json_lines(&table, chosen(), &mut |bytes| length += bytes.len());
    export::csv(&table, chosen(), &mut |bytes| length += bytes.len());
    export::raw(&table, chosen(), &mut |bytes| length += bytes.len());
    assert!(length > 0);
});
