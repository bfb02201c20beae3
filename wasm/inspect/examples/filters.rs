//! How long filters and plots take over 500,000 frames of 200 bytes.
//!
//! `cargo run --release -p wigwag-inspect --example filters`
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use wigwag_codec::minijson::json;
use wigwag_inspect::filter::Filter;
use wigwag_inspect::plot::{Rate, Series};
use wigwag_inspect::{ConnectionId, Direction, Piece, Sink, Table};

const ROWS: u32 = 500_000;

/// Orders and their confirmations, in turns; both of 200 bytes, so that every frame
/// has a payload to be looked into.
fn table() -> Table {
    let mut table = Table::default();
    let connection = ConnectionId(0);
    let mut place = [0; 256];
    for number in 0..ROWS {
        let padding = "x".repeat(96);
        let text = format!(
            r#"[{{"orders":[{{"type":"write","path":"W{}","value":{}.5,"advise":1,"note":"{padding}"}}]}}]"#,
            number % 100,
            number % 1000,
        );
        let length = json::read(text.as_bytes(), &mut place).expect("JSON");
        let payload = &place[..length];
        let mut frame = u32::try_from(length).expect("short").to_be_bytes().to_vec();
        frame.extend((number as u16 / 2).to_be_bytes());
        frame.extend(if number % 2 == 0 { [0, 1] } else { [0, 4] });
        frame.extend(payload);
        table.take(Piece::Bytes {
            connection,
            direction: if number % 2 == 0 {
                Direction::ToDevice
            } else {
                Direction::ToServer
            },
            time: u64::from(number) * 1000,
            bytes: &frame,
        });
    }
    table.finish();
    table
}

/// The best of three.
fn measured(mut work: impl FnMut()) -> Duration {
    let times = (0..3).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    });
    times.min().unwrap_or_default()
}

fn main() {
    let table = table();
    let rows = table.columns().len();
    let bytes: f64 = table
        .columns()
        .length
        .iter()
        .map(|length| f64::from(*length))
        .sum();
    println!("{rows} rows, {:.0} bytes each", bytes / rows as f64);
    for text in [
        "type == ORDER",
        "type == ORDER && id == 7",
        "latency > 3 s || unanswered && length > 150",
        "type in (ORDER, PING, LOGS) && !(direction == to_server) && time > 10 s && id >= 100",
        "type ~ \"order\"",
        "type == ORDER && payload[0].orders[0].path == \"W2\"",
        "payload[0].orders[0].path == \"W1\"",
        "payload[0].orders[0].value > 500",
        "payload[*].orders[*].path in (\"W1\", \"W2\")",
        "payload contains \"W99\"",
        "payload ~ \"w99\"",
        "payload[0].orders[0].path matches \"^W[0-9]$\"",
    ] {
        let filter = Filter::parse(text).expect("a filter");
        let (mut found, mut slices, mut longest) = (0, 0, Duration::ZERO);
        let time = measured(|| {
            let (mut out, mut next) = (Vec::new(), 0);
            (slices, longest) = (0, Duration::ZERO);
            while next < ROWS {
                let begin = Instant::now();
                next = filter.run(&table, next, ROWS, &mut out);
                longest = longest.max(begin.elapsed());
                slices += 1;
            }
            found = out.len();
        });
        println!(
            "{time:>10.1?} in {slices:>3} slices, the longest {longest:>8.1?}: {found:>6} rows: {text}"
        );
    }
    let all: Vec<u32> = (0..ROWS).collect();
    for text in ["length", "payload[0].orders[0].value"] {
        let time = measured(|| {
            let mut series = Series::new(text.parse().expect("a path"));
            let mut taken = 0;
            while taken < all.len() {
                taken += series.add(&table, &all[taken..]);
            }
            let reduced = series.reduced(0.0, f64::from(ROWS) * 1000.0, 1000);
            assert_eq!(reduced.time.len(), 1000);
        });
        println!("{time:>10.1?}: {text} drawn together in 1000 buckets");
    }
    let time = measured(|| {
        let mut rate = Rate::of_all(table.columns(), 1000);
        rate.add(table.columns(), 0..ROWS);
    });
    println!("{time:>10.1?}: rate in 1000 buckets");
}
