#![no_main]
//! Any bytes are an input of some kind: they are read alike in one piece and in
//! several, and what the table made of them can be looked at and exported.

use libfuzzer_sys::fuzz_target;
use wigwag_inspect::input::{Input, Kind, Options};
use wigwag_inspect::{Protocol, Table, export};
use wigwag_inspect_fuzz::{Told, table};

fn options(kind: u8, protocol: u8) -> Options {
    let kinds = Kind::ALL;
    let protocols = [
        None,
        Some(Protocol::Ngtt),
        Some(Protocol::Ncp),
        Some(Protocol::Prefix),
    ];
    Options {
        kind: kinds.get(usize::from(kind)).copied(),
        protocol: protocols[usize::from(protocol) % protocols.len()],
        ..Options::default()
    }
}

fn told(options: Options, bytes: &[u8], chunk: usize) -> Told {
    let mut told = Told::default();
    let mut input = Input::new(options);
    for chunk in bytes.chunks(chunk) {
        input.push(chunk, &mut told);
    }
    input.finish(&mut told);
    told
}

fuzz_target!(|input: (u8, u8, u8, &[u8])| {
    let (kind, protocol, chunk, bytes) = input;
    let whole = told(options(kind, protocol), bytes, usize::MAX);
    let parts = told(options(kind, protocol), bytes, usize::from(chunk) + 1);
    assert_eq!(whole.bytes(), parts.bytes());
    assert_eq!(whole.connections, parts.connections);

    let made: Table = table(options(kind, protocol), bytes);
    let rows = made.columns().len() as u32;
    let mut length = 0;
    let mut count = |bytes: &[u8]| length += bytes.len();
    export::capture(&made, 0..rows, &mut count);
    export::json_lines(&made, 0..rows, &mut count);
    export::csv(&made, 0..rows, &mut count);
    export::pcapng(&made, 0..rows, &mut count);
    assert!(length > 0);
});
