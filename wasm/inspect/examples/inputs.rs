//! How long 100 MB of 200-byte frames take: into a table, out of it in every form,
//! and in again. Run it with `--release`.

use std::time::Instant;

use wigwag_inspect::input::{Input, Kind, Options};
use wigwag_inspect::{Piece, Protocol, Sink, Table, export};

const FRAMES: usize = 500_000;

/// Runs `work`, and says how long it took for how many bytes.
fn timed<T>(name: &str, bytes: usize, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = work();
    let seconds = begin.elapsed().as_secs_f64();
    let megabytes = bytes as f64 / 1e6;
    println!("{name:<16} {megabytes:6.1} MB  {seconds:6.3} s");
    result
}

fn read(kind: Kind, bytes: &[u8], sink: &mut dyn Sink) {
    let mut input = Input::new(Options {
        kind: Some(kind),
        protocol: Some(Protocol::Ngtt),
        ..Options::default()
    });
    for chunk in bytes.chunks(256 << 10) {
        input.push(chunk, sink);
    }
    input.finish(sink);
}

fn main() {
    // DATA_STREAM 7 with a payload of 192 bytes.
    let mut frame = vec![0, 0, 0, 192, 0, 7, 0, 4];
    frame.resize(200, 0x11);
    let raw = frame.repeat(FRAMES);
    let mut table = Table::default();
    timed("raw, to a table", raw.len(), || {
        read(Kind::Raw, &raw, &mut table);
        table.finish();
    });
    assert_eq!(table.columns().len(), FRAMES);

    let rows = || 0..FRAMES as u32;
    let (mut capture, mut lines, mut csv) = (Vec::new(), Vec::new(), 0);
    timed("write capture", raw.len(), || {
        export::capture(&table, rows(), &mut |bytes| {
            capture.extend_from_slice(bytes)
        });
    });
    timed("write jsonl", raw.len(), || {
        export::json_lines(&table, rows(), &mut |bytes| lines.extend_from_slice(bytes));
    });
    timed("write csv", raw.len(), || {
        export::csv(&table, rows(), &mut |bytes| csv += bytes.len());
    });
    assert!(csv > FRAMES);

    let inputs = [
        (Kind::Capture, capture),
        (Kind::JsonLines, lines),
        (Kind::Hex, "11".repeat(raw.len()).into_bytes()),
        (Kind::Base64, "ERER".repeat(raw.len() / 3).into_bytes()),
    ];
    for (kind, input) in inputs {
        let mut total = 0;
        let mut sink = |piece: Piece<'_>| {
            if let Piece::Bytes { bytes, .. } = piece {
                total += bytes.len();
            }
        };
        let name = format!("read {}", kind.name());
        timed(&name, input.len(), || read(kind, &input, &mut sink));
        assert!(total > 0);
    }
}
